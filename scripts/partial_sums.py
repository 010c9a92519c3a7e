#!/usr/bin/python3
"""Divides layers of a model along their input channels: each becomes the sum of N layers on a slice each.

  scripts/partial_sums.py model.yaml -n 3 conv19 conv21 > summed.yaml

The strategy `deeperthings` puts slice and layer i on device i and the sum on the hub, so that a device
needs the weights of its input channels only (layer input partitioning; Stahl et al., SAMOS 2019). The
sum computes what the layer did; only its first part has the bias.
"""

import argparse
import sys

import yaml


def fail(message):
    print(f"partial_sums.py: {message}", file=sys.stderr)
    sys.exit(2)


def flow(layer):
    return "  - " + yaml.safe_dump(layer, default_flow_style=True, sort_keys=False, width=10**6).strip()


def parts_of(layer, channels, parts):
    """Slices, layers on them, and the sum, which takes over the layer's name."""
    first, begin = [], 0
    for i in range(parts):
        end = begin + channels // parts + (i < channels % parts)
        name = f"{layer['name']}/{i}"
        first.append({"name": name + "/in", "op": "slice", "inputs": layer["inputs"], "dim": 0, "start": begin,
                      "stop": end})
        part = {**layer, "name": name, "inputs": [name + "/in"]}
        if i > 0:
            part["bias"] = False
        first.append(part)
        begin = end
    names = [f"{layer['name']}/{i}" for i in range(parts)]
    return first + [{"name": layer["name"], "op": "add", "inputs": names}]


def summed(model, names, parts):
    """The lines of the divided model. Channels are those of the convolution that makes the input."""
    made = {layer["name"]: layer for layer in model["layers"]}
    lines = ["schema: 1", f"name: {model['name']}-sums{parts}", f"source: \"{model['source']}\"", "layers:"]
    for layer in model["layers"]:
        if layer["name"] not in names:
            lines.append(flow(layer))
            continue
        before = made[layer["inputs"][0]]
        channels = before.get("out_channels") or before.get("dims", [None, None])[before["op"] == "input"]
        if layer["op"] != "conv" or layer.get("groups", 1) != 1 or channels is None or channels < parts:
            fail(f"{layer['name']} is no ungrouped convolution on {parts} or more channels of the input or another "
                 "convolution")
        lines += map(flow, parts_of(layer, channels, parts))
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a model file")
    parser.add_argument("layers", nargs="+", help="names of convolutions")
    parser.add_argument("-n", type=int, required=True, help="parts of each")
    arguments = parser.parse_args()
    try:
        with open(arguments.model, encoding="utf-8") as file:
            model = yaml.safe_load(file)
        named = {layer["name"] for layer in model["layers"]}
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        fail(f"{arguments.model} is no model file: {error}")
    if arguments.n < 2:
        fail(f"-n: got {arguments.n}, expected 2 or more parts")
    unknown = set(arguments.layers) - named
    if unknown:
        fail(f"{arguments.model} has no layer {', '.join(sorted(unknown))}")
    print("\n".join(summed(model, arguments.layers, arguments.n)))


if __name__ == "__main__":
    main()
