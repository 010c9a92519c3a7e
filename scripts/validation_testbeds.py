"""The testbeds of experiments/validation: their points, which of them set which parameter, and how they are run."""

import math
import os
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HOME = os.path.join(ROOT, "experiments", "validation")


def fail(message):
    print(f"validate: {message}", file=sys.stderr)
    sys.exit(1)


class Parameter:
    """A number in a file of the testbed: the first `key: 12.3UNIT` there. `also`: (file, factor) of copies."""

    def __init__(self, name, file, key, unit, also=(), start=None):
        self.name, self.file, self.key, self.unit, self.also, self.start = name, file, key, unit, also, start

    def _pattern(self):
        return re.compile(rf"(\b{self.key}: )([0-9.eE+-]+)({re.escape(self.unit)})")

    def get(self, folder):
        with open(os.path.join(folder, self.file), encoding="utf-8") as file:
            return float(self._pattern().search(file.read())[2])

    def set(self, folder, value):
        for file, factor in [(self.file, 1), *self.also]:
            path = os.path.join(folder, file)
            with open(path, encoding="utf-8") as stream:
                text = stream.read()
            number = f"{float(f'{value:.4g}') * factor:.6g}"
            text, count = self._pattern().subn(rf"\g<1>{number}\g<3>", text, count=1)
            if count != 1:
                fail(f"{path}: there is no {self.key} in {self.unit}")
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(text)


class Testbed:
    """One published testbed under one physics.

    `points(runs)`: from the rows of runs.csv to a table that `keys` identify, with `predicted_s`.
    `calibrates(points)`: which points set the parameters; `set_by` says so. `free`: parameters of the in-sample floor.
    `board`: the device of the catalogue that is nearest to the testbed's, which predicts without any calibration;
    None if there is none.
    """

    def __init__(self, name, title, folder, sweep, keys, points, calibrates, set_by, parameters, free,
                 board):
        self.name, self.title, self.folder, self.sweep, self.keys = name, title, folder, sweep, keys
        self.points, self.calibrates, self.parameters, self.free = points, calibrates, parameters, free
        self.set_by, self.board = set_by, board

    def measured(self):
        return pd.read_csv(os.path.join(HOME, self.folder, "measured.csv"), comment="#")

    def simulate(self, program, folder):
        results = os.path.join(folder, "results")
        command = [program, "sweep", os.path.join(folder, self.sweep), "-o", results, "-j", "2", "--force"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            fail(f"{' '.join(command)}\n{done.stderr}")
        return self.points(pd.read_csv(os.path.join(results, "runs.csv")))

    def compare(self, program, folder):
        simulated = self.simulate(program, folder)
        both = self.measured().merge(simulated, on=self.keys, how="inner")
        both["error"] = both["predicted_s"] / both["measured_s"] - 1
        both["calibrated"] = self.calibrates(both)
        both.attrs["simulated"] = simulated  # also what has no measured time
        return both

    def uncalibrated(self, program, folder):
        """All points with the board of the catalogue; changes the folder."""
        self.board.put(folder)
        return self.compare(program, folder)

    def fit(self, program, folder, parameters, chosen):
        """Least squares of log(predicted / measured) over the chosen points: Gauss-Newton with halved steps."""

        def residuals(logs):
            for parameter, log in zip(parameters, logs):
                parameter.set(folder, math.exp(log))
            points = self.compare(program, folder)
            return np.log1p(points["error"][chosen(points)].to_numpy())

        at = np.log([p.get(folder) or p.start for p in parameters])
        best = residuals(at)
        for _ in range(8):
            step = 0.02
            slopes = np.column_stack([(residuals(at + step * unit) - best) / step for unit in np.eye(len(at))])
            move = np.clip(np.linalg.lstsq(slopes, -best, rcond=1e-6)[0], -0.7, 0.7)
            for _ in range(5):
                trial = residuals(at + move)
                if trial @ trial < best @ best:
                    break
                move = move / 2
            else:
                break
            gain = best @ best - trial @ trial
            at, best = at + move, trial
            if gain < 1e-4 * (best @ best) + 1e-9:
                break
        for parameter, log in zip(parameters, at):
            parameter.set(folder, math.exp(log))


class Board:
    """One core of a device of the catalogue instead of the calibrated `files` (file: its clock over the board's).

    `network`: (parameter, value) instead of a calibrated rate.
    """

    def __init__(self, device, files, why, network=None):
        self.device, self.files, self.why, self.network = device, files, why, network

    def put(self, folder):
        path = os.path.join(ROOT, "platforms", "devices", self.device + ".yaml")
        with open(path, encoding="utf-8") as stream:
            profiles = yaml.safe_load(stream)["compute"]
        [core] = [p for p in profiles
                  if p["threads"] == 1 and p["framework"] == "ncnn" and p.get("precision") != "int8"]
        for file, clock in self.files.items():
            scaled = dict(core)
            for key, factor in (("mac_rate", clock), ("byte_rate", clock), ("overhead", 1 / clock)):
                number, unit = re.fullmatch(r"([0-9.]+)(.*)", core[key]).groups()
                scaled[key] = f"{float(number) * factor:.6g}{unit}"
            with open(os.path.join(folder, file), "w", encoding="utf-8") as stream:
                yaml.safe_dump({"schema": 1, "name": self.device, "compute": [scaled]}, stream)
        if self.network:
            parameter, value = self.network
            parameter.set(folder, value)


def aofl_points(runs):
    plans = {"each": "LW", "pool3": "EFL", "pool3 conv5_3": "OFL"}

    def plan(options):
        blocks = re.search(r"blocks=((?:(?! \w+=)[^)])*)", options)[1]
        return plans.get(blocks, "LW")

    idle = runs["strategy_options"].str.contains("hub_computes=no")
    points = pd.DataFrame({
        "cpu_MHz": runs["cluster.devices[0].type"].str.extract(r"(\d+)MHz")[0].astype(int),
        "plan": runs["strategy_options"].map(plan),
        "devices": runs["cluster.devices[0].count"] - idle,
        "predicted_s": runs["latency_s"]})
    points.loc[points["devices"] == 1, "plan"] = "any"  # alone, all plans are the same
    return points.drop_duplicates(["cpu_MHz", "plan", "devices"])


def deepthings_points(runs):
    grid = runs["strategy_options"].str.extract(r"grid=(\dx\d)")[0]
    way = runs["strategy_options"].str.contains("idle=gateway").map({True: "WST ", False: "WSH "})
    return pd.DataFrame({
        "plan": (way + grid).where(grid.notna(), "MoDNN"),
        "devices": runs["cluster.devices[1].count"],
        "predicted_s": runs["latency_s"],
        "predicted_MiB": runs["bytes_moved"] / 2**20})


def edgeld_points(runs):
    balanced = runs["strategy_options"].str.contains("sizes=balanced")
    return pd.DataFrame({
        "plan": balanced.map({True: "OCBP", False: "BODP"}),
        "bandwidth_Mbps": runs["cluster.network.bandwidth"].str.extract(r"(\d+)")[0].astype(int),
        "devices": runs["cluster.devices[1].count"],
        "predicted_s": runs["latency_s"]})


def samos_points(runs):
    points = pd.DataFrame({
        "plan": runs["label.plan"],
        "devices": runs["cluster.devices[0].count"],
        "predicted_s": runs["latency_s"],
        "bytes": runs["bytes_moved"]})
    alone = points[points["devices"] == 1].assign(plan="FUSE")  # computes the same
    return pd.concat([points, alone], ignore_index=True)


def token_points(runs):
    return pd.DataFrame({"plan": runs["label.what"], "devices": runs["cluster.devices[0].count"],
                         "predicted_s": runs["latency_s"], "bytes": runs["bytes_moved"]})


SLOW, QUICK = "pi3b+_1core_750MHz.yaml", "pi3b+_1core_1000MHz.yaml"
AOFL_RATE = Parameter("compute rate", QUICK, "mac_rate", "GMAC/s", also=[(SLOW, 0.75)])
FREE_AOFL = [Parameter("compute rate at 1000 MHz", QUICK, "mac_rate", "GMAC/s"),
             Parameter("compute rate at 750 MHz", SLOW, "mac_rate", "GMAC/s")]


def aofl(name, title, sweep):
    return Testbed(
        name, title, "aofl", sweep, ["cpu_MHz", "plan", "devices"], aofl_points,
        lambda p: (p["cpu_MHz"] == 1000) & (p["devices"] <= 2),
        "the 4 points with 1 and 2 devices at 1000 MHz, under S",
        [AOFL_RATE], [*FREE_AOFL, Parameter("network rate", sweep, "bandwidth", "Mbps")],
        Board("rpi3b+", {QUICK: 1 / 1.4, SLOW: 0.75 / 1.4}, "Pi 3B+, its own board, scaled from 1.4 GHz by clock"))


DEEPTHINGS = [Parameter("compute rate", "pi3_1core.yaml", "mac_rate", "GMAC/s"),
              Parameter("time per tile", "pi3_1core.yaml", "task_overhead", "s"),
              Parameter("WLAN rate", "sweep.yaml", "bandwidth", "Mbps")]
EDGELD = [Parameter("compute rate", "vm_800MHz.yaml", "mac_rate", "GMAC/s")]
SAMOS = [Parameter("compute rate", "pi.yaml", "mac_rate", "GMAC/s"),
         Parameter("time per message", "pi.yaml", "message_overhead", "ms")]
TOKENS = [Parameter("byte rate", "pi4.yaml", "byte_rate", "GB/s"),
          Parameter("time per layer", "pi4.yaml", "overhead", "us"),
          Parameter("time per message", "sockets-pi4.yaml", "message_overhead", "us")]

TESTBEDS = [
    aofl("aofl-scatter", "AOFL, physics S", "scatter.yaml"),
    aofl("aofl-stream", "AOFL, physics C", "stream.yaml"),
    Testbed("deepthings", "DeepThings", "deepthings", "sweep.yaml", ["plan", "devices"], deepthings_points,
            lambda p: (p["devices"] <= 2) & ~p["plan"].str.startswith("WST"),
            "the 6 points of MoDNN and work sharing (WSH) with 1 and 2 devices", DEEPTHINGS, DEEPTHINGS,
            Board("rpi3b+", {"pi3_1core.yaml": 1.2 / 1.4},
                  "Pi 3B+ for a Pi 3, scaled from 1.4 to 1.2 GHz by clock; its own Wi-Fi rate (24.5 Mbit/s)",
                  (DEEPTHINGS[2], 24.5))),
    Testbed("edgeld", "EdgeLD", "edgeld", "sweep.yaml", ["plan", "bandwidth_Mbps", "devices"], edgeld_points,
            lambda p: (p["bandwidth_Mbps"] == 1000) & (p["devices"] == 1),
            "1 follower at 1000 Mbit/s, both plans", EDGELD, EDGELD,
            Board("celeron-n5105", {"vm_800MHz.yaml": 0.8 / 2.9},
                  "a PC's core for virtual machines of unknown kind, scaled from 2.9 to 0.8 GHz by clock")),
    Testbed("samos", "SAMOS, weights divided", "samos", "sweep.yaml", ["plan", "devices"], samos_points,
            lambda p: p["devices"] <= 3, "the 4 points with 1 and 3 devices", SAMOS, SAMOS,
            Board("rpi3b+", {"pi.yaml": 1.2 / 1.4}, "Pi 3B+ for a Pi 3, scaled from 1.4 to 1.2 GHz by clock")),
    Testbed("tokens", "Tokens of a language model", "tokens", "sweep.yaml", ["plan", "devices"], token_points,
            lambda p: p["devices"] <= 2, "the 4 points with 1 and 2 devices", TOKENS, TOKENS, None),
]
