"""plans.csv: when plans change, by experiments/run/replan.hpp, and how requests fared in between.

Which plans there are, is taken from the file; that they may begin and must end where they do, is not.
"""
import figures
import loading
from files import load_table, quantity


def active(failure, at):
    """Whether it has happened and is not repaired."""
    return failure["at"] <= at < failure["repair"]


def loaded(run, stream, rows, i):
    """(bytes, s) of the weights of row i's plan, by what devices hold when it has been planned."""
    planned = float(rows[i]["from_s"]) - float(rows[i]["load_s"])
    asked = planned - quantity(run.disturbances.get("planning_time"), 0.)
    before = [row for row in rows[:i] if row["plan"] and float(row["from_s"]) < planned]
    present = stream.plans[int(before[-1]["plan"])] if before else None
    since = float(before[-1]["from_s"]) if before else 0.
    emptied = {f["device"] for f in run.failures if (since < f["at"] or since == 0.) and f["at"] <= asked + 1e-9}
    return loading.loading(stream.plans[int(rows[i]["plan"])], present, emptied, run.weights)


def why_wrong(run, stream, begin, end, plan, before, load):
    """What is against a period of a plan (None: of none), behind that of plan `before`; "" if nothing is."""
    planning = quantity(run.disturbances.get("planning_time"), 0.)
    marks = [f["at"] for f in run.failures] + [f["repair"] for f in run.failures]
    at_start = run.weights["at_start"]
    if begin == 0. and plan is None and at_start:
        return ""
    if plan is None and before is None:
        return "" if any(abs(mark - begin) < 1e-9 for mark in marks) else "a gap in a gap, without cause"
    if plan is None:
        ended = [f for f in run.failures if abs(f["at"] - begin) < 1e-9]
        if before is None or not any(stream.plans[before].uses(f["device"], f["link"]) for f in ended):
            return "a gap that no failure causes"
        return ""
    first = at_start and plan == 0 and abs(load - begin) < 1e-9
    if begin > 0 and not first and not any(abs(mark + planning + load - begin) < 1e-9 for mark in marks):
        return "a plan that was begun at no failure or repair"
    for failure in run.failures:
        if begin + 1e-9 < failure["at"] < end - 1e-9 and stream.plans[plan].uses(failure["device"], failure["link"]):
            return "a failure of what the plan uses does not end it"
        if active(failure, begin + 1e-9) and begin > 0 and stream.plans[plan].uses(failure["device"], failure["link"]):
            return "a plan that uses what is not there"
    return ""


def compare_periods(run, ours, comparison):
    """Each row of plans.csv, and how often planning began at least."""
    path = run.folder / "plans.csv"
    if not path.exists():
        return
    rows = load_table(path)
    for stream in run.streams:
        before, own = None, [row for row in rows if row["stream"] == stream.name]
        for i, row in enumerate(own):
            where = f"plans.csv {stream.name}{i}"
            begin, end = float(row["from_s"]), float(row["until_s"])
            plan = int(row["plan"]) if row["plan"] else None
            load_bytes, load = loaded(run, stream, own, i) if plan is not None and begin > 0 else (0., 0.)
            comparison.add(f"{where}.load_bytes", float(row["load_bytes"]), load_bytes)
            comparison.add(f"{where}.load_s", float(row["load_s"]), load)
            comparison.add(f"{where}.rule", why_wrong(run, stream, begin, end, plan, before, load), "")
            if i:
                comparison.add(f"{where}.from_s", begin, float(own[i - 1]["until_s"]))
            before = plan
            latest = i == len(own) - 1
            done = [r for r in ours if r["stream"] == stream.name and
                    begin <= r["finish_s"] and (latest or r["finish_s"] < end)]
            comparison.add(f"{where}.requests", float(row["requests"]), len(done))
            if done:
                mean = sum(r["latency_s"] for r in done) / len(done)
                comparison.add(f"{where}.latency_s", float(row["latency_s"]), mean)
            if plan is not None:
                chosen = stream.plans[plan]
                comparison.add(f"{where}.estimated_latency_s", float(row["estimated_latency_s"]),
                               figures.predicted(chosen, run.cluster, run.ablate))
                names = [device.name for d, device in enumerate(run.cluster.devices)
                         if any(unit.device == d and unit.kind == "compute" for unit in chosen.units)]
                comparison.add(f"{where}.devices", row["devices"], " ".join(names))
