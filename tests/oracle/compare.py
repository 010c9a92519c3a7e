"""Compares the files of a run with what this check says they should hold."""
import dataclasses
import math

from cluster import assumes_rates
import figures
import model
from files import load_table, load_yaml, number
from periods import compare_periods
from run import Run

TOLERANCE = 1e-6
BREAKDOWN = {"compute_s", "transfer_s", "queue_s", "wait_s"}  # parts of latency_s
# Ratios minus 1: differences of numbers near 1.
NEAR_ONE = {"estimate_gap", "optimality_gap", "redundant_macs_ratio"}


@dataclasses.dataclass
class Comparison:
    """What was compared; `worst` is the largest relative deviation and `where` the figure that has it."""
    compared: int = 0
    worst: float = 0.
    where: str = ""
    beyond: dict = dataclasses.field(default_factory=dict)  # by table and column

    def add(self, where, got, expected, scale=0.):
        """`scale`: of what the figure is a part or a difference; deviations are relative to that at least."""
        self.compared += 1
        off = deviation(got, expected, scale)
        if off > TOLERANCE:
            kind = (where.split()[0].split(".")[0], where.rsplit(".", 1)[-1])
            self.beyond.setdefault(kind, []).append(f"{where}: {got!r} instead of {expected!r}")
        if off > self.worst:
            self.worst, self.where = off, where

    def add_row(self, where, got, expected, scale=0.):
        for key, value in expected.items():
            of = 1. if key in NEAR_ONE else expected["latency_s"] if key in BREAKDOWN else scale
            self.add(f"{where}.{key}", got.get(key), value, of)


def deviation(got, expected, scale):
    if isinstance(got, (int, float)) and isinstance(expected, (int, float)):
        largest = max(abs(got), abs(expected), scale)
        return abs(got - expected) / largest if largest else 0.
    empty = ("", None)
    return 0. if got == expected or got in empty and expected in empty else math.inf


def compare_requests(run, accounts, comparison):
    rows = run.rows("requests.csv")
    ours = accounts.requests(run.warm_up, run.deadline)
    theirs = {(row["stream"] or "", int(row["request"])): row for row in rows}
    comparison.add("requests.csv rows", len(rows), len(ours))
    for row in ours:
        key = (row["stream"], row["request"])
        where, other = f"request {key}", theirs.get(key, {})
        expected = {k: v for k, v in row.items() if k not in ("ways", "stream", "request")}
        comparison.add_row(where, other, expected, scale=row["latency_s"] * 1e-3)
        names = ("compute_s", "transfer_s", "queue_s")
        got = [other.get(name) or 0. for name in names]
        way = min(row["ways"], key=lambda way: max(abs(a - b) for a, b in zip(way, got)))
        for name, a, b in zip(names, got, way):
            comparison.add(f"{where}.{name}", a, b, scale=row["latency_s"])
            row[name] = b
    return ours


def compare_events(run, accounts, comparison):
    for file, id_name, ours in (("units.csv", "unit", accounts.units()),
                                ("transfers.csv", "message", accounts.transfers())):
        rows = run.rows(file)
        comparison.add(f"{file} rows", len(rows), len(ours))
        theirs = {(row["stream"] or "", int(row["request"]), int(row["attempt"]), int(row[id_name])): row
                  for row in rows}
        for key, row in ours.items():
            comparison.add_row(f"{file} {key}", theirs.get(key, {}), row, accounts.makespan * 1e-3)


def compare_tables(run, accounts, comparison):
    for file, ours in (("devices.csv", accounts.devices()), ("links.csv", accounts.links())):
        rows = run.rows(file)
        comparison.add(f"{file} rows", len(rows), len(ours))
        for row, other in zip(ours, rows):
            scale = {"bytes": 1., "background_bytes": 1.}
            for key, value in row.items():
                comparison.add(f"{file} {other.get('device', other.get('link'))}.{key}", other[key], value,
                               scale.get(key, accounts.makespan * 1e-6))


def bounds(run, stream, plan, latency, shared):
    """Of one stream, what is known before it is simulated."""
    found = {}
    found["estimated_latency_s"] = figures.predicted(plan, run.cluster, run.ablate)
    holes = any(map(model.has_holes, plan.layers))  # then the share that counts is left open
    if run.scenario.get("bound", "simple") == "simple" and not holes:
        found["lower_bound_s"] = figures.lower_bound(plan.layers, plan.cluster, run.ablate)
        found["optimality_gap"] = latency / found["lower_bound_s"] - 1 if found["lower_bound_s"] else None
    if not shared:
        need = max(figures.demand(plan, run.ablate))
        found["capacity_rps"] = 1 / need if need else None
        if stream.concurrency == 1:
            found["estimate_gap"] = found["estimated_latency_s"] / latency - 1
    return found


def runs_table(run):
    """runs.csv of the results that the run lies in; none if it lies elsewhere."""
    found = [parent / "runs.csv" for parent in list(run.folder.parents)[1:3]]
    return next((load_table(table) for table in found if table.exists()), None)


def row_of(run):
    """Of runs.csv where the run lies in a folder of results that has one, else of its status.json."""
    row = load_yaml(run.folder / "status.json")["row"]
    table = runs_table(run)
    if table:
        row = next(other for other in table if other["run_id"] == row["run_id"])
    return {key: number(cell) for key, cell in row.items()}


def speedup(run, latency, got):
    """Over the run that its status names, if that is in the table."""
    baseline = load_yaml(run.folder / "status.json").get("baseline")
    table = runs_table(run)
    if baseline is None or not table:
        return got.get("speedup_over_baseline")
    row = next(row for row in table if row["index"] == str(baseline))
    return float(row["latency_s"]) / latency if row["status"] == "ok" else None


def compare_row(run, accounts, ours, comparison):
    """The row of runs.csv, and of streams.csv where there are streams."""
    got = row_of(run)
    plans = [stream.plans[0] for stream in run.streams]
    named = "streams" in run.scenario
    expected = figures.of_requests(ours) | figures.of_plans(plans)
    latency = expected["latency_s"]
    aborted = expected.pop("aborted_times")
    if run.replans:
        expected["aborted"] = aborted
        expected["outage_s"] = max(outage(run, stream, ours) for stream in run.streams)
    expected["offered_load"] = figures.offered_load(run.streams, run.ablate)
    by_stream = [[row for row in ours if row["stream"] == stream.name] for stream in run.streams]
    each = [figures.of_requests(rows).get("throughput_rps") for rows in by_stream]
    expected.pop("throughput_rps", None)
    if None not in each:  # a sum over streams, as the next one (experiments/README.md, "Several streams")
        expected["throughput_rps"] = sum(each)
    growths = [figures.growth(rows) for rows, stream in zip(by_stream, run.streams) if not stream.concurrency]
    expected["queue_growth_rps"] = sum(g for g in growths if g is not None) if any(g is not None for g in growths) \
        else None
    expected["bytes_moved"] = sum(accounts.sent)
    expected["peak_memory_bytes"] = max(accounts.sim.peak)
    expected["energy_J"] = sum(accounts.device_energy(d) for d in range(len(run.cluster.devices))) \
        if accounts.known else None
    expected["link_energy_J"] = sum(map(accounts.link_energy, range(len(run.cluster.links))))
    expected["speedup_over_baseline"] = speedup(run, latency, got)
    precisions = {spec["precision"] for spec in run.scenario.get("streams", [run.scenario])}
    expected["assumed_rate"] = assumed_rates(run, precisions)
    if not named:
        expected |= bounds(run, run.streams[0], plans[0], latency, False)
        if any(at < accounts.makespan for at, _ in run.streams[0].changes):  # the prediction is of the first plan
            expected["estimate_gap"] = None
    comparison.add_row("runs.csv", got, expected, 1e-9)
    if named:
        compare_streams(run, ours, comparison)


def assumed_rates(run, precisions):
    return sum(any(assumes_rates(entry, precision) for precision in precisions) for entry in run.cluster.entries)


def compare_streams(run, ours, comparison):
    specs = {spec["name"]: spec for spec in run.scenario["streams"]}
    theirs = {row["stream"]: row for row in run.rows("streams.csv")}
    for stream in run.streams:
        rows = [row for row in ours if row["stream"] == stream.name]
        expected = figures.of_requests(rows) | figures.of_plans(stream.plans[:1])
        aborted = expected.pop("aborted_times")
        expected |= bounds(run, stream, stream.plans[0], expected["latency_s"], False)
        expected.pop("estimate_gap", None)
        expected["assumed_rate"] = assumed_rates(run, [specs[stream.name]["precision"]])
        if not stream.concurrency:
            expected["queue_growth_rps"] = figures.growth(rows)
        if run.replans:
            expected |= {"aborted": aborted, "outage_s": outage(run, stream, ours)}
        comparison.add_row(f"streams.csv {stream.name}", theirs.get(stream.name, {}), expected, 1e-9)


def outage(run, stream, ours):
    """Time without a plan until the last finish; s."""
    last = max(row["finish_s"] for row in ours)
    total, since, plan = 0., 0., 0
    for at, now in [*stream.changes, (last, None)]:
        if plan is None:
            total += max(0., min(at, last) - min(since, last))
        since, plan = at, now
    return total


def compare(folder):
    """Comparison of a run that ended well; raises Unsupported where it cannot be judged."""
    run = Run(folder)
    accounts = run.simulate()
    comparison = Comparison()
    ours = compare_requests(run, accounts, comparison)
    compare_events(run, accounts, comparison)
    compare_tables(run, accounts, comparison)
    compare_row(run, accounts, ours, comparison)
    compare_periods(run, ours, comparison)
    return comparison
