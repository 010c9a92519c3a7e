#!/usr/bin/python3
"""Tensor parallelism as distributed-llama 0.1.0 does it, as a plan for `strategy: external`.

Every product of a matrix and a vector is cut by its outputs into equal slices, with what is done to each element of
them in the feed-forward part; all else is done by the root, the first device. Slices go to the root by themselves, each
in a message of its own; of what a worker lacks, the root sends it each other device's slice likewise
(github.com/b4rtaz/distributed-llama, src/tasks.cpp, syncSliceOfSlicedBuffer and syncMissingSlicesOfSlicedBuffer).
"""

import json
import re
import sys

problem = json.load(sys.stdin)
layers = problem["layers"]
devices = [device["name"] for device in problem["devices"]]
ROOT = 0
units = []
parts = []  # by layer: {device: [(unit, region), ...]}, where it lies


def slice_of(width, device):
    return width * device // len(devices), width * (device + 1) // len(devices)


def add(kind, layer, device, region, needs=()):
    def text(ends):
        return f"c{ends[0]}:{ends[1]} r0:1 w0:1"
    units.append({"id": len(units), "kind": kind, "layer": layers[layer]["name"], "device": devices[device],
                  "output": text(region), "needs": [{"from": unit, "region": text(ends)} for unit, ends in needs]})
    return len(units) - 1, region


def cut(layer):
    return bool(re.search(r"\.(q|k|v|o|w1|w2|w3|s|h)$", layer["name"]))


def compute(index, layer, device, width):
    """The device's slice, or all; a worker gets what it lacks from the root."""
    region = slice_of(width, device) if cut(layer) else (0, width)
    needs = []
    for tensor in layer["inputs"]:
        if layers[tensor]["output"]["channels"] == width and layer["op"] not in ("linear", "layer_norm") and cut(layer):
            needs += parts[tensor][device]  # element by element: its own slice
        else:
            own = parts[tensor].get(device, [])
            have = {ends for _, ends in own}
            needs += own + [part for part in parts[tensor][ROOT] if part[1] not in have]
    return add("compute", index, device, region, needs)


for index, layer in enumerate(layers):
    width = layer["output"]["channels"]
    if not layer["inputs"]:
        parts.append({ROOT: [add("input", index, ROOT, (0, width))]})
        continue
    at = range(len(devices)) if cut(layer) else [ROOT]
    computed = {device: [compute(index, layer, device, width)] for device in at}
    if re.search(r"\.(q|k|v|o|w2|h)$", layer["name"]):  # gathered
        for device in list(computed)[1:]:
            [part] = computed[device]
            computed[ROOT] = computed[ROOT] + [add("relay", index, ROOT, part[1], [part])]
    parts.append(computed)
    if layer["result"]:
        add("relay", index, ROOT, (0, width), computed[ROOT])

json.dump({"schema": 1, "strategy": "external", "model": problem["model"], "cluster": problem["cluster"],
           "units": units}, sys.stdout)
