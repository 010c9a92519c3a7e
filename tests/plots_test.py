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

import matplotlib.image
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

import critical_path
import figures
import palette
import plot_all
import plot_latency
import plot_throughput
import plot_winners
import repetitions
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

    def test_every_figure_is_drawn_as_png_pdf_and_svg(self):
        results = sweep(self.folder, "axes:\n  requests.count: [3]\n  requests.arrivals.process: [poisson]\n"
                                     "  strategy: [even, single]\n  requests.arrivals.rate: [0.1/s, 0.3/s]\n"
                                     "repeat: 2\nbaseline: single\n")
        plot_all.draw(results)
        names = ["winners", "latency_vs_rate", "speedup", "breakdown", "devices", "ecdf", "throughput", "planner"]
        self.assertEqual(self.plots(), {f"{n}.{kind}" for n in names for kind in ("png", "pdf", "svg")})

    def test_bars_are_of_draws_where_there_are_some(self):
        results = sweep(self.folder, "axes:\n  strategy: [even, single]\n  cluster.network.bandwidth: [1kB/s, 4kB/s]\n"
                                     "  uncertainty.rates: [20%]\n  uncertainty.draws: [40]\nbaseline: single\n")
        self.assertTrue(results.drawn)
        run = results.runs[results.runs["strategy"] == "even"].head(1)
        draws = results.table(run["run_id"].item(), "draws.csv")["latency_s"].sort_values()
        self.assertEqual(repetitions.span(run, "latency_s"),
                         (run["latency_s"].item(), draws.iloc[1], draws.iloc[37]))
        low, high = repetitions.span(run, "speedup_over_baseline")[1:]
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
        mean, half = repetitions.interval(pd.Series([1.0, 2.0, 3.0]))
        self.assertEqual(mean, 2)
        self.assertAlmostEqual(half, 2.484138, places=6)
        self.assertEqual(repetitions.interval(pd.Series([5.0])), (5, 0))

    def test_speed_ups_have_the_interval_of_their_logarithms(self):
        ratios = pd.Series([1.02, 1.1, 1.3, 2.0, 4.0])
        runs = pd.DataFrame({"speedup_over_baseline": ratios, "speedup_low": np.nan, "speedup_high": np.nan})
        low, high = stats.t.interval(0.95, 4, np.log(ratios).mean(), stats.sem(np.log(ratios)))
        np.testing.assert_allclose(repetitions.span(runs, "speedup_over_baseline"),
                                   (stats.gmean(ratios), np.exp(low), np.exp(high)))
        self.assertGreater(np.exp(low), 0)
        one = runs.head(1)
        np.testing.assert_allclose(repetitions.span(one, "speedup_over_baseline"), (1.02, 1.02, 1.02))

    def test_figures_and_summary_csv_have_the_same_statistics(self):
        results = sweep(self.folder, "axes:\n  requests.count: [9]\n  requests.arrivals.process: [poisson]\n"
                        "  requests.arrivals.rate: [0.3/s]\n  strategy: [even, single]\nrepeat: 4\nbaseline: even\n")
        for _, point in pd.read_csv(os.path.join(results.folder, "summary.csv")).iterrows():
            mine = results.runs[results.runs["who"] == point["label"]]
            np.testing.assert_allclose(repetitions.span(mine, "latency_s"),
                                       point[["latency_mean_s", "latency_ci_low_s", "latency_ci_high_s"]].astype(float))
            np.testing.assert_allclose(repetitions.span(mine, "speedup_over_baseline"),
                                       point[["speedup_mean", "speedup_ci_low", "speedup_ci_high"]].astype(float))

    def test_a_field_that_repetitions_do_not_decide_says_so(self):
        # b is slower by a half, by as much each time; c is by 5 % in the mean, and now and then faster.
        latencies = {"a": [1.0, 2.0, 3.0], "b": [1.5, 3.0, 4.5], "c": [1.3, 1.8, 3.2]}
        rows = pd.DataFrame([{"who": who, "repetition": r, "latency_s": v}
                             for who, values in latencies.items() for r, v in enumerate(values)])
        self.assertTrue(repetitions.undecided(rows, "a", "c"))
        self.assertFalse(repetitions.undecided(rows, "a", "b"))
        self.assertFalse(repetitions.undecided(rows, "b", "a"))
        winner, latency, ties, undecided, second = plot_winners.outcome(rows)
        self.assertEqual((winner, latency, ties, undecided), ("a", 2000, ["a"], ["c"]))
        self.assertAlmostEqual(second, 3000)
        once = rows[rows["repetition"] == 0]
        self.assertEqual(plot_winners.outcome(once)[3], [])

    def test_strategies_of_the_palette_have_looks_of_their_own(self):
        looks = list(palette.STYLES.values()) + palette.SPARE
        self.assertEqual(len({colour for colour, _ in looks}), len(looks))
        self.assertEqual(len({marker for _, marker in looks}), len(looks))

    def test_labels_never_share_a_look(self):
        names = {"edgeflow": "edgeflow", "EdgeFlow + guard": "edgeflow", "mine": "external", "yours": "external"}
        looks = palette.looks(names)
        self.assertEqual(looks["edgeflow"], palette.STYLES["edgeflow"])
        self.assertEqual(len({colour for colour, _ in looks.values()}), 4)
        self.assertEqual(palette.looks({"EdgeFlow": "edgeflow"})["EdgeFlow"], palette.STYLES["edgeflow"])
        many = palette.looks({f"effort {k}": "edgeflow-joint" for k in range(100)})
        self.assertEqual(len(set(many.values())), 100)

    def test_curves_that_are_the_same_are_named_as_such(self):
        # `single` takes `near` by itself: two names of one plan. Without a network both devices are alike.
        results = sweep(self.folder, "axes:\n  strategy: [single, {name: single, label: on $near$, options: "
                                     "{device: near}}, even]\n  cluster.network.bandwidth: [1kB/s, 4kB/s]\n")
        self.assertEqual(results.groups(), [["single", "on $near$"], ["even"]])
        fig, grid = figures.grid(1)
        figures.legend(fig, results)
        self.assertEqual([text.get_text() for text in fig.legends[0].get_texts()], ["single = on $near$", "even"])
        figures.titles(grid, results, [("here", results.runs)])
        self.assertIn("single = on $near$", [text.get_text() for text in grid[0].texts])
        plt.close(fig)
        plot_all.draw(results)

    def test_tables_without_labels_are_drawn(self):
        results = sweep(self.folder, "axes:\n  strategy: [{name: single, options: {device: far}}, single, even]\n"
                                     "  cluster.network.bandwidth: [1kB/s, 4kB/s]\nbaseline: even\n")
        self.assertEqual(set(results.runs["who"]), {"single (device=far)", "single", "even"})
        path = os.path.join(results.folder, "runs.csv")
        pd.read_csv(path).drop(columns=["label", "schema", "cluster.network.bandwidth_Bps"]).to_csv(path, index=False)
        old = figures.Results(results.folder)
        self.assertEqual(set(old.runs["who"]), {"single device=far", "single (default)", "even"})
        plot_all.draw(old)
        self.assertIn("speedup.png", self.plots())

    def test_the_fastest_strategy_says_how_many_times_as_fast_it_is(self):
        results = sweep(self.folder, "axes:\n  strategy: [even, single]\n"
                                     "  cluster.network.bandwidth: [1kB/s, 4kB/s]\nbaseline: even\n")
        fig, (axes,) = figures.grid(1)
        plot_latency.draw_panel(axes, results, "cluster.network.bandwidth", results.runs)
        latency = results.runs.pivot(index="cluster.network.bandwidth", columns="who", values="latency_s")
        self.assertEqual([text.get_text() for text in axes.texts],
                         [f"{ratio:.2g}×" for ratio in latency["even"] / latency["single"]])
        plt.close(fig)
        self.assertEqual(results.subject(), "1 near + 1 far")

    def test_figures_for_paper_are_as_wide_as_a_column(self):
        results = sweep(self.folder, "axes:\n  strategy: [even, single]\n  requests.count: [1, 2]\n"
                                     "  cluster.network.bandwidth: [1kB/s, 4kB/s]\n")
        for columns, width_mm in ((1, 88), (2, 180)):
            subprocess.run([f"{SOURCE}/scripts/plot_latency.py", results.folder, "--style", "paper", "--columns",
                            str(columns), "--x", "cluster.network.bandwidth"], check=True, capture_output=True)
            pixels = matplotlib.image.imread(os.path.join(results.folder, "plots", "latency_vs_bandwidth.png")).shape[1]
            self.assertAlmostEqual(pixels, width_mm / 25.4 * 300, delta=1)
        with open(os.path.join(results.folder, "plots", "latency_vs_bandwidth.pdf"), "rb") as file:
            pdf = file.read()
        self.assertTrue(b"/FontFile2" in pdf and b"/Type3" not in pdf)  # type 42: fonts are inside, text stays text

    def test_panels_of_one_model_share_their_scale_and_others_do_not(self):
        fig, grid = figures.grid(3)
        for axes, top in zip(grid, (5, 9, 7)):
            axes.set_ylim(1, top)
        figures.share(grid, [("", pd.DataFrame({"model": [m]})) for m in ("a", "a", "b")])
        self.assertEqual([axes.get_ylim()[1] for axes in grid], [9, 9, 7])
        plt.close(fig)

    def test_the_critical_path_adds_up_to_what_the_simulator_says(self):
        results = sweep(self.folder, "axes:\n  strategy: [even, proportional]\n  requests.count: [4]\n"
                                     "  requests.arrivals.process: [poisson]\n  requests.arrivals.rate: [0.5/s]\n")
        queued = 0
        for run_id in results.runs["run_id"]:
            units, transfers = results.table(run_id, "units.csv"), results.table(run_id, "transfers.csv")
            needs = critical_path.plan_needs(results.run_folder(run_id), units)
            for _, request in results.table(run_id, "requests.csv").iterrows():
                mine = (rows[rows["request"] == request["request"]] for rows in (units, transfers))
                path = critical_path.path_of(*mine, needs)
                parts = (path["finish_s"] - path["start_s"]).groupby(path["kind"]).sum()
                for kind in ("compute", "transfer", "queue"):
                    self.assertAlmostEqual(parts.get(kind, 0), request[f"{kind}_s"])
                queued += request["queue_s"]
        self.assertGreater(queued, 0)

    def test_a_timeline_shows_one_request_or_all(self):
        results = sweep(self.folder, "axes: {strategy: [even], requests.count: [2]}\n")
        run = results.run_folder(results.runs["run_id"].iloc[0])

        def timeline(*words):
            return subprocess.run([f"{SOURCE}/scripts/plot_timeline.py", run, *words], capture_output=True, text=True)
        for words, name in (([], "timeline"), (["--request", "1", "--from", "2", "--to", "9"], "timeline_request_1")):
            self.assertEqual(timeline(*words).returncode, 0)
            self.assertTrue(os.path.exists(os.path.join(run, "plots", f"{name}.svg")))
        wrong = timeline("--request", "2")
        self.assertEqual((wrong.returncode, wrong.stderr), (2, f"plot_timeline: {run}: there is no request 2\n"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
