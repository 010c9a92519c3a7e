"""Measured inference times, and the layers of the models that were timed.

The formats are those of calibrate.py.
"""

import collections
import csv
import math
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MEASURED = os.path.join(ROOT, "platforms", "measured", "ncnn.csv")

# The column `kind` of LAYERS.csv; other kinds have no MACs.
KINDS = {"conv1x1": "general", "conv3x3s1": "dense_3x3", "convother": "spatial", "group": "general",
         "dw": "general", "deconv": "general", "fc": "fully_connected", "gemm": "matrix",
         "attention": "matrix", "other": "none"}
VIEWS = {"Flatten", "Reshape", "Input", "Split", "Noop"}  # types of LAYERS.csv that take no time
ELEMENT_BYTES = 4
MAX_THREADS = 1024
PRECISIONS = ["fp32", "fp16", "int8"]
MAX_MS = 1e9

Layer = collections.namedtuple("Layer", "name kind macs io_elements weight_elements")
Row = collections.namedtuple("Row", "line device framework threads precision model layer ms source")


class InputError(Exception):
    pass


def table(path, needed):
    """Rows of a CSV file with their line numbers. Raises InputError."""
    try:
        with open(path, newline="", encoding="utf-8") as file:
            lines = file.read().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
        raise InputError(f"{path}: {reason}") from error
    numbers = [n for n, text in enumerate(lines, 1) if text.strip() and not text.startswith("#")]
    if not numbers:
        raise InputError(f"{path}: is empty, expected the columns {', '.join(needed)}")
    reader = csv.reader([lines[n - 1] for n in numbers])
    header = [name.strip() for name in next(reader)]
    for name in needed:
        if name not in header:
            raise InputError(f"{path}:{numbers[0]}: there is no column \"{name}\" (expected "
                             f"{', '.join(needed)})")
    rows = []
    for number, cells in zip(numbers[1:], reader):
        if len(cells) != len(header):
            raise InputError(f"{path}:{number}: has {len(cells)} cells, expected {len(header)}")
        rows.append((number, dict(zip(header, (cell.strip() for cell in cells)))))
    if not rows:
        raise InputError(f"{path}: has no rows")
    return rows


def number(path, line, row, column, low, high, whole=False):
    """A number of a row within (low, high]. Raises InputError."""
    text = row[column]
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        value = math.nan
    if not low < value <= high:
        kind = "an integer" if whole else "a number"
        raise InputError(f"{path}:{line}: {column} is \"{text}\", expected {kind} over {low:g}, "
                         f"at most {high:g}")
    return value


def read_measured(path):
    rows = []
    for line, row in table(path, ["device", "threads", "model", "ms"]):
        for column in ("device", "model"):
            if not row[column]:
                raise InputError(f"{path}:{line}: {column} is empty")
        precision = row.get("precision", "")
        if precision and precision not in PRECISIONS:
            raise InputError(f"{path}:{line}: precision is \"{precision}\", expected one of "
                             f"{', '.join(PRECISIONS)}, or nothing")
        rows.append(Row(line, row["device"], row.get("framework") or "ncnn",
                        number(path, line, row, "threads", 0, MAX_THREADS, whole=True),
                        precision, row["model"], row.get("layer", ""),
                        number(path, line, row, "ms", 0, MAX_MS), row.get("source", "")))
    return rows


def volume(path, line, row, column):
    if not re.fullmatch(r"[1-9]\d*(x[1-9]\d*)*", row[column]):
        raise InputError(f"{path}:{line}: {column} is \"{row[column]}\", expected a shape such as "
                         "56x56x64")
    return math.prod(int(extent) for extent in row[column].split("x"))


def read_layers(path):
    """Layers by model."""
    models = collections.defaultdict(list)
    needed = ["model", "layer", "type", "kind", "macs", "weight_elems", "out_bytes_fp32"]
    for line, row in table(path, needed):
        if row["kind"] not in KINDS:
            raise InputError(f"{path}:{line}: kind is \"{row['kind']}\", expected one of "
                             f"{', '.join(KINDS)}")
        out = number(path, line, row, "out_bytes_fp32", 0, 1e15) / ELEMENT_BYTES
        if row.get("in_elems"):
            inputs = number(path, line, row, "in_elems", 0, 1e15)
        elif row["type"] == "Concat":
            inputs = out  # its shape column names the first input only
        elif "in_shape_whc" in row:
            inputs = volume(path, line, row, "in_shape_whc")
        else:
            raise InputError(f"{path}: there is no column \"in_elems\" or \"in_shape_whc\"")
        if row["type"] in VIEWS:
            continue
        models[row["model"]].append(
            Layer(row["layer"], KINDS[row["kind"]], number(path, line, row, "macs", -1, 1e18),
                  inputs + out, number(path, line, row, "weight_elems", -1, 1e15)))
    return models


class Models:
    """Layers of models: of LAYERS.csv, else what `edgeflow inspect` says."""

    def __init__(self, layers_file, program):
        self.layers = read_layers(layers_file) if layers_file else {}
        self.program = program

    def __getitem__(self, name):
        if name not in self.layers:
            text = run_edgeflow(self.program, ["inspect", name, "--csv"])
            self.layers[name] = [
                Layer(row["name"], row["cost_kind"], float(row["macs"]),
                      float(row["in_elements"]) + float(row["out_elements"]),
                      float(row["weight_elements"]))
                for row in csv.DictReader(text.splitlines())
                if row["op"] != "input" and row["cost_kind"] != "view"]
        return self.layers[name]


def run_edgeflow(program, arguments):
    program = program or os.environ.get("EDGEFLOW")  # set by `edgeflow calibrate`
    candidates = [program] if program else [
        os.path.join(ROOT, "build", preset, "edgeflow") for preset in ("release", "ci", "dev")]
    for candidate in candidates:
        if os.access(candidate, os.X_OK):
            done = subprocess.run([candidate, *arguments], capture_output=True, text=True)
            if done.returncode != 0:
                raise InputError(done.stderr.strip().removeprefix("edgeflow: "))
            return done.stdout
    raise InputError("there is no program edgeflow in " + ", ".join(candidates) +
                     " (build it with scripts/quickstart, or give --edgeflow PATH)")
