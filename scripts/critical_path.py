"""The critical path of a request: from its last unit back, each time over what came last of what the unit needed."""

import os

import pandas as pd
import yaml

import figures

PARTS = {"compute": "computing", "transfer": "transferring", "queue": "queueing"}


def path_of(units, transfers, needs):
    """What one attempt of a request waited for, in the order of time, as a table with a row per part: kind ("compute",
    "transfer" or "queue"), start_s, finish_s, unit (of a transfer the sender), device, to_device (of transfers).

    `units` and `transfers` are rows of units.csv and transfers.csv, `needs` the providers of each unit by number."""
    at = {row.unit: row for row in units.itertuples()}
    arrivals = {(row.from_unit, row.to_device): row.finish_s for row in transfers.itertuples()}
    parts = []

    def add(kind, start_s, finish_s, row, to_device=""):
        if finish_s > start_s:
            parts.append((kind, start_s, finish_s, row.unit, row.device, to_device))

    row = max(at.values(), key=lambda one: one.finish_s)
    while True:
        add("compute", row.start_s, row.finish_s, row)
        add("queue", row.ready_s, row.start_s, row)
        providers = [at[p] for p in needs.get(row.unit, []) if p in at]
        if not providers:
            break
        came = [arrivals.get((p.unit, row.device), p.finish_s) for p in providers]
        came_s, last = max(zip(came, providers), key=lambda pair: pair[0])
        add("transfer", last.finish_s, came_s, last, row.device)
        row = last
    return pd.DataFrame(parts[::-1], columns=["kind", "start_s", "finish_s", "unit", "device", "to_device"])


def parts_s(path):
    """How long each kind of part took, by the kinds of PARTS."""
    spent = (path["finish_s"] - path["start_s"]).groupby(path["kind"]).sum()
    return {kind: float(spent.get(kind, 0)) for kind in PARTS}


def plan_needs(folder, units):
    """The providers of each unit of the plan that these units are of; nothing if there is no such plan."""
    first = units.iloc[0]
    stream = f"-{first['stream']}" if "stream" in units and first["stream"] and pd.notna(first["stream"]) else ""
    number = f"@{first['plan']}" if "plan" in units and first["plan"] > 0 else ""
    path = os.path.join(folder, f"plan{stream}{number}.yaml")
    with figures.as_written(path), open(path, encoding="utf-8") as file:
        plan = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        return {unit["id"]: [need["from"] for need in unit.get("needs", [])] for unit in plan["units"]}
