#!/usr/bin/python3
"""A strategy of your own, as an example: cut a layer where that pays at once, else keep it whole.

In a scenario: strategy: {name: external, command: [../scripts/external_strategy.py]}
The problem comes as JSON on stdin and the answer goes to stdout; partition/external/problem_json.hpp in the
source describes both; `edgeflow plan SCENARIO.yaml --problem problem.json` writes it to a file. Whatever goes to
stderr is kept as strategy.log of the run, and shown if this program fails.
"""

import json
import sys

problem = json.load(sys.stdin)
layers, devices = problem["layers"], range(len(problem["devices"]))
total_s = [sum(layer["time_s"][d] for layer in layers) for d in devices]
fastest = min(devices, key=total_s.__getitem__)
speed = [1 / t for t in total_s]
byte_s = max((1 / b for row in problem["bandwidth_Bps"] for b in row if b), default=0)
latency_s = max((t for row in problem["latency_s"] for t in row if t), default=0)


def halo_bytes(layer):
    """What a part in the middle needs from beyond the rows that it has, over all inputs."""
    total = 0
    for input, needs in zip(layer["inputs"], layer["needs"]):
        shape = layers[input]["output"]
        first, end = needs[len(needs) // 2]
        own = shape["rows"] / layer["output"]["rows"]
        total += max(0, end - first - own) * shape["channels"] * shape["columns"]
    return total * problem["precision"]["activation_bytes"]


def split_s(layer):
    """The slowest part's time if rows are cut by speed, with its halo's transfer."""
    parts = [fixed + share / sum(speed) * (whole - fixed)
             for share, whole, fixed in zip(speed, layer["time_s"], layer["fixed_s"])]
    return max(parts) + latency_s + halo_bytes(layer) * byte_s


def shares(layer):
    cut = "row" in layer["split_axes"] and split_s(layer) < layer["time_s"][fastest]
    return speed if cut else [1 if d == fastest else 0 for d in devices]


json.dump({"shares": [shares(layer) for layer in layers]}, sys.stdout)
