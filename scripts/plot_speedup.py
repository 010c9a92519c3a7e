#!/usr/bin/python3
"""Speed-up over the baseline: a point per strategy and setting, paired by repetition.

Reads RESULTS_DIR/runs.csv and writes RESULTS_DIR/plots/speedup.png and .pdf. Each run is divided
into the baseline's run with the same settings and random numbers; bars are what 90 % of draws are within if the
scenario has uncertainty, else 95 % confidence intervals of the mean of these ratios.
"""

import figures
import palette


def draw_panel(axes, results, x, rows):
    values = results.values(x) if x else [""]
    strategies = palette.order(rows["who"].unique())
    least = 1.0
    step = 0.8 / len(strategies)
    for s, strategy in enumerate(strategies):
        colour, marker = palette.style(strategy)
        for v, value in enumerate(values):
            mine = rows[(rows["who"] == strategy) & ((rows[x] == value) if x else True)]
            if mine["speedup_over_baseline"].dropna().empty:
                continue
            mean, low, high = figures.span(mine, "speedup_over_baseline")
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
    figures.log_y(axes)


def draw(results, x=None):
    if results.runs["speedup_over_baseline"].dropna().empty:
        raise figures.NotApplicable("the sweep has no baseline")
    x = results.x_axis(x) if results.axes else None
    panels = results.panels(x)
    # The baseline itself is the line at 1.
    baseline = results.runs.groupby("who")["speedup_over_baseline"].agg(lambda v: (v == 1).all())
    shown = [s for s in results.strategies() if not baseline.get(s, False)]
    fig, grid = figures.grid(len(panels), width=3.2)
    for axes, (title, rows) in zip(grid, panels):
        draw_panel(axes, results, x, rows[rows["who"].isin(shown)])
        axes.set_title(title)
    if x:
        fig.supxlabel(figures.axis_title(x), fontsize=9)
    names = [s for s in results.strategies() if s not in shown]
    fig.supylabel(f"speed-up over {names[0] if names else 'the baseline'}", fontsize=9)
    figures.legend(fig, shown, lines=False)
    figures.save(fig, results, "speedup")


if __name__ == "__main__":
    figures.main(draw, __doc__)
