#!/usr/bin/python3
"""Latency against a setting, such as the bandwidth: a panel per further setting, a line per strategy.

Reads RESULTS_DIR/runs.csv and writes RESULTS_DIR/plots/latency_vs_<setting>.png, .pdf and .svg. Bands are
what 90 % of draws are within if the scenario has uncertainty, else 95 % confidence intervals of the mean over
repetitions; the thin dashed line is what the estimator says of one request on the idle cluster. Numbers below the
lowest line are how many times as fast as the baseline that strategy is. Panels of one model have one scale.
"""

import pandas as pd
from matplotlib.lines import Line2D

import figures
import repetitions

DASHES = (0, (4, 2))
SPEEDUP = "speedup_over_baseline"


def tell_speedup(axes, results, rows):
    """How many times as fast as the baseline the fastest strategy is."""
    for x, here in rows.groupby("x"):
        means = here.groupby("who")["latency_s"].mean()
        best = min(results.strategies(here), key=lambda who: (round(means[who], 9), who))
        mine = here[here["who"] == best]
        if mine[SPEEDUP].notna().any():
            axes.annotate(f"{repetitions.span(mine, SPEEDUP)[0]:.2g}×", (x, means[best] * 1e3), (0, -5),
                          textcoords="offset points", ha="center", va="top", fontsize=6.5,
                          color=results.looks[best][0])


def draw_panel(axes, results, x, rows):
    places = figures.set_x(axes, results, x)
    numeric = results.numeric(x)
    rows = rows.assign(x=rows[x].map(places))
    for strategy in [group[0] for group in results.groups(rows)]:
        colour, marker = results.looks[strategy]
        by_x = rows[rows["who"] == strategy].groupby("x")
        spans = {value: repetitions.span(runs, "latency_s") for value, runs in by_x}
        means, low, high = (pd.Series({value: ends[end] * 1e3 for value, ends in spans.items()}) for end in range(3))
        estimated = by_x["estimated_latency_s"].mean() * 1e3
        axes.fill_between(means.index, low, high, color=colour, alpha=0.18, linewidth=0)
        if numeric:
            axes.plot(estimated.index, estimated, color=colour, linewidth=0.7, linestyle=DASHES)
        # Between names there is nothing; a faint line only leads the eye.
        axes.plot(means.index, means, color=colour, marker=marker, linestyle="-" if numeric else ":")
    axes.set_yscale("log")
    # A band that reaches towards zero has no place on a logarithmic axis: cut it there.
    lowest = min(rows.groupby(["who", "x"])["latency_s"].mean().min(), rows["estimated_latency_s"].min())
    axes.set_ylim(bottom=max(axes.get_ylim()[0], lowest * 1e3 * 0.8))
    if rows[SPEEDUP].notna().any():
        axes.margins(x=0.09)
        low, high = axes.get_ylim()
        axes.set_ylim(bottom=low / (high / low) ** 0.09)  # room for the numbers
        tell_speedup(axes, results, rows)


def draw(results, x=None):
    x = results.x_axis(x)
    panels = results.panels(x)
    fig, grid = figures.grid(len(panels))
    for axes, (_, rows) in zip(grid, panels):
        draw_panel(axes, results, x, rows)
    figures.titles(grid, results, panels)
    figures.share(grid, panels)
    for axes in grid:
        figures.log_y(axes)
    fig.suptitle(results.subject() or None)
    fig.supxlabel(figures.axis_title(x))
    fig.supylabel("mean latency (ms)" if results.repeated else "latency (ms)")
    runs = results.runs
    more = []
    apart = ((runs["estimated_latency_s"] / runs["latency_s"] - 1).abs() > 0.01).any()  # else it is under the others
    if results.numeric(x) and apart:
        more.append(Line2D([], [], color="#555555", linewidth=0.7, linestyle=DASHES, label="estimated"))
    if runs[SPEEDUP].notna().any():
        more.append(Line2D([], [], linestyle="none", label=f"2×: twice as fast as {results.baseline()}"))
    figures.legend(fig, results, more)
    figures.save(fig, results, "latency_vs_" + x.split(".")[-1])


if __name__ == "__main__":
    figures.main(draw, __doc__)
