#!/usr/bin/python3
"""Who wins where: a map over two settings, coloured by the strategy with the least mean latency.

Reads RESULTS_DIR/runs.csv and writes RESULTS_DIR/plots/winners.png, .pdf and .svg. Each field says the
winner, its latency, and how much slower the second best is, or if the scenario has uncertainty in how many draws
it is the fastest; "=" joins strategies within 1 %. A hatched field is not decided: over its repetitions, the 95 %
interval of the second best's latency over the winner's, paired, holds 1; it names both.
The heavy frame, which is also told in words, is the best field of its panel, or of its line where each line
is a model. Where the horizontal axis counts something, the dashed frame of a line is the least number that
comes within 5 % of the line's best.
"""

import textwrap

from matplotlib.patches import Patch, Rectangle

import figures
import palette
import repetitions

TIE = 1.01
ENOUGH = 1.05


def frame(axes, results, i, j, style, winner):
    colour = palette.on(results.looks[winner][0])
    axes.add_patch(Rectangle((j - 0.465, i - 0.46), 0.93, 0.92, fill=False, edgecolor=colour,
                             linewidth=2.2 if style == "-" else 1.3, linestyle=style))


def ranking(rows):
    """Mean latencies in ms, ascending; simpler strategies first where equal."""
    means = rows.groupby("who")["latency_s"].mean() * 1e3
    order = {"single": -1}
    return sorted(means.items(), key=lambda item: (round(item[1], 6), order.get(item[0], 0)))


def outcome(rows):
    """Of the runs of a field: the winner, its latency in ms, those within 1 %, those that repetitions do not tell
    from it, and of what neither holds the best in ms, nothing if there is none."""
    ranks = ranking(rows)
    winner, latency = ranks[0]
    ties = [name for name, ms in ranks if ms <= latency * TIE]
    # Where the simplest strategy is as good as any, it is the answer.
    if "single" in ties:
        winner = "single"
    open_ones = [name for name, _ in ranks if name not in ties and repetitions.undecided(rows, winner, name)]
    others = [ms for name, ms in ranks if name not in ties + open_ones]
    return winner, latency, ties, open_ones, others[0] if others else None


def field(axes, results, x, i, j, rows):
    """Draws one, and returns its winner and latency in ms."""
    winner, latency, ties, open_ones, second = outcome(rows)
    colour = results.looks[winner][0]
    axes.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, facecolor=colour, edgecolor="white", linewidth=1.5))
    if open_ones:
        axes.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, hatch="///", edgecolor="white", linewidth=0,
                                 alpha=0.45))
    last = f"2nd +{(second / latency - 1) * 100:.0f} %" if second else ""
    if results.drawn:
        share = rows.loc[rows["who"] == winner, "fastest_share"].mean()
        last = f"in {share * 100:.0f} % of draws"
    name = winner + (" =" if len(ties) > 1 else "")
    letters = max(6, int(axes.figure.get_figwidth() / axes.get_subplotspec().get_gridspec().ncols
                         / (results.runs[x].nunique() + 0.6) * 72 / (7 * 0.6)))  # that a field is wide
    lines = [*textwrap.wrap(name, letters), f"{latency:.0f} ms", *(f"or {who}" for who in open_ones[:1]), last]
    axes.text(j, i, "\n".join(line for line in lines if line), ha="center", va="center",
              fontsize=7 if len(lines) < 4 else 6, color=palette.on(colour))
    return winner, latency


def draw_panel(axes, results, x, y, rows, title):
    columns, lines = results.values(x), results.values(y) if y else [""]
    best = None
    undecided = False
    for i, line in enumerate(lines):
        latencies, winners = {}, {}
        for j, column in enumerate(columns):
            here = rows[(rows[x] == column) & ((rows[y] == line) if y else True)]
            if here.empty:
                continue
            winner, latency = field(axes, results, x, i, j, here)
            undecided = undecided or bool(outcome(here)[3])
            latencies[j], winners[j] = latency, winner
            if best is None or latency < best[0] / TIE:
                best = (latency, i, j, winner)
        if results.numeric(x) and latencies:
            enough = next(j for j, ms in latencies.items() if ms <= min(latencies.values()) * ENOUGH)
            frame(axes, results, i, enough, (0, (3, 2)), winners[enough])
        # What one model takes compares with no other's.
        if best and not results.is_model(x) and (results.is_model(y) or i == len(lines) - 1):
            frame(axes, results, best[1], best[2], "-", best[3])
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
    return undecided


def keys_of(results, x, y, panels, undecided):
    """What the legend explains."""
    keys = []
    if not results.is_model(x):
        best = "best of its line" if results.is_model(y) else "best of all" if panels == 1 else "best of its panel"
        keys.append(Patch(fill=False, edgecolor="black", linewidth=2.2, label=best))
    if results.numeric(x):
        keys.append(Patch(fill=False, edgecolor="black", linewidth=1.3, linestyle=(0, (3, 2)),
                          label="enough: within 5 % of the line's best"))
    if undecided:
        keys.append(Patch(facecolor="#888888", hatch="///", edgecolor="white",
                          label="not decided by the repetitions (95 %)"))
    return keys


def draw(results, x=None):
    x = results.x_axis(x)
    others = [a for a in results.axes if a != x]
    y = max(others, key=lambda a: results.runs[a].nunique()) if others else None
    panels = results.panels(x, y)
    columns, lines = results.runs[x].nunique(), results.runs[y].nunique() if y else 1
    fig, grid = figures.grid(len(panels), width=0.95 * columns + 1.0, height=0.55 * lines + 0.5,
                             columns=2 if len(panels) > 1 else 1, flatter=False)
    undecided = False
    for axes, (title, rows) in zip(grid, panels):
        undecided = draw_panel(axes, results, x, y, rows, title) or undecided
        axes.set_title(title)
    fig.supxlabel(figures.axis_title(x))
    if y:
        fig.supylabel(figures.axis_title(y))
    subject = results.subject()
    fig.suptitle("Least latency: which strategy, and how long" + (f"\n{subject}" if subject else ""))
    figures.place_legend(fig, keys_of(results, x, y, len(panels), undecided))
    figures.save(fig, results, "winners")


if __name__ == "__main__":
    figures.main(draw, __doc__)
