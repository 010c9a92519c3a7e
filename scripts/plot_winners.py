#!/usr/bin/python3
"""Who wins where: a map over two settings, coloured by the strategy with the least mean latency.

Reads RESULTS_DIR/runs.csv and writes RESULTS_DIR/plots/winners.png and .pdf. Each field says the
winner, its latency, and how much slower the second best is, or if the scenario has uncertainty in how many draws
it is the fastest; "=" joins strategies within 1 %.
The heavy frame, which is also told in words, is the best field of its panel, or of its line where each line
is a model. Where the horizontal axis counts something, the dashed frame of a line is the least number that
comes within 5 % of the line's best.
"""

from matplotlib.patches import Patch, Rectangle

import figures
import palette

TIE = 1.01
ENOUGH = 1.05


def frame(axes, i, j, style):
    axes.add_patch(Rectangle((j - 0.465, i - 0.46), 0.93, 0.92, fill=False, edgecolor="black",
                             linewidth=2.2 if style == "-" else 1.3, linestyle=style))


def ranking(rows):
    """Mean latencies in ms, ascending; simpler strategies first where equal."""
    means = rows.groupby("who")["latency_s"].mean() * 1e3
    order = {"single": -1}
    return sorted(means.items(), key=lambda item: (round(item[1], 6), order.get(item[0], 0)))


def draw_panel(axes, results, x, y, rows, title):
    columns, lines = results.values(x), results.values(y) if y else [""]
    best = None
    for i, line in enumerate(lines):
        latencies = {}
        for j, column in enumerate(columns):
            here = rows[(rows[x] == column) & ((rows[y] == line) if y else True)]
            if here.empty:
                continue
            ranks = ranking(here)
            winner, latency = ranks[0]
            ties = [name for name, ms in ranks if ms <= latency * TIE]
            # Where the simplest strategy is as good as any, it is the answer.
            if "single" in ties:
                winner = "single"
            colour = palette.style(winner)[0]
            axes.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, facecolor=colour, edgecolor="white",
                                     linewidth=1.5))
            others = [ms for name, ms in ranks if name not in ties]
            second = f"\n2nd +{(others[0] / latency - 1) * 100:.0f} %" if others else ""
            if results.drawn:
                share = here.loc[here["who"] == winner, "fastest_share"].mean()
                second = f"\nin {share * 100:.0f} % of draws"
            name = winner + (" =" if len(ties) > 1 else "")
            axes.text(j, i, f"{name}\n{latency:.0f} ms{second}", ha="center", va="center",
                      fontsize=7, color=palette.on(colour))
            latencies[j] = latency
            if best is None or latency < best[0] / TIE:
                best = (latency, i, j, winner)
        if results.numeric(x) and latencies:
            enough = next(j for j, ms in latencies.items() if ms <= min(latencies.values()) * ENOUGH)
            frame(axes, i, enough, (0, (3, 2)))
        # What one model takes compares with no other's.
        if best and x != "model" and (y == "model" or i == len(lines) - 1):
            frame(axes, best[1], best[2], "-")
            settings = [figures.setting_text(x, columns[best[2]])]
            settings += [figures.setting_text(y, lines[best[1]])] if y else []
            settings += title.split("\n") if title else []
            print(f"least latency: {best[3]}, {', '.join(settings)}: {best[0]:.0f} ms")
            best = None
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(-0.5, len(lines) - 0.5)
    for axis, ticks, values in ((x, axes.set_xticks, columns), (y, axes.set_yticks, lines)):
        numeric = axis and results.numeric(axis)
        ticks(range(len(values)), [f"{figures.quantity(v):g}" if numeric else v for v in values])
    axes.tick_params(length=0)
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def draw(results, x=None):
    x = results.x_axis(x)
    others = [a for a in results.axes if a != x]
    y = max(others, key=lambda a: results.runs[a].nunique()) if others else None
    panels = results.panels(x, y)
    columns, lines = results.runs[x].nunique(), results.runs[y].nunique() if y else 1
    fig, grid = figures.grid(len(panels), width=0.95 * columns + 1.0, height=0.55 * lines + 0.5,
                             columns=2 if len(panels) > 1 else 1)
    for axes, (title, rows) in zip(grid, panels):
        draw_panel(axes, results, x, y, rows, title)
        axes.set_title(title)
    fig.supxlabel(figures.axis_title(x), fontsize=9)
    if y:
        fig.supylabel(figures.axis_title(y), fontsize=9)
    fig.suptitle("Least latency: which strategy, and how long", fontsize=10)
    best = "best of its line" if y == "model" else "best of all" if len(panels) == 1 else "best of its panel"
    keys = [Patch(fill=False, edgecolor="black", linewidth=2.2, label=best)]
    if results.numeric(x):
        keys.append(Patch(fill=False, edgecolor="black", linewidth=1.3, linestyle=(0, (3, 2)),
                          label="enough: within 5 % of the line's best"))
    fig.legend(handles=keys, loc="upper center", bbox_to_anchor=(0.5, 0.0), ncol=2)
    figures.save(fig, results, "winners")


if __name__ == "__main__":
    figures.main(draw, __doc__)
