"""Scenarios that mostly pass validation: those of the oracle, widened by what it does not judge, then changed."""
import pathlib
import random
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "oracle"))

import random_scenarios

SEEDS = HERE.parent / "fuzz" / "corpus" / "yaml"
SMALL = [HERE / "models" / "branches.yaml", HERE / "models" / "tall.yaml", SEEDS / "tokens.yaml", SEEDS / "vit.yaml"]
MODELS = [str(path) for path in SMALL]
STRATEGIES = [{"name": "edgeflow-joint", "options": {"effort": 200}},
              {"name": "edgeflow-joint", "options": {"effort": 100, "objective": "throughput"}},
              {"name": "edgeflow-joint", "options": {"effort": 100, "objective": "energy"}},
              {"name": "edgeflow", "options": {"lookahead": "yes"}},
              {"name": "edgeflow", "options": {"guard": "single"}},
              {"name": "modnn", "options": {"exchange": "gather", "strips": "even"}},
              {"name": "aofl", "options": {"variant": "layerwise"}}]
QUANTITY = re.compile(r"([0-9.]+)([A-Za-z/]+)")


def platform_file(names, draw):
    """A full mesh of hosts in SimGrid's format."""
    lines = ["<?xml version='1.0'?>", '<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">',
             '<platform version="4.1">', '<zone id="z" routing="Full">']
    lines += [f'<host id="{name}" speed="1Gf"/>' for name in names]
    routes = []
    for i, first in enumerate(names):
        for second in names[i + 1:]:
            lines.append(f'<link id="{first}-{second}" bandwidth="{draw.randint(1, 50)}MBps" '
                         f'latency="{draw.randint(0, 3)}ms" '
                         f'sharing_policy="{draw.choice(["SHARED", "SPLITDUPLEX"])}"/>')
            way = ' direction="UP"' if "SPLITDUPLEX" in lines[-1] else ""
            routes.append(f'<route src="{first}" dst="{second}"><link_ctn id="{first}-{second}"{way}/></route>')
    return "\n".join([*lines, *routes, "</zone>", "</platform>", ""])


def widen(scenario, draw, folder):
    """Kinds of models, strategies, networks and disturbances that the oracle leaves aside."""
    for entry in scenario.get("streams", [scenario]):
        if draw.random() < .85:
            entry["model"] = draw.choice(MODELS)
        if draw.random() < .4:
            entry["strategy"] = draw.choice(STRATEGIES)
    names = [device["name"] for device in scenario["cluster"]["devices"]]
    if draw.random() < .1:
        (folder / f"{scenario['name']}.xml").write_text(platform_file(names, draw), encoding="utf-8")
        scenario["cluster"]["network"] = {"type": "simgrid", "file": f"{scenario['name']}.xml"}
        for device in scenario["cluster"]["devices"]:
            for key in ("bandwidth", "latency", "up", "down", "site"):
                device.pop(key, None)
    found = scenario.setdefault("disturbances", {})
    if draw.random() < .2:
        found["jitter"] = {"distribution": draw.choice(["exponential", "uniform", "lognormal"]),
                           "mean": draw.choice(["0.1ms", "3ms", "40ms"])}
        if found["jitter"]["distribution"] == "lognormal":
            found["jitter"]["p999"] = "70ms" if found["jitter"]["mean"] != "0.1ms" else "5ms"
    if draw.random() < .15:
        first, second = draw.sample(names, 2)
        found["background"] = [{"from": first, "to": second, "size": draw.choice(["1kB", "200kB"]),
                                "rate": draw.choice(["3/s", "40/s"])}]
    if draw.random() < .15:
        found["bandwidth"] = [{"links": "all", "period": "0.7s", "steps": [
            {"at": "0s", "bandwidth": "40Mbps"}, {"at": "0.3s", "bandwidth": draw.choice(["2Mbps", "900Mbps"])}]}]
    if draw.random() < .15 and "streams" not in scenario:
        scenario["bound"] = "lp"
    if draw.random() < .1:
        scenario["simulation"]["network_model"] = "lv08"
    if not found:
        del scenario["disturbances"]
    return scenario


def leaves(tree, path=()):
    """Of a tree of dicts and lists: (container, key, path) of each scalar."""
    for key, value in list(tree.items() if isinstance(tree, dict) else enumerate(tree)):
        if isinstance(value, (dict, list)):
            yield from leaves(value, (*path, key))
        else:
            yield tree, key, (*path, key)


def containers(tree):
    """All dicts within, the tree first."""
    if isinstance(tree, dict):
        yield tree
    for value in tree.values() if isinstance(tree, dict) else tree:
        if isinstance(value, (dict, list)):
            yield from containers(value)


def scale_quantity(scenario, draw):
    """A quantity becomes much smaller or larger, or takes a value that is near a limit."""
    found = [leaf for leaf in leaves(scenario) if QUANTITY.fullmatch(str(leaf[0][leaf[1]]))]
    if not found:
        return
    tree, key, _ = draw.choice(found)
    value, unit = QUANTITY.fullmatch(str(tree[key])).groups()
    if unit == "W":  # nothing draws less than when idle
        tree[key] = f"{float(value) * (.5 if key == 'idle' else draw.choice([1, 2, 100])):g}{unit}"
        return
    tree[key] = draw.choice([f"{float(value) * 10 ** draw.uniform(-4, 4):.6g}{unit}", f"1e-9{unit}",
                             f"{float(value) * draw.choice([0, .5, 2, 10]):g}{unit}"])


def change_count(scenario, draw):
    found = [leaf for leaf in leaves(scenario)
             if isinstance(leaf[0][leaf[1]], int) and leaf[2][-1] not in ("schema", "effort")]
    tree, key, _ = draw.choice(found)
    tree[key] = draw.choice([1, tree[key] + 1, 3 * tree[key], 40])


def take_from_elsewhere(scenario, draw):
    """A value takes that of the same key at another place."""
    kept = ("name", "type", "model", "schema")
    found = [leaf for leaf in leaves(scenario) if leaf[2][-1] not in kept]
    tree, key, path = draw.choice(found)
    others = [leaf for leaf in found if leaf[2][-1] == key and leaf[2] != path]
    if others:
        other = draw.choice(others)
        tree[key] = other[0][other[1]]


def leave_out(scenario, draw):
    needed = {"schema", "name", "model", "cluster", "devices", "device", "network", "type", "strategy", "between",
              "mac_rate", "bandwidth", "up", "down", "from", "to", "at", "process", "rate", "distribution", "mean",
              "idle",
              "busy", "site", "sites", "uplink", "links", "switches"}
    tree = draw.choice(list(containers(scenario)))
    optional = [key for key in tree if key not in needed]
    if optional:
        del tree[draw.choice(optional)]


def add_device(scenario, draw):
    if scenario["cluster"]["network"]["type"] in ("graph", "simgrid"):
        return  # that have to name it
    devices = scenario["cluster"]["devices"]
    devices.append(draw.choice(devices) | {"name": f"d{len(devices)}"})


def equal_devices(scenario, draw):
    devices = scenario["cluster"]["devices"]
    one = draw.choice(devices)
    scenario["cluster"]["devices"] = [one | {"name": device["name"]} for device in devices]


def slow_and_full(scenario, draw):
    """A device with little memory."""
    draw.choice(scenario["cluster"]["devices"])["memory"] = draw.choice(["1MB", "30MB", "1GiB"])


CHANGES = [scale_quantity, scale_quantity, scale_quantity, change_count, change_count, take_from_elsewhere,
           leave_out, add_device, equal_devices, slow_and_full]


def uncertain(scenario, draw):
    """Within errors; or with none, so that its draws are the run itself."""
    if draw.random() < .1:
        scenario["uncertainty"] = draw.choice([{"draws": 2, "rates": "0%", "messages": "0%", "bandwidth": "0%"},
                                               {"draws": 3, "rates": "20%", "messages": "30%", "bandwidth": "15%"}])


def search_less(scenario):
    """Searches that take seconds unless they are told to: a few hundred plans show as much."""
    for entry in scenario.get("streams", [scenario]):
        strategy = entry.get("strategy")
        if strategy == "edgeflow-joint":
            strategy = entry["strategy"] = {"name": strategy}
        if isinstance(strategy, dict) and strategy.get("name") == "edgeflow-joint":
            strategy["options"] = {"effort": 200} | strategy.get("options", {})


def mutant(seed, folder):
    """A scenario as a dict; writes files that it names to `folder`."""
    draw = random.Random(f"mutant {seed}")
    scenario = widen(random_scenarios.scenario(seed), draw, folder)
    for _ in range(draw.choice([0, 1, 1, 2, 3])):
        draw.choice(CHANGES)(scenario, draw)
    uncertain(scenario, draw)
    search_less(scenario)
    return scenario
