#!/usr/bin/python3
"""The planners' estimator against the simulator, which both are models: a point per run.

Reads RESULTS_DIR/runs.csv and writes RESULTS_DIR/plots/estimates.png, .pdf and .svg. Estimates are for
one request on the idle cluster, so only runs with closed arrivals are drawn.
"""

import figures

EXACT = 1e-6  # %: less is rounding


def draw(results, x=None):
    runs = results.runs[results.runs["estimate_gap"].notna()]
    if runs.empty:
        raise figures.NotApplicable("estimates are for one request at a time, arrivals are not closed")
    fig, (axes,) = figures.grid(1, width=3.6, height=3.4)
    low, high = float("inf"), 0.0
    for strategy in results.strategies():
        colour, marker = results.looks[strategy]
        mine = runs[runs["who"] == strategy]
        estimated, simulated = mine["estimated_latency_s"] * 1e3, mine["latency_s"] * 1e3
        axes.plot(estimated, simulated, color=colour, marker=marker, linestyle="none", alpha=0.7)
        low = min(low, estimated.min(), simulated.min())
        high = max(high, estimated.max(), simulated.max())
    span = [low / 1.15, high * 1.15]
    axes.plot(span, span, color="#000000", linewidth=0.8, zorder=0)
    axes.set_xscale("log")
    axes.set_xlim(span)
    axes.set_ylim(span)
    figures.log_y(axes)
    figures.log_x(axes)
    gap = runs["estimate_gap"].abs() * 100
    median, largest = ("0 %" if value < EXACT else f"{value:.2g} %" for value in (gap.median(), gap.max()))
    axes.set_title(f"{len(gap)} runs, |gap| median {median}, largest {largest}")
    axes.set_xlabel("estimated latency (ms)")
    axes.set_ylabel("simulated mean latency (ms)")
    figures.legend(fig, results, lines=False, alike=False)
    figures.save(fig, results, "estimates")


if __name__ == "__main__":
    figures.main(draw, __doc__)
