"""Figures of scripts/validate: measured points, simulated lines, a panel per setting."""

import os

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.lines import Line2D

import palette

# Plans of the papers, in the colours of the strategies that execute them.
COLOURS = {"LW": "#888888", "EFL": "#332288", "OFL": "#0072B2", "MoDNN": "#882255", "FTP 3x3": "#332288",
           "FTP 5x5": "#56B4E9"}
MARKERS = {"LW": "+", "EFL": ">", "OFL": "^", "MoDNN": "<", "FTP 3x3": ">", "FTP 5x5": "s"}


def with_alone(points, plan):
    rows = points[points["plan"].isin([plan, "any"])]
    return rows.sort_values("devices")


def panel(axes, points, title, measured, predicted, other=None):
    for plan in [p for p in COLOURS if p in set(points["plan"])]:
        rows = with_alone(points, plan)
        axes.plot(rows["devices"], rows[measured], MARKERS[plan], color=COLOURS[plan], linestyle="none")
        rows = rows[rows[predicted].notna()]
        axes.plot(rows["devices"], rows[predicted], color=COLOURS[plan])
        if other is not None:
            rows = with_alone(other, plan)
            axes.plot(rows["devices"], rows[predicted], color=COLOURS[plan], linewidth=0.8,
                      linestyle=(0, (4, 2)))
    axes.set_title(title)
    axes.set_xticks(sorted(points["devices"].unique()))
    axes.set_ylim(bottom=0)
    axes.set_xlabel("devices")


def legend(figure, plans, entries):
    handles = [Line2D([], [], color=COLOURS[p], marker=MARKERS[p], label=p) for p in plans]
    handles += [Line2D([], [], color="#333333", label=label, **look) for label, look in entries]
    figure.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncol=len(handles))


def save(figure, folder, name):
    path = os.path.join(folder, name)
    figure.savefig(path, bbox_inches="tight")
    plt.close(figure)
    return path


def draw(by_name, folder):
    """Writes the figures from the tables of the testbeds; returns their paths."""
    measured = ("measured", {"marker": "o", "linestyle": "none", "markersize": 3})
    with plt.rc_context(palette.RC):
        scatter, stream = by_name["aofl-scatter"], by_name["aofl-stream"]
        figure, grid = plt.subplots(1, 2, sharey=True, layout="constrained", figsize=(6.4, 2.6))
        for axes, mhz in zip(grid, (1000, 750)):
            panel(axes, scatter[scatter["cpu_MHz"] == mhz], f"AOFL: VGG-16, Pi 3B+ at {mhz} MHz", "measured_s",
                  "predicted_s", stream[stream["cpu_MHz"] == mhz])
        grid[0].set_ylabel("latency (s)")
        legend(figure, ["LW", "EFL", "OFL"],
               [measured, ("simulated, S", {}), ("simulated, C", {"linewidth": 0.8, "linestyle": (0, (4, 2))})])
        paths = [save(figure, folder, "validation_aofl.png")]

        points = by_name["deepthings"]
        figure, grid = plt.subplots(1, 2, layout="constrained", figsize=(6.4, 2.6))
        panel(grid[0], points, "DeepThings: YOLOv2, Pi 3", "measured_s", "predicted_s")
        grid[0].set_ylabel("latency (s)")
        panel(grid[1], points, "bytes moved", "measured_MiB", "predicted_MiB")
        grid[1].set_ylabel("MiB")
        legend(figure, ["MoDNN", "FTP 3x3", "FTP 5x5"], [measured, ("simulated", {})])
        paths.append(save(figure, folder, "validation_deepthings.png"))
    return paths
