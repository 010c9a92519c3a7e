#!/usr/bin/python3
"""How busy and how full each device is: a line of panels per setting, a row per strategy.

Reads devices.csv and requests.csv of every run and writes RESULTS_DIR/plots/devices.png, .pdf and .svg.
Left: time computing over the time from the first arrival to the last finish. Right: the peak of
weights and live activations, and in percent of the device's memory, by which fields are coloured: dark ones are full.
"""

import numpy as np
import pandas as pd

import figures

SETTINGS = 4


def read(results, rows):
    """(busy share, peak MiB, share of memory) by strategy and device, means over repetitions."""
    tables = []
    for _, run in rows.iterrows():
        requests = results.table(run["run_id"], "requests.csv")
        span_s = requests["finish_s"].max() - requests["arrival_s"].min()
        table = results.table(run["run_id"], "devices.csv")
        tables.append(pd.DataFrame({
            "who": run["who"], "device": table["device"], "busy": table["busy_s"] / span_s * 100,
            "peak": table["peak_memory_bytes"] / 2**20,
            "full": table["peak_memory_bytes"] / table["memory_bytes"] * 100}))
    return pd.concat(tables).groupby(["who", "device"], sort=False).mean()


def heat(axes, values, texts, strategies, devices, limit, colours):
    axes.imshow(values, cmap=colours, vmin=0, vmax=limit, aspect="auto")
    for i, j in np.ndindex(values.shape):
        axes.text(j, i, texts[i][j], ha="center", va="center", fontsize=6.5,
                  color="white" if values[i, j] > 0.6 * limit else "black")
    axes.set_xticks(range(len(devices)), devices, rotation=25, ha="right")
    axes.set_yticks(range(len(strategies)), strategies)
    axes.tick_params(length=0)
    axes.grid(False)


def draw(results, x=None):
    panels = results.panels(most=SETTINGS)
    bars, widest = results.runs["who"].nunique(), int(results.runs["devices"].max())
    fig, grid = figures.grid(2 * len(panels), width=0.55 * widest + 1.2, height=0.24 * bars + 1.0,
                             columns=2)
    for p, (title, rows) in enumerate(panels):
        table = read(results, rows)
        strategies = results.strategies(rows)
        devices = list(dict.fromkeys(table.index.get_level_values("device")))
        busy, peak, full = (np.array([[table[column].get((s, d), np.nan) for d in devices] for s in strategies])
                            for column in ("busy", "peak", "full"))
        texts = [["" if np.isnan(v) else f"{v:.0f}" for v in line] for line in busy]
        heat(grid[2 * p], busy, texts, strategies, devices, 100, "Blues")
        texts = [["" if np.isnan(m) else f"{m:.0f}" + ("" if np.isnan(f) else f"\n{f:.0f} %") for m, f in zip(a, b)]
                 for a, b in zip(peak, full)]
        heat(grid[2 * p + 1], full, texts, strategies, devices, 100, "Greens")
        grid[2 * p + 1].set_yticklabels([])
        one_line = title.replace("\n", ", ")
        grid[2 * p].set_title((one_line + ": " if one_line else "") + "busy (%)", loc="left")
        grid[2 * p + 1].set_title("peak memory (MiB, % of board)", loc="left")
    figures.save(fig, results, "devices")


if __name__ == "__main__":
    figures.main(draw, __doc__)
