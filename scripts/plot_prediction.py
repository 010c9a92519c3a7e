#!/usr/bin/python3
"""What planners predict against what is simulated: a point per run.

Reads RESULTS_DIR/runs.csv and writes RESULTS_DIR/plots/prediction.png and .pdf. Predictions are for
one request on the idle cluster, so only runs with closed arrivals are drawn.
"""

from matplotlib.ticker import LogLocator, NullFormatter

import figures
import palette

EXACT = 1e-6  # %: less is rounding


def draw(results, x=None):
    runs = results.runs[results.runs["prediction_error"].notna()]
    if runs.empty:
        raise figures.NotApplicable("predictions are for one request at a time, arrivals are not closed")
    fig, (axes,) = figures.grid(1, width=3.6, height=3.4)
    low, high = float("inf"), 0.0
    for strategy in results.strategies():
        colour, marker = palette.style(strategy)
        mine = runs[runs["who"] == strategy]
        predicted, simulated = mine["predicted_latency_s"] * 1e3, mine["latency_s"] * 1e3
        axes.plot(predicted, simulated, color=colour, marker=marker, linestyle="none", alpha=0.7)
        low = min(low, predicted.min(), simulated.min())
        high = max(high, predicted.max(), simulated.max())
    span = [low / 1.15, high * 1.15]
    axes.plot(span, span, color="#000000", linewidth=0.8, zorder=0)
    axes.set_xscale("log")
    axes.set_xlim(span)
    axes.set_ylim(span)
    figures.log_y(axes)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low < 100 else (1,)))
    axes.xaxis.set_major_formatter(figures.PLAIN)
    axes.xaxis.set_minor_formatter(NullFormatter())
    error = runs["prediction_error"].abs() * 100
    median, largest = ("0 %" if value < EXACT else f"{value:.2g} %" for value in (error.median(), error.max()))
    axes.set_title(f"{len(error)} runs, |error| median {median}, largest {largest}")
    axes.set_xlabel("predicted latency (ms)")
    axes.set_ylabel("simulated mean latency (ms)")
    figures.legend(fig, results.strategies(), columns=3, lines=False)
    figures.save(fig, results, "prediction")


if __name__ == "__main__":
    figures.main(draw, __doc__)
