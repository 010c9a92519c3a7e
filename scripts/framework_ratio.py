"""One factor per framework, by which it is slower than ncnn: from times of both on the same boards.

Of platforms/measured/framework_ratio.csv. scripts/calibrate.py --from carries the catalogue over by it,
scripts/calibration_study writes the table. Every board weighs the same, as does every network of a board.
"""

import collections
import math

import numpy

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
    """Lines of README.md."""
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
