#!/usr/bin/python3
"""What every device did when, as a Gantt chart.

Reads units.csv, transfers.csv and devices.csv of one run (RESULTS_DIR/runs/<run_id>) and writes
plots/timeline.png and .pdf beside them: per device a row of computing, coloured by request (or by
stream, if there are several), and below it a thinner one of the messages that it sends.
"""

import argparse
import os
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.patches import Patch

import figures
import palette

COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999933", "#882255"]
SENDING = "#9a9a9a"
MOST_SPANS = 200_000


def fail(message):
    print(f"plot_timeline: {message}", file=sys.stderr)
    sys.exit(2)


def read(folder, name, needed):
    path = os.path.join(folder, name)
    try:
        table = figures.read_table(path)
    except FileNotFoundError:
        fail(f"no such file: {path}")
    except (OSError, ValueError) as error:
        fail(f"cannot read {path}: {error}")
    for column in needed:
        if column not in table:
            fail(f"{path}: there is no column {column}")
    return table


def spans_ms(rows, start_s, end_s):
    """(start, duration) in ms of what lasts and is within the window."""
    rows = rows[(rows["finish_s"] > rows["start_s"]) & (rows["finish_s"] >= start_s)]
    rows = rows[rows["start_s"] <= end_s]
    return rows, list(zip(rows["start_s"] * 1e3, (rows["finish_s"] - rows["start_s"]) * 1e3))


def coloured(units):
    """What the colours stand for: (label, number) of each row of units."""
    if "stream" in units and units["stream"].notna().any():
        names = list(dict.fromkeys(sorted(units["stream"].astype(str))))
        numbers = {name: number for number, name in enumerate(names)}
        return units["stream"].astype(str), units["stream"].astype(str).map(numbers)
    return "request " + units["request"].astype(str), units["request"]


def draw(axes, units, transfers, devices, start_s, end_s):
    for row, device in enumerate(devices):
        computed, spans = spans_ms(units[units["device"] == device], start_s, end_s)
        colours = [COLOURS[number % len(COLOURS)] for number in computed["colour"]]
        axes.broken_barh(spans, (row - 0.36, 0.48), facecolors=colours, linewidth=0)
        sent, spans = spans_ms(transfers[transfers["from_device"] == device], start_s, end_s)
        axes.broken_barh(spans, (row + 0.16, 0.2), facecolors=SENDING, alpha=0.6, linewidth=0)
    axes.set_yticks(range(len(devices)), devices)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.set_xlim(start_s * 1e3, end_s * 1e3)
    axes.set_xlabel("time (ms)")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", metavar="RUN_DIR", help="RESULTS_DIR/runs/<run_id>")
    parser.add_argument("--from", dest="start", type=float, metavar="S", help="from this second on")
    parser.add_argument("--to", dest="end", type=float, metavar="S", help="up to this second")
    arguments = parser.parse_args()

    times = ["request", "start_s", "finish_s"]
    units = read(arguments.run, "units.csv", [*times, "device"])
    transfers = read(arguments.run, "transfers.csv", [*times, "from_device"])
    devices = list(read(arguments.run, "devices.csv", ["device"])["device"].astype(str))
    if units.empty:
        fail(f"{arguments.run}: nothing was computed")
    units["label"], units["colour"] = coloured(units)
    start_s = 0.0 if arguments.start is None else arguments.start
    end_s = units["finish_s"].max() if arguments.end is None else arguments.end
    if not start_s < end_s:
        fail(f"there is nothing between {start_s:g} s and {end_s:g} s")
    if len(units) + len(transfers) > MOST_SPANS and arguments.end is None:
        fail(f"{len(units) + len(transfers)} spans are too many for a picture: choose a part, "
             "such as --to 2")

    plots = os.path.join(arguments.run, "plots")
    os.makedirs(plots, exist_ok=True)
    with plt.rc_context(palette.RC):
        fig, axes = plt.subplots(layout="constrained", figsize=(7.2, 0.5 * len(devices) + 0.9))
        draw(axes, units, transfers, devices, start_s, end_s)
        visible = units[(units["finish_s"] > start_s) & (units["start_s"] < end_s)]
        shown = visible.drop_duplicates("colour").sort_values("colour")[: len(COLOURS)]
        handles = [Patch(color=COLOURS[number % len(COLOURS)], label=label)
                   for label, number in zip(shown["label"], shown["colour"])]
        handles.append(Patch(color=SENDING, alpha=0.6, label="sending"))
        fig.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1.0),
                   ncol=min(len(handles), 5))
        for kind, metadata in (("png", None), ("pdf", {"CreationDate": None})):
            path = os.path.join(plots, f"timeline.{kind}")
            fig.savefig(path, bbox_inches="tight", metadata=metadata)
            print(path)


if __name__ == "__main__":
    main()
