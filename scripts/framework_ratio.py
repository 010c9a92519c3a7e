"""One factor per framework, by which it is slower than ncnn: from times of both on the same boards.

Of platforms/measured/framework_ratio.csv. scripts/calibrate.py --from carries the catalogue over by it,
scripts/calibration_study writes the table. Every board weighs the same, as does every network of a board.
"""

import collections
import math
import os
import re
import sys

import numpy

from device_files import Key, device_text, existing, folded, median_and_p90, plain, shipped, write
from timings import MEASURED, ROOT, InputError, read_measured, table

RATIOS = os.path.join(ROOT, "platforms", "measured", "framework_ratio.csv")

Point = collections.namedtuple("Point", "framework board model ratio")


def clock_of(text):
    """1.5/1.8 as a number; 1 where nothing is said."""
    above, _, below = text.partition("/")
    return float(above) / float(below) if text else 1


def points_of(rows, ncnn):
    """Of the file's rows (dicts), and ncnn's ms by board, threads and model."""
    found = []
    for row in rows:
        below = row["ncnn_ms"] or ncnn[row["board"], row["threads"], row["model"]]
        found.append(Point(row["framework"], row["board"], row["model"],
                           float(row["ms"]) * clock_of(row["clock"]) / float(below)))
    return found


def factor_of(points):
    """The geometric mean over boards of their geometric means over networks."""
    logs = collections.defaultdict(list)
    for point in points:
        logs[point.board].append(math.log(point.ratio))
    return math.exp(numpy.mean([numpy.mean(of_board) for of_board in logs.values()]))


def left_out_errors(points):
    """Error of each point by the factor of all other boards; nothing if there is one board."""
    boards = {point.board for point in points}
    if len(boards) < 2:
        return []
    others = {board: factor_of([point for point in points if point.board != board]) for board in boards}
    return [others[point.board] / point.ratio - 1 for point in points]


def by_framework(points):
    groups = collections.defaultdict(list)
    for point in points:
        groups[point.framework].append(point)
    return dict(sorted(groups.items(), key=lambda item: factor_of(item[1])))


def text(points):
    """Lines of platforms/README.md."""
    lines = ["| other software on the same boards | times ncnn's | of single networks | networks | boards | "
             "board left out: median | 90th percentile |", "|---|---|---|---|---|---|---|"]
    for framework, of in by_framework(points).items():
        ratios = [point.ratio for point in of]
        sizes = numpy.abs(left_out_errors(of))
        errors = (f"{100 * numpy.median(sizes):.0f} | {100 * numpy.quantile(sizes, 0.9):.0f}" if len(sizes) else
                  "- | -")
        lines.append(f"| {framework} | {factor_of(of):.2f} | {min(ratios):.2f} to {max(ratios):.2f} | "
                     f"{len(of)} | {len({point.board for point in of})} | {errors} |")
    return lines


def ratio_points():
    """How much slower than ncnn other software was on the same boards."""
    times = {(row.device, str(row.threads), row.model): row.ms for row in read_measured(MEASURED)
             if row.framework == "ncnn"}
    rows = [row for _, row in table(RATIOS, ["framework", "board", "threads", "model", "ms", "ncnn_ms", "clock"])]
    return points_of(rows, times)


def carry(arguments):
    """Writes ncnn's entry of a shipped board, slower by a framework's factor, as that framework's."""
    known = by_framework(ratio_points())
    framework = next((name for name in known if plain(name) == plain(arguments.framework)), None)
    if not framework:
        raise InputError(f"nobody timed framework \"{arguments.framework}\" beside ncnn: there are factors for "
                         f"{', '.join(sorted(known))} (platforms/measured/framework_ratio.csv)")
    path = shipped(arguments.device)
    head, entries = existing(path)
    usual = [key for key in entries if key.framework == "ncnn" and key.precision != "int8"]
    key = next((key for key in usual if arguments.threads in (None, key.threads)), None)
    if not key:
        raise InputError(f"{path}: ncnn has no entry with {arguments.threads} threads (it has "
                         f"{', '.join(str(key.threads) for key in usual)})")
    head = re.sub(r"(?m)^name: (.*)", rf"name: \1-{framework}", head[:head.index("\ncompute:\n")]) + "\ncompute:\n"
    carried = carried_text(entries[key], Key(framework, key.threads, ""), known[framework])
    entries = {}
    if os.path.exists(arguments.output):
        head, entries = existing(arguments.output)
    entries[Key(framework, key.threads, "")] = carried
    write(arguments.output, device_text(head, entries))


def carried_text(text, key, points):
    """`text` is ncnn's entry as entry_text makes it."""
    factor, boards = factor_of(points), len({point.board for point in points})
    lines = [f"  - framework: {key.framework}", f"    threads: {key.threads}"]
    for name, value, unit in re.findall(r"(?m)^    (\w+_rate|overhead|\w+_factor): ([\d.]+(?:e[-+]\d+)?)(.*)$", text):
        by = {"overhead": factor, "mac_rate": 1 / factor, "byte_rate": 1 / factor}.get(name, 1)
        lines.append(f"    {name}: {float(value) * by:.4g}{unit}")
    source = (f"carried over, not measured: ncnn's entry with {key.threads} thread{'s' * (key.threads > 1)}, its times "
              f"by {factor:.3g}, the geometric mean of {len(points)} ratios on {boards} board{'s' * (boards > 1)} "
              "(platforms/measured/framework_ratio.csv), by scripts/calibrate.py")
    own = re.search(r"error: {median: ([\d.]+)%, p90: ([\d.]+)%", text)
    errors = left_out_errors(points)
    if own and errors:
        # Whichever of the two is off does not depend on the other.
        median, high = numpy.hypot([float(own[1]), float(own[2])], median_and_p90(dict(enumerate(errors))))
        lines.append(f"    error: {{median: {median:.1f}%, p90: {high:.1f}%, points: {len(points)}}}")
        source += "; error: of ncnn's fit and of the factor on a board left out, the root of their squares"
    else:
        print(f"calibrate: warning: {key.framework} was timed beside ncnn on one board alone: nobody knows how far its "
              "factor is off on others, and no error is written", file=sys.stderr)
    return "\n".join([*lines, f"    source: {folded(source, 6)}"]) + "\n"
