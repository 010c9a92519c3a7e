#!/usr/bin/python3
"""What every device did when, as a Gantt chart.

Reads units.csv, transfers.csv and devices.csv of one run (RESULTS_DIR/runs/<run_id>) and writes
plots/timeline.png, .pdf and .svg beside them: per device a row of computing, coloured by request (or by
stream, if there are several), and below it a thinner one of the messages that it sends. With --request N, and for a
run of one request, that request alone (plots/timeline_request_N): its layers by name where there is room, and from
plan.yaml its critical path.
"""

import argparse
import os
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

import critical_path
import figures

COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999933", "#882255"]
LAYERS = ["#9ecae1", "#c6dbef"]  # in turns
SENDING = "#9a9a9a"
CRITICAL = "#c00000"
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
    """`units` have the colour of each."""
    for row, device in enumerate(devices):
        computed, spans = spans_ms(units[units["device"] == device], start_s, end_s)
        axes.broken_barh(spans, (row - 0.36, 0.48), facecolors=list(computed["colour"]), linewidth=0)
        sent, spans = spans_ms(transfers[transfers["from_device"] == device], start_s, end_s)
        axes.broken_barh(spans, (row + 0.16, 0.2), facecolors=SENDING, alpha=0.6, linewidth=0)
    axes.set_yticks(range(len(devices)), devices)
    axes.set_ylim(len(devices) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    axes.set_xlim(start_s * 1e3, end_s * 1e3)
    axes.set_xlabel("time (ms)")


def name_layers(axes, units, devices, start_s, end_s):
    """The names of layers on bars that are wide enough for them."""
    inch_per_s = axes.figure.get_figwidth() * 0.85 / (end_s - start_s)
    for unit in units.itertuples():
        low, high = max(unit.start_s, start_s), min(unit.finish_s, end_s)
        if (high - low) * inch_per_s > 0.048 * len(unit.layer) + 0.03:
            axes.text((low + high) / 2 * 1e3, devices.index(unit.device) - 0.12, unit.layer, fontsize=5.5,
                      ha="center", va="center", color="#333333")


def draw_path(axes, path, devices):
    """Units and messages of the critical path, and a line from each to the next."""
    def place(part):
        return devices.index(part.device) + (0.26 if part.kind == "transfer" else -0.12)
    x, y = [], []
    for part in path.itertuples():
        height = 0.2 if part.kind == "transfer" else 0.48
        fill = {"facecolor": CRITICAL, "alpha": 0.6} if part.kind == "transfer" else {"facecolor": "none"}
        if part.kind != "queue":
            axes.broken_barh([(part.start_s * 1e3, (part.finish_s - part.start_s) * 1e3)],
                             (place(part) - height / 2, height), edgecolor=CRITICAL, linewidth=0.5, **fill)
        x += [part.start_s * 1e3, part.finish_s * 1e3]
        y += [place(part)] * 2
    axes.plot(x, y, color=CRITICAL, linewidth=0.7)


def of_request(table, arguments):
    """The rows of the last attempt of the request that is asked for."""
    rows = table[table["request"] == arguments.request]
    if "stream" in rows and rows["stream"].notna().any():
        names = sorted(rows["stream"].unique())
        if arguments.stream not in names and len(names) > 1:
            fail(f"whose request {arguments.request}? --stream is one of {', '.join(names)}")
        rows = rows[rows["stream"] == (arguments.stream or names[0])]
    if "attempt" in rows:
        rows = rows[rows["attempt"] == rows["attempt"].max()]
    return rows


def one_request(axes, arguments, units, transfers, devices, window):
    """Draws it; returns handles of the legend."""
    order = {layer: k for k, layer in enumerate(units["layer"].unique())}
    units = units.assign(colour=[LAYERS[order[layer] % 2] for layer in units["layer"]])
    draw(axes, units, transfers, devices, *window)
    name_layers(axes, units, devices, *window)
    path = critical_path.path_of(units, transfers, critical_path.plan_needs(arguments.run, units))
    draw_path(axes, path, devices)
    parts = {kind: spent_s * 1e3 for kind, spent_s in critical_path.parts_s(path).items()}
    said = " + ".join(f"{parts[kind]:.1f} {name}" for kind, name in critical_path.PARTS.items() if parts[kind] > 0)
    axes.set_title(f"request {arguments.request}: {sum(parts.values()):.1f} ms = {said}")
    return [Patch(color=LAYERS[0], label="layers, in two shades by turns"),
            Patch(color=SENDING, alpha=0.6, label="sending"),
            Line2D([], [], color=CRITICAL, linewidth=1, label="critical path")]


def all_requests(axes, units, transfers, devices, window):
    labels, numbers = coloured(units)
    units = units.assign(label=labels, number=numbers, colour=[COLOURS[n % len(COLOURS)] for n in numbers])
    draw(axes, units, transfers, devices, *window)
    visible = units[(units["finish_s"] > window[0]) & (units["start_s"] < window[1])]
    shown = visible.drop_duplicates("number").sort_values("number")[: len(COLOURS)]
    return [*(Patch(color=row.colour, label=row.label) for row in shown.itertuples()),
            Patch(color=SENDING, alpha=0.6, label="sending")]


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", metavar="RUN_DIR", help="RESULTS_DIR/runs/<run_id>")
    parser.add_argument("--request", type=int, metavar="N", help="only this one, with its layers and critical path")
    parser.add_argument("--stream", metavar="NAME", help="whose request, if there are streams")
    parser.add_argument("--from", dest="start", type=float, metavar="S", help="from this second of the run on")
    parser.add_argument("--to", dest="end", type=float, metavar="S", help="up to this second")
    figures.add_style(parser)
    return parser.parse_args()


def main():
    arguments = parse()
    times = ["request", "start_s", "finish_s"]
    units = read(arguments.run, "units.csv", [*times, "device", "layer", "unit", "ready_s"])
    transfers = read(arguments.run, "transfers.csv", [*times, "from_device", "from_unit", "to_device"])
    devices = list(read(arguments.run, "devices.csv", ["device"])["device"].astype(str))
    if units.empty:
        fail(f"{arguments.run}: nothing was computed")
    streams = units["stream"].nunique() if "stream" in units else 0
    if arguments.request is None and units["request"].nunique() == 1 and streams <= 1:
        arguments.request = int(units["request"].iloc[0])
    one = arguments.request is not None
    if one:
        units, transfers = of_request(units, arguments), of_request(transfers, arguments)
        if units.empty:
            fail(f"{arguments.run}: there is no request {arguments.request}")
    window = (arguments.start if arguments.start is not None else units["start_s"].min() if one else 0.0,
              arguments.end if arguments.end is not None else units["finish_s"].max())
    if not window[0] < window[1]:
        fail(f"there is nothing between {window[0]:g} s and {window[1]:g} s")
    if len(units) + len(transfers) > MOST_SPANS and arguments.end is None:
        fail(f"{len(units) + len(transfers)} spans are too many for a picture: choose a part, "
             "such as --to 2, or one, such as --request 0")

    with figures.styled(arguments):
        width = figures.page["width"] or 7.2
        fig, axes = plt.subplots(layout="constrained", figsize=(width, 0.5 * len(devices) + 0.9))
        handles = one_request(axes, arguments, units, transfers, devices, window) if one else \
            all_requests(axes, units, transfers, devices, window)
        figures.place_legend(fig, handles)
        name = f"timeline_request_{arguments.request}" if one else "timeline"
        figures.write(fig, os.path.join(arguments.run, "plots"), name)


if __name__ == "__main__":
    main()
