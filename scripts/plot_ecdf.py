#!/usr/bin/python3
"""Which share of the requests is done within which time: a panel per setting, a line per strategy.

Reads the requests.csv of every run and writes RESULTS_DIR/plots/ecdf.png, .pdf and .svg. Repetitions are
pooled.
"""

import numpy as np
import pandas as pd

import figures


def draw_panel(axes, results, rows):
    for strategy in [group[0] for group in results.groups(rows)]:
        mine = rows[rows["who"] == strategy]
        tables = [results.table(run_id, "requests.csv")["latency_s"] for run_id in mine["run_id"]]
        latencies = np.sort(pd.concat(tables)) * 1e3
        share = np.arange(1, len(latencies) + 1) / len(latencies) * 100
        colour, marker = results.looks[strategy]
        axes.step(np.append(latencies[0], latencies), np.append(0, share), where="post", color=colour,
                  marker=marker, markevery=max(1, len(latencies) // 6), markersize=3.5)
    axes.set_xscale("log")
    axes.set_ylim(0, 102)


def draw(results, x=None):
    if (results.runs["latency_p50_s"] == results.runs["latency_max_s"]).all():
        raise figures.NotApplicable("all requests of a run take the same time")
    panels = results.panels()
    fig, grid = figures.grid(len(panels))
    for axes, (_, rows) in zip(grid, panels):
        draw_panel(axes, results, rows)
    figures.titles(grid, results, panels)
    figures.share(grid, panels, "x")
    for axes in grid:
        figures.log_x(axes)
    fig.suptitle(results.subject() or None)
    fig.supxlabel("latency (ms)")
    fig.supylabel("requests done within it (%)")
    figures.legend(fig, results)
    figures.save(fig, results, "ecdf")


if __name__ == "__main__":
    figures.main(draw, __doc__)
