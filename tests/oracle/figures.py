"""Figures of a whole run, as runs.csv and streams.csv have them; the formulas are those of
`edgeflow list columns`, of partition/prices/demand.hpp and bound.hpp."""
import math

import boxes
import model
from plan import compute_time
from simulate import Simulation
from states import Stream


def percentile(values, percent):
    """The least value that `percent` % of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def needed_boxes(layers):
    """By layer, how many elements of its output any result depends on."""
    wanted = [[] for _ in layers]
    fed = {i for layer in layers for i in layer.inputs}
    for i in reversed(range(len(layers))):
        layer = layers[i]
        if i not in fed:
            wanted[i] = [model.whole_output(layer)]
        for box in wanted[i]:
            for k, j in enumerate(layer.inputs):
                box_in = model.needed(layer, k, box)
                if box_in not in wanted[j] and boxes.volume(box_in):
                    wanted[j].append(box_in)
    return [boxes.union_volume(found) for found in wanted]


def lower_bound(layers, cluster, ablate):
    """sum_l min_d y_d t[l][d], y_d in proportion to 1 / sum_l t[l][d] and of sum 1; s."""
    if "queueing" in ablate:
        return 0.
    times = []
    for layer, count in zip(layers, needed_boxes(layers)):
        if layer.op == "input":
            continue
        macs, _, outputs, weights = model.work(layer, model.whole_output(layer))
        share = count / outputs
        times.append([share * compute_time(device, layer, (macs, 0, outputs, weights), "overheads" not in ablate)
                      for device in cluster.devices])
    totals = [sum(column) for column in zip(*times)]
    scale = sum(1 / total for total in totals)
    return sum(min(t / total for t, total in zip(row, totals)) for row in times) / scale


def predicted(plan, cluster, ablate):
    """Latency of one request on the idle cluster."""
    stream = Stream("", [plan], [0.])
    sim = Simulation(cluster, [stream], ablate).run()
    return sim.done[0][3]


def chain(plan, device):
    """The longest chain of dependent work, each alone, that begins and ends with work of the device; s."""
    longest = [None] * len(plan.units)     # until the unit is done, from the first work of the device on
    arriving = {}
    best = 0.

    def step(before, seconds, here):
        nonlocal best
        if here and seconds > 0:
            before = max(before or 0., 0.) + seconds
            best = max(best, before)
            return before
        return None if before is None else before + seconds
    for u, unit in enumerate(plan.units):
        befores = [longest[p] for p, _ in unit.needs if plan.units[p].device == unit.device]
        befores += [arriving[m] for m in plan.arrivals[u]]
        before = max((b for b in befores if b is not None), default=None)
        longest[u] = step(before, unit.duration, unit.device == device)
        for m in plan.sent_by[u]:
            message = plan.messages[m]
            sent = step(longest[u], message.send_s, message.send_worker() == (device, 0))
            there = step(sent, message.alone_s, message.sends == "block" and message.source == device)
            arriving[m] = step(there, message.receive_s, message.receive_worker() == (device, 0))
    return best


def demand(plan, ablate):
    devices, links, threads = plan.demands()
    for d, device in enumerate(plan.cluster.devices):
        if device.scheduling == "exclusive":
            devices[d] = max(devices[d], chain(plan, d))
    devices = [max(both) for both in zip(devices, threads)]
    if "queueing" in ablate:
        devices = [0.] * len(devices)
    if "contention" in ablate:
        links = [0.] * len(links)
    return devices + links


def offered_load(streams, ablate):
    loads = None
    for stream in streams:
        if stream.concurrency or stream.arrivals[-1] <= stream.arrivals[0]:
            continue
        rate = (len(stream.arrivals) - 1) / (stream.arrivals[-1] - stream.arrivals[0])
        asked = [rate * seconds for seconds in demand(stream.plans[0], ablate)]
        loads = asked if loads is None else [a + b for a, b in zip(loads, asked)]
    return max(loads) or None if loads else None  # nothing is asked for where all effects that count are off


def growth(rows):
    """(in flight at the last arrival - at the one half-way) / time between; 1/s, None where there is no time."""
    arrivals = sorted(row["arrival_s"] for row in rows)

    def in_flight(at):
        return sum(row["arrival_s"] <= at < row["finish_s"] for row in rows)
    half, last = arrivals[len(arrivals) // 2], arrivals[-1]
    return (in_flight(last) - in_flight(half)) / (last - half) if last > half else None


def of_requests(rows):
    """What follows from rows of requests, of one stream or all."""
    counted = [row for row in rows if not row["warm_up"]]
    latencies = [row["latency_s"] for row in counted]
    span = max(row["finish_s"] for row in rows) - min(row["arrival_s"] for row in rows)
    figures = {"latency_s": sum(latencies) / len(latencies), "latency_max_s": max(latencies),
               "requests": len(counted), "wait_s": sum(row["wait_s"] for row in counted) / len(counted),
               "mean_in_flight": sum(row["latency_s"] for row in rows) / span,
               "aborted_times": sum(row["aborted"] for row in rows)}
    figures |= {key: sum(row[key] for row in counted) / len(counted) for key in ("compute_s", "transfer_s", "queue_s")}
    figures |= {f"latency_p{p}_s": percentile(latencies, p) for p in (50, 95, 99)}
    if len(counted) == len(rows):
        figures["throughput_rps"] = len(rows) / span
    if all(row["missed"] is not None for row in counted):
        figures["deadline_miss_ratio"] = sum(row["missed"] for row in counted) / len(counted)
    if counted[0]["energy_J"] is not None:
        figures["energy_per_request_J"] = sum(row["energy_J"] for row in counted) / len(counted)
    return figures


def of_plans(plans):
    """What follows from the first plan of each stream."""
    wanted = sum(sum(model.macs(layer) for layer in plan.layers) for plan in plans)
    used = {unit.device for plan in plans for unit in plan.units if unit.kind == "compute"}
    return {"units": sum(len(plan.units) for plan in plans), "messages": sum(len(plan.messages) for plan in plans),
            "redundant_macs_ratio": sum(unit.macs for plan in plans for unit in plan.units) / wanted - 1,
            "devices_used": len(used)}
