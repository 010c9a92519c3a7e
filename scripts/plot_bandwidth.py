#!/usr/bin/python3
"""Latency against bandwidth, one panel per model, one line per strategy.

Reads RESULTS_DIR/runs.csv of a sweep over cluster.network.bandwidth and writes
RESULTS_DIR/plots/latency_vs_bandwidth.png and .pdf. Repetitions are averaged, with a band from
the fastest to the slowest; the thin dashed line is the latency that the planner predicted.
"""

import argparse
import os
import re
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator

import palette

BANDWIDTH = "cluster.network.bandwidth"
NEEDED = ["model", "strategy", BANDWIDTH, "status", "latency_s", "predicted_latency_s"]
# Axes that a panel or a line shows already, and those that are averaged over.
SHOWN = {BANDWIDTH, "strategy.name", "seed"}
SCALE = {"": 1, "k": 1e3, "m": 1e6, "g": 1e9}


def fail(message):
    print(f"plot_bandwidth: {message}", file=sys.stderr)
    sys.exit(2)


def megabits(text):
    """'100Mbps' -> 100.0, '12.5MB/s' -> 100.0"""
    match = re.fullmatch(r"\s*([0-9.eE+]+)\s*([kKMG]?)(b|B)(?:ps|/s)\s*", str(text))
    try:
        return float(match[1]) * SCALE[match[2].lower()] * (8 if match[3] == "B" else 1) / 1e6
    except (TypeError, ValueError):
        fail(f'column {BANDWIDTH}: got "{text}", expected a bandwidth such as 100Mbps')


def read_runs(path):
    try:
        runs = pd.read_csv(path, dtype={BANDWIDTH: str})
    except FileNotFoundError:
        fail(f"no such file: {path}")
    except (OSError, ValueError) as error:
        fail(f"cannot read {path}: {error}")
    for column in NEEDED:
        if column not in runs:
            fail(f"{path}: there is no column {column}")
    bad = runs[runs["status"] != "ok"]
    if len(bad):
        counts = ", ".join(f"{n} {status}" for status, n in bad["status"].value_counts().items())
        print(f"plot_bandwidth: skipping {len(bad)} of {len(runs)} runs: {counts}")
    runs = runs[runs["status"] == "ok"].copy()
    if runs.empty:
        fail(f"{path}: no run has status ok")
    runs["mbps"] = runs[BANDWIDTH].map(megabits)
    runs["measured_ms"] = runs["latency_s"] * 1e3
    runs["predicted_ms"] = runs["predicted_latency_s"] * 1e3
    return runs


def panels(runs):
    """(title, rows) per model, and per value of any other axis that the sweep varied."""
    others = [c for c in runs if "." in c and c not in SHOWN and runs[c].nunique() > 1]
    values = [c.split(".")[-1] + " " + runs[c].astype(str) for c in others]
    titles = runs["model"].str.cat(values, sep="\n")
    yield from runs.groupby(titles, sort=False)


def draw(axes, title, rows):
    for strategy in palette.order(rows["strategy"].unique()):
        colour, marker = palette.style(strategy)
        by_mbps = rows[rows["strategy"] == strategy].groupby("mbps")
        measured = by_mbps["measured_ms"].agg(["mean", "min", "max"])
        predicted = by_mbps["predicted_ms"].mean()
        axes.fill_between(measured.index, measured["min"], measured["max"], color=colour,
                          alpha=0.15, linewidth=0)
        axes.plot(predicted.index, predicted, color=colour, linewidth=0.7, linestyle=(0, (4, 2)))
        axes.plot(measured.index, measured["mean"], color=colour, marker=marker)

    axes.set_title(title)
    axes.set_xscale("log")
    axes.set_yscale("log")
    plain = FuncFormatter(lambda value, _: f"{value:g}")
    bandwidths = sorted(rows["mbps"].unique())
    axes.xaxis.set_major_locator(FixedLocator(bandwidths) if len(bandwidths) <= 6 else LogLocator())
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(plain)
    low, high = axes.get_ylim()
    span = high / low
    labelled = (1, 2, 3, 4, 5, 7) if span < 8 else (1, 2, 5) if span < 100 else (1,)
    axes.yaxis.set_major_locator(LogLocator(subs=labelled))
    axes.yaxis.set_minor_locator(LogLocator(subs=range(1, 10)))
    axes.yaxis.set_major_formatter(plain)
    axes.yaxis.set_minor_formatter(NullFormatter())


def figure(runs):
    parts = list(panels(runs))
    columns = 2 if len(parts) == 4 else min(3, len(parts))
    lines = -(-len(parts) // columns)
    fig, grid = plt.subplots(lines, columns, squeeze=False, layout="constrained",
                             figsize=(2.5 * columns + 0.4, 2.4 * lines))
    for axes, (title, rows) in zip(grid.flat, parts):
        draw(axes, title, rows)
    for axes in grid.flat[len(parts):]:
        axes.remove()
    fig.supxlabel("bandwidth (Mbit/s)", fontsize=9)
    fig.supylabel("latency (ms)", fontsize=9)

    handles = []
    for strategy in palette.order(runs["strategy"].unique()):
        colour, marker = palette.style(strategy)
        handles.append(Line2D([], [], color=colour, marker=marker, label=strategy))
    handles.append(Line2D([], [], color="#555555", linewidth=0.7, linestyle=(0, (4, 2)),
                          label="predicted"))
    fig.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1.0),
               ncol=min(len(handles), 2 * columns))
    return fig


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", metavar="RESULTS_DIR", help="the folder that a sweep wrote")
    results = parser.parse_args().results

    runs = read_runs(os.path.join(results, "runs.csv"))
    plots = os.path.join(results, "plots")
    os.makedirs(plots, exist_ok=True)
    with plt.rc_context(palette.RC):
        fig = figure(runs)
        for kind, metadata in (("png", None), ("pdf", {"CreationDate": None})):
            path = os.path.join(plots, f"latency_vs_bandwidth.{kind}")
            fig.savefig(path, bbox_inches="tight", metadata=metadata)
            print(path)


if __name__ == "__main__":
    main()
