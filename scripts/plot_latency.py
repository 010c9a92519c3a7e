#!/usr/bin/python3
"""Latency against a setting, such as the bandwidth: a panel per further setting, a line per strategy.

Reads RESULTS_DIR/runs.csv and writes RESULTS_DIR/plots/latency_vs_<setting>.png and .pdf. Bands are
what 90 % of draws are within if the scenario has uncertainty, else 95 % confidence intervals of the mean over
repetitions; the thin dashed line is what the estimator says of one request on the idle cluster.
"""

import pandas as pd
from matplotlib.lines import Line2D

import figures
import palette

DASHES = (0, (4, 2))


def draw_panel(axes, results, x, rows):
    places = figures.set_x(axes, results, x)
    numeric = results.numeric(x)
    rows = rows.assign(x=rows[x].map(places))
    for strategy in palette.order(rows["who"].unique()):
        colour, marker = palette.style(strategy)
        by_x = rows[rows["who"] == strategy].groupby("x")
        spans = {value: figures.span(runs, "latency_s") for value, runs in by_x}
        means, low, high = (pd.Series({value: ends[end] * 1e3 for value, ends in spans.items()}) for end in range(3))
        estimated = by_x["estimated_latency_s"].mean() * 1e3
        axes.fill_between(means.index, low, high, color=colour, alpha=0.18, linewidth=0)
        if numeric:
            axes.plot(estimated.index, estimated, color=colour, linewidth=0.7, linestyle=DASHES)
        # Between names there is nothing; a faint line only leads the eye.
        axes.plot(means.index, means, color=colour, marker=marker, linestyle="-" if numeric else ":")
    # A band that reaches towards zero has no place on a logarithmic axis: cut it there.
    lowest = min(rows.groupby(["who", "x"])["latency_s"].mean().min(), rows["estimated_latency_s"].min())
    axes.set_ylim(bottom=max(axes.get_ylim()[0], lowest * 1e3 * 0.8))
    figures.log_y(axes)


def draw(results, x=None):
    x = results.x_axis(x)
    panels = results.panels(x)
    fig, grid = figures.grid(len(panels))
    for axes, (title, rows) in zip(grid, panels):
        draw_panel(axes, results, x, rows)
        axes.set_title(title)
    fig.supxlabel(figures.axis_title(x), fontsize=9)
    fig.supylabel("mean latency (ms)" if results.repeated else "latency (ms)", fontsize=9)
    runs = results.runs
    apart = ((runs["estimated_latency_s"] / runs["latency_s"] - 1).abs() > 0.01).any()  # else it is under the others
    estimated = Line2D([], [], color="#555555", linewidth=0.7, linestyle=DASHES, label="estimated")
    figures.legend(fig, results.strategies(), [estimated] if results.numeric(x) and apart else [])
    figures.save(fig, results, "latency_vs_" + x.split(".")[-1])


if __name__ == "__main__":
    figures.main(draw, __doc__)
