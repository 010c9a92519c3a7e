#!/usr/bin/python3
"""Speed-up over the baseline: a point per strategy and setting, paired by repetition.

Reads RESULTS_DIR/runs.csv and writes RESULTS_DIR/plots/speedup.png, .pdf and .svg. Each run is divided
into the baseline's run with the same settings and random numbers; points are geometric means of these ratios, bars what
90 % of draws are within if the scenario has uncertainty, else 95 % confidence intervals, by Student's t on logarithms.
"""

import figures
import repetitions


def draw_panel(axes, results, x, rows):
    values = results.values(x) if x else [""]
    strategies = results.strategies(rows)
    least = 1.0
    step = 0.8 / len(strategies)
    for s, strategy in enumerate(strategies):
        colour, marker = results.looks[strategy]
        for v, value in enumerate(values):
            mine = rows[(rows["who"] == strategy) & ((rows[x] == value) if x else True)]
            if mine["speedup_over_baseline"].dropna().empty:
                continue
            mean, low, high = repetitions.span(mine, "speedup_over_baseline")
            least = min(least, mean)
            bar = [[max(mean - low, 0)], [max(high - mean, 0)]] if high > low else None
            axes.errorbar(v + (s - (len(strategies) - 1) / 2) * step, mean, yerr=bar, color=colour, marker=marker,
                          linestyle="none", capsize=2, elinewidth=1)
    for v in range(len(values) - 1):
        axes.axvline(v + 0.5, color="#d0d0d0", linewidth=0.6)
    axes.axhline(1, color="#000000", linewidth=0.8)
    axes.set_xlim(-0.5, len(values) - 0.5)
    long = max(len(str(v)) for v in values) > 8
    labels = [f"{figures.quantity(v):g}" if x and results.numeric(x) else v for v in values]
    axes.set_xticks(range(len(values)), labels, rotation=20 if long else 0,
                    ha="right" if long else "center")
    axes.grid(axis="x", visible=False)
    # A bar that reaches towards zero has no place on a logarithmic axis: cut it there.
    axes.set_yscale("log")
    axes.set_ylim(bottom=max(axes.get_ylim()[0], least * 0.7))


def draw(results, x=None):
    baseline = results.baseline()
    if baseline is None:
        raise figures.NotApplicable("the sweep has no baseline")
    x = results.x_axis(x) if results.axes else None
    panels = results.panels(x)
    shown = [who for who in results.strategies() if who != baseline]  # that one is the line at 1
    if not shown:
        raise figures.NotApplicable("there is nothing but the baseline")
    fig, grid = figures.grid(len(panels), width=3.2)
    for axes, (title, rows) in zip(grid, panels):
        draw_panel(axes, results, x, rows[rows["who"].isin(shown)])
        axes.set_title(title)
    ends = [axes.get_ylim() for axes in grid]
    for axes in grid:  # ratios can be compared, whatever the model
        axes.set_ylim(min(low for low, _ in ends), max(high for _, high in ends))
        figures.log_y(axes)
    fig.suptitle(results.subject() or None)
    if x:
        fig.supxlabel(figures.axis_title(x))
    fig.supylabel(f"speed-up over {baseline}")
    figures.legend(fig, results, lines=False, without=[baseline], alike=False)
    figures.save(fig, results, "speedup")


if __name__ == "__main__":
    figures.main(draw, __doc__)
