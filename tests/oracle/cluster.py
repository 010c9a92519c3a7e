"""Clusters: devices, links, and the links of a message, after platforms/cluster.hpp and network.hpp.

Bandwidths are byte/s, latencies s. A route is (links in order, crossings, latency): after the
latency, each link carries bytes * crossings for every time that it is listed.
"""
import copy
import dataclasses
import itertools

from files import quantity
from model import Unsupported


@dataclasses.dataclass
class Link:
    name: str
    bandwidth: float
    latency: float
    ends: tuple = ()  # graph, mesh: nodes from which and to which


def rates(entry, default=None):
    """(up, down) of a map with `bandwidth`, or `up` and `down`."""
    if "bandwidth" in entry:
        return (quantity(entry["bandwidth"]),) * 2
    if "up" in entry or "down" in entry:
        return quantity(entry["up"]), quantity(entry["down"])
    return default


class Device:
    """Rates by their keys, factors default to 1, costs to nothing."""

    def __init__(self, entry, scheduling):
        if "layer_time" in entry:
            raise Unsupported("measured times of layers")
        self.name = entry["name"]
        self.type = entry.get("type", "")
        self.scheduling = entry.get("scheduling", scheduling)
        self.memory = quantity(entry.get("memory"))
        self.mac_rate = quantity(entry["mac_rate"])
        self.byte_rate = quantity(entry.get("byte_rate"), float("inf"))
        self.overhead = quantity(entry.get("overhead"), 0.)
        self.task_overhead = quantity(entry.get("task_overhead"), 0.)
        self.message_overhead = quantity(entry.get("message_overhead"), 0.)
        self.serialization_rate = quantity(entry.get("serialization_rate"), float("inf"))
        self.sends = entry.get("sends", "hold")
        self.factors = {key: float(entry.get(f"{key}_factor", 1))
                        for key in ("winograd", "winograd_byte", "spatial", "matrix", "fully_connected")}
        power = entry.get("power")
        self.power = power and {key: quantity(power.get(key, power["idle"]))
                                for key in ("idle", "busy", "transmit", "receive")}


def assumes_rates(entry, precision):
    """Whether a device's rates were measured in another precision, or for int8 in none that is stated."""
    measured = precision if precision in entry.get("rates_in", {}) else entry.get("precision")
    return precision == "int8" if measured is None else measured != precision


class Cluster:
    """Of the `cluster:` of a resolved scenario, with its usual rates."""

    def __init__(self, entry, scheduling):
        self.scheduling = scheduling
        self.devices = [Device(device, scheduling) for device in entry["devices"]]
        self.index = {device.name: d for d, device in enumerate(self.devices)}
        self.entries = entry["devices"]
        self.network = entry["network"]
        self.links = []
        power = self.network.get("link_power", {})
        self.link_power = {key: quantity(power.get(key), 0.) for key in ("idle", "busy")}
        self.lost_devices, self.lost_links = set(), set()
        build = {"switch": self.add_ports, "star-of-stars": self.add_ports, "wifi": self.add_medium,
                 "hub": self.add_medium, "mesh": self.add_mesh, "graph": self.add_graph}.get(self.network["type"])
        if not build:
            raise Unsupported(f"network {self.network['type']}")
        build()

    def in_precision(self, precision):
        """The same with the rates that devices have in it."""
        found = copy.copy(self)
        found.devices = [Device(entry | entry.get("rates_in", {}).get(precision, {}), self.scheduling)
                         for entry in self.entries]
        return found

    def add_port(self, name, up_down, latency):
        self.links.append(Link(f"{name}:up", up_down[0], latency))
        self.links.append(Link(f"{name}:down", up_down[1], latency))

    def add_ports(self):
        """Two links per device, then two per site."""
        latency = quantity(self.network.get("latency"), 0.) / 2
        for entry in self.entries:
            self.add_port(entry["name"], rates(entry, rates(self.network)), quantity(entry.get("latency"), latency))
        sites = [site if isinstance(site, dict) else {"name": site} for site in self.network.get("sites", [])]
        default = self.network.get("uplink", {})
        for site in sites:
            self.add_port(site["name"], rates(site, rates(default)),
                          quantity(site.get("latency"), quantity(default.get("latency"), 0.)))
        names = [site["name"] for site in sites]
        self.sites = [names.index(entry["site"]) if sites else 0 for entry in self.entries]

    def add_medium(self):
        wifi = self.network["type"] == "wifi"
        latency = quantity(self.network.get("latency"), 0.)
        bandwidth = quantity(self.network["bandwidth"]) * float(self.network.get("efficiency", 1))
        self.links = [Link(self.network["type"], bandwidth, latency / 2 if wifi else latency)]

    def add_mesh(self):
        everywhere = rates(self.network), quantity(self.network.get("latency"), 0.)
        special = {}
        for entry in self.network.get("links", []):
            a, b = entry["between"]
            up_down, latency = rates(entry, everywhere[0]), quantity(entry.get("latency"), everywhere[1])
            special[a, b], special[b, a] = (up_down[0], latency), (up_down[1], latency)
        names = [device.name for device in self.devices]
        self.nodes = names
        self.edges = []
        for a, b in itertools.permutations(names, 2):
            bandwidth, latency = special.get((a, b), (everywhere[0][0], everywhere[1]))
            self.links.append(Link(f"{a}:{b}", bandwidth, latency, (a, b)))
        place = {link.ends: i for i, link in enumerate(self.links)}
        self.edges = [(a, b, place[a, b], place[b, a]) for a, b in itertools.combinations(names, 2)]
        self.given = {}

    def add_graph(self):
        self.nodes = [device.name for device in self.devices] + list(self.network.get("switches", []))
        self.edges, by_name = [], {}
        for entry in self.network["links"]:
            a, b = entry["between"]
            name = entry.get("name", f"{a}:{b}")
            up_down = rates(entry, rates(self.network))
            latency = quantity(entry.get("latency"), quantity(self.network.get("latency"), 0.))
            first = len(self.links)
            if entry.get("duplex") == "half":
                self.links.append(Link(name, up_down[0], latency, (a, b)))
                self.edges.append((a, b, first, first))
            else:
                self.links.append(Link(f"{name}:up", up_down[0], latency, (a, b)))
                self.links.append(Link(f"{name}:down", up_down[1], latency, (b, a)))
                self.edges.append((a, b, first, first + 1))
            by_name[name] = self.edges[-1]
        self.given = {}
        for entry in self.network.get("routes", []):
            steps = self.walk(entry["from"], [by_name[name] for name in entry["links"]])
            self.given[entry["from"], entry["to"]] = [forth for forth, _ in steps]
            self.given[entry["to"], entry["from"]] = [back for _, back in reversed(steps)]

    @staticmethod
    def walk(node, edges):
        """[(link of each edge as one walks from `node`, the link back)]."""
        steps = []
        for a, b, forth, back in edges:
            steps.append((forth, back) if node == a else (back, forth))
            node = b if node == a else a
        return steps

    def path(self, source, target):
        """Links from one device to another where they are those of a graph or mesh. Only routes over what is
        lost are replaced (platforms/remaining.hpp)."""
        usual = self.given.get((source, target)) or self.shortest(source, target, set(), set())
        if not self.passes_loss(usual, source, target):
            return usual
        return self.shortest(source, target, self.lost_devices, self.lost_links)

    def shortest(self, source, target, lost_devices, lost_links):
        order = [device.name for device in self.devices]
        if order.index(source) > order.index(target):  # the same way back
            return [back for _, back in reversed(self.fewest(target, source, lost_devices, lost_links))]
        return [forth for forth, _ in self.fewest(source, target, lost_devices, lost_links)]

    def passes_loss(self, links, source, target):
        nodes = {node for i in links for node in self.links[i].ends} - {source, target}
        return bool(self.lost_links & set(links) or self.lost_devices & nodes)

    def fewest(self, source, target, lost_devices, lost_links):
        """Breadth first, through other devices only if there is no other way."""
        names = {device.name for device in self.devices}
        for through_devices in (False, True):
            found, frontier = {source: []}, [source]
            while frontier and target not in found:
                reached = []
                for node in frontier:
                    if node in names and node != source and not through_devices:
                        continue
                    for edge in self.edges:
                        if node not in edge[:2] or lost_links & set(edge[2:]):
                            continue
                        other = edge[1] if edge[0] == node else edge[0]
                        if other not in found and other not in lost_devices:
                            found[other] = found[node] + [edge]
                            reached.append(other)
                frontier = reached
            if target in found:
                return self.walk(source, found[target])
        raise Unsupported(f"no way from {source} to {target}")

    def wifi_rate(self, d):
        return quantity(self.entries[d].get("bandwidth"), quantity(self.network["bandwidth"]))

    def access_point(self):
        return self.index.get(self.network.get("access_point"))

    def route(self, a, b):
        """(links, crossings, latency) from device a to another device b."""
        crossings, kind = 1., self.network["type"]
        if kind == "hub":
            links = [0]
        elif kind == "wifi":
            stations = [d for d in (a, b) if d != self.access_point()]
            links = [0] * len(stations)
            crossings = sum(quantity(self.network["bandwidth"]) / self.wifi_rate(d)
                            for d in stations) / len(stations)
        elif kind in ("mesh", "graph"):
            links = self.path(self.devices[a].name, self.devices[b].name)
        else:
            links = [2 * a, 2 * b + 1]
            if self.sites[a] != self.sites[b]:
                first = 2 * len(self.devices)
                links[1:1] = [first + 2 * self.sites[a], first + 2 * self.sites[b] + 1]
        return links, crossings, sum(self.links[i].latency for i in links)

    def interface_times(self, a, b):
        """Seconds per byte that the sender's and the receiver's interface are at work."""
        if self.network["type"] == "wifi":
            stations = [d for d in (a, b) if d != self.access_point()]
            # By the efficiency, or a trace from 0 s on.
            slower = quantity(self.network["bandwidth"]) / self.links[0].bandwidth
            return slower / self.wifi_rate(stations[0]), slower / self.wifi_rate(stations[-1])
        links = self.route(a, b)[0]
        return 1 / self.links[links[0]].bandwidth, 1 / self.links[links[-1]].bandwidth
