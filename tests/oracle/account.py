"""What a simulation amounts to: rows as in requests.csv, devices.csv and links.csv, and energy.

Columns are those of `edgeflow list columns`, energy that of sim/engine/energy.hpp.
"""
import collections

from states import breakdowns


class Accounts:
    def __init__(self, sim):
        self.sim, self.cluster = sim, sim.cluster
        # Until all work is done: of some layers, parts are computed that no result needs.
        self.makespan = max([finish for *_, finish in sim.done] + [end for *_, end, _ in sim.units])
        self.known = all(device.power for device in self.cluster.devices)
        count, links = len(self.cluster.devices), len(self.cluster.links)
        self.busy, self.sent, self.received = [0.] * count, [0.] * count, [0.] * count
        self.transmit, self.receive = [0.] * count, [0.] * count
        self.link_bytes, self.link_busy = [0.] * links, [0.] * links
        self.drawn = collections.Counter()  # by stream and request, on top of idling
        for device, seconds, request, _, _ in sim.work:
            self.busy[device] += seconds
            self.charge(request, seconds, self.extra(device, "busy"))
        for request, m, _, _, carried, _ in sim.transfers:
            self.add_transfer(request, request.plan.messages[m], carried, sim.full.get((request, m), {}))

    def extra(self, device, state):
        """W on top of idling; 0 where power is not known, as its energy is then not asked for."""
        power = self.cluster.devices[device].power
        return power[state] - power["idle"] if power else 0.

    def charge(self, request, seconds, watts):
        self.drawn[request.stream.name, request.number] += seconds * watts

    def interface(self, message, link, seconds, full):
        """Of the interface at a link that would take `seconds` for the message at the bandwidth of 0 s."""
        return seconds * full[link] * self.cluster.links[link].bandwidth / message.link_bytes if full else 0.

    def add_transfer(self, request, message, carried, full):
        self.sent[message.source] += carried * message.bytes
        self.received[message.target] += carried * message.bytes
        transmitting = self.interface(message, message.links[0], message.transmitting_s, full)
        receiving = self.interface(message, message.links[-1], message.receiving_s, full)
        self.transmit[message.source] += transmitting
        self.receive[message.target] += receiving
        self.charge(request, transmitting, self.extra(message.source, "transmit"))
        self.charge(request, receiving, self.extra(message.target, "receive"))
        power = self.cluster.link_power
        for link in message.links:
            self.link_bytes[link] += carried * message.link_bytes
            self.link_busy[link] += full.get(link, 0.)
            self.charge(request, full.get(link, 0.), power["busy"] - power["idle"])

    def device_energy(self, d):
        power = self.cluster.devices[d].power
        return power and (power["idle"] * self.makespan + self.extra(d, "busy") * self.busy[d] +
                          self.extra(d, "transmit") * self.transmit[d] + self.extra(d, "receive") * self.receive[d])

    def link_energy(self, link):
        power = self.cluster.link_power
        return power["idle"] * self.makespan + (power["busy"] - power["idle"]) * self.link_busy[link]

    def devices(self):
        return [{"device": device.name, "type": device.type, "busy_s": self.busy[d], "sent_bytes": self.sent[d],
                 "received_bytes": self.received[d], "peak_memory_bytes": self.sim.peak[d],
                 "memory_bytes": device.memory, "energy_J": self.device_energy(d),
                 "utilisation": self.busy[d] / self.makespan, "transmit_s": self.transmit[d],
                 "receive_s": self.receive[d]} for d, device in enumerate(self.cluster.devices)]

    def links(self):
        background = collections.Counter()
        for key, flow in self.sim.flows.flows.items():
            if key[0] == "background":
                for link, times in flow.uses.items():
                    background[link] += flow.moved * times
        return [{"link": link.name, "bandwidth_Bps": link.bandwidth, "bytes": self.link_bytes[i],
                 "busy_s": self.link_busy[i], "utilisation": self.link_busy[i] / self.makespan,
                 "energy_J": self.link_energy(i), "background_bytes": background[i]}
                for i, link in enumerate(self.cluster.links)]

    def idle_energy(self):
        return self.makespan * (sum(device.power["idle"] for device in self.cluster.devices) +
                                self.cluster.link_power["idle"] * len(self.cluster.links))

    def request_energy(self, name, number):
        return self.drawn[name, number] + self.idle_energy() / len(self.sim.done) if self.known else None

    def requests(self, warm_up, deadline):
        """Rows by stream and number; `ways` holds all breakdowns that ties allow. Both arguments by stream."""
        rows = []
        for stream, number, request, finish in self.sim.done:
            late = deadline[stream.name]
            latency = finish - request.arrival
            rows.append({"stream": stream.name, "request": number, "arrival_s": request.arrival, "finish_s": finish,
                         "latency_s": latency, "wait_s": request.begin - request.arrival,
                         "ways": breakdowns(request), "warm_up": int(number < warm_up[stream.name]),
                         "missed": None if late is None else int(latency > late),
                         "energy_J": self.request_energy(stream.name, number), "plan": request.plan_id,
                         "aborted": request.attempt})
        return sorted(rows, key=lambda row: (row["stream"], row["request"]))

    def units(self):
        return {(r.stream.name, r.number, r.attempt, u): {
            "kind": r.plan.units[u].kind, "layer": r.plan.layers[r.plan.units[u].layer].name,
            "device": self.cluster.devices[r.plan.units[u].device].name,
            "output": "c{}:{} r{}:{} w{}:{}".format(*(i for ends in r.plan.units[u].output for i in ends)),
            "ready_s": ready, "start_s": start, "finish_s": finish, "plan": r.plan_id, "aborted": int(aborted)}
            for r, u, ready, start, finish, aborted in self.sim.units}

    def transfers(self):
        return {(r.stream.name, r.number, r.attempt, m): {
            "from_unit": r.plan.messages[m].sender,
            "from_device": self.cluster.devices[r.plan.messages[m].source].name,
            "to_device": self.cluster.devices[r.plan.messages[m].target].name,
            "bytes": r.plan.messages[m].bytes, "start_s": left, "finish_s": there, "plan": r.plan_id,
            "aborted": int(aborted), "carried": carried} for r, m, left, there, carried, aborted in self.sim.transfers}
