#!/usr/bin/python3
"""Latency against throughput as more requests arrive per second: a line per strategy.

Reads RESULTS_DIR/runs.csv of a sweep over requests.arrivals.rate and writes
RESULTS_DIR/plots/throughput.png and .pdf: mean of the 95th percentile of latency over mean
throughput, with 95 % confidence intervals over repetitions. A line that turns straight up has
reached what the strategy can take.
"""

import figures
import palette

RATE = "requests.arrivals.rate"


def draw_panel(axes, rows):
    for strategy in palette.order(rows["who"].unique()):
        colour, marker = palette.style(strategy)
        by_rate = rows[rows["who"] == strategy].assign(r=lambda t: t[RATE].map(figures.quantity)).groupby("r")
        throughput = by_rate["throughput_rps"].mean()
        mean = by_rate["latency_p95_s"].apply(lambda v: figures.interval(v)[0] * 1e3)
        half = by_rate["latency_p95_s"].apply(lambda v: figures.interval(v)[1] * 1e3)
        half = half.where(half < mean, mean * 0.999)  # a logarithmic axis has no zero
        axes.errorbar(throughput, mean, yerr=half if half.any() else None, color=colour, marker=marker,
                      capsize=2, elinewidth=0.8)
    axes.set_xlim(left=0)
    axes.set_yscale("log")
    axes.set_ylim(bottom=rows.groupby(["who", RATE])["latency_p95_s"].mean().min() * 1e3 * 0.8)
    figures.log_y(axes)


def draw(results, x=None):
    if RATE not in results.axes:
        raise figures.NotApplicable(f"{RATE} was not varied")
    panels = results.panels(RATE)
    fig, grid = figures.grid(len(panels), width=4.2, height=3.2)
    for axes, (title, rows) in zip(grid, panels):
        draw_panel(axes, rows)
        axes.set_title(title)
    fig.supxlabel("throughput (requests/s)", fontsize=9)
    fig.supylabel("95th percentile of latency (ms)", fontsize=9)
    figures.legend(fig, results.strategies(), columns=3)
    figures.save(fig, results, "throughput")


if __name__ == "__main__":
    figures.main(draw, __doc__)
