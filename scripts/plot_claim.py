#!/usr/bin/python3
"""Where EdgeFlow's claim holds: how much lower its latency is than the best of the methods before it.

Reads the results of experiments/studies/paper_claim.yaml (RESULTS_DIR/runs.csv) and writes
RESULTS_DIR/plots/claim.png, .pdf and .svg, and for claim_table.py RESULTS_DIR/claim_cells.csv. Every point is a model
on a cluster. To the right the network is fast: the bits that a link moves while the cluster could do one MAC. Left
panels compare with the best method for chains there, right ones with the best that cuts at cut points of the graph.
Lines are medians over ten parts of the points.
"""

import json
import os
import subprocess

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

import figures
import palette
from claim_table import CHAIN, CLAIM, CUT_POINT, SETTING, gain_of

PROGRAM = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build", "release", "edgeflow")
PARTS = 10


def macs_of(model):
    text = subprocess.run([PROGRAM, "inspect", model, "--json"], check=True, capture_output=True, text=True).stdout
    return json.loads(text)["macs"]


def cells_of(results):
    """A row per model, cluster and bandwidth: bits per MAC, and the latency of each strategy in s."""
    runs = results.runs
    cells = runs.pivot_table(index=SETTING, columns="who", values="latency_s").reset_index()
    # The simple bound is the model's work over the speed of all devices together.
    bound = runs[runs["strategy"] == "single"].set_index(SETTING)["lower_bound_s"]
    whole_s = bound[~bound.index.duplicated()].reindex(cells[SETTING]).to_numpy()
    rate_bps = cells["cluster.network.bandwidth"].map(figures.quantity) * 1e6
    macs = {model: macs_of(model) for model in cells["model"].unique()}
    cells["bits_per_mac"] = rate_bps * whole_s / cells["model"].map(macs)
    return cells


def draw_panel(axes, cells, ours, rivals):
    gain = gain_of(cells, ours, rivals)
    order = np.argsort(cells["bits_per_mac"].to_numpy())
    colour = palette.style(ours.split(" ")[0])[0]
    axes.scatter(cells["bits_per_mac"], gain.clip(lower=-1), s=7, color=colour, alpha=0.45, linewidths=0)
    parts = np.array_split(order, PARTS)
    x = [np.exp(np.log(cells["bits_per_mac"].to_numpy()[p]).mean()) for p in parts]
    axes.plot(x, [np.median(gain.to_numpy()[p]) for p in parts], color=colour)
    axes.axhline(0, color="#000000", linewidth=0.8)
    axes.axhline(CLAIM, color="#000000", linewidth=0.8, linestyle=(0, (3, 2)))
    axes.set_xscale("log")
    axes.set_ylim(-1.05, 0.8)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))


def draw(results, _=None):
    needed = {"edgeflow-joint", "cutpoint", "aofl"}
    if not needed <= set(results.runs["who"]):
        raise figures.NotApplicable("these are no results of paper_claim.yaml")
    cells = cells_of(results)
    as_it_is = next(who for who in cells if str(who) in ("edgeflow", "edgeflow (default)"))
    fig, grid = figures.grid(4, width=3.1, height=2.3, columns=2)
    shown = [as_it_is, "edgeflow-joint"]
    for line, ours in enumerate(shown):
        for column, (rivals, name) in enumerate([(CHAIN, "chain methods"), (CUT_POINT, "cut-point methods")]):
            axes = grid[2 * line + column]
            draw_panel(axes, cells, ours, rivals)
            axes.set_title(f"{ours.split(' ')[0]} against {name}")
    fig.supxlabel("bits that a link moves while the cluster could do one MAC")
    fig.supylabel("latency below the best of these methods")
    claim = Line2D([], [], color="#000000", linewidth=0.8, linestyle=(0, (3, 2)), label="the claim: up to 40.2 %")
    figures.place_legend(fig, [claim])
    figures.save(fig, results, "claim")
    cells.to_csv(os.path.join(results.folder, "claim_cells.csv"), index=False)


if __name__ == "__main__":
    figures.main(draw, __doc__)
