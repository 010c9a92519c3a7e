#!/usr/bin/python3
"""In how many settings, and by how much, EdgeFlow is quicker than the best of the methods before it, as a table.

Reads the cells that plot_claim.py wrote (latency in s by model, cluster, bandwidth and strategy) and prints a
Markdown table; with --readme, puts it into partition/README.md instead.
"""

import argparse

import pandas as pd

import readme

SETTING = ["model", "cluster", "cluster.network.bandwidth"]
CHAIN = ["single", "modnn", "deepthings", "aofl", "coedge", "neurosurgeon"]
NO_COEDGE = [name for name in CHAIN if name != "coedge"]
CUT_POINT = ["single", "cutpoint"]
RIVALS = {"the methods for chains": CHAIN, "these without `coedge`": NO_COEDGE,
          "those that cut at cut points, or one device": CUT_POINT}
CLAIM = 0.402  # "up to 40.2 % lower latency", the paper's abstract
JUDGED = {"edgeflow (default)": "`edgeflow`",
          "edgeflow guard=single lookahead=yes": "`edgeflow`, guard and lookahead (ours)",
          "edgeflow-joint": "`edgeflow-joint` (ours)"}


def cells_from(path):
    return pd.read_csv(path).set_index(SETTING)


def gain_of(cells, ours, rivals):
    """By how much it is lower than the best of them, by cell."""
    return 1 - cells[ours] / cells[[rival for rival in rivals if rival in cells]].min(axis=1)


def shares_of(gain):
    return [f"{100 * share:.0f} %" for share in
            ((gain > 0).mean(), gain.median(), (gain >= CLAIM).mean(), gain.max(), gain.min())]


def table(cells):
    lines = [f"{len(cells)} settings:", "",
             "| lower latency than the best of | | in settings | median | "
             f"by {100 * CLAIM:.1f} % or more in | at most | at least |", "|---" * 7 + "|"]
    for rivals, names in RIVALS.items():
        for who, title in JUDGED.items():
            lines.append(f"| {rivals} | {title} | " + " | ".join(shares_of(gain_of(cells, who, names))) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cells", metavar="CELLS.csv", help="what plot_claim.py wrote")
    parser.add_argument("--readme", action="store_true", help="put the table into partition/README.md")
    arguments = parser.parse_args()
    try:
        text = table(cells_from(arguments.cells))
    except (OSError, ValueError, KeyError) as error:
        readme.fail(f"cannot read {arguments.cells}: {error}")
    if arguments.readme:
        readme.put(readme.STRATEGIES, "claim", text)
    else:
        print(text)


if __name__ == "__main__":
    main()
