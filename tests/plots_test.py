#!/usr/bin/python3
"""Every figure is drawn for results that have its data, and says why not for others.

usage: plots_test.py EDGEFLOW SOURCE_DIR
"""

import contextlib
import io
import os
import subprocess
import sys
import tempfile
import unittest

EDGEFLOW, SOURCE = sys.argv[1:3]
sys.path.insert(0, os.path.join(SOURCE, "scripts"))
sys.dont_write_bytecode = True

import pandas as pd

import figures
import palette
import plot_all
import plot_throughput
import report


TINY = f"{SOURCE}/tests/data/cli/tiny_scenario.yaml"


def sweep(folder, text, base=TINY):
    path = os.path.join(folder, "sweep.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"schema: 1\nname: drawn\nbase: {base}\n{text}")
    out = os.path.join(folder, "out")
    subprocess.run([EDGEFLOW, "sweep", path, "-o", out, "--force"], check=True, capture_output=True)
    return figures.Results(out)


class PlotsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def plots(self):
        return set(os.listdir(os.path.join(self.folder, "out", "plots")))

    def test_every_figure_is_drawn_as_png_and_pdf(self):
        results = sweep(self.folder, "axes:\n  requests.count: [3]\n  requests.arrivals.process: [poisson]\n"
                                     "  strategy: [even, single]\n  requests.arrivals.rate: [0.1/s, 0.3/s]\n"
                                     "repeat: 2\nbaseline: single\n")
        plot_all.draw(results)
        names = ["winners", "latency_vs_rate", "speedup", "breakdown", "devices", "ecdf", "throughput", "planner"]
        self.assertEqual(self.plots(), {f"{n}.{kind}" for n in names for kind in ("png", "pdf")})

    def test_bars_are_of_draws_where_there_are_some(self):
        results = sweep(self.folder, "axes:\n  strategy: [even, single]\n  cluster.network.bandwidth: [1kB/s, 4kB/s]\n"
                                     "  uncertainty.rates: [20%]\n  uncertainty.draws: [40]\nbaseline: single\n")
        self.assertTrue(results.drawn)
        run = results.runs[results.runs["strategy"] == "even"].head(1)
        draws = results.table(run["run_id"].item(), "draws.csv")["latency_s"].sort_values()
        self.assertEqual(figures.span(run, "latency_s"),
                         (run["latency_s"].item(), draws.iloc[1], draws.iloc[37]))
        low, high = figures.span(run, "speedup_over_baseline")[1:]
        self.assertLess(low, high)
        plot_all.draw(results)
        self.assertLessEqual({"winners.png", "latency_vs_bandwidth.png", "speedup.png"}, self.plots())
        page = report.data(results.folder)
        ends = {metric["key"]: metric["ends"] for metric in page["metrics"]}
        self.assertEqual(ends["latency_s"], ("latency_low_s", "latency_high_s"))
        self.assertIn("fastest_share", ends)

    def test_closed_arrivals_show_estimates_and_no_throughput(self):
        results = sweep(self.folder, "axes:\n  strategy: [even, single]\nzip:\n"
                        "  - {cluster.network.bandwidth: [1kB/s, 4kB/s], label.net: [slow, fast]}\n")
        self.assertEqual(results.axes, ["label.net"])  # it names the bandwidths
        plot_all.draw(results)
        self.assertIn("estimates.png", self.plots())
        self.assertIn("latency_vs_net.png", self.plots())
        self.assertNotIn("throughput.png", self.plots())
        self.assertNotIn("speedup.png", self.plots())  # there is no baseline
        run = subprocess.run([os.path.join(SOURCE, "scripts", "plot_speedup.py"), results.folder],
                             capture_output=True, text=True)
        self.assertEqual((run.returncode, run.stderr), (2, "plot_speedup: the sweep has no baseline\n"))

    def test_labels_that_look_like_missing_values_are_names(self):
        labels = ["NA", "null", "nan", "n/a", "None"]
        quoted = ", ".join(f"'{label}'" for label in labels)
        rates = ", ".join(f"{1 + k}kB/s" for k in range(len(labels)))
        results = sweep(self.folder, "axes:\n  strategy: [even, single]\nzip:\n"
                        f"  - {{cluster.network.bandwidth: [{rates}], label.net: [{quoted}]}}\n")
        self.assertEqual(results.axes, ["label.net"])
        self.assertEqual(results.values("label.net"), labels)
        plot_all.draw(results)
        self.assertIn("latency_vs_net.png", self.plots())

    def test_runs_without_files_are_drawn_from_the_tables(self):
        results = sweep(self.folder, "axes:\n  strategy: [even, single]\n  requests.count: [3, 4]\n"
                                     "  requests.arrivals.process: [poisson]\n  requests.arrivals.rate: [0.1/s]\n"
                                     "outputs: runs.csv only\n")
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            plot_all.draw(results)
        for name in ("devices", "ecdf"):
            self.assertIn(f"no {name}: runs have no files of their own (outputs: runs.csv only)\n", said.getvalue())
        self.assertIn("breakdown.png", self.plots())
        self.assertFalse(self.plots() & {"devices.png", "ecdf.png"})
        shown = report.data(results.folder)
        self.assertEqual(shown["details"], [])
        self.assertEqual(len(shown["runs"]), 4)

    def test_files_of_more_than_a_thousand_runs_are_in_folders_of_a_thousand(self):
        results = sweep(self.folder, "axes: {strategy: [even, single]}\n")
        run_id = results.runs["run_id"][0]
        self.assertTrue(os.path.exists(os.path.join(results.run_folder(run_id), "status.json")))
        results.planned = 1001
        self.assertEqual(results.run_folder("1000-abc"), os.path.join(results.folder, "runs", "1xxx", "1000-abc"))

    def test_runs_of_another_version_are_refused_in_words(self):
        results = sweep(self.folder, "axes: {strategy: [even, single]}\n")
        path = os.path.join(results.folder, "runs.csv")
        pd.read_csv(path).drop(columns="optimality_gap").to_csv(path, index=False)
        for command in ([sys.executable, f"{SOURCE}/scripts/plot_all.py"], [EDGEFLOW, "report"]):
            run = subprocess.run([*command, results.folder], capture_output=True, text=True)
            self.assertNotEqual(run.returncode, 0)
            self.assertIn("there is no column optimality_gap; it was written by another version", run.stderr)
            self.assertNotIn("Traceback", run.stderr)

    def test_the_varied_rate_of_a_stream_is_drawn_with_its_own_figures(self):
        # `camera` takes 1.5 s per request and never queues; three requests of `other` come at once to
        # the other device, so that figures of all requests together are others.
        base = os.path.join(self.folder, "streams.yaml")
        with open(TINY, encoding="utf-8") as file, open(base, "w", encoding="utf-8") as out:
            out.write(file.read().replace("strategies: [single, even]", "").replace(
                "model: tiny.yaml", f"streams:\n"
                f"  - {{name: other, model: {SOURCE}/tests/data/cli/tiny.yaml, source: far,\n"
                f"     strategy: {{name: single, options: {{device: far}}}},\n"
                f"     requests: {{count: 3, arrivals: {{process: periodic, rate: 10/s}}}}}}\n"
                f"  - {{name: camera, model: {SOURCE}/tests/data/cli/tiny.yaml,\n"
                f"     strategy: {{name: single, options: {{device: near}}}},\n"
                f"     requests: {{count: 3, arrivals: {{process: periodic, rate: 0.1/s}}}}}}"))
        for stream in ("streams.camera", "streams[1]"):
            results = sweep(self.folder, f"zip:\n  - '{stream}.requests.arrivals.rate': [0.1/s, 0.2/s]\n"
                            f"    '{stream}.requests.count': [3, 4]\n", base)
            rate = plot_throughput.varied_rate(results)
            rows, name = plot_throughput.of_stream(results.runs, results, rate)
            self.assertEqual((rate, name), (f"{stream}.requests.arrivals.rate", "camera"))
            for latency_s in rows["latency_p95_s"]:
                self.assertAlmostEqual(latency_s, 1.5)
            self.assertGreater(results.runs["latency_p95_s"].min(), 2)
            plot_all.draw(results)
            self.assertIn("throughput.png", self.plots())

    def test_the_best_field_is_told_in_words(self):
        results = sweep(self.folder, "axes:\n  strategy: [even, single]\nzip:\n"
                        "  - {cluster.network.bandwidth: [1kB/s, 4kB/s], label.net: [slow, fast]}\n")
        best = results.runs.loc[results.runs["latency_s"].idxmin()]
        run = subprocess.run([os.path.join(SOURCE, "scripts", "plot_winners.py"), results.folder],
                             capture_output=True, text=True, check=True)
        self.assertIn(f"least latency: {best['strategy']}, {best['label.net']}: {best['latency_s'] * 1e3:.0f} ms\n",
                      run.stdout)

    def test_files_that_are_gone_or_spoilt_end_in_a_sentence_that_names_them(self):
        results = sweep(self.folder, "axes: {strategy: [even, single]}\n")
        run = os.path.join("runs", results.runs["run_id"].iloc[0])
        for script, name in (("report.py", "manifest.json"), ("report.py", os.path.join(run, "units.csv")),
                             ("report.py", os.path.join(run, "scenario.resolved.yaml")),
                             ("plot_planner.py", "timing.csv")):
            path = os.path.join(results.folder, name)
            with open(path, "rb") as file:
                content = file.read()
            for spoilt in (None, b"", b"\xff{,,"):
                with self.subTest(name=name, spoilt=spoilt):
                    os.remove(path)
                    if spoilt is not None:
                        with open(path, "wb") as file:
                            file.write(spoilt)
                    words = ["/usr/bin/python3", "-B", os.path.join(SOURCE, "scripts", script), results.folder]
                    told = subprocess.run(words, capture_output=True, text=True, check=False)
                    sentence = f"{path}: is not there, or not as edgeflow wrote it ("
                    self.assertTrue(told.stderr.startswith(sentence), told.stderr)
                    self.assertEqual(told.stderr.count("\n"), 1)
                    self.assertNotEqual(told.returncode, 0)
                    with open(path, "wb") as file:
                        file.write(content)

    def test_the_model_is_the_horizontal_axis_only_if_nothing_else_was_varied(self):
        results = figures.Results.__new__(figures.Results)
        results.runs = pd.DataFrame({"model": ["a", "b", "c"], "label.net": ["slow", "fast", "slow"]})
        results.axes = ["model", "label.net"]
        self.assertEqual(results.x_axis(), "label.net")
        results.axes = ["model"]
        self.assertEqual(results.x_axis(), "model")

    def test_of_too_many_settings_those_drawn_are_spread_from_first_to_last(self):
        self.assertEqual(figures.spread(list(range(5)), 5), [0, 1, 2, 3, 4])
        self.assertEqual(figures.spread(list(range(24)), 4), [0, 7, 15, 23])

    def test_quantities_are_read_with_their_units(self):
        for text, value in (("100Mbps", 100), ("12.5MB/s", 100), ("1Gbps", 1000), ("2/s", 2), ("0.5ms", 0.5),
                            ("1s", 1000), ("6", 6), ("1e3kbps", 1)):
            self.assertAlmostEqual(figures.quantity(text), value)
        self.assertIsNone(figures.quantity("Wi-Fi 108 Mbit/s"))

    def test_the_interval_of_the_mean_is_students(self):
        # Mean 2, standard deviation 1, n = 3: t(0.975, 2) / sqrt(3) = 4.302653 / 1.732051.
        mean, half = figures.interval(pd.Series([1.0, 2.0, 3.0]))
        self.assertEqual(mean, 2)
        self.assertAlmostEqual(half, 2.484138, places=6)
        self.assertEqual(figures.interval(pd.Series([5.0])), (5, 0))

    def test_strategies_of_the_palette_have_looks_of_their_own(self):
        looks = list(palette.STYLES.values()) + palette.SPARE
        self.assertEqual(len({colour for colour, _ in looks}), len(looks))
        self.assertEqual(len({marker for _, marker in looks}), len(looks))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
