"""What all plot_*.py share: reading results, finding out what was varied, panels, legends, files."""

import argparse
import contextlib
import json
import os
import re
import sys
import textwrap

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pandas as pd
import yaml
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator
from matplotlib.transforms import Bbox

import palette
import repetitions

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
WIDTHS_MM = {1: 88, 2: 180}  # columns of a page
page = {"width": None}  # of figures in inches; None: as wide as their panels are


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


@contextlib.contextmanager
def as_written(path):
    """Whatever goes wrong inside is that `path`, of results, is not as edgeflow wrote it: ends with that sentence."""
    try:
        yield
    except NotApplicable:
        raise
    except BrokenPipeError:  # nobody reads what is printed any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
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


def called(runs):
    """What figures call the strategy of each run: its label; in tables without, its name and, if there are several of
    it, its options."""
    if "label" in runs:
        return runs["label"].where(runs["label"].notna(), runs["strategy"]).astype(str)
    options = runs["strategy_options"].fillna("").astype(str)
    several = runs.assign(o=options).groupby("strategy")["o"].transform("nunique") > 1
    return runs["strategy"].where(~several, runs["strategy"] + " " + options.where(options != "", "(default)"))


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
        self.all_runs["who"] = called(runs)
        self.runs["who"] = self.all_runs["who"]
        self.names = dict(zip(self.all_runs["who"], self.all_runs["strategy"]))
        self.looks = palette.looks({who: self.names[who] for who in palette.order(self.names, self.names)})
        self.varied = axes
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

    def is_model(self, axis):
        """Whether a setting is the model, or a label that names it."""
        return axis == "model" or bool(axis) and self.runs["model"].nunique() > 1 and self.same(axis, "model")

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

    def strategies(self, rows=None):
        return palette.order((self.runs if rows is None else rows)["who"].unique(), self.names)

    def groups(self, rows=None):
        """The strategies, those together whose curves are the same."""
        rows = self.runs if rows is None else rows
        return repetitions.groups(rows, self.axes, self.strategies(rows))

    def baseline(self):
        """The strategy that speed-ups are over: all of its own are 1. Nothing if there is none."""
        ratios = self.runs.dropna(subset="speedup_over_baseline").groupby("who")["speedup_over_baseline"]
        same = ratios.agg(lambda values: (values == 1).all())
        return next((who for who in self.strategies() if same.get(who, False)), None)

    def subject(self):
        """On which boards the runs are, in a line; nothing if that was varied."""
        changed = [a for a in self.varied if a.startswith("cluster") and not a.startswith("cluster.network.")]
        if changed or self.all_runs["cluster"].nunique() != 1:
            return ""
        cluster, boards = str(self.all_runs["cluster"].iloc[0]), ""
        if self.run_files:
            path = os.path.join(self.run_folder(self.runs["run_id"].iloc[0]), "scenario.resolved.yaml")
            with as_written(path), open(path, encoding="utf-8") as file:
                devices = yaml.safe_load(file)["cluster"]["devices"]
            kinds = pd.Series([d.get("type", d["name"]) for d in devices]).value_counts(sort=False)
            boards = " + ".join(f"{count} {kind}" for kind, count in kinds.items())
        name = cluster if cluster != str(self.all_runs["name"].iloc[0]) else ""
        return f"{name} ({boards})" if name and boards else name or boards

    def run_folder(self, run_id):
        """Where a run's files are; experiments/results/layout.hpp says the same."""
        if not self.run_files:
            raise NotApplicable("runs have no files of their own (outputs: runs.csv only)")
        thousand = [f"{int(run_id.split('-')[0]) // 1000}xxx"] if self.planned > 1000 else []
        return os.path.join(self.folder, "runs", *thousand, run_id)

    def table(self, run_id, name, types=None):
        """A table of one run."""
        return read_table(os.path.join(self.run_folder(run_id), name), types)


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


def grid(count, width=2.5, height=2.4, columns=None, flatter=True):
    """A figure of `count` panels and their axes, in reading order; for print narrower, if need be, and `flatter`."""
    columns = columns or (2 if count == 4 else min(3, count))
    whole = max(width * columns, 4.2) + 0.4
    if page["width"]:
        whole = page["width"]
        columns = max(1, min(columns, int(whole / (0.62 * width))))
        height *= min(1, max(0.75, whole / columns / width)) if flatter else 1
    lines = -(-count // columns)
    fig, axes = plt.subplots(lines, columns, squeeze=False, layout="constrained",
                             figsize=(whole, height * lines + 0.2))
    for spare in axes.flat[count:]:
        spare.remove()
    return fig, list(axes.flat[:count])


def titles(grid, results, panels):
    """The titles of panels; below each, which of its curves lie on each other."""
    notes = []
    for _, rows in panels:
        same = "; ".join(" = ".join(group) for group in results.groups(rows) if len(group) > 1)
        notes.append(textwrap.wrap(same, 44))
    for axes, (text, _), lines in zip(grid, panels, notes):
        axes.set_title(text, pad=4 + 7.5 * max(map(len, notes)))
        axes.annotate("\n".join(lines), (0.5, 1), (0, 2), xycoords="axes fraction", textcoords="offset points",
                      ha="center", va="bottom", fontsize=6, color="#555555")


def legend(fig, results, more=(), lines=True, without=(), alike=True):
    """Names the strategies; those whose curves are the same everywhere share an entry, if `alike`."""
    handles = []
    for group in results.groups() if alike else [[who] for who in results.strategies()]:
        group = [who for who in group if who not in without]
        if group:
            colour, marker = results.looks[group[0]]
            handles.append(Line2D([], [], color=colour, marker=marker, label=" = ".join(group),
                                  linestyle="-" if lines else "none"))
    place_legend(fig, [*handles, *more])


def place_legend(fig, handles):
    """Below the axes, where it hides nothing, in as few lines as the width of the figure allows."""
    def place(columns):
        return fig.legend(handles=handles, ncol=columns, loc="upper center", bbox_to_anchor=(0.5, 0.0),
                          columnspacing=1.2, handletextpad=0.5)
    for lines in range(1, len(handles) + 1):
        box = place(-(-len(handles) // lines))
        if lines == len(handles) or box.get_window_extent(fig.canvas.get_renderer()).width <= fig.bbox.width:
            return
        box.remove()


def share(axes, panels, which="y"):
    """One scale for all panels of a model, which can be compared; those of different models cannot."""
    models = [rows["model"].iloc[0] for _, rows in panels]
    for model in set(models):
        own = [a for a, m in zip(axes, models) if m == model]
        ends = [getattr(a, f"get_{which}lim")() for a in own]
        for a in own:
            getattr(a, f"set_{which}lim")(min(low for low, _ in ends), max(high for _, high in ends))


def log_axis(axis, low, high, wide):
    """Labels enough values of a logarithmic axis to be read; fewer where labels are `wide`."""
    between, decade = ((1, 1.5, 2, 3, 5), (1, 2, 5)) if wide else ((1, 1.5, 2, 3, 4, 5, 7), (1, 2, 3, 5))
    ratio = high / low
    labelled = between if ratio < 4 else decade if ratio < 12 else (1, 2, 5) if ratio < 100 else (1,)
    axis.set_major_locator(LogLocator(subs=labelled))
    axis.set_minor_locator(LogLocator(subs=range(1, 10)))
    axis.set_major_formatter(PLAIN)
    axis.set_minor_formatter(NullFormatter())


def log_y(axes):
    axes.set_yscale("log")
    log_axis(axes.yaxis, *axes.get_ylim(), wide=False)


def log_x(axes):
    axes.set_xscale("log")
    log_axis(axes.xaxis, *axes.get_xlim(), wide=True)


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


def write(fig, folder, name):
    """NAME.png, .pdf and .svg in the folder, with nothing cut off; of a page of print exactly as wide as its column."""
    os.makedirs(folder, exist_ok=True)
    fig.canvas.draw()
    box = fig.get_tightbbox(fig.canvas.get_renderer())
    sides = (0, fig.get_figwidth()) if page["width"] else (box.x0 - 0.05, box.x1 + 0.05)
    box = Bbox.from_extents(sides[0], box.y0 - 0.05, sides[1], box.y1 + 0.05)
    for kind, metadata in (("png", None), ("pdf", {"CreationDate": None}), ("svg", {"Date": None})):
        path = os.path.join(folder, f"{name}.{kind}")
        fig.savefig(path, bbox_inches=box, metadata=metadata)
        print(path)
    plt.close(fig)


def save(fig, results, name):
    write(fig, os.path.join(results.folder, "plots"), name)


def add_style(parser):
    parser.add_argument("--style", choices=["screen", "paper"], default="screen",
                        help="paper: type of 7 to 8 points, as wide as a column of a page")
    parser.add_argument("--columns", type=int, choices=list(WIDTHS_MM), default=1,
                        help="of the page that a figure for paper is wide: 1 (88 mm) or 2 (180 mm)")


@contextlib.contextmanager
def styled(arguments):
    """How figures look inside."""
    paper = arguments.style == "paper"
    page["width"] = WIDTHS_MM[arguments.columns] / 25.4 if paper else None
    with plt.rc_context({**palette.RC, **(palette.PAPER if paper else {})}):
        yield


def main(draw, description):
    """The main program of a figure: draw(results, x) draws and saves; x is the axis asked for or None."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("results", metavar="RESULTS_DIR", help="the folder that a sweep wrote")
    parser.add_argument("--x", metavar="AXIS", help="column for the horizontal axis, such as label.pis")
    add_style(parser)
    arguments = parser.parse_args()
    name = os.path.splitext(os.path.basename(sys.argv[0]))[0]
    try:
        with styled(arguments), as_written(arguments.results):
            draw(Results(arguments.results, lambda text: print(f"{name}: {text}")), arguments.x)
    except NotApplicable as error:
        print(f"{name}: {error}", file=sys.stderr)
        sys.exit(2)
