"""Scenarios at random, by a seed: clusters, networks, streams, costs and failures as they come."""
import itertools
import random

MODELS = ["alexnet", "squeezenet1_1", "resnet18", "mobilenet_v3_small", "googlenet", "mnasnet1_0", "unet",
          "yolov3-tiny"]
STRATEGIES = ["single", "even", "proportional", "modnn", "deepthings", "deeperthings", "aofl", "coedge", "cutpoint",
              "neurosurgeon", "dads", "heft", "pipeline", "edgeflow",
              {"name": "modnn", "options": {"exchange": "halo"}},
              {"name": "deepthings", "options": {"dealing": "work_queue", "grid": "3x4", "ahead": 1}},
              {"name": "aofl", "options": {"blocks": "each", "barrier": "yes"}},
              {"name": "neurosurgeon", "options": {"cuts": 3}}]
SCHEDULINGS = ["oldest_request", "first_ready", "exclusive"]


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.no_latency = self.chance(.2)  # on most links: then much happens at one instant
        self.alike = self.chance(.2)       # all devices: likewise
        self.names = [f"d{i}" for i in range(self.random.randint(2, 5))]

    def chance(self, share):
        return self.random.random() < share

    def between(self, low, high, unit):
        """Often a round number, so that things happen at the same time."""
        value = self.random.uniform(low, high)
        return f"{round(value) if self.chance(.5) and low >= 1 else round(value, 3)}{unit}"

    def maybe(self, entry, share, key, value):
        if self.chance(share):
            entry[key] = value

    def rate(self, low=10, high=300):
        if self.chance(.7):
            return {"bandwidth": self.between(low, high, "Mbps")}
        return {"up": self.between(low, high, "Mbps"), "down": self.between(low, high, "Mbps")}

    def device(self, name):
        entry = {"name": name}
        if self.chance(.6):
            entry["type"] = self.random.choice(["rpi4", "rpi4", "rpi5", "rpi3b+", "jetson-nano"])
        else:
            entry |= {"mac_rate": self.between(3, 30, "GMAC/s")}
            self.maybe(entry, .6, "byte_rate", self.between(1, 10, "GB/s"))
            self.maybe(entry, .6, "overhead", self.between(1, 200, "us"))
            self.maybe(entry, .7, "power", {"idle": "2W", "busy": self.between(3, 8, "W"),
                                            "transmit": self.between(2, 5, "W"), "receive": "2.5W"})
            for key in ("winograd", "winograd_byte", "spatial", "matrix", "fully_connected"):
                self.maybe(entry, .3, f"{key}_factor", round(self.random.uniform(0, 4), 2))
        self.maybe(entry, .3, "task_overhead", self.between(1, 20, "ms"))
        self.maybe(entry, .4, "message_overhead", self.between(10, 900, "us"))
        self.maybe(entry, .4, "serialization_rate", self.between(20, 400, "MB/s"))
        self.maybe(entry, .4, "sends", self.random.choice(["hold", "block", "overlap"]))
        self.maybe(entry, .4, "scheduling", self.random.choice(SCHEDULINGS))
        self.maybe(entry, .2, "rates_in", {self.random.choice(["fp16", "int8"]): {
            "mac_rate": self.between(3, 60, "GMAC/s"), "overhead": self.between(1, 90, "us")}})
        return entry

    def latency(self):
        if self.no_latency and self.chance(.7):
            return "0s"
        return self.random.choice(["0.5ms", self.between(0.1, 8, "ms")])

    def graph(self):
        """A tree of links over devices and a switch or two, and some more."""
        nodes = self.names + ["s", "t"]
        order = nodes[:]
        self.random.shuffle(order)
        pairs = [(order[i], self.random.choice(order[:i])) for i in range(1, len(order))]
        others = [pair for pair in itertools.combinations(nodes, 2) if pair not in pairs and pair[::-1] not in pairs]
        pairs += self.random.sample(others, min(len(others), self.random.randint(0, 3)))
        links = []
        for a, b in pairs:
            link = {"between": [a, b], "latency": self.latency()}
            if self.chance(.25):
                links.append(link | {"bandwidth": self.between(20, 200, "Mbps"), "duplex": "half"})
            else:
                links.append(link | self.rate())
        return {"type": "graph", "switches": ["s", "t"], "links": links}

    def network(self, devices):
        kind = self.random.choice(["switch", "wifi", "hub", "mesh", "star-of-stars", "graph"])
        if kind == "graph":
            return self.graph()
        network = {"type": kind, "latency": self.latency()}
        plain = kind in ("wifi", "hub", "mesh")
        network |= {"bandwidth": self.between(20, 300, "Mbps")} if plain else self.rate()
        if kind in ("wifi", "hub"):
            self.maybe(network, .3, "efficiency", self.random.choice([.4, .65, .9]))
        if kind == "switch":
            for device in devices:
                device |= self.rate() if self.chance(.3) else {}
                self.maybe(device, .2, "latency", self.latency())
        if kind == "wifi":
            for device in devices:
                self.maybe(device, .3, "bandwidth", self.between(5, 100, "Mbps"))
            if self.chance(.4):
                network["access_point"] = self.random.choice(self.names)
                next(device for device in devices if device["name"] == network["access_point"]).pop("bandwidth", None)
        if kind == "mesh":
            network["links"] = [{"between": self.random.sample(self.names, 2), "latency": self.latency()} | self.rate()]
        if kind == "star-of-stars":
            network |= {"uplink": self.rate(5, 100) | {"latency": self.latency()},
                        "sites": ["x", {"name": "y"} | self.rate(10, 100) | {"latency": self.latency()}]}
            for i, device in enumerate(devices):
                device["site"] = "xy"[i % 2]
        return network

    def requests(self):
        count = self.random.randint(1, 15)
        rate = self.between(1, 30, "/s")
        process = self.random.choice(["closed", "periodic", "poisson", "poisson", "burst"])
        requests = {"count": count, "arrivals": {"process": process}}
        if process == "closed":
            requests["arrivals"]["concurrency"] = self.random.randint(1, 4)
        else:
            requests["arrivals"]["rate"] = rate
            self.maybe(requests, .4, "max_in_flight", self.random.randint(1, 5))
        if process == "burst":
            requests["arrivals"]["size"] = self.random.randint(2, 5)
        self.maybe(requests, .3, "warm_up", self.random.randint(0, count - 1))
        self.maybe(requests, .3, "deadline", self.between(20, 400, "ms"))
        return requests

    def disturbances(self):
        found = {}
        if self.chance(.4):
            failures = []
            for name in self.random.sample(self.names[1:], min(len(self.names) - 1, self.random.randint(1, 2))):
                at = self.random.uniform(0.01, 1)
                failures.append({"device": name, "at": f"{at:.4f}s"})
                self.maybe(failures[-1], .6, "repair", f"{at + self.random.uniform(0.01, 1):.4f}s")
            found |= {"failures": failures, "policy": "replan",
                      "planning_time": self.random.choice(["0s", "50ms", self.between(1, 300, "ms")])}
        if self.chance(.2):
            times = self.random.choice([(.05, .21, .6, 1.1), (0, .1, .3)])
            found["bandwidth"] = [{"links": "all", "steps": [
                {"at": f"{at}s", "bandwidth": self.between(5, 200, "Mbps")} for at in times]}]
        if self.chance(.2):
            found["speed"] = [{"devices": self.random.sample(self.names, self.random.randint(1, len(self.names))),
                               "steps": [{"at": f"{at}s", "share": self.between(10, 100, "%")}
                                         for at in self.random.choice([(.02, .2, .7), (0, .15)])]}]
        if self.chance(.15):
            a, b = self.random.sample(self.names, 2)
            found["background"] = [{"from": a, "to": b}]
            self.maybe(found["background"][0], .5, "rate", self.between(2, 60, "Mbps"))
        return found

    def workload(self):
        source = self.random.choice(self.names[:1] if self.chance(.6) else self.names)
        entry = {"model": self.random.choice(MODELS), "strategy": self.random.choice(STRATEGIES),
                 "precision": self.random.choice(["fp32", "fp16", "int8"]), "requests": self.requests()}
        self.maybe(entry, .3, "input_precision", "uint8")
        return entry, source, self.random.choice(self.names) if self.chance(.2) else source

    def scenario(self, name):
        devices = [self.device(name) for name in self.names]
        if self.alike:
            devices = [devices[0] | {"name": name} for name in self.names]
        first, source, sink = self.workload()
        network = self.network(devices)
        self.maybe(network, .3, "link_power", {"idle": "0.3W", "busy": "1.5W"})
        found = {"schema": 1, "name": name,
                 "cluster": {"network": network, "devices": devices, "source": source, "sink": sink},
                 "simulation": {"scheduling": self.random.choice(SCHEDULINGS)}, "seed": self.random.randint(0, 999)}
        if self.chance(.15):
            effects = ["contention", "latency", "overheads", "queueing"]
            found["simulation"]["ablate"] = self.random.sample(effects, self.random.randint(1, 2))
        disturbances = self.disturbances()
        if disturbances:
            found["disturbances"] = disturbances
        if "failures" in disturbances or self.chance(.1):
            disk = {"from": "disk", "rate": self.between(5, 500, "MB/s")}
            found["weights"] = self.random.choice([{"from": "source"}, disk])
            found["weights"]["at_start"] = "failures" not in disturbances or self.chance(.3)
        if self.chance(.6):
            return found | first
        found["streams"] = [{"name": "one"} | first]
        for stream in ("two", "three")[:self.random.randint(1, 2)]:
            entry, its_source, its_sink = self.workload()
            found["streams"].append({"name": stream, "source": its_source, "sink": its_sink} | entry)
        return found


def scenario(seed):
    """As a dict, to be written as YAML."""
    return Maker(seed).scenario(f"random-{seed}")


def with_tokens(plan, seed):
    """A plan, as a dict, some of whose units also wait for others, for nothing."""
    draw = random.Random(seed)
    for unit in plan["units"]:
        if "needs" not in unit or draw.random() < .7:
            continue
        other = draw.randrange(unit["id"])
        if other not in [need["from"] for need in unit["needs"]]:
            unit["needs"].append({"from": other, "region": "c0:0 r0:0 w0:0"})
    return plan
