"""Plans: units, the messages that follow from their needs, and what both cost.

The format is in partition/plans/plan_yaml.hpp, the rules in plan.hpp and execution.hpp.
"""
import collections
import dataclasses
import functools

import boxes
import model
from files import load_yaml

BYTES = {"fp32": 4, "fp16": 2, "int8": 1, "uint8": 1}


class PlanError(Exception):
    """The plan does not compute the model."""


@dataclasses.dataclass
class Unit:
    kind: str
    layer: int
    device: int
    output: tuple
    needs: list          # (provider, box); an empty box is a token
    task: bool
    sends: list          # consumers in order, or None
    macs: float = 0.
    duration: float = 0.
    bytes: float = 0.
    is_result: bool = False
    users: int = 0       # messages and local consumers of its output


@dataclasses.dataclass
class Message:
    sender: int
    source: int          # devices
    target: int
    bytes: float
    consumers: list
    links: list
    link_bytes: float    # of each listing of a link
    latency: float
    send_s: float
    receive_s: float
    transmitting_s: float
    receiving_s: float
    alone_s: float       # latency and transfer when nothing shares its links
    sends: str           # how its sender sends, and
    receives: str        # likewise its receiver

    def send_job(self):
        """Whether its sender takes it in its turn."""
        return self.send_s > 0 or self.sends == "block"

    def send_worker(self):
        """(device, 1 if it is its thread for messages)"""
        return self.source, int(self.sends == "overlap")

    def receive_worker(self):
        return self.target, int(self.receives == "overlap")


def compute_time(device, layer, work, overheads=True):
    """k*MAC/P + (w*(in + out) + weights)*4/B + o, in s."""
    if layer.op == "reshape":
        return 0.
    macs, inputs, outputs, weights = work
    kind = model.kind(layer)
    k = device.factors.get(kind, 1.)
    w = device.factors["winograd_byte"] if kind == "winograd" else 1.
    seconds = k * macs / device.mac_rate + 4 * (w * (inputs + outputs) + weights) / device.byte_rate
    return seconds + (device.overhead if overheads else 0.)


class Plan:
    """A plan on its cluster. `layers` is the folded model, sizes are bytes per element."""

    def __init__(self, path, layers, cluster, sink, precision, input_precision, ablate=()):
        self.layers, self.cluster, self.ablate = layers, cluster, ablate
        self.element, self.input_element = BYTES[precision], BYTES[input_precision]
        by_name = {layer.name: i for i, layer in enumerate(layers)}
        fed = {i for layer in layers for i in layer.inputs}
        self.units = [
            Unit(entry["kind"], by_name[entry["layer"]], cluster.index[entry["device"]], boxes.parse(entry["output"]),
                 [(need["from"], boxes.parse(need["region"])) for need in entry.get("needs", [])],
                 entry.get("task", False), entry.get("sends")) for entry in load_yaml(path)["units"]]
        for unit in self.units:
            self.price(unit)
            unit.is_result = unit.kind == "relay" and unit.layer not in fed and unit.device == sink
        self.consumers = self.forwards()
        self.messages = []
        self.sent_by = [self.add_messages(u) for u in range(len(self.units))]
        for u, unit in enumerate(self.units):
            unit.users = len(self.sent_by[u]) + len(self.local(u))
        self.providers = [len({p for p, _ in unit.needs}) for unit in self.units]
        self.results = sum(unit.is_result for unit in self.units)

    def price(self, unit):
        layer = self.layers[unit.layer]
        device = self.cluster.devices[unit.device]
        overheads = "overheads" not in self.ablate
        unit.bytes = boxes.volume(unit.output) * (self.input_element if layer.op == "input" else self.element)
        if unit.kind == "compute":
            self.check_needs(unit, layer)
            work = model.work(layer, unit.output)
            unit.macs = work[0]
            unit.duration = compute_time(device, layer, work, overheads)
        if unit.task and overheads:
            unit.duration += device.task_overhead

    def check_needs(self, unit, layer):
        """What a unit is given is exactly what its operator computes its output from."""
        wanted = collections.defaultdict(list)
        for k, i in enumerate(layer.inputs):
            wanted[i].append(model.needed(layer, k, unit.output))
        given = collections.defaultdict(list)
        for provider, box in unit.needs:
            given[self.units[provider].layer].append(box)
        for i, wished in wanted.items():
            got = boxes.union_volume(given[i])
            if got != boxes.union_volume(wished) or got != boxes.union_volume(given[i] + wished):
                raise PlanError(f"layer {layer.name}, {unit.output}: needs {wished} of {self.layers[i].name}, "
                                f"gets {given[i]}")

    def forwards(self):
        """By unit, {consumer: boxes} in the order of sending."""
        table = [{} for _ in self.units]
        for u, unit in enumerate(self.units):
            for provider, box in unit.needs:
                table[provider].setdefault(u, []).append(box)
        return [table[u] if unit.sends is None else {c: table[u][c] for c in unit.sends}
                for u, unit in enumerate(self.units)]

    @functools.cached_property
    def arrivals(self):
        """By unit, the messages that it gets."""
        found = [[] for _ in self.units]
        for m, message in enumerate(self.messages):
            for consumer in message.consumers:
                found[consumer].append(m)
        return found

    def local(self, u):
        """Consumers on the unit's own device."""
        return [c for c in self.consumers[u] if self.units[c].device == self.units[u].device]

    def add_messages(self, u):
        """One per other device for data, and one for tokens; the numbers of the unit's messages."""
        groups = {}
        for consumer, given in self.consumers[u].items():
            if self.units[consumer].device != self.units[u].device:
                token = all(boxes.volume(box) == 0 for box in given)
                groups.setdefault((self.units[consumer].device, token), []).append(consumer)
        first = len(self.messages)
        for (target, _), consumers in groups.items():
            given = [box for consumer in consumers for box in self.consumers[u][consumer]]
            self.messages.append(self.message(u, target, boxes.union_volume(given), consumers))
        return range(first, len(self.messages))

    def message(self, u, target, elements, consumers):
        unit, devices = self.units[u], self.cluster.devices
        size = elements * (self.input_element if self.layers[unit.layer].op == "input" else self.element)
        links, crossings, latency = self.cluster.route(unit.device, target)
        sending, receiving = self.cluster.interface_times(unit.device, target)

        def cpu(device):
            per_message = 0. if "overheads" in self.ablate else device.message_overhead
            return per_message + size / device.serialization_rate
        latency = 0. if "latency" in self.ablate else latency
        rate = min((self.cluster.links[link].bandwidth / links.count(link) for link in links), default=float("inf"))
        return Message(u, unit.device, target, size, consumers, links, size * crossings, latency,
                       cpu(devices[unit.device]), cpu(devices[target]), size * sending, size * receiving,
                       latency + size * crossings / rate, devices[unit.device].sends, devices[target].sends)

    def channels(self):
        """{(device, layer): what of its output, of which weights are divided by channels}."""
        parts = collections.defaultdict(list)
        for unit in self.units:
            if unit.kind == "compute":
                parts[unit.device, unit.layer].append((unit.output[0], (0, 1), (0, 1)))
        return parts

    def bytes_of(self, i, channels):
        layer = self.layers[i]
        return layer.params * boxes.union_volume(channels) / layer.extents[0] * self.element

    @functools.cached_property
    def weight_bytes(self):
        """By device, of each layer with a unit there the union over its units."""
        totals = [0.] * len(self.cluster.devices)
        for (device, i), channels in self.channels().items():
            totals[device] += self.bytes_of(i, channels)
        return totals

    def missing_weights(self, present, emptied):
        """Bytes by device that are not there by plan `present` (None: nothing is), nor on devices `emptied`."""
        totals = [0.] * len(self.cluster.devices)
        there = present.channels() if present else {}
        for (device, i), channels in self.channels().items():
            has = there.get((device, i), []) if device not in emptied else []
            totals[device] += self.bytes_of(i, channels + has) - (self.bytes_of(i, has) if has else 0.)
        return totals

    def demands(self):
        """(s of each device, s of each link) that one request needs."""
        devices = [0.] * len(self.cluster.devices)
        links = [0.] * len(self.cluster.links)
        for unit in self.units:
            devices[unit.device] += unit.duration
        threads = [0.] * len(self.cluster.devices)
        for message in self.messages:
            for (device, thread), seconds in ((message.send_worker(), message.send_s),
                                              (message.receive_worker(), message.receive_s)):
                (threads if thread else devices)[device] += seconds
            devices[message.source] += message.alone_s if message.sends == "block" else 0.
            for link in message.links:
                links[link] += message.link_bytes / self.cluster.links[link].bandwidth
        return devices, links, threads

    def uses(self, device=None, link=None):
        """Whether units or messages need the device (also to forward) or the link."""
        if device is not None:
            name = self.cluster.devices[device].name
            passed = {node for message in self.messages for i in message.links for node in self.cluster.links[i].ends}
            return any(unit.device == device for unit in self.units) or name in passed or \
                bool(self.messages) and self.cluster.network["type"] == "wifi" and self.cluster.access_point() == device
        return any(link in message.links for message in self.messages)
