"""What a request in flight and a stream of them know; the rules are in simulate.py."""
import dataclasses


@dataclasses.dataclass
class Stream:
    """`arrivals` in s, ascending; of a closed loop only their number counts."""
    name: str
    plans: list                     # of plan.Plan
    arrivals: list
    concurrency: int = 0            # of a closed loop, else 0
    max_in_flight: int = 0
    changes: list = dataclasses.field(default_factory=list)  # (s, number of the plan or None)
    plan: int = 0                   # that requests begin by
    arrived: int = 0
    waiting: list = dataclasses.field(default_factory=list)   # numbers of requests, in order of arrival
    in_flight: int = 0
    completed: int = 0
    arrived_at: dict = dataclasses.field(default_factory=dict)
    attempts: dict = dataclasses.field(default_factory=dict)
    sequences: dict = dataclasses.field(default_factory=dict)


class Request:
    """One request from when it begins until all its units are done."""

    def __init__(self, stream, number, plan, sequence, begin):
        self.stream, self.number, self.plan_id = stream, number, stream.plan
        self.plan, self.sequence, self.begin = plan, sequence, begin
        self.arrival = stream.arrived_at[number]
        self.attempt = stream.attempts.get(number, 0)
        units, messages = len(plan.units), len(plan.messages)
        self.missing = list(plan.providers)
        self.ready, self.start, self.finish = [None] * units, [None] * units, [None] * units
        self.last_inputs = [[] for _ in range(units)]  # (s, provider) of inputs
        self.users = [unit.users for unit in plan.units]
        self.left, self.there = [None] * messages, [None] * messages  # when
        self.working = {}   # (task, position): when its device began with it
        self.message_users = [len(message.consumers) for message in plan.messages]
        self.results_left = plan.results
        self.completed = False
        self.units_left = units
        self.messages_left = messages
        self.jobs = [0] * len(plan.cluster.devices)
        for unit in plan.units:
            self.jobs[unit.device] += unit.duration > 0
        for message in plan.messages:
            self.jobs[message.source] += message.send_job() and message.sends != "overlap"
            self.jobs[message.target] += message.receive_s > 0 and message.receives != "overlap"

    def age(self):
        return (self.arrival, self.sequence)

    def done(self):
        return self.units_left == 0 and self.messages_left == 0


def breakdowns(request, limit=64):
    """All (compute, transfer, queue) in s that a walk back from the last result can give: where several
    inputs came in the same instant, any of them may count as the last one."""
    plan = request.plan
    known = {}
    for u, unit in enumerate(plan.units):
        if request.finish[u] is None:
            continue
        own = (request.finish[u] - request.start[u], 0., request.start[u] - request.ready[u])
        inputs = request.last_inputs[u]
        latest = max((at for at, _ in inputs), default=None)
        sums = set()
        for at, provider in inputs:
            if at < latest - 1e-9:
                continue
            way = request.ready[u] - request.finish[provider]
            for before in known[provider]:
                sums.add(tuple(round(a + b, 12) for a, b in zip(before, (own[0], own[1] + way, own[2]))))
        known[u] = sorted(sums)[:limit] if inputs else [own]
    last = max(request.finish[u] for u, unit in enumerate(plan.units) if unit.is_result)
    return [sums for u, unit in enumerate(plan.units) if unit.is_result and request.finish[u] >= last - 1e-9
            for sums in known[u]]
