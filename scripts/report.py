#!/usr/bin/python3
"""Writes RESULTS_DIR/report.html: one file without network access that shows a sweep.

usage: report.py RESULTS_DIR      (or: edgeflow report RESULTS_DIR)
The page is report_page.html with the data as JSON inside; every text from the user's files is put
into the page as text, never as HTML.
"""

import html
import json
import os
import sys

import pandas as pd
import yaml
from scipy import stats

import figures
import palette
import repetitions

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "report_page.html")
# What the page shows of a run; the names are columns of runs.csv.
METRICS = {
    "latency_s": ("mean latency", "ms", 1e3),
    "latency_p95_s": ("95th percentile of latency", "ms", 1e3),
    "throughput_rps": ("throughput", "requests/s", 1),
    "speedup_over_baseline": ("speed-up over the baseline", "", 1),
    "energy_J": ("energy", "J", 1),
    "bytes_moved": ("moved between devices", "MB", 1e-6),
    "peak_memory_bytes": ("peak memory", "MiB", 2**-20),
    "optimality_gap": ("latency above the lower bound", "%", 100),
    "fastest_share": ("draws in which it is the fastest", "%", 100),
}
PARTS = ["compute_s", "transfer_s", "queue_s", "wait_s"]
MAX_DETAILS = 24      # runs with a timeline
MAX_EVENTS = 4000     # of a timeline


def plain(value):
    """A value of a table as JSON has it."""
    return None if pd.isna(value) else value.item() if hasattr(value, "item") else value


def axis(results, column):
    return {"key": column, "title": figures.axis_title(column), "values": results.values(column),
            "texts": {v: figures.setting_text(column, v) for v in results.values(column)},
            "numbers": [figures.quantity(v) for v in results.values(column)]
            if results.numeric(column) else None}


def row(results, run):
    ends = [end for both in repetitions.DRAWS.values() for end in both]
    wanted = [*METRICS, *ends, *PARTS, "who", "model", "run_id", "status", "message", "repetition"]
    return {c: plain(run[c]) for c in wanted + results.axes if c in run}


def cluster(scenario, folder):
    """What the drawing shows: the devices as the scenario has them, and nodes and lines of network.json."""
    described = scenario["cluster"]
    devices = [{k: d.get(k) for k in ("name", "type", "mac_rate")} for d in described["devices"]]
    try:
        with open(os.path.join(folder, "network.json"), encoding="utf-8") as file:
            network = json.load(file)
    except (OSError, ValueError):
        network = {"type": described["network"]["type"]}
    note = "" if "nodes" in network else "It is too large to be drawn, or was not described (network.json of the run)."
    return {"type": network["type"], "source": described["source"], "sink": described["sink"], "devices": devices,
            "nodes": network.get("nodes", []), "edges": network.get("edges", []), "note": note}


def events(table, columns):
    table = table[table["request"] == 0].head(MAX_EVENTS)
    return table[columns].astype(object).values.tolist()


def detail(results, run):
    """The timeline of the first request, the scenario and the cluster of a run."""
    folder = results.run_folder(run["run_id"])
    path = os.path.join(folder, "scenario.resolved.yaml")
    with figures.as_written(path), open(path, encoding="utf-8") as file:
        text = file.read()
        drawing = cluster(yaml.safe_load(text), folder)
    units = results.table(run["run_id"], "units.csv")
    units = units[units["finish_s"] > units["start_s"]]
    transfers = results.table(run["run_id"], "transfers.csv")
    settings = [figures.setting_text(a, run[a]) for a in results.axes]
    return {"run_id": run["run_id"], "label": ", ".join([run["who"], *settings]),
            "scenario": text, "cluster": drawing,
            "units": events(units, ["device", "layer", "start_s", "finish_s"]),
            "transfers": events(transfers, ["from_device", "to_device", "bytes", "start_s", "finish_s"])}


def chosen(results):
    """Runs whose timelines are shown: the fastest by its repetitions' mean, then the other strategies in its
    setting, then the fastest of each other setting."""
    means = results.runs.groupby([*results.axes, "who"])["latency_s"].transform("mean")
    runs = results.runs.assign(mean_s=means)[results.runs["repetition"] == 0].sort_values("mean_s", kind="stable")
    best = runs.iloc[0]
    same = runs
    for column in results.axes:
        same = same[same[column] == best[column]]
    others = runs.drop_duplicates(results.axes) if results.axes else runs
    return pd.concat([same, others]).drop_duplicates("run_id").head(MAX_DETAILS)


def notes(manifest, runs):
    """Of a scenario what it assumes, of a sweep in how many runs something is."""
    if manifest.get("notes"):
        return manifest["notes"]
    assumed = int((runs["assumed_rate"] > 0).sum()) if "assumed_rate" in runs else 0
    return [f"in {assumed} of {len(runs)} runs rates of devices are assumed (assumed_rate)"] if assumed else []


def data(folder):
    manifest = figures.read_manifest(folder)
    results = figures.Results(folder, lambda text: None)
    every = results.all_runs
    names = palette.order(every["who"].unique(), results.names)
    return {
        "manifest": manifest,
        "notes": notes(manifest, every),
        "metrics": [{"key": k, "title": t, "unit": u, "scale": s,
                     "ends": repetitions.DRAWS.get(k) if results.drawn else None} for k, (t, u, s) in METRICS.items()
                    if results.runs[k].notna().any()],
        "axes": [axis(results, a) for a in results.axes],
        "x": results.x_axis() if results.axes else None,
        "t": list(stats.t.ppf(0.975, range(1, max(2, int(every["repetition"].max()) + 1)))),
        "strategies": [{"name": n, "colour": results.looks[n][0]} for n in names],
        "runs": [row(results, run) for _, run in every.iterrows()],
        "details": [detail(results, run) for _, run in chosen(results).iterrows()] if results.run_files else [],
    }


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__.splitlines()[2], file=sys.stderr)
        sys.exit(2)
    folder = sys.argv[1]
    try:
        with figures.as_written(folder):
            content = data(folder)
            text = json.dumps(content, ensure_ascii=False, allow_nan=False)
    except figures.NotApplicable as error:
        sys.exit(f"report: {folder}: {error}")
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    # "<" would end the script element early where a name holds "</script>".
    page = page.replace("@TITLE@", html.escape(content["manifest"]["name"]))
    page = page.replace("@DATA@", text.replace("<", "\\u003c"))
    path = os.path.join(folder, "report.html")
    try:
        with open(path + ".partial", "w", encoding="utf-8") as file:
            file.write(page)
        os.replace(path + ".partial", path)
    except OSError as error:
        sys.exit(f"report: {path}: cannot be written: {error.strerror}")
    print(f"wrote {path}", file=sys.stderr)


if __name__ == "__main__":
    main()
