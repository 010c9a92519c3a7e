#!/usr/bin/python3
"""Draws every figure that a results folder has the data for.

Reads RESULTS_DIR and writes RESULTS_DIR/plots/*.png, .pdf and .svg.
"""

import figures
import plot_breakdown
import plot_devices
import plot_ecdf
import plot_latency
import plot_planner
import plot_estimates
import plot_speedup
import plot_throughput
import plot_winners

FIGURES = [plot_winners, plot_latency, plot_speedup, plot_breakdown, plot_devices, plot_ecdf,
           plot_throughput, plot_estimates, plot_planner]


def draw(results, x=None):
    for figure in FIGURES:
        try:
            figure.draw(results, x)
        except figures.NotApplicable as reason:
            print(f"no {figure.__name__.removeprefix('plot_')}: {reason}")


if __name__ == "__main__":
    figures.main(draw, __doc__)
