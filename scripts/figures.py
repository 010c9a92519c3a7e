"""What all plot_*.py share: reading results, finding out what was varied, panels, legends, files."""

import argparse
import contextlib
import json
import math
import os
import re
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator
from scipy import stats

import palette

MAX_PANELS = 12
PLAIN = FuncFormatter(lambda value, _: f"{value:g}")
SCALE = {"": 1, "k": 1e3, "m": 1e6, "g": 1e9}
TITLES = {
    "cluster.network.bandwidth": "bandwidth (Mbit/s)",
    "cluster.network.latency": "network latency (ms)",
    "requests.arrivals.rate": "rate (requests/s)",
    "requests.count": "requests",
    "label.pis": "number of Raspberry Pi 4",
}


class NotApplicable(Exception):
    """The results do not hold what the figure shows."""


# Columns of runs.csv that figures and report read.
READ = ["run_id", "model", "strategy", "strategy_options", "status", "message", "repetition", "latency_s",
        "latency_p95_s", "latency_max_s", "throughput_rps", "estimated_latency_s", "estimate_gap", "lower_bound_s",
        "optimality_gap", "speedup_over_baseline", "compute_s", "transfer_s", "queue_s", "wait_s", "bytes_moved",
        "energy_J", "peak_memory_bytes", "latency_low_s", "latency_high_s", "speedup_low", "speedup_high",
        "fastest_share"]
# The ends of what 90 % of draws are within, where the scenario has uncertainty.
DRAWS = {"latency_s": ("latency_low_s", "latency_high_s"), "speedup_over_baseline": ("speedup_low", "speedup_high")}


def quantity(text):
    """'100Mbps' -> 100.0 (Mbit/s), '0.5ms' -> 0.5 (ms), '2/s' -> 2.0, '3' -> 3.0; None if neither."""
    match = re.fullmatch(r"([0-9.]+(?:[eE][-+]?[0-9]+)?)\s*(.*)", str(text).strip())
    if not match:
        return None
    try:
        value = float(match[1])
    except ValueError:
        return None
    if match[2] in ("", "/s"):
        return value
    if rate := re.fullmatch(r"([kKMG]?)(b|B)(?:ps|/s)", match[2]):
        return value * SCALE[rate[1].lower()] * (8 if rate[2] == "B" else 1) / 1e6
    return {"s": value * 1e3, "ms": value, "us": value / 1e3}.get(match[2])


def interval(values):
    """(mean, half width of the 95 % confidence interval by Student's t); half width 0 for one value."""
    count, mean = len(values), values.mean()
    if count < 2:
        return mean, 0.0
    return mean, stats.t.ppf(0.975, count - 1) * values.std(ddof=1) / math.sqrt(count)


def span(runs, column):
    """(mean, low, high): over repetitions, what 90 % of draws are within, else the mean's confidence interval."""
    low, high = DRAWS[column]
    if runs[low].notna().any():
        return runs[column].mean(), runs[low].mean(), runs[high].mean()
    mean, half = interval(runs[column].dropna())
    return mean, mean - half, mean + half


@contextlib.contextmanager
def as_written(path):
    """Whatever goes wrong inside is that `path`, a file or folder of results, is not as edgeflow wrote it: ends
    the program with that sentence."""
    try:
        yield
    except NotApplicable:
        raise
    except Exception as error:  # whatever it is: the user has a sentence to act on
        what = " ".join(str(error).split())
        what = f"{type(error).__name__}: {what}"
        raise SystemExit(f"{path}: is not there, or not as edgeflow wrote it ({what})") from None


def read_table(path, types=None):
    """A table of ours. Only empty cells are missing: NA, null and nan are names like any other."""
    with as_written(path):
        return pd.read_csv(path, dtype=types, keep_default_na=False, na_values=[""])


def read_manifest(folder):
    path = os.path.join(folder, "manifest.json")
    with as_written(path), open(path, encoding="utf-8") as file:
        manifest = json.load(file)
        if not isinstance(manifest.get("axes"), list):
            raise ValueError("there are no axes")
        if not isinstance(manifest.get("runs"), int):
            raise ValueError("there is no number of runs")
        return manifest


class Results:
    """A results folder: its finished runs as a table, and which of its columns were varied."""

    def __init__(self, folder, say=print):
        self.folder = folder
        path = os.path.join(folder, "runs.csv")
        manifest = read_manifest(folder)
        axes, self.planned = manifest["axes"], manifest["runs"]
        runs = read_table(path, {axis: str for axis in axes})
        missing = [column for column in READ if column not in runs]
        if missing:
            raise SystemExit(f"{path}: there is no column {missing[0]}; it was written by another version of edgeflow "
                             f"({manifest.get('version', 'unknown')}). Sweep again, or draw with that version.")
        self.all_runs = runs
        self.run_files = os.path.isdir(os.path.join(folder, "runs"))
        bad = runs[runs["status"] != "ok"]
        if len(bad):
            counts = ", ".join(f"{n} {status}" for status, n in bad["status"].value_counts().items())
            say(f"without {len(bad)} of {len(runs)} runs: {counts}")
        self.runs = runs[runs["status"] == "ok"].copy()
        if self.runs.empty:
            raise NotApplicable("no run has status ok")
        options = self.runs["strategy_options"].fillna("").astype(str)
        several = self.runs.assign(o=options).groupby("strategy")["o"].transform("nunique") > 1
        self.runs["who"] = self.runs["strategy"].where(
            ~several, self.runs["strategy"] + " " + options.where(options != "", "(default)"))
        self.axes = self._settings(axes)
        self.repeated = self.runs["repetition"].nunique() > 1
        self.drawn = self.runs["latency_low_s"].notna().any()

    def _settings(self, axes):
        """Columns that were varied and stand for a setting; those that a label names are left out."""
        columns = ["model"] if "model" not in axes else []
        columns += [a for a in axes if a != "strategy" and not a.startswith("strategy.")]
        columns = [c for c in columns if c in self.runs and self.runs[c].nunique() > 1 and c != "seed"]
        labels = [c for c in columns if c.startswith("label.")]
        return [c for c in columns if c in labels or not any(self.same(c, label) for label in labels)]

    def same(self, column, label):
        """Whether the values of two columns go together in pairs: then one names the other's."""
        pairs = len(self.runs[[column, label]].drop_duplicates())
        return pairs == self.runs[column].nunique() == self.runs[label].nunique()

    def numeric(self, axis):
        return all(quantity(v) is not None for v in self.runs[axis].unique())

    def x_axis(self, wanted=None):
        """The setting for the horizontal axis: the numeric one with most values, else the one with most.

        The model only if nothing else was varied: what models take compares with no other's.
        """
        if wanted:
            if wanted not in self.axes:
                raise NotApplicable(f"{wanted} was not varied, but: {', '.join(self.axes) or 'nothing'}")
            return wanted
        if not self.axes:
            raise NotApplicable("only strategies were varied")
        return max(self.axes, key=lambda a: (a != "model", self.numeric(a), self.runs[a].nunique()))

    def values(self, axis):
        """The values of a setting in the order of the sweep, numbers ascending."""
        values = list(self.runs[axis].unique())
        return sorted(values, key=quantity) if self.numeric(axis) else values

    def panels(self, *without, most=MAX_PANELS):
        """(title, rows) for each combination of the other settings."""
        others = [a for a in self.axes if a not in without]
        if not others:
            return [("", self.runs)]
        titles = self.runs[others[0]].map(lambda v: setting_text(others[0], v))
        for axis in others[1:]:
            titles = titles + "\n" + self.runs[axis].map(lambda v, a=axis: setting_text(a, v))
        parts = list(self.runs.groupby(titles, sort=False))
        return spread(parts, most)

    def strategies(self):
        return palette.order(self.runs["who"].unique())

    def run_folder(self, run_id):
        """Where a run's files are; experiments/results/layout.hpp says the same."""
        if not self.run_files:
            raise NotApplicable("runs have no files of their own (outputs: runs.csv only)")
        thousand = [f"{int(run_id.split('-')[0]) // 1000}xxx"] if self.planned > 1000 else []
        return os.path.join(self.folder, "runs", *thousand, run_id)

    def table(self, run_id, name):
        """A table of one run."""
        return read_table(os.path.join(self.run_folder(run_id), name))


def spread(parts, most):
    """`most` of the parts, evenly spread from the first to the last, if there are more."""
    if len(parts) <= most:
        return parts
    print(f"{most} of {len(parts)} settings are drawn, evenly spread")
    return [parts[i * (len(parts) - 1) // (most - 1)] for i in range(most)]


def axis_title(axis):
    return TITLES.get(axis) or axis.split(".")[-1].replace("_", " ")


def setting_text(axis, value):
    if axis == "model" or axis.startswith("label.") and quantity(value) is None:
        return str(value)
    name, _, unit = axis_title(axis).partition(" (")
    number = quantity(value)
    if number is None:
        return f"{name} {value}"
    if name.startswith("number of "):
        return f"{number:g} {name.removeprefix('number of ')}"
    return f"{name} {number:g} {unit.rstrip(')')}".strip()


def grid(count, width=2.5, height=2.4, columns=None):
    """A figure of `count` panels and their axes, in reading order."""
    columns = columns or (2 if count == 4 else min(3, count))
    lines = -(-count // columns)
    fig, axes = plt.subplots(lines, columns, squeeze=False, layout="constrained",
                             figsize=(max(width * columns, 4.2) + 0.4, height * lines + 0.2))
    for spare in axes.flat[count:]:
        spare.remove()
    return fig, list(axes.flat[:count])


def legend(fig, strategies, more=(), columns=4, lines=True):
    """Names the strategies above the panels, where they hide nothing."""
    handles = []
    for strategy in strategies:
        colour, marker = palette.style(strategy)
        handles.append(Line2D([], [], color=colour, marker=marker, label=strategy,
                              linestyle="-" if lines else "none"))
    handles += more
    fig.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1.0),
               ncol=min(len(handles), columns))


def log_y(axes):
    """A logarithmic axis that labels enough values to be read."""
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    span = high / low
    labelled = (1, 1.5, 2, 3, 4, 5, 7) if span < 4 else (1, 2, 3, 5) if span < 12 else (1, 2, 5) if span < 100 else (1,)
    axes.yaxis.set_major_locator(LogLocator(subs=labelled))
    axes.yaxis.set_minor_locator(LogLocator(subs=range(1, 10)))
    axes.yaxis.set_major_formatter(PLAIN)
    axes.yaxis.set_minor_formatter(NullFormatter())


def set_x(axes, results, axis):
    """Scales the horizontal axis for a setting; returns where each of its values stands."""
    values = results.values(axis)
    if not results.numeric(axis):
        axes.set_xticks(range(len(values)), values, rotation=20 if max(map(len, values)) > 8 else 0,
                        ha="right" if max(map(len, values)) > 8 else "center")
        axes.set_xlim(-0.4, len(values) - 0.6)
        return {value: i for i, value in enumerate(values)}
    places = {value: quantity(value) for value in values}
    numbers = list(places.values())
    if numbers[0] > 0 and numbers[-1] / numbers[0] >= 15:
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(FixedLocator(numbers) if len(numbers) <= 8 else axes.xaxis.get_major_locator())
    axes.xaxis.set_major_formatter(PLAIN)
    return places


def save(fig, results, name):
    plots = os.path.join(results.folder, "plots")
    os.makedirs(plots, exist_ok=True)
    for kind, metadata in (("png", None), ("pdf", {"CreationDate": None})):
        path = os.path.join(plots, f"{name}.{kind}")
        fig.savefig(path, bbox_inches="tight", metadata=metadata)
        print(path)
    plt.close(fig)


def main(draw, description):
    """The main program of a figure: draw(results, x) draws and saves; x is the axis asked for or None."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("results", metavar="RESULTS_DIR", help="the folder that a sweep wrote")
    parser.add_argument("--x", metavar="AXIS", help="column for the horizontal axis, such as label.pis")
    arguments = parser.parse_args()
    name = os.path.splitext(os.path.basename(sys.argv[0]))[0]
    try:
        with plt.rc_context(palette.RC), as_written(arguments.results):
            draw(Results(arguments.results, lambda text: print(f"{name}: {text}")), arguments.x)
    except NotApplicable as error:
        print(f"{name}: {error}", file=sys.stderr)
        sys.exit(2)
