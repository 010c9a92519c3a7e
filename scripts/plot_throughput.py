#!/usr/bin/python3
"""Latency against throughput as more requests arrive per second: a line per strategy.

Reads RESULTS_DIR/runs.csv of a sweep over requests.arrivals.rate and writes
RESULTS_DIR/plots/throughput.png, .pdf and .svg: mean of the 95th percentile of latency over mean
throughput, with 95 % confidence intervals over repetitions. A line that turns straight up has
reached what the strategy can take. Of a sweep over the rate of one of several streams
(streams.NAME.requests.arrivals.rate), both are that stream's own, from streams.csv.
"""

import os
import re

import figures
import repetitions

RATE = "requests.arrivals.rate"


def varied_rate(results):
    """The setting that says how many requests arrive per second."""
    rates = [a for a in results.axes if a == RATE or a.startswith("streams") and a.endswith(f".{RATE}")]
    if not rates:
        raise figures.NotApplicable(f"{RATE} was not varied")
    if len(rates) > 1:
        raise figures.NotApplicable(f"several rates were varied: {', '.join(rates)}")
    return rates[0]


def of_stream(rows, results, rate):
    """The rows with latency and throughput of the stream whose rate was varied, and its name."""
    streams = figures.read_table(os.path.join(results.folder, "streams.csv"))
    which = re.fullmatch(r"streams(?:\.(.+)|\[(\d+)\])\." + re.escape(RATE), rate)
    name = which[1] or streams["stream"].unique()[int(which[2])]
    own = streams[streams["stream"] == name].set_index("index")
    return rows.assign(**{c: rows["index"].map(own[c]) for c in ("latency_p95_s", "throughput_rps")}), name


def draw_panel(axes, results, rows, rate):
    for strategy in [group[0] for group in results.groups(rows)]:
        colour, marker = results.looks[strategy]
        by_rate = rows[rows["who"] == strategy].assign(r=lambda t: t[rate].map(figures.quantity)).groupby("r")
        throughput = by_rate["throughput_rps"].mean()
        mean = by_rate["latency_p95_s"].apply(lambda v: repetitions.interval(v)[0] * 1e3)
        half = by_rate["latency_p95_s"].apply(lambda v: repetitions.interval(v)[1] * 1e3)
        half = half.where(half < mean, mean * 0.999)  # a logarithmic axis has no zero
        axes.errorbar(throughput, mean, yerr=half if half.any() else None, color=colour, marker=marker,
                      capsize=2, elinewidth=0.8)
    axes.set_xlim(left=0)
    axes.set_yscale("log")
    axes.set_ylim(bottom=rows.groupby(["who", rate])["latency_p95_s"].mean().min() * 1e3 * 0.8)


def draw(results, x=None):
    rate = varied_rate(results)
    # What was varied together with the rate, such as the number of requests, needs no panels.
    panels = results.panels(*[a for a in results.axes if results.same(a, rate)])
    fig, grid = figures.grid(len(panels), width=4.2, height=3.2)
    for axes, (_, rows) in zip(grid, panels):
        stream = ""
        if rate != RATE:
            rows, name = of_stream(rows, results, rate)
            stream = f" of {name}"
        draw_panel(axes, results, rows, rate)
    figures.titles(grid, results, panels)
    figures.share(grid, panels)
    for axes in grid:
        figures.log_y(axes)
    fig.suptitle(results.subject() or None)
    fig.supxlabel(f"throughput{stream} (requests/s)")
    fig.supylabel(f"95th percentile of latency{stream} (ms)")
    figures.legend(fig, results)
    figures.save(fig, results, "throughput")


if __name__ == "__main__":
    figures.main(draw, __doc__)
