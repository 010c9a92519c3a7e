"""A finished run: reads its files, and simulates its plans anew."""
import pathlib
import re

import model
from account import Accounts
from cluster import Cluster
from files import load_table, load_yaml, model_path, number, quantity
from model import Unsupported
from plan import Plan
from states import Stream
from simulate import Simulation


class Run:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.scenario = load_yaml(self.folder / "scenario.resolved.yaml")
        simulation = self.scenario["simulation"]
        if simulation["network_model"] != "cm02":
            raise Unsupported(f"network model {simulation['network_model']}")
        self.ablate = tuple(simulation.get("ablate", []))
        self.cluster = Cluster(self.scenario["cluster"], simulation["scheduling"])
        self.disturbances = {} if "disturbances" in self.ablate else self.scenario.get("disturbances") or {}
        if "jitter" in self.disturbances:
            raise Unsupported("jitter")
        self.table = load_table(self.folder / "requests.csv")
        self.specs = self.scenario.get("streams") or [self.scenario]
        self.models = {}
        self.warm_up, self.deadline = {}, {}
        self.steps = self.bandwidth_steps()
        self.speeds = self.speed_steps()
        self.failures = self.read_failures()
        self.weights = self.scenario.get("weights")
        self.replans = bool(self.weights)  # or waits for weights at its start
        self.streams = [self.read_stream(spec) for spec in self.specs]

    def name_of(self, spec):
        return spec["name"] if "streams" in self.scenario else ""

    def read_stream(self, spec):
        name, requests = self.name_of(spec), spec["requests"]
        arrivals = sorted(float(row["arrival_s"]) for row in self.table if row["stream"] == name)
        process = requests["arrivals"]["process"]
        if len(arrivals) != requests.get("count", len(arrivals)):
            raise ValueError(f"{len(arrivals)} requests, not {requests['count']}")
        if process == "periodic":
            arrivals = [i / quantity(requests["arrivals"]["rate"]) for i in range(requests["count"])]
        if process == "trace" and "times" in requests["arrivals"]:
            arrivals = [quantity(time) for time in requests["arrivals"]["times"]]
        if process == "burst":
            size = requests["arrivals"]["size"]
            arrivals = [i // size / quantity(requests["arrivals"]["rate"]) for i in range(requests["count"])]
        self.warm_up[name] = requests.get("warm_up", 0)
        self.deadline[name] = quantity(requests.get("deadline"))
        concurrency = requests["arrivals"].get("concurrency", 1) if process == "closed" else 0
        return Stream(name, self.read_plans(spec, name), arrivals, concurrency, requests.get("max_in_flight", 0),
                      self.read_changes(name))

    def read_plans(self, spec, name):
        stem = f"plan-{name}" if name else "plan"
        files = {0: self.folder / f"{stem}.yaml"}
        for path in self.folder.glob(f"{stem}@*.yaml"):
            files[int(re.search(r"@(\d+)\.yaml$", path.name)[1])] = path
        if spec["model"] not in self.models:
            self.models[spec["model"]] = model.read_model(model_path(spec["model"]))
        sink = self.cluster.index[spec.get("sink", self.scenario["cluster"]["sink"])]
        plans = []
        for n in sorted(files):
            losses = self.losses_of(name, n)
            self.cluster.lost_devices, self.cluster.lost_links = losses
            plans.append(Plan(files[n], self.models[spec["model"]], self.cluster.in_precision(spec["precision"]),
                              sink, spec["precision"], spec["input_precision"], self.ablate))
            plans[-1].losses = losses
        self.cluster.lost_devices, self.cluster.lost_links = set(), set()
        return plans

    def periods(self, name):
        path = self.folder / "plans.csv"
        return [row for row in load_table(path) if row["stream"] == name] if path.exists() else []

    def read_changes(self, name):
        changes = [(float(row["from_s"]), int(row["plan"]) if row["plan"] else None) for row in self.periods(name)]
        return changes[1:] if changes and changes[0][1] == 0 else changes

    def losses_of(self, name, n):
        """What was not there when plan n was made: (names of devices, links)."""
        ready = next(((float(row["from_s"]), float(row["load_s"])) for row in self.periods(name)
                      if row["plan"] == str(n)), (0., 0.))
        asked = ready[0] - ready[1] - quantity(self.disturbances.get("planning_time"), 0.) if n else 0.
        lost = [f for f in self.failures if f["at"] <= asked + 1e-9 and asked + 1e-9 < f["repair"]]
        return ({self.cluster.devices[f["device"]].name for f in lost if f["device"] is not None},
                {f["link"] for f in lost if f["link"] is not None})

    def read_failures(self):
        links = {link.name: i for i, link in enumerate(self.cluster.links)}
        return [{"at": quantity(entry["at"]), "repair": quantity(entry.get("repair"), float("inf")),
                 "device": self.cluster.index.get(entry.get("device")), "link": links.get(entry.get("link"))}
                for entry in self.disturbances.get("failures", [])]

    def bandwidth_steps(self):
        """[(s, links, byte/s)] after t = 0; what holds from 0 on is the cluster's own, contention or not."""
        links = {link.name: i for i, link in enumerate(self.cluster.links)}
        steps = []
        for trace in self.disturbances.get("bandwidth", []):
            if "period" in trace:
                raise Unsupported("periodic traces")
            of = list(links.values()) if trace["links"] == "all" else [links[name] for name in trace["links"]]
            for step in trace["steps"]:
                at, bandwidth = quantity(step["at"]), quantity(step["bandwidth"])
                if at > 0:
                    if "contention" not in self.ablate:
                        steps.append((at, of, bandwidth))
                    continue
                for i in of:
                    self.cluster.links[i].bandwidth = bandwidth
        return steps

    def speed_steps(self):
        """[(s, devices, share)]; devices that do several things at once have no such steps."""
        steps = []
        for trace in self.disturbances.get("speed", []) if "queueing" not in self.ablate else []:
            if "period" in trace:
                raise Unsupported("periodic traces")
            of = [self.cluster.index[name] for name in trace["devices"]]
            steps += [(quantity(step["at"]), of, float(step["share"].rstrip("%")) / 100) for step in trace["steps"]]
        return steps

    def background(self):
        """[(links, byte/s or 0)] of others' constant streams, which are there from the start."""
        flows = []
        for entry in self.disturbances.get("background", []) if "contention" not in self.ablate else []:
            if "size" in entry:
                raise Unsupported("random traffic of others")
            links, crossings, _ = self.cluster.route(*(self.cluster.index[entry[end]] for end in ("from", "to")))
            flows.append((links, quantity(entry.get("rate"), 0.) * crossings))
        return flows

    def simulate(self):
        failures = [(f["at"], f["device"], f["link"]) for f in self.failures]
        sim = Simulation(self.cluster, self.streams, self.ablate, self.steps, self.background(), failures,
                         self.speeds).run()
        return Accounts(sim)

    def rows(self, file):
        return [{key: number(cell) for key, cell in row.items()} for row in load_table(self.folder / file)]
