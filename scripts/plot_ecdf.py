#!/usr/bin/python3
"""Which share of the requests is done within which time: a panel per setting, a line per strategy.

Reads the requests.csv of every run and writes RESULTS_DIR/plots/ecdf.png and .pdf. Repetitions are
pooled.
"""

import numpy as np
import pandas as pd
from matplotlib.ticker import LogLocator, NullFormatter

import figures
import palette


def draw_panel(axes, results, rows):
    for strategy in palette.order(rows["who"].unique()):
        mine = rows[rows["who"] == strategy]
        tables = [results.table(run_id, "requests.csv")["latency_s"] for run_id in mine["run_id"]]
        latencies = np.sort(pd.concat(tables)) * 1e3
        share = np.arange(1, len(latencies) + 1) / len(latencies) * 100
        colour, marker = palette.style(strategy)
        axes.step(np.append(latencies[0], latencies), np.append(0, share), where="post", color=colour,
                  marker=marker, markevery=max(1, len(latencies) // 6), markersize=3.5)
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low < 100 else (1,)))
    axes.xaxis.set_major_formatter(figures.PLAIN)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_ylim(0, 102)


def draw(results, x=None):
    if (results.runs["latency_p50_s"] == results.runs["latency_max_s"]).all():
        raise figures.NotApplicable("all requests of a run take the same time")
    panels = results.panels()
    fig, grid = figures.grid(len(panels))
    for axes, (title, rows) in zip(grid, panels):
        draw_panel(axes, results, rows)
        axes.set_title(title)
    fig.supxlabel("latency (ms)", fontsize=9)
    fig.supylabel("requests done within it (%)", fontsize=9)
    figures.legend(fig, results.strategies())
    figures.save(fig, results, "ecdf")


if __name__ == "__main__":
    figures.main(draw, __doc__)
