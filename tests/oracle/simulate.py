"""Runs plans by the rules of partition/plans/execution.hpp: what happens, instant by instant.

All that ends at an instant is handled first; then each idle device begins the first of what waits
for it. What takes no time is done in the instant in which it is ready. Times are in s.
"""
import heapq

from flows import Flow, Flows
from states import Request

INSTANT = 1e-12
SEND, RECEIVE, COMPUTE = 0, 1, 2
ENDLESS = 1e30  # bytes


class Simulation:
    """Of streams on a cluster. Lists of what happened are in `units`, `transfers`, `work` and `done`."""

    def __init__(self, cluster, streams, ablate=(), bandwidth_steps=(), background=(), failures=(), speed_steps=()):
        self.cluster, self.streams, self.ablate = cluster, streams, ablate
        self.flows = Flows([link.bandwidth for link in cluster.links], "contention" not in ablate)
        self.events, self.counter, self.now, self.sequence = [], 0, 0., 0
        # By worker: a device is (its number, 0), its thread for messages (its number, 1).
        workers = [(device, thread) for thread in (0, 1) for device in range(len(cluster.devices))]
        self.waiting = {worker: [] for worker in workers}  # (key, request, task, position)
        self.busy = dict.fromkeys(workers)                 # what it does or waits for
        self.in_flight = []
        self.units, self.transfers, self.work, self.done, self.aborted = [], [], [], [], []
        self.memory = [0.] * len(cluster.devices)
        self.peak = [0.] * len(cluster.devices)
        self.loaded = set()
        self.full = {}  # by request and message, see Flow
        self.todo = []
        self.failures = failures  # (at, device or None, link or None)
        for step in bandwidth_steps:
            self.at(step[0], "bandwidth", step[1:])
        for step in speed_steps:
            self.at(step[0], "speed", step[1:])
        self.speed = [1.] * len(cluster.devices)
        self.running = {}  # by device: what it computes, see start_job
        for links, rate in background:
            self.start_background(links, rate)

    def start_background(self, links, rate):
        """A constant stream: at most `rate`, which a link of its own holds; 0 is no limit."""
        self.flows.bandwidths.append(rate or float("inf"))
        capacity = len(self.flows.bandwidths) - 1
        self.flows.start(Flow(("background", capacity), links + [capacity], ENDLESS))

    def at(self, when, kind, what=None):
        self.counter += 1
        heapq.heappush(self.events, (when, self.counter, kind, what))

    def run(self):
        for stream in self.streams:
            if stream.concurrency:
                for _ in range(min(stream.concurrency, len(stream.arrivals))):
                    self.at(0., "arrival", stream)
            else:
                for when in stream.arrivals:
                    self.at(when, "arrival", stream)
            for when, plan in stream.changes:
                if when > 0.:
                    self.at(when, "plan", (stream, plan))
                else:
                    stream.plan = plan  # before those who arrive
            self.settle_weights(stream)
        self.peak = list(self.memory)
        for failure in self.failures:
            self.at(failure[0], "failure", failure[1:])
        while any(stream.completed < len(stream.arrivals) for stream in self.streams) or self.in_flight:
            ends = {key: end for key, end in self.flows.ends().items() if key[0] != "background"}
            if not self.events and not ends:
                raise RuntimeError("nothing can happen any more")
            coming = list(ends.values()) + [event[0] for event in self.events[:1]]
            self.now = max(self.now, min(coming))
            self.instant(ends)
        return self

    def instant(self, ends):
        self.flows.advance(self.now)
        due = [key for key, end in ends.items() if end <= self.now + INSTANT]
        for key in due:
            self.full[key[1:]] = self.flows.stop(key).full
            self.todo.append(("transferred", key[1:]))
        while self.events and self.events[0][0] <= self.now + INSTANT:
            _, _, kind, what = heapq.heappop(self.events)
            self.todo.append((kind, what))
        order = {"arrival": 1, "speed": 2, "failure": 2, "plan": 3}
        self.todo.sort(key=lambda event: (order.get(event[0], 0), self.streams.index(event[1])
                                          if event[0] == "arrival" else 0))
        while self.todo:
            kind, what = self.todo.pop(0)
            getattr(self, "on_" + kind)(what)
        for worker in self.busy:
            self.begin_next(worker)
        for device, level in enumerate(self.memory):
            self.peak[device] = max(self.peak[device], level)

    # Requests.

    def on_arrival(self, stream):
        number = stream.arrived
        if number == len(stream.arrivals):
            return  # of a closed loop, of which several were done at once
        stream.arrived += 1
        stream.arrived_at[number] = self.now if stream.concurrency else stream.arrivals[number]
        stream.waiting.append(number)
        self.admit(stream)

    def admit(self, stream):
        while stream.waiting and stream.plan is not None and \
                not (stream.max_in_flight and stream.in_flight >= stream.max_in_flight):
            number = stream.waiting.pop(0)
            if number not in stream.sequences:
                stream.sequences[number] = self.sequence
                self.sequence += 1
            stream.in_flight += 1
            request = Request(stream, number, stream.plans[stream.plan], stream.sequences[number], self.now)
            self.in_flight.append(request)
            self.settle_weights(stream)
            for u, providers in enumerate(request.plan.providers):
                if providers == 0:
                    self.make_ready(request, u)

    def complete(self, request):
        stream = request.stream
        request.completed = True
        stream.in_flight -= 1
        stream.completed += 1
        self.done.append((stream, request.number, request, self.now))
        if stream.concurrency and stream.arrived < len(stream.arrivals):
            self.on_arrival(stream)
        self.admit(stream)

    def retire_if_done(self, request):
        if request.done() and request in self.in_flight:
            self.in_flight.remove(request)
            self.settle_weights(request.stream)

    def settle_weights(self, stream):
        """Weights are there of the plan that requests begin by, and of those that they are in flight by."""
        for p, plan in enumerate(stream.plans):
            needed = stream.plan == p or any(r.stream is stream and r.plan_id == p for r in self.in_flight)
            if needed != ((stream.name, p) in self.loaded):
                self.loaded ^= {(stream.name, p)}
                for device, size in enumerate(plan.weight_bytes):
                    self.memory[device] += size if needed else -size

    # Devices.

    def key(self, request, device, task, position):
        age = request.age() if self.cluster.devices[device].scheduling != "first_ready" else ()
        return (*age, self.now, request.sequence, task, position)

    def enqueue(self, request, worker, task, position):
        if "queueing" in self.ablate:
            self.begin(request, worker, task, position)
        else:
            key = self.key(request, worker[0], task, position)
            heapq.heappush(self.waiting[worker], (key, request, task, position))

    def begin_next(self, worker):
        device, thread = worker
        if self.busy[worker] is not None or not self.waiting[worker]:
            return
        request = self.waiting[worker][0][1]
        if self.cluster.devices[device].scheduling == "exclusive" and not thread:
            if min((r for r in self.in_flight if r.jobs[device]), key=Request.age) is not request:
                return
        _, request, task, position = heapq.heappop(self.waiting[worker])
        self.busy[worker] = (request, task, position)
        self.begin(request, worker, task, position)

    def begin(self, request, worker, task, position):
        device, _ = worker
        plan = request.plan
        if task == COMPUTE:
            request.start[position] = self.now
            self.memory[device] += plan.units[position].bytes
            duration = plan.units[position].duration
        else:
            message = plan.messages[position]
            duration = message.send_s if task == SEND else message.receive_s
        request.working[task, position] = self.now
        self.start_job(worker, duration, (request, worker, task, position))

    def start_job(self, worker, duration, job):
        """Where a device does one thing at a time, that takes longer when its speed falls."""
        device, thread = worker
        if thread or "queueing" in self.ablate:
            return self.at(self.now + duration, "job_done", (job, None))
        self.running[device] = {"job": job, "left": duration, "since": self.now}
        self.expect_end(device)

    def expect_end(self, device):
        running = self.running[device]
        running["end"] = self.counter + 1  # the number of the event: earlier ones are not true any more
        self.at(self.now + running["left"] / self.speed[device], "job_done", (running["job"], running["end"]))

    def on_speed(self, step):
        for device in step[0]:
            if device in self.running:
                running = self.running[device]
                running["left"] -= (self.now - running["since"]) * self.speed[device]
                running["since"] = self.now
            self.speed[device] = step[1]
            if device in self.running:
                self.expect_end(device)

    def on_job_done(self, what):
        job, end = what
        request, worker, task, position = job
        if end is not None:
            if self.running.get(worker[0], {}).get("end") != end:
                return
            del self.running[worker[0]]
        begun = request.working.pop((task, position), None)
        if begun is None:
            return  # aborted
        if not (task == SEND and self.waits(request.plan.messages[position])):
            self.vacate(request, worker)
        self.count_work(worker, begun, request, task, position)
        if task == COMPUTE:
            self.finish_unit(request, position)
        elif task == SEND:
            self.leave(request, position)
        else:
            self.deliver(request, position)

    def waits(self, message):
        """Whether its sender does nothing else until it has arrived."""
        return message.sends == "block" and "queueing" not in self.ablate

    def vacate(self, request, worker):
        device, thread = worker
        self.busy[worker] = None
        if not thread:
            request.jobs[device] -= 1

    def count_work(self, worker, begun, request, task, position):
        """A thread for messages is not what makes a device busy."""
        device, thread = worker
        if not thread:
            self.work.append((device, self.now - begun, request, task, position))

    # Units and messages.

    def make_ready(self, request, u):
        unit = request.plan.units[u]
        request.ready[u] = self.now
        if unit.duration > 0:
            self.enqueue(request, (unit.device, 0), COMPUTE, u)
        else:
            request.start[u] = self.now
            self.memory[unit.device] += unit.bytes
            self.finish_unit(request, u)

    def finish_unit(self, request, u):
        plan, unit = request.plan, request.plan.units[u]
        request.finish[u] = self.now
        request.units_left -= 1
        self.units.append((request, u, request.ready[u], request.start[u], self.now, False))
        for provider in {p for p, _ in unit.needs}:
            if plan.units[provider].device == unit.device:
                self.release_output(request, provider)
        for m in plan.arrivals[u]:
            request.message_users[m] -= 1
            if request.message_users[m] == 0:
                self.memory[unit.device] -= plan.messages[m].bytes
        if request.users[u] == 0:
            self.memory[unit.device] -= unit.bytes
        if unit.is_result:
            request.results_left -= 1
        for consumer in plan.local(u):
            self.give(request, consumer, u)
        for m in plan.sent_by[u]:
            if plan.messages[m].send_s > 0 or self.waits(plan.messages[m]):
                self.enqueue(request, plan.messages[m].send_worker(), SEND, m)
            else:
                self.leave(request, m)
        if request.results_left == 0 and not request.completed:
            self.complete(request)
        self.retire_if_done(request)

    def release_output(self, request, u):
        request.users[u] -= 1
        if request.users[u] == 0:
            self.memory[request.plan.units[u].device] -= request.plan.units[u].bytes

    def give(self, request, u, provider):
        request.last_inputs[u].append((self.now, provider))
        request.missing[u] -= 1
        if request.missing[u] == 0:
            self.make_ready(request, u)

    def leave(self, request, m):
        message = request.plan.messages[m]
        request.left[m] = self.now
        self.memory[message.target] += message.bytes
        if message.latency > 0:
            self.at(self.now + message.latency, "latency_over", (request, m))
        else:
            self.on_latency_over((request, m))

    def on_latency_over(self, what):
        request, m = what
        if request not in self.in_flight:
            return  # aborted
        message = request.plan.messages[m]
        if message.link_bytes > 0:
            self.flows.start(Flow(("message", request, m), message.links, message.link_bytes))
        else:
            self.on_transferred(what)

    def on_transferred(self, what):
        request, m = what
        message = request.plan.messages[m]
        request.working["way", m] = self.now
        if self.waits(message):
            self.vacate(request, message.send_worker())
        if message.receive_s > 0:
            self.enqueue(request, message.receive_worker(), RECEIVE, m)
        else:
            self.deliver(request, m)

    def deliver(self, request, m):
        message = request.plan.messages[m]
        request.there[m] = self.now
        request.messages_left -= 1
        self.transfers.append((request, m, request.left[m], self.now, 1., False))
        self.release_output(request, message.sender)
        for consumer in message.consumers:
            self.give(request, consumer, message.sender)
        self.retire_if_done(request)

    # What changes.

    def on_bandwidth(self, step):
        for link in step[0]:
            self.flows.set_bandwidth(link, step[1])

    def on_plan(self, what):
        stream, stream.plan = what
        self.settle_weights(stream)
        self.admit(stream)

    def on_failure(self, failed):
        device, link = failed
        for request in sorted(self.in_flight, key=Request.age):
            if request.plan.uses(device, link):
                self.abort(request)
        for stream in self.streams:
            self.settle_weights(stream)

    def abort(self, request):
        """All that was done for it is lost; it waits for a plan in the order of arrival."""
        plan, stream = request.plan, request.stream
        self.in_flight.remove(request)
        for (task, position), begun in request.working.items():
            if task == "way":
                continue
            worker = (plan.units[position].device, 0) if task == COMPUTE else \
                plan.messages[position].send_worker() if task == SEND else plan.messages[position].receive_worker()
            if "queueing" not in self.ablate:
                self.busy[worker] = None
                if not worker[1]:
                    self.running.pop(worker[0], None)
            self.count_work(worker, begun, request, task, position)
            if task == COMPUTE:
                self.units.append((request, position, request.ready[position], begun, self.now, True))
        for m, message in enumerate(plan.messages):
            if request.left[m] is None:
                continue
            if request.message_users[m]:
                self.memory[message.target] -= message.bytes
            if request.there[m] is None:
                if self.waits(message) and ("way", m) not in request.working:
                    self.busy[message.send_worker()] = None
                carried = 1. if ("way", m) in request.working else 0.
                if ("message", request, m) in self.flows.flows:
                    flow = self.flows.stop(("message", request, m))
                    self.full[request, m] = flow.full
                    carried = 1 - flow.left / flow.size
                self.transfers.append((request, m, request.left[m], self.now, carried, True))
        for u, unit in enumerate(plan.units):
            if request.start[u] is not None and (request.finish[u] is None or request.users[u]):
                self.memory[unit.device] -= unit.bytes
        request.working = {}
        for worker, queue in self.waiting.items():
            self.waiting[worker] = [job for job in queue if job[1] is not request]
            heapq.heapify(self.waiting[worker])
        self.aborted.append(request)
        if request.completed:
            return
        stream.attempts[request.number] = request.attempt + 1
        stream.in_flight -= 1
        stream.waiting = sorted(stream.waiting + [request.number])
