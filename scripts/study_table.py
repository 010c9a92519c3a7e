#!/usr/bin/python3
"""What a comparison study found: a table, every cell as CSV, and the optimality gaps.

Reads RESULTS_DIR/runs.csv of a sweep over model, cluster, bandwidth and strategy, and asks the program
(`edgeflow list strategies`) what each strategy optimises. Writes
RESULTS_DIR/cells.csv (latency in ms by cell and strategy), RESULTS_DIR/plots/optimality_gap.png and
.pdf, and prints a Markdown table; with --readme, puts it into partition/README.md instead.
"""

import argparse
import os
import re
import subprocess
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import palette
import readme

BANDWIDTH = "cluster.network.bandwidth"
CELL = ["model", "cluster", BANDWIDTH]
OURS = "edgeflow-joint"
LOOKAHEAD = "edgeflow, lookahead"  # ours as well
# Options that make another strategy of it; the rest only set it up.
VARIANTS = {"lookahead=yes": LOOKAHEAD, "exchange=gather": "modnn, gather"}
LEAST_GAIN = 0.99  # splitting pays where something is more than 1 % faster than single


def fail(message):
    print(f"study_table: {message}", file=sys.stderr)
    sys.exit(2)


def read_runs(path):
    try:
        runs = pd.read_csv(path, dtype={BANDWIDTH: str})
    except (OSError, ValueError) as error:
        fail(f"cannot read {path}: {error}")
    for column in CELL + ["strategy", "strategy_options", "status", "latency_s", "estimate_gap",
                          "optimality_gap", "capacity_rps"]:
        if column not in runs:
            fail(f"{path}: there is no column {column}")
    options = runs["strategy_options"].fillna("")
    runs["strategy"] = [VARIANTS.get(o, s) for o, s in zip(options, runs["strategy"])]
    return runs


def objectives(program):
    """What each strategy optimises, by name."""
    try:
        text = subprocess.run([program, "list", "strategies"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        fail(f"cannot ask {program} for its strategies: {error}")
    return dict(re.findall(r"^(\S+): .*\n    optimises (.*)$", text, re.M))


def geometric_mean(values):
    return float(np.exp(np.log(values).mean())) if len(values) else float("nan")


def cells_of(runs):
    """Latency by cell and strategy, and by cell the best strategy that is not ours."""
    ok = runs[runs["status"] == "ok"]
    latency = ok.pivot_table(index=CELL, columns="strategy", values="latency_s", sort=False)
    latency = latency[[s for s in runs["strategy"].unique() if s in latency]]
    others = latency.drop(columns=[OURS], errors="ignore")
    best = others.min(axis=1)
    return latency, best, others.idxmin(axis=1)


def cells_from(path):
    """The same, from cells.csv."""
    cells = pd.read_csv(path, index_col=CELL)
    latency = cells.drop(columns=["best other", "gain"], errors="ignore") / 1e3
    return latency, latency.drop(columns=[OURS], errors="ignore").min(axis=1)


def where_splitting_pays(latency):
    return latency.min(axis=1) < LEAST_GAIN * latency["single"]


def of_latency(latency, best, name):
    """What the table says of a strategy's latencies."""
    own = latency[name]
    others = latency.drop(columns=[name])
    ratio = (own / (best if name == OURS else others.drop(columns=[OURS], errors="ignore").min(axis=1))).dropna()
    wins = int((own <= others.min(axis=1) * (1 + 1e-9)).sum())
    return [f"{geometric_mean(ratio):.2f}", f"{geometric_mean(ratio[where_splitting_pays(latency)]):.2f}",
            f"{ratio.max():.2f}", str(wins)]


def table(runs, latency, best, objective):
    ok = runs[runs["status"] == "ok"]
    capacity = ok.pivot_table(index=CELL, columns="strategy", values="capacity_rps", sort=False)
    rows = ["| strategy | optimises | vs best other | where splitting pays | worst | best in cells | "
            "capacity vs single | gap of the estimator, median | gap to bound, median | not ok |",
            "|---|---|---|---|---|---|---|---|---|---|"]
    for name in latency:
        mine = runs[runs["strategy"] == name]
        more = geometric_mean((capacity[name] / capacity["single"]).dropna())
        rows.append(
            f"| {name} | {objective.get(name.split(',')[0], '?')} | {' | '.join(of_latency(latency, best, name))} | "
            f"{more:.2f} | "
            f"{100 * mine['estimate_gap'].abs().median():.2f} % | "
            f"{100 * mine['optimality_gap'].median():.0f} % | {int((mine['status'] != 'ok').sum())} |")
    return rows


def findings(latency, best, run_count):
    pays = where_splitting_pays(latency)
    models, clusters, bandwidths = (latency.index.get_level_values(key).nunique() for key in CELL)
    lines = [f"{len(latency)} cells ({models} models, {clusters} clusters, {bandwidths} bandwidths), {run_count} runs. "
             "Ratios are geometric means of the latency over the best *other* strategy of each cell, "
             f"{OURS} apart; splitting pays in {int(pays.sum())} cells."]
    lines.append("Capacity is what the busiest device or link can do per second by the plan alone, as a geometric mean "
                 "over that of `single`: what a plan is worth for a stream, whatever it was made for.")
    if OURS in latency:
        ratio = latency[OURS] / best
        losses = int((ratio > 1 + 1e-9).sum())
        lines.append(f"`{OURS}` is slower than another strategy in {losses} cells and "
                     f"{100 * (1 - geometric_mean(ratio[pays])):.1f} % faster than the best other one "
                     "where splitting pays.")
        ours = [OURS] + [name for name in (LOOKAHEAD,) if name in latency]
        if len(ours) > 1:
            ratio = latency[OURS] / latency.drop(columns=ours).min(axis=1)
            lines.append(f"Without {', '.join(ours[1:])}, which is ours as well, the best other one is "
                         f"that of the literature and the controls: there it is "
                         f"{100 * (1 - geometric_mean(ratio[pays])):.1f} % faster.")
        simple = latency[["single", "even", "proportional"]].min(axis=1)
        for cell in latency.index:
            if cell[0] == "yolov5s" and cell[1] == "5-5-5-15" and cell[2] in ("100Mbps", "300Mbps"):
                gain = 100 * (1 - latency.loc[cell, OURS] / simple.loc[cell])
                lines.append(f"YOLOv5s on 5/5/5/15 GMAC/s at {cell[2][:-4]} Mbit/s: "
                             f"{1e3 * latency.loc[cell, OURS]:.0f} ms, {gain:.0f} % faster than the "
                             "best of single, even and proportional.")
    return lines


def estimator_finding(runs):
    error = runs["estimate_gap"].abs().dropna()
    return (f"Gap of the estimator over all runs: median {100 * error.median():.2f} %, "
            f"worst {100 * error.max():.1f} %.")


def lookahead_table(latency):
    """What the option brings on three Pi 4 and a Nano; nothing if the study has it not."""
    if LOOKAHEAD not in latency or "pi4x3-nano" not in latency.index.get_level_values("cluster"):
        return []
    ms = 1e3 * latency.xs("pi4x3-nano", level="cluster")[["edgeflow", LOOKAHEAD]]
    bandwidths = list(dict.fromkeys(ms.index.get_level_values(BANDWIDTH)))
    rows = ["", "`edgeflow` without and with `lookahead` on three Pi 4 and a Nano, in ms, by Mbit/s:", "",
            "| model | " + " | ".join(bandwidth.removesuffix("Mbps") for bandwidth in bandwidths) + " |",
            "|---" * (1 + len(bandwidths)) + "|"]
    for model in ("vgg16", "resnet50", "yolov5s"):
        if model in ms.index.get_level_values("model"):
            pairs = [ms.loc[(model, bandwidth)] for bandwidth in bandwidths]
            rows.append(f"| {model} | " + " | ".join(f"{a:.0f} → {b:.0f}" for a, b in pairs) + " |")
    return rows


def gap_plot(runs, plots):
    """Gap to the lower bound by strategy: every cell a dot, the median a bar."""
    ok = runs[(runs["status"] == "ok") & runs["optimality_gap"].notna()]
    names = palette.order(ok["strategy"].unique())
    looks = palette.looks({name: name for name in names})
    with plt.rc_context(palette.RC):
        fig, axes = plt.subplots(figsize=(6.3, 3.0), layout="constrained")
        for position, name in enumerate(names):
            colour, _ = looks[name]
            gaps = np.sort(ok.loc[ok["strategy"] == name, "optimality_gap"].to_numpy()) + 1
            spread = (np.arange(len(gaps)) / max(len(gaps) - 1, 1) - 0.5) * 0.6
            axes.plot(position + spread, gaps, ".", color=colour, markersize=3)
            axes.hlines(np.median(gaps), position - 0.38, position + 0.38, color=colour)
        axes.set_yscale("log")
        axes.axhline(1, color="#555555", linewidth=0.7)
        axes.set_xticks(range(len(names)), names, rotation=40, ha="right")
        axes.set_ylabel("latency / lower bound")
        for kind, metadata in (("png", None), ("pdf", {"CreationDate": None})):
            path = os.path.join(plots, f"optimality_gap.{kind}")
            fig.savefig(path, metadata=metadata)
            print(path, file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", metavar="RESULTS_DIR", help="the folder that a sweep wrote")
    parser.add_argument("--readme", action="store_true", help="put the table into partition/README.md")
    parser.add_argument("--program", default=os.path.join(readme.ROOT, "build", "release", "edgeflow"))
    arguments = parser.parse_args()

    runs = read_runs(os.path.join(arguments.results, "runs.csv"))
    latency, best, winner = cells_of(runs)
    cells = (latency * 1e3).round(3)
    cells["best other"] = winner
    if OURS in latency:
        cells["gain"] = (1 - latency[OURS] / best).round(4)
    path = os.path.join(arguments.results, "cells.csv")
    cells.to_csv(path)
    latency, best = cells_from(path)  # so that the table says what the cells do, digit by digit

    text = "\n".join([*table(runs, latency, best, objectives(arguments.program)), "",
                      *findings(latency, best, len(runs)), estimator_finding(runs), *lookahead_table(latency)])
    if arguments.readme:
        readme.put(readme.STRATEGIES, "study", text)
    else:
        print(text)
    plots = os.path.join(arguments.results, "plots")
    os.makedirs(plots, exist_ok=True)
    gap_plot(runs, plots)


if __name__ == "__main__":
    main()
