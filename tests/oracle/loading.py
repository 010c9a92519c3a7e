"""How long weights take to get to the devices of a plan, by partition/prices/loading.hpp."""
import heapq

from files import quantity
from flows import Flow, Flows


def loading(plan, present, emptied, weights):
    """(bytes, s) of what `plan` needs and `present` (None: nothing) has not put there; `weights` of the scenario."""
    cluster, missing = plan.cluster, plan.missing_weights(present, emptied)
    if weights["from"] == "disk":
        return sum(missing), max(missing) / quantity(weights["rate"])
    source = next(unit.device for unit in plan.units if unit.kind == "input")
    missing[source] = 0.
    ways = []
    cluster.lost_devices, cluster.lost_links = plan.losses
    for device, size in enumerate(missing):
        if size > 0:
            links, crossings, latency = cluster.route(source, device)
            heapq.heappush(ways, (latency, device, links, size * crossings))
    cluster.lost_devices, cluster.lost_links = set(), set()
    flows, now = Flows([link.bandwidth for link in cluster.links]), 0.
    while ways or flows.flows:
        ends = flows.ends()
        now = min([*ends.values(), *(way[0] for way in ways[:1])])
        flows.advance(now)
        for key, end in ends.items():
            if end <= now + 1e-12:
                flows.stop(key)
        while ways and ways[0][0] <= now:
            _, device, links, size = heapq.heappop(ways)
            flows.start(Flow(device, links, size))
    return sum(missing), now
