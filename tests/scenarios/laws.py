"""What holds for every run, whatever it simulates, checked on the tables that it left."""
import csv
import json
import math
import re

import yaml

PRECISION = 1e-9  # relative, of sums of many doubles
STATUSES = {"ok", "infeasible", "out_of_memory", "overloaded", "deadlock", "timeout"}  # those of honest runs
UNDOABLE = ("there is no plan for what is left", "that can be simulated: is a rate too low?")
SEVERAL_LINKS = {"mesh", "graph", "simgrid"}  # a device may send on more than one at once
PARTS = ("compute_s", "transfer_s", "queue_s", "wait_s")


class Laws:
    """Of one run; `broken` tells what does not hold."""

    def __init__(self, folder):
        self.broken = []
        status = json.loads((folder / "status.json").read_text(encoding="utf-8"))
        self.row, self.status = status["row"], status["status"]
        self.tables = {path.stem: self.read(path) for path in sorted(folder.glob("*.csv"))}
        # As it was resolved: quantities are numbers with the units of the tables.
        self.scenario = yaml.safe_load((folder / "scenario.resolved.yaml").read_text(encoding="utf-8"))

    def read(self, path):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            for column, text in row.items():
                if text.lower().lstrip("-") in ("nan", "inf"):
                    self.broken.append(f"{path.name}: {column} is {text}")
        return rows

    def expect(self, holds, what):
        if not holds:
            self.broken.append(what)

    def about(self, a, b, what, scale=0.):
        self.expect(abs(a - b) <= PRECISION * max(abs(a), abs(b), scale, 1e-3), f"{what}: {a!r} and {b!r}")

    def at_most(self, a, b, what, scale=0.):
        self.expect(a <= b + PRECISION * max(abs(a), abs(b), 1e-3 * scale, 1e-3), f"{what}: {a!r} beyond {b!r}")

    def value(self, column):
        return float(self.row[column]) if self.row[column] else None

    def check(self):
        # Nothing can be planned for what failures leave, or SimGrid cannot count the bytes: the run could not be done.
        undoable = self.status == "failed" and any(why in self.row["message"] for why in UNDOABLE)
        self.expect(self.status in STATUSES or undoable, f"status {self.status}: {self.row['message']}")
        self.expect(self.row["status"] == self.status, "two statuses")
        if self.status not in ("ok", "overloaded") or not self.tables.get("requests"):
            self.expect(self.status != "ok", "ok, but no requests")
            self.expect(self.row["latency_s"] == "", "a latency without a run")
            return self.broken
        # Until all work is done: of some layers, parts are computed that no result needs.
        self.makespan_s = max(float(row["finish_s"]) for table in ("requests", "units")
                              for row in self.tables.get(table, []))
        self.check_requests()
        self.check_units()
        self.check_transfers()
        self.check_devices()
        self.check_links()
        self.check_run()
        self.check_draws()
        return self.broken

    def check_requests(self):
        for row in self.tables["requests"]:
            where = f"request {row['stream']} {row['request']}"
            arrival_s, finish_s, latency_s = (float(row[c]) for c in ("arrival_s", "finish_s", "latency_s"))
            self.expect(0 <= arrival_s <= finish_s, f"{where}: done before it arrived")
            self.about(latency_s, finish_s - arrival_s, f"{where}: latency", self.makespan_s)
            parts = [float(row[part]) for part in PARTS]
            self.about(latency_s, math.fsum(parts), f"{where}: parts of the latency", self.makespan_s)
            self.expect(min(parts) >= -PRECISION * self.makespan_s, f"{where}: a part is negative: {parts}")

    def check_units(self):
        """No device works on two units at once, and nothing ends before it begins."""
        by_device = {}
        for row in self.tables.get("units", []):
            ready_s, start_s, finish_s = (float(row[c]) for c in ("ready_s", "start_s", "finish_s"))
            self.expect(ready_s <= start_s <= finish_s, f"unit {row['unit']}: out of order in time")
            if row["kind"] == "compute" and finish_s > start_s:
                by_device.setdefault(row["device"], []).append((start_s, finish_s))
        queueing = "queueing" not in self.scenario["simulation"]["ablate"]
        for device, times in by_device.items() if queueing else []:
            times.sort()
            for (_, done_s), (start_s, _) in zip(times, times[1:]):
                self.at_most(done_s, start_s, f"{device} computes two units at once")
                if self.broken:
                    return

    def check_transfers(self):
        sent, received = {}, {}
        for row in self.tables.get("transfers", []):
            self.expect(float(row["start_s"]) <= float(row["finish_s"]), f"message {row['message']}: out of order")
            self.expect(0 <= float(row["carried"]) <= 1 + PRECISION, f"message {row['message']}: carried")
            moved = float(row["bytes"]) * float(row["carried"])
            sent[row["from_device"]] = sent.get(row["from_device"], 0) + moved
            received[row["to_device"]] = received.get(row["to_device"], 0) + moved
        self.about(math.fsum(sent.values()), self.value("bytes_moved"), "bytes of all messages", 1)
        for row in self.tables["devices"]:
            self.about(sent.get(row["device"], 0), float(row["sent_bytes"]), f"{row['device']} sent", 1)
            self.about(received.get(row["device"], 0), float(row["received_bytes"]), f"{row['device']} received", 1)

    def check_devices(self):
        devices = {device["name"]: device for device in self.scenario["cluster"]["devices"]}
        queueing = "queueing" not in self.scenario["simulation"]["ablate"]
        for row in self.tables["devices"]:
            name, busy_s = row["device"], float(row["busy_s"])
            if queueing:
                self.at_most(busy_s, self.makespan_s, f"{name} is busy longer than the run")
            if self.makespan_s > 0:
                self.about(float(row["utilisation"] or 0), busy_s / self.makespan_s, f"{name}: utilisation")
            if row["memory_bytes"]:
                self.at_most(float(row["peak_memory_bytes"]), float(row["memory_bytes"]), f"{name}: memory")
            if not row["energy_J"]:
                continue
            power = {key: number(text) for key, text in devices[name]["power"].items()}
            idle_J = power["idle"] * self.makespan_s
            least = min([power["idle"], *power.values()])
            ways = len(devices) if self.scenario["cluster"]["network"]["type"] in SEVERAL_LINKS else 1
            most = sum(times * max(power.get(key, 0) - power["idle"], 0)
                       for key, times in (("busy", 1), ("transmit", ways), ("receive", ways)))
            bounded = queueing and self.shared_links()
            if least >= power["idle"]:
                self.at_most(idle_J, float(row["energy_J"]), f"{name}: energy below idling")
            if bounded:
                self.at_most(float(row["energy_J"]), idle_J + most * self.makespan_s, f"{name}: energy")

    def shared_links(self):
        """Whether no link carries more than it can."""
        return "contention" not in self.scenario["simulation"]["ablate"]

    def changing_links(self):
        return self.shared_links() and "bandwidth" in self.scenario.get("disturbances", {})

    def check_links(self):
        moved, carried = self.value("bytes_moved"), 0.
        for row in self.tables["links"]:
            carried += float(row["bytes"])
            if not self.changing_links():
                alone_s = float(row["bytes"]) / float(row["bandwidth_Bps"])
                self.about(float(row["busy_s"]), alone_s, f"{row['link']}: busy")
            if self.shared_links():
                self.at_most(float(row["busy_s"]), self.makespan_s, f"{row['link']} is busy longer than the run")
        if self.scenario["cluster"]["network"]["type"] != "wifi":  # there, fast stations count as less than a crossing
            self.at_most(moved, carried, "bytes on links are fewer than were sent")

    def check_run(self):
        rows = self.tables["requests"]
        arrivals = [float(row["arrival_s"]) for row in rows]
        finishes = [float(row["finish_s"]) for row in rows]
        latencies = [float(row["latency_s"]) for row in rows]
        counted = [float(row["latency_s"]) for row in rows if row["warm_up"] == "0"]
        self.expect(int(self.row["requests"]) == len(counted), "requests counted")
        self.about(self.value("latency_s"), math.fsum(counted) / len(counted), "mean latency", self.makespan_s)
        for column in ("latency_p50_s", "latency_p95_s", "latency_p99_s", "latency_max_s"):
            self.expect(self.value(column) in counted, f"{column} is of no request")
        self.about(self.value("latency_max_s"), max(counted), "largest latency")
        time_s = max(finishes) - min(arrivals)
        if time_s > 0:  # Little's law
            self.about(self.value("mean_in_flight"), math.fsum(latencies) / time_s, "Little's law", len(rows))
        if self.value("lower_bound_s") is not None and not self.scenario["simulation"]["ablate"]:
            self.at_most(self.value("lower_bound_s"), self.value("latency_s"), "faster than the bound",
                         self.makespan_s)
        lone = "warm_up" not in self.scenario.get("requests", {}) and "disturbances" not in self.scenario
        capacity = self.value("capacity_rps")
        # What the cluster can do is said for the bandwidths of 0 s.
        if lone and capacity and not self.changing_links() and self.scenario["simulation"]["ablate"] == []:
            self.at_most(len(rows) / self.makespan_s, capacity, "faster than the busiest device or link")
        if self.value("energy_J") is not None:
            devices_J = math.fsum(float(row["energy_J"] or 0) for row in self.tables["devices"])
            self.about(self.value("energy_J"), devices_J, "energy of all devices")

    def check_draws(self):
        rows = self.tables.get("draws", [])
        uncertainty = self.scenario.get("uncertainty", {"draws": 0})
        self.expect(len(rows) == uncertainty["draws"] or self.status != "ok", f"{len(rows)} draws")
        low_s, high_s = self.value("latency_low_s"), self.value("latency_high_s")
        if low_s is not None and high_s is not None:
            self.at_most(low_s, high_s, "interval of draws")
        if rows and not any(number(uncertainty[key]) for key in ("messages", "bandwidth")) and not any(
                map(number, uncertainty["rates"].values())):
            for row in rows:
                self.about(float(row["latency_s"] or 0), self.value("latency_s"), f"draw {row['draw']}",
                           self.makespan_s)


def number(text):
    """Of a resolved quantity, such as 2.5W."""
    return float(re.match(r"[-+0-9.e]+", str(text)).group())


def broken(folder):
    """What does not hold of the run in `folder`, as texts."""
    return Laws(folder).check()
