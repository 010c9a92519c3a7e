#!/usr/bin/python3
"""Scenarios that are changed at random keep all laws, and the laws notice figures that are spoilt.
usage: scenarios_test.py EDGEFLOW"""
import csv
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "scenarios"))

import laws

EDGEFLOW = sys.argv[1]
SCENARIO = """
schema: 1
name: lawful
model: MODELS/tall.yaml
cluster:
  network: {type: switch, bandwidth: 100Mbps, latency: 0.5ms}
  devices: [{type: rpi4, count: 2}, {type: rpi5}]
  source: rpi4-0
strategy: even
requests: {count: 6, arrivals: {process: poisson, rate: 20/s}}
uncertainty: {draws: 2, rates: 0%, messages: 0%, bandwidth: 0%}
"""


class Laws(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.folder = pathlib.Path(cls.scratch.name)
        file = cls.folder / "lawful.yaml"
        file.write_text(SCENARIO.replace("MODELS", str(HERE / "scenarios" / "models")), encoding="utf-8")
        subprocess.run([EDGEFLOW, "run", file, "-o", cls.folder / "results"], check=True, capture_output=True,
                       env=os.environ | {"EDGEFLOW_HOME": str(HERE.parent)})
        cls.run_folder, = [path.parent for path in (cls.folder / "results").glob("runs/**/status.json")]

    def copy(self):
        copy = self.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        return pathlib.Path(shutil.copytree(self.run_folder, copy))

    def test_a_run_of_ours_breaks_none(self):
        self.assertEqual(laws.broken(self.run_folder), [])

    def spoilt(self, table, column, value, pick=None, also=None):
        """What is said when `value(row)` stands in a row: the first that `pick`s, or that has most in the column;
        `also` are other columns of it."""
        copy = self.copy()
        with (copy / table).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        row = next(filter(pick, rows)) if pick else max(rows, key=lambda row: float(row[column]))
        row |= {column: value(row)} | (also or {})
        with (copy / table).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        return "; ".join(laws.broken(copy))

    def test_spoilt_tables_are_noticed(self):
        def times(column, factor):
            return lambda row: repr(float(row[column]) * factor)
        for table, column, value, said in [
                ("requests.csv", "transfer_s", times("transfer_s", 1.001), "parts of the latency"),
                ("requests.csv", "latency_s", times("latency_s", 1.001), "latency"),
                ("requests.csv", "arrival_s", lambda _: "1e9", "done before it arrived"),
                ("requests.csv", "queue_s", lambda _: "nan", "queue_s is nan"),
                ("units.csv", "finish_s", lambda _: "0", "out of order in time"),
                ("transfers.csv", "bytes", times("bytes", 2), "bytes of all messages"),
                ("transfers.csv", "finish_s", lambda _: "0", "out of order"),
                ("transfers.csv", "carried", lambda _: "1.5", "carried"),
                ("devices.csv", "received_bytes", times("received_bytes", 2), "received"),
                ("devices.csv", "sent_bytes", times("sent_bytes", .5), "sent"),
                ("devices.csv", "busy_s", times("busy_s", 100), "busy longer than the run"),
                ("devices.csv", "utilisation", times("utilisation", 1.01), "utilisation"),
                ("devices.csv", "energy_J", lambda _: "0", "energy below idling"),
                ("devices.csv", "energy_J", times("energy_J", 50), "energy"),
                ("devices.csv", "peak_memory_bytes", lambda _: "1e15", "memory"),
                ("draws.csv", "latency_s", times("latency_s", 1.001), "draw "),
                ("draws.csv", "latency_s", lambda _: "", "draw "),
                ("links.csv", "busy_s", times("busy_s", 1.01), "busy"),
                ("links.csv", "bytes", lambda _: "-1e12", "fewer than were sent")]:
            with self.subTest(table=table, column=column, said=said):
                self.assertIn(said, self.spoilt(table, column, value))

    def test_two_units_at_once_are_noticed(self):
        def first(row):
            return row["kind"] == "compute" and row["start_s"] < row["finish_s"]
        said = self.spoilt("units.csv", "finish_s", lambda row: repr(float(row["finish_s"]) + 1), first)
        self.assertIn("two units at once", said)

    def test_a_link_that_is_busy_longer_than_the_run_is_noticed(self):
        said = self.spoilt("links.csv", "bandwidth_Bps", lambda _: "1", lambda row: row["bytes"] != "0",
                           {"bytes": "1e6", "busy_s": "1e6"})
        self.assertIn("is busy longer than the run", said)

    def test_a_run_without_requests_is_noticed(self):
        copy = self.copy()
        header = (copy / "requests.csv").read_text(encoding="utf-8").splitlines()[0]
        (copy / "requests.csv").write_text(header + "\n", encoding="utf-8")
        self.assertIn("ok, but no requests", "; ".join(laws.broken(copy)))

    def test_draws_that_are_not_there_are_noticed(self):
        copy = self.copy()
        text = (copy / "draws.csv").read_text(encoding="utf-8")
        (copy / "draws.csv").write_text("".join(text.splitlines(True)[:-1]), encoding="utf-8")
        self.assertIn("1 draws", "; ".join(laws.broken(copy)))

    def test_a_latency_of_a_run_that_could_not_be_done_is_noticed(self):
        copy = self.copy()
        text = (copy / "status.json").read_text(encoding="utf-8")
        (copy / "status.json").write_text(text.replace('"ok"', '"infeasible"'), encoding="utf-8")
        self.assertEqual(laws.broken(copy), ["a latency without a run"])

    def test_spoilt_figures_of_the_run_are_noticed(self):
        for column, value, said in [
                ("latency_s", "1e-6", "mean latency"), ("latency_s", "1e-6", "faster than the bound"),
                ("latency_p95_s", "0.123", "latency_p95_s is of no request"), ("mean_in_flight", "0.01", "Little"),
                ("requests", "5", "requests counted"), ("bytes_moved", "12", "bytes of all messages"),
                ("energy_J", "1", "energy of all devices"), ("status", "timeout", "two statuses"),
                ("latency_high_s", "1e-6", "interval of draws"),
                ("capacity_rps", "0.001", "faster than the busiest device or link")]:
            with self.subTest(column=column, said=said):
                copy = self.copy()
                status = json.loads((copy / "status.json").read_text(encoding="utf-8"))
                self.assertNotEqual(status["row"][column], value)
                status["row"][column] = value
                (copy / "status.json").write_text(json.dumps(status), encoding="utf-8")
                self.assertIn(said, "; ".join(laws.broken(copy)))

    def test_a_crash_is_noticed(self):
        copy = self.copy()
        text = (copy / "status.json").read_text(encoding="utf-8")
        (copy / "status.json").write_text(text.replace('"ok"', '"crashed"'), encoding="utf-8")
        self.assertIn("status crashed", "; ".join(laws.broken(copy)))


class Mutants(unittest.TestCase):
    COUNT = 500

    def test_hundreds_of_changed_scenarios_break_no_law(self):
        done = subprocess.run([HERE / "scenarios" / "run", EDGEFLOW, "--count", str(self.COUNT)], text=True,
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        valid = int(re.search(r"(\d+) of them valid", done.stdout).group(1))
        self.assertGreaterEqual(valid, .8 * self.COUNT, done.stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
