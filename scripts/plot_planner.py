#!/usr/bin/python3
"""How long each strategy plans: a point per plan, the line is the median.

Reads RESULTS_DIR/runs.csv and timing.csv and writes RESULTS_DIR/plots/planner.png, .pdf and .svg. Runs that
shared a plan count once. Wall-clock time on the machine that ran the sweep, with whatever else it did.
"""

import os

import figures


def draw(results, x=None):
    timing = figures.read_table(os.path.join(results.folder, "timing.csv"))[["run_id", "plan_wall_s"]]
    runs = results.runs.merge(timing, on="run_id")
    panels = list(runs.groupby("model", sort=False))
    strategies = results.strategies()[::-1]
    fig, grid = figures.grid(len(panels), width=3.2, height=0.24 * len(strategies) + 0.8)
    for axes, (title, rows) in zip(grid, panels):
        for place, strategy in enumerate(strategies):
            seconds = rows[rows["who"] == strategy]["plan_wall_s"].drop_duplicates() * 1e3
            if seconds.empty:
                continue
            colour, marker = results.looks[strategy]
            axes.plot(seconds, [place] * len(seconds), color=colour, marker=marker, linestyle="none",
                      alpha=0.6)
            axes.plot([seconds.median()] * 2, [place - 0.35, place + 0.35], color=colour, linewidth=1)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(figures.PLAIN)
        axes.set_yticks(range(len(strategies)), strategies)
        axes.set_ylim(-0.6, len(strategies) - 0.4)
        axes.set_title(title)
    fig.supxlabel("planning time (ms)")
    figures.save(fig, results, "planner")


if __name__ == "__main__":
    figures.main(draw, __doc__)
