#!/usr/bin/python3
"""Where the time goes: the critical path of each strategy as a stacked bar, a panel per setting.

Reads RESULTS_DIR/runs.csv and writes RESULTS_DIR/plots/breakdown.png, .pdf and .svg. The parts are means
over requests and repetitions and add up to the mean latency.
"""

from matplotlib.patches import Patch

import figures

PARTS = [
    ("compute_s", "computing", "#0072B2", ""),
    ("transfer_s", "transferring", "#E69F00", "//"),
    ("queue_s", "queueing for a device", "#CC79A7", ".."),
    ("wait_s", "held back before the start", "#999999", "xx"),
]


def draw_panel(axes, results, rows):
    strategies = results.strategies(rows)[::-1]
    means = rows.groupby("who")[[p[0] for p in PARTS] + ["latency_s"]].mean() * 1e3
    left = [0.0] * len(strategies)
    for column, _, colour, hatch in PARTS:
        widths = [means.loc[s, column] for s in strategies]
        axes.barh(strategies, widths, left=left, color=colour, hatch=hatch, edgecolor="white",
                  linewidth=0.4, height=0.72)
        left = [a + b for a, b in zip(left, widths)]
    for place, strategy in enumerate(strategies):
        axes.annotate(f"{means.loc[strategy, 'latency_s']:.0f}", (left[place], place), (3, 0),
                      textcoords="offset points", va="center", fontsize=7)
    axes.set_xlim(0, max(left) * 1.15)
    axes.grid(axis="y", visible=False)


def draw(results, x=None):
    panels = results.panels()
    bars = results.runs["who"].nunique()
    lines = max(title.count("\n") for title, _ in panels) + 1
    fig, grid = figures.grid(len(panels), width=3.0, height=0.22 * bars + 0.55 + 0.15 * lines)
    for axes, (title, rows) in zip(grid, panels):
        draw_panel(axes, results, rows)
        axes.set_title(title)
    figures.share(grid, panels, "x")
    fig.suptitle(results.subject() or None)
    fig.supxlabel("latency (ms)")
    shown = [p for p in PARTS if results.runs[p[0]].sum() > 1e-9]
    figures.place_legend(fig, [Patch(facecolor=c, hatch=h, edgecolor="white", label=n) for _, n, c, h in shown])
    figures.save(fig, results, "breakdown")


if __name__ == "__main__":
    figures.main(draw, __doc__)
