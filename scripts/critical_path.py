"""The critical path of a request: from its last unit back, each time over what came last of what the unit needed."""

import pandas as pd


def path_of(units, transfers, needs):
    """What one attempt of a request waited for, in the order of time, as a table with a row per part: kind ("compute",
    "transfer" or "queue"), start_s, finish_s, unit (of a transfer the sender), device, to_device (of transfers).

    `units` and `transfers` are rows of units.csv and transfers.csv, `needs` the providers of each unit by number."""
    at = units.set_index("unit")
    arrivals = transfers.set_index(["from_unit", "to_device"])["finish_s"].to_dict()
    parts = []

    def add(kind, start_s, finish_s, unit, to_device=""):
        if finish_s > start_s:
            parts.append((kind, start_s, finish_s, unit, at.loc[unit, "device"], to_device))

    unit = at["finish_s"].idxmax()
    while True:
        row = at.loc[unit]
        add("compute", row["start_s"], row["finish_s"], unit)
        add("queue", row["ready_s"], row["start_s"], unit)
        providers = [p for p in needs.get(unit, []) if p in at.index]
        if not providers:
            break
        came = {p: arrivals.get((p, row["device"]), at.loc[p, "finish_s"]) for p in providers}
        last = max(providers, key=came.get)
        add("transfer", at.loc[last, "finish_s"], came[last], last, row["device"])
        unit = last
    return pd.DataFrame(parts[::-1], columns=["kind", "start_s", "finish_s", "unit", "device", "to_device"])
