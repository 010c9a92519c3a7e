"""Tables in README files that scripts write, between lines <!-- NAME: begin --> and <!-- NAME: end -->."""

import os
import re
import sys

from device_files import text_of, write
from timings import ROOT

CALIBRATION = os.path.join(ROOT, "platforms", "README.md")
STRATEGIES = os.path.join(ROOT, "partition", "README.md")
TOP = os.path.join(ROOT, "README.md")
VALIDATION = os.path.join(ROOT, "experiments", "validation", "README.md")


def fail(message):
    print(f"readme: {message}", file=sys.stderr)
    sys.exit(2)


def split(path, name):
    """What stands before, in and after the table, markers apart."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    before, found, rest = text_of(path).partition(begin)
    text, closed, after = rest.partition(end)
    if not found or not closed:
        fail(f"{path}: there are no lines {begin.strip()} and {end}")
    return before + begin, text, end + after


def table(path, name):
    return split(path, name)[1]


def put(path, name, text):
    before, _, after = split(path, name)
    write(path, before + text.strip("\n") + "\n" + after)


def whole_models():
    """The calibration study's main figures, by name."""
    text = table(CALIBRATION, "calibration")
    study = re.search(r"^Errors in %, .*: (?P<runs>\d+) runs of (?P<boards>\d+) boards with (?P<timings>\d+) timings "
                      r"of (?P<networks>\d+) networks", text, re.M)
    form = re.search(r"^\| \*\*the same.*\*\* \| (?P<of_boards>[\d.]+) \| (?P<median>[\d.]+) \| (?P<p90>[\d.]+) \|",
                     text, re.M)
    other = re.search(r"^Constants chosen on one half .*: [\d.]+ %, (?P<other_median>[\d.]+) %, "
                      r"(?P<other_p90>[\d.]+) %\.", text, re.M)
    if not (study and form and other):
        fail(f"{CALIBRATION}: the figures of scripts/calibration_study are missing")
    return study.groupdict() | form.groupdict() | other.groupdict()


def rows(text, first):
    """Cells of the Markdown table whose head begins with these columns."""
    head = "| " + " | ".join(first) + " |"
    lines = text[text.index(head):].split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def trust():
    """How far to trust the program: the main figures of both studies, from their tables."""
    validation, models = table(VALIDATION, "validation"), whole_models()
    lines = ["| simulated against measured | points | median error | 90th percentile | plans in order | "
             "constants, points |", "|---|---|---|---|---|---|"]
    for title, points, median, p90, _, order, *_, constants in rows(validation, ["testbed", "points"]):
        lines.append(f"| {title} | {points} | {median} | {p90} | {order} | {constants} |")
    lines.append(f"| {models['networks']} networks on {models['boards']} boards, each left out of the fit | "
                 f"{models['timings']} | {models['median']} % | {models['p90']} % | - | - |")
    medians = [float(row[4].removesuffix(" %")) for row in rows(validation, ["testbed", "device"])]
    lines.append(f"| the testbeds by the catalogue's boards, nothing calibrated | - | {min(medians):.0f} to "
                 f"{max(medians):.0f} % | - | - | 0 |")
    return "\n".join(lines)


def put_trust():
    put(TOP, "trust", trust())
