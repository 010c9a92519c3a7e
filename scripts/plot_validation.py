"""Figures of scripts/validate: measured points with error bars, simulated lines, a panel per setting."""

import os

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import matplotlib.ticker
from matplotlib.lines import Line2D

import palette

# Plans of the papers, in the colours of the strategies that execute them.
LOOKS = {"LW": ("#888888", "+"), "EFL": ("#332288", ">"), "OFL": ("#0072B2", "^"), "MoDNN": ("#882255", "<"),
         "WSH 3x3": ("#332288", ">"), "WSH 5x5": ("#56B4E9", "s"), "WST 3x3": ("#332288", ">"),
         "WST 5x5": ("#56B4E9", "s"), "BODP": ("#0072B2", "^"), "OCBP": ("#E69F00", "o"), "LOP": ("#661100", "X"),
         "FUSE": ("#CC79A7", "P"), "token": ("#117733", "D"), "compute": ("#888888", "+")}
TESTBEDS = {"aofl-scatter": ("AOFL, S", "#0072B2", "^"), "aofl-stream": ("AOFL, C", "#56B4E9", "v"),
            "deepthings": ("DeepThings", "#332288", ">"), "edgeld": ("EdgeLD", "#E69F00", "o"),
            "samos": ("SAMOS", "#661100", "X"), "tokens": ("tokens", "#117733", "D")}
REPEATS = 0.03  # by which measurements of the same run differ: AOFL shows one twice, EdgeLD and SAMOS likewise
DASHES = (0, (4, 2))


def with_alone(points, plan):
    rows = points[points["plan"].isin([plan, "any"])]
    return rows.sort_values("devices")


def panel(axes, points, title, ylabel="", measured="measured_s", predicted="predicted_s", other=None):
    shown = set(points["plan"])
    for plan in [p for p in LOOKS if p in shown]:
        colour, marker = LOOKS[plan]
        rows = with_alone(points, plan)
        axes.errorbar(rows["devices"], rows[measured], yerr=REPEATS * rows[measured] if ylabel != "MiB" else None,
                      fmt=marker, color=colour, elinewidth=0.8, capsize=1.5)
        axes.plot(rows["devices"], rows[predicted], color=colour)
        if other is not None:
            rows = with_alone(other, plan)
            axes.plot(rows["devices"], rows[predicted], color=colour, linewidth=0.8, linestyle=DASHES)
    axes.set_title(title)
    axes.set_xticks(sorted(points["devices"].unique()))
    axes.set_ylim(bottom=0)
    axes.set_xlabel("devices")
    axes.set_ylabel(ylabel)


def legend(figure, plans, *entries):
    """`plans`: (label, the plan whose look it has). `entries`: more, as (label, look)."""
    handles = [Line2D([], [], color=LOOKS[p][0], marker=LOOKS[p][1], label=label) for label, p in plans]
    handles += [Line2D([], [], color="#333333", label=label, **look) for label, look in entries]
    figure.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncol=len(handles), columnspacing=1.4)


MEASURED = ("measured ± 3 %", {"marker": "o", "linestyle": "none", "markersize": 3})
SIMULATED = ("simulated", {})


def aofl(by_name):
    scatter, stream = by_name["aofl-scatter"], by_name["aofl-stream"]
    figure, grid = plt.subplots(1, 2, sharey=True, layout="constrained", figsize=(6.8, 2.6))
    for axes, mhz, ylabel in zip(grid, (1000, 750), ("latency (s)", "")):
        panel(axes, scatter[scatter["cpu_MHz"] == mhz], f"AOFL: VGG-16, Pi 3B+ at {mhz} MHz", ylabel,
              other=stream[stream["cpu_MHz"] == mhz])
    legend(figure, [(p, p) for p in ("LW", "EFL", "OFL")], MEASURED, ("simulated, S", {}),
           ("simulated, C", {"linewidth": 0.8, "linestyle": DASHES}))
    return figure


def deepthings(by_name):
    points = by_name["deepthings"]
    stealing = points["plan"].str.startswith("WST")
    figure, grid = plt.subplots(1, 3, layout="constrained", figsize=(6.8, 2.4))
    panel(grid[0], points[~stealing], "DeepThings: dealt out", "latency (s)")
    panel(grid[1], points[stealing], "work stealing", "latency (s)")
    grid[1].sharey(grid[0])
    panel(grid[2], points[~stealing], "bytes, dealt out", "MiB", "measured_MiB", "predicted_MiB")
    legend(figure, [("MoDNN", "MoDNN"), ("3x3 tiles", "WSH 3x3"), ("5x5 tiles", "WSH 5x5")], MEASURED, SIMULATED)
    return figure


def others(by_name):
    edgeld = by_name["edgeld"]
    figure, grid = plt.subplots(1, 4, layout="constrained", figsize=(8.8, 2.4))
    for axes, rate in zip(grid, (100, 1000)):
        panel(axes, edgeld[edgeld["bandwidth_Mbps"] == rate], f"EdgeLD, {rate} Mbit/s", "latency (s)")
    panel(grid[2], by_name["samos"], "SAMOS, 100 Mbit/s", "latency (s)")
    panel(grid[3], by_name["tokens"], "Llama 2 7B, 1 Gbit/s", "latency (s)")
    legend(figure, [(p, p) for p in ("BODP", "OCBP", "LOP", "FUSE", "token", "compute")], MEASURED, SIMULATED)
    return figure


def all_points(by_name):
    """Simulated against measured of all testbeds; points that set parameters are hollow."""
    figure, axes = plt.subplots(layout="constrained", figsize=(3.4, 3.2))
    ends = [0.4, 50]
    axes.fill_between(ends, [0.9 * e for e in ends], [1.1 * e for e in ends], color="#e4e4e4", linewidth=0)
    axes.plot(ends, ends, color="#333333", linewidth=0.8)
    for name, (label, colour, marker) in TESTBEDS.items():
        for calibrated, group in by_name[name].groupby("calibrated"):
            axes.plot(group["measured_s"], group["predicted_s"], marker, color=colour, markersize=4,
                      linestyle="none", label=None if calibrated else label,
                      **({"markerfacecolor": "none"} if calibrated else {}))
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(matplotlib.ticker.FixedLocator([0.5, 1, 2, 5, 10, 20, 50]))
        axis.set_minor_formatter(matplotlib.ticker.NullFormatter())
        axis.set_major_formatter(matplotlib.ticker.ScalarFormatter())
    axes.set(xlim=ends, ylim=ends, xlabel="measured (s)", ylabel="simulated (s)")
    axes.legend(loc="upper left", title="band: ± 10 %; hollow: calibrated on", title_fontsize=7, fontsize=7)
    return figure


def draw(by_name, folder):
    """Writes the figures from the tables of the testbeds; returns their paths."""
    paths = []
    with plt.rc_context(palette.RC):
        for name, make in (("points", all_points), ("aofl", aofl), ("deepthings", deepthings), ("others", others)):
            paths.append(os.path.join(folder, f"validation_{name}.png"))
            figure = make(by_name)
            figure.savefig(paths[-1], bbox_inches="tight")
            plt.close(figure)
    return paths
