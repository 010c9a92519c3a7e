#!/usr/bin/python3
"""Runs some of the sweeps of oracle/, whose figures must be as oracle/check says, and spoils copies of the
results, which it must notice. usage: oracle_test.py EDGEFLOW"""
import csv
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

EDGEFLOW = sys.argv[1]
CHECK = pathlib.Path(__file__).resolve().parent / "oracle" / "check"
SHARD = "4/23"  # of each sweep: few runs, of many kinds


def check(*arguments):
    """Exit code and output."""
    done = subprocess.run([CHECK, *map(str, arguments)], text=True, capture_output=True, check=False)
    return done.returncode, done.stdout + done.stderr


class Oracle(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.folder = pathlib.Path(cls.scratch.name)
        cls.code, cls.output = check("--program", EDGEFLOW, "--shard", SHARD, "--keep", cls.folder / "results")

    def copy_of_a_run(self, sweep):
        """A copy of the sweep's first run, to spoil."""
        run = sorted((self.folder / "results" / sweep / "runs").iterdir())[0]
        copy = self.folder / "spoilt" / self.id().rsplit(".", 1)[-1]
        shutil.rmtree(copy, ignore_errors=True)
        return pathlib.Path(shutil.copytree(run, copy))

    def test_all_figures_are_as_the_rules_say(self):
        self.assertEqual(self.code, 0, self.output)
        self.assertRegex(self.output, r"\n\d+ runs, \d+ figures")
        self.assertNotIn("not judged:", self.output)

    def test_a_copy_is_as_good(self):
        code, output = check(self.copy_of_a_run("requests"))
        self.assertEqual(code, 0, output)

    def test_one_number_that_is_off_by_a_hundred_thousandth_is_noticed(self):
        for table, column in [("requests.csv", "finish_s"), ("units.csv", "start_s"), ("transfers.csv", "finish_s"),
                              ("transfers.csv", "bytes"), ("devices.csv", "busy_s"), ("devices.csv", "energy_J"),
                              ("links.csv", "bytes"), ("requests.csv", "energy_J")]:
            with self.subTest(table=table, column=column):
                run = self.copy_of_a_run("requests")
                rows = list(csv.DictReader((run / table).read_text(encoding="utf-8").splitlines()))
                row = max(rows, key=lambda row: float(row[column]))
                row[column] = repr(float(row[column]) * (1 + 1e-5))
                with (run / table).open("w", encoding="utf-8", newline="") as file:
                    writer = csv.DictWriter(file, rows[0])
                    writer.writeheader()
                    writer.writerows(rows)
                code, output = check(run)
                self.assertEqual(code, 1, output)
                self.assertIn(f".{column}: {row[column]} instead of", output)

    def spoil(self, file, pattern, replacement, sweep="requests"):
        """Exit code after a change of text in a copy."""
        run = self.copy_of_a_run(sweep)
        text = (run / file).read_text(encoding="utf-8")
        changed = re.sub(pattern, replacement, text, count=1)
        self.assertNotEqual(text, changed)
        (run / file).write_text(changed, encoding="utf-8")
        return check(run)[0]

    def test_a_figure_of_the_whole_run_is_noticed(self):
        self.assertEqual(self.spoil("status.json", r'("peak_memory_bytes": ")', r"\g<1>1"), 1)

    def test_another_rate_is_noticed(self):
        self.assertEqual(self.spoil("scenario.resolved.yaml", r"mac_rate: 1\.", "mac_rate: 1.1"), 1)

    def test_another_scheduling_is_noticed(self):
        for name in ("oldest_request", "first_ready", "exclusive"):
            try:
                code = self.spoil("scenario.resolved.yaml", f"scheduling: (?!{name})[a-z_]+", f"scheduling: {name}")
            except AssertionError:
                continue  # as it was
            if code == 1:
                return
        self.fail("all schedulings give the same")

    def test_a_plan_that_does_not_compute_the_model_is_noticed(self):
        self.assertEqual(self.spoil("plan.yaml", r'(needs: \[\{from: \d+, region: "c0:\d+ r)0:', r"\g<1>1:"), 1)

    def test_a_missing_row_is_noticed(self):
        self.assertEqual(self.spoil("units.csv", r"\n[^\n]+\n$", "\n"), 1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
