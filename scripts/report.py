#!/usr/bin/python3
"""Writes RESULTS_DIR/report.html: one file without network access that shows a sweep.

usage: report.py RESULTS_DIR      (or: edgeflow report RESULTS_DIR)
The page is report_page.html with its scripts (report_*.js) and the data as JSON inside; every text from the user's
files is put into the page as text, never as HTML.
"""

import html
import json
import os
import re
import sys

import pandas as pd
import yaml
from scipy import stats

import critical_path
import figures
import palette
import repetitions

SCRIPTS = os.path.dirname(os.path.abspath(__file__))
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
MAX_DETAILS = 24      # runs with timelines
MAX_EVENTS = 4000     # units, and messages, of a request's timeline; the page has room for twice MAX_DETAILS times that
MAX_REQUESTS = 1000   # of a run
REQUEST = ["stream", "request"]
TEXTS = {c: str for c in ("stream", "device", "layer", "from_device", "to_device")}
NO_TRANSFERS = pd.DataFrame(columns=["from_unit", "from_device", "to_device", "bytes", "start_s", "finish_s"])


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


def events(results, run_id, devices):
    """requests.csv, units.csv and transfers.csv of a run, of the latter two what each request's last attempt has, with
    numbers for devices and layers; and the layers."""
    tables = [results.table(run_id, f"{name}.csv", TEXTS).fillna({"stream": ""})
              for name in ("requests", "units", "transfers")]
    requests, units, transfers = tables
    last = units.groupby(REQUEST)["attempt"].max().rename("last").reset_index()
    units, transfers = (table.merge(last, on=REQUEST).query("attempt == last") for table in (units, transfers))
    numbers = {name: number for number, name in enumerate(devices)}
    layers = {name: number for number, name in enumerate(units["layer"].unique())}
    units = units.assign(device=units["device"].map(numbers), layer=units["layer"].map(layers))
    transfers = transfers.assign(**{c: transfers[c].map(numbers) for c in ("from_device", "to_device")})
    return requests, units, transfers, list(layers)


def fitting(requests, units, transfers, room):
    """The first request, the slowest and then others by number, as far as there is room for their events."""
    rows = requests.sort_values(["request", "stream"], kind="stable")
    ends = list(dict.fromkeys([rows.index[0], rows["latency_s"].idxmax()]))
    rows = pd.concat([rows.loc[ends], rows.drop(index=ends)]).head(MAX_REQUESTS)
    for table in (units, transfers):
        counts = table.groupby(REQUEST).size().clip(upper=MAX_EVENTS).rename("events").reset_index()
        room = room - rows[REQUEST].merge(counts, on=REQUEST, how="left")["events"].fillna(0).cumsum().to_numpy()
    return rows[room >= 0].sort_values(REQUEST, kind="stable")


def spans(rows, columns, start_s):
    """The columns, start since `start_s` and duration of each row, times in microseconds to the nanosecond."""
    times = [((rows["start_s"] - start_s) * 1e6).round(3), ((rows["finish_s"] - rows["start_s"]) * 1e6).round(3)]
    return [list(row) for row in zip(*(column.tolist() for column in [*(rows[c] for c in columns), *times]))]


def timeline(request, units, transfers, needs):
    """A request as the page draws it. Its parts are those of its critical path, and what it waited for before that."""
    path = critical_path.path_of(units, transfers, needs)
    path = path.assign(layer=path["unit"].map(units.set_index("unit")["layer"]))
    parts = [*critical_path.parts_s(path).values(), float(path["start_s"].min() - request.arrival_s)]
    units = units[units["finish_s"] > units["start_s"]]
    return {"stream": request.stream, "request": request.request, "latency_s": request.latency_s, "parts": parts,
            "left_out": sum(max(0, len(table) - MAX_EVENTS) for table in (units, transfers)),
            "units": spans(units.head(MAX_EVENTS), ["device", "layer"], request.arrival_s),
            "transfers": spans(transfers.head(MAX_EVENTS), ["from_device", "to_device", "bytes"], request.arrival_s),
            "path": spans(path, ["kind", "device", "to_device", "layer"], request.arrival_s)}


def detail(results, run, room):
    """Timelines of requests of a run, its scenario and its cluster."""
    folder = results.run_folder(run["run_id"])
    path = os.path.join(folder, "scenario.resolved.yaml")
    with figures.as_written(path), open(path, encoding="utf-8") as file:
        text = file.read()
        drawing = cluster(yaml.safe_load(text), folder)
    names = [str(d["name"]) for d in drawing["devices"]]
    requests, units, transfers, layers = events(results, run["run_id"], names)
    shown = fitting(requests, units, transfers, room)
    units, transfers = dict(list(units.groupby(REQUEST))), dict(list(transfers.groupby(REQUEST)))
    needs = {}  # by plan
    timelines = []
    for request in shown.itertuples():
        key = request.stream, request.request
        plan = request.stream, request.plan
        if plan not in needs:
            needs[plan] = critical_path.plan_needs(folder, units[key])
        sent = transfers.get(key, NO_TRANSFERS)
        timelines.append(timeline(request, units[key], sent, needs[plan]))
    settings = [figures.setting_text(a, run[a]) for a in results.axes]
    return {"run_id": run["run_id"], "label": ", ".join([run["who"], *settings]), "scenario": text,
            "cluster": drawing, "layers": layers, "count": len(requests), "requests": timelines}


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


def details(results):
    if not results.run_files:
        return []
    runs = chosen(results)
    room = 2 * MAX_EVENTS * MAX_DETAILS // len(runs)
    return [detail(results, run, room) for _, run in runs.iterrows()]


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
        "details": details(results),
    }


def filled(title, text):
    """The page with its scripts and the data."""
    def own(name):
        with open(os.path.join(SCRIPTS, name), encoding="utf-8") as file:
            return file.read()
    # "<" would end the script element early where a name holds "</script>".
    parts = {"TITLE": html.escape(title), "DATA": text.replace("<", "\\u003c"),
             "CLUSTER": own("report_cluster.js"), "TIMELINES": own("report_timelines.js")}
    return re.sub("@(" + "|".join(parts) + ")@", lambda match: parts[match[1]], own("report_page.html"))


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
    page = filled(content["manifest"]["name"], text)
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
