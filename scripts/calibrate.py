#!/usr/bin/python3
"""Fits a device profile to measured inference times, and predicts times with one.

usage: scripts/calibrate.py MEASURED.csv -o DEVICE.yaml [--layers LAYERS.csv]
       scripts/calibrate.py --predict DEVICE.yaml MODEL... [--layers LAYERS.csv]
       scripts/calibrate.py --from BOARD --framework NAME -o DEVICE.yaml [--threads N]

MEASURED.csv  columns device, threads, model, ms; optionally framework (default ncnn), precision (fp32,
              fp16 or int8, empty if it is not known), layer (then ms is that layer's time) and
              source (where the row comes from). Other columns and lines that start with # are
              ignored. Models are zoo names, paths of model files, or models of LAYERS.csv.
LAYERS.csv    columns model, layer, type, kind, macs, weight_elems, out_bytes_fp32, and in_elems (of
              all inputs) or in_shape_whc (of the first), such as platforms/measured/ncnn_layers.csv.
DEVICE.yaml   as in platforms/device.hpp. If it exists, what it says of memory, power and network,
              and its entries of other frameworks, thread counts and precisions, are kept.

The fit, per framework, number of threads and precision, is of t = k*MAC/P + (w*(in + out) + weights)*4/B + o,
summed over layers (platforms/device.hpp), with P, B, o > 0 by non-negative least squares on relative
errors. The factors k and w are the framework's (FACTORS below) and not fitted: one board's models are too few.

--from writes what ncnn's entry of a shipped board becomes in other software: all its times by one factor, that of
platforms/measured/framework_ratio.csv (see framework_ratio.py). That is a stand-in until somebody times the software.
"""

import argparse
import collections
import csv
import difflib
import json
import math
import os
import re
import subprocess
import sys
import tempfile

import numpy
from scipy.optimize import nnls

import framework_ratio

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MEASURED = os.path.join(ROOT, "platforms", "measured", "ncnn.csv")
RATIOS = os.path.join(ROOT, "platforms", "measured", "framework_ratio.csv")
DEVICES = os.path.join(ROOT, "platforms", "devices")

# k and w of compute_time_s by cost kind, of ncnn. 0.25: F(4x4, 3x3) multiplies 36 times where direct convolution
# does 144 times. The others are fitted to the first 53 boards of platforms/measured/ncnn.csv together, see
# scripts/calibration_study.
NCNN = {"winograd_factor": 0.25, "winograd_byte_factor": 8, "spatial_factor": 1.5,
        "matrix_factor": 3, "fully_connected_factor": 0}
NEUTRAL = dict.fromkeys(NCNN, 1)
# Convolutions, dense 3x3 ones too, and matrix products in one kind of matrix multiplication. A fully connected layer
# does one MAC per weight it reads, whatever the framework: reading takes 5 to 17 times as long (4/B by 1/P, for 8 in
# 10 of the catalogue's entries), so bytes alone count.
PRODUCTS = {**NEUTRAL, "fully_connected_factor": 0}
# By framework, in lower case, without - and _. Without Winograd, networks of dense 3x3 layers would be 1.2 (ResNet-50)
# to 2.9 times (VGG-16, one thread) as far from ncnn's times as MobileNets are; by platforms/measured/
# framework_ratio.csv it is 1.0 times for Tengine's VGG-16, so it has ncnn's factors, and 1.9 for TFLite's ResNet-50.
# Nothing tells of the others.
FACTORS = {"ncnn": NCNN, "ncnnlittle": NCNN, "tengine": NCNN, "tenginelite": NCNN,
           "pytorch": PRODUCTS, "tflite": PRODUCTS, "onnxruntime": PRODUCTS, "keras": PRODUCTS, "tensorflow": PRODUCTS}
FACTOR_OF_KIND = {"dense_3x3": "winograd_factor", "spatial": "spatial_factor",
                  "matrix": "matrix_factor", "fully_connected": "fully_connected_factor"}
# The column `kind` of LAYERS.csv; other kinds have no MACs.
KINDS = {"conv1x1": "general", "conv3x3s1": "dense_3x3", "convother": "spatial", "group": "general",
         "dw": "general", "deconv": "general", "fc": "fully_connected", "gemm": "matrix",
         "attention": "matrix", "other": "none"}
VIEWS = {"Flatten", "Reshape", "Input", "Split", "Noop"}  # types of LAYERS.csv that take no time
PARAMETERS = ["mac_rate", "byte_rate", "overhead"]
ELEMENT_BYTES = 4
MAX_THREADS = 1024
PRECISIONS = ["fp32", "fp16", "int8"]
MAX_MS = 1e9
RESAMPLES = 200

Layer = collections.namedtuple("Layer", "name kind macs io_elements weight_elements")
Row = collections.namedtuple("Row", "line device framework threads precision model layer ms source")
Key = collections.namedtuple("Key", "framework threads precision")  # of an entry of `compute`


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


def plain(framework):
    return re.sub(r"[-_]", "", framework.lower())


def factors_of(framework):
    """None if it is not known."""
    return FACTORS.get(plain(framework))


def features(layers, factors=NCNN):
    """What 1/P, 1/B and o are multiplied with, summed over layers."""
    sums = numpy.zeros(3)
    for layer in layers:
        k = factors[FACTOR_OF_KIND[layer.kind]] if layer.kind in FACTOR_OF_KIND else 1
        w = factors["winograd_byte_factor"] if layer.kind == "dense_3x3" else 1
        sums += (k * layer.macs, ELEMENT_BYTES * (w * layer.io_elements + layer.weight_elements), 1)
    return sums


def solve(x, seconds, weights, columns=(0, 1, 2)):
    """(1/P, 1/B, o) >= 0 that minimise the weighted squares of relative errors; 1/P > 0."""
    relative = x / seconds[:, None]
    scale = numpy.linalg.norm(relative, axis=0)
    columns = list(columns)
    solution = numpy.zeros(3)
    a = relative[:, columns] / scale[columns] * weights[:, None]
    solution[columns] = nnls(a, weights)[0] / scale[columns]
    if solution[0] == 0 and len(columns) > 1:  # then multiplying would cost nothing
        return solve(x, seconds, weights, columns[:-1])
    return solution


def fit(x, seconds, groups):
    """Solves for as many parameters as there are models; each model weighs the same."""
    count = collections.Counter(groups)
    weights = numpy.array([count[group] ** -0.5 for group in groups])
    return solve(x, seconds, weights, range(min(3, len(count))))


def doubts(x, seconds, groups, solution):
    """Why a parameter should not be trusted, by name."""
    models = len(set(groups))
    if models < 3:
        left_out = ", ".join(PARAMETERS[models:])
        return [f"{models} model{'s' * (models > 1)} can't identify 3 parameters: {left_out} left "
                "out; give timings of 8 different models"]
    found = []
    if solution[1] == 0:
        found.append("the data can't identify byte_rate: the best fit lets bytes cost nothing")
    active = [i for i in range(3) if solution[i] > 0]
    a = x[:, active] / seconds[:, None]
    a = a / numpy.linalg.norm(a, axis=0)
    if numpy.linalg.matrix_rank(a, tol=1e-6) < len(active):
        return found + ["the data can't identify the parameters: all models have the same mixture "
                        "of MACs, bytes and layers"]
    if len(seconds) <= len(active):
        return found + ["as many timings as parameters: nothing is left to judge the fit by"]
    errors = x @ solution / seconds - 1
    variance = errors @ errors / (len(seconds) - len(active))
    deviations = numpy.sqrt(variance * numpy.diag(numpy.linalg.inv(a.T @ a)))
    for i, deviation in zip(active, deviations / math.sqrt(len(seconds))):
        if deviation > 0.2:  # of a model's time, root mean square over the models
            found.append(f"the data hardly identify {PARAMETERS[i]}: its standard error is "
                         f"{100 * deviation:.0f} % of a model's time")
    return found


def leave_one_out(x, seconds, groups):
    """Relative error of each model's total, predicted from the other models."""
    errors = {}
    names = list(dict.fromkeys(groups))
    if len(names) < 2:
        return errors
    groups = numpy.array(groups)
    for name in names:
        here = groups == name
        solution = fit(x[~here], seconds[~here], list(groups[~here]))
        errors[name] = (x[here] @ solution).sum() / seconds[here].sum() - 1
    return errors


def points_of(path, rows, models):
    """Features, seconds and model of each row."""
    x = []
    for row in rows:
        try:
            layers = models[row.model]
        except InputError as error:
            raise InputError(f"{path}:{row.line}: model \"{row.model}\": {error}") from error
        if row.layer:
            layers = [layer for layer in layers if layer.name == row.layer]
            if not layers:
                raise InputError(f"{path}:{row.line}: model \"{row.model}\" has no layer "
                                 f"\"{row.layer}\"")
        x.append(features(layers, factors_of(row.framework) or NEUTRAL))
    seconds = numpy.array([row.ms * 1e-3 for row in rows])
    return numpy.array(x).reshape(-1, 3), seconds, [row.model for row in rows]


def key_of(row):
    return Key(row.framework, row.threads, row.precision)


def name_of(key):
    return f"{key.framework}, {key.threads} threads{', ' * bool(key.precision)}{key.precision}"


def median_and_p90(errors):
    """In %, of the sizes of the errors."""
    return 100 * numpy.quantile(numpy.abs(list(errors.values())), [0.5, 0.9])


def summary_of(errors):
    median, high = median_and_p90(errors)
    return f"leave-one-model-out error: median {median:.1f} %, 90th percentile {high:.1f} %"


def folded(text, indent):
    """`text` as a folded YAML scalar."""
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > 112 - indent:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return ">-\n" + "\n".join(" " * indent + line for line in [*lines, line])


def entry_text(key, solution, errors, source, inferred=False):
    """An item of a device's `compute` list."""
    lines = [f"  - framework: {key.framework}", f"    threads: {key.threads}"]
    if key.precision:
        lines.append(f"    precision: {key.precision}")
    if key.precision and inferred:
        lines.append("    precision_inferred: true")
    lines.append(f"    mac_rate: {1e-9 / solution[0]:.4g}GMAC/s")
    if solution[1] > 0:
        lines.append(f"    byte_rate: {1e-9 / solution[1]:.4g}GB/s")
    lines.append(f"    overhead: {1e6 * solution[2]:.4g}us" if solution[2] > 1e-12 else
                 "    overhead: 0s")
    lines += [f"    {name}: {value:g}" for name, value in (factors_of(key.framework) or NEUTRAL).items()]
    if errors:
        median, high = median_and_p90(errors)
        lines.append(f"    error: {{median: {median:.1f}%, p90: {high:.1f}%, points: {len(errors)}}}")
    lines.append(f"    source: {folded(source, 6)}")
    return "\n".join(lines) + "\n"


def device_name(text):
    return re.sub(r"[^A-Za-z0-9_.+-]+", "-", text.strip()).strip("-").lower()[:64]


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def existing(path):
    """Text of a device file up to its first compute entry, and its entries by key."""
    head, found, tail = text_of(path).partition("\ncompute:\n")
    if not found:
        raise InputError(f"{path}: exists and has no line \"compute:\" to put the fit under")
    comment, *items = re.split(r"(?m)^(?=  - )", tail)
    entries = {}
    for text in items:
        framework = re.search(r"framework: ([^\s,}]+)", text)
        threads = re.search(r"threads: (\d+)", text)
        precision = re.search(r"\bprecision: (\w+)", text)
        if not framework or not threads:
            raise InputError(f"{path}: has a compute entry without framework or threads")
        key = Key(framework[1], int(threads[1]), precision[1] if precision else "")
        entries[key] = text
    return head + found + comment, entries


def device_text(head, entries):
    return head + "".join(entries.values())


def write(path, text):
    """Writes the whole file or nothing."""
    try:
        temporary = f"{path}.tmp{os.getpid()}"
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error


def calibrate(path, output, models, quiet=False):
    rows = read_measured(path)
    devices = list(dict.fromkeys(row.device for row in rows))
    if len(devices) > 1:
        second = next(row for row in rows if row.device == devices[1])
        raise InputError(f"{path}:{second.line}: device is \"{second.device}\", expected "
                         f"\"{devices[0]}\" as above: one file per device")
    for framework in dict.fromkeys(row.framework for row in rows):
        if factors_of(framework) is None:
            print(f"calibrate: note: nothing is known of the kernels of framework \"{framework}\": MACs of all kinds "
                  "of layers are taken to cost the same (winograd_factor and the like are 1)", file=sys.stderr)
    fitted = {}
    for key in dict.fromkeys(map(key_of, rows)):
        chosen = [row for row in rows if key_of(row) == key]
        fitted[key] = fit_entry(path, key, chosen, models, quiet)
    head = (f"schema: 1\nname: {device_name(devices[0])}\ndescription: {json.dumps(devices[0])}\n"
            "messaging: sockets  # what messages cost; others: edgeflow list messaging\ncompute:\n")
    entries = {}
    if os.path.exists(output):
        head, entries = existing(output)
    entries.update(fitted)
    write(output, device_text(head, entries))


def fit_entry(path, key, rows, models, quiet, inferred=False):
    """The fitted entry's text; prints errors and doubts. `inferred`: nobody stated its precision."""
    x, seconds, groups = points_of(path, rows, models)
    solution = fit(x, seconds, groups)
    errors = leave_one_out(x, seconds, groups)
    sources = list(dict.fromkeys(row.source for row in rows if row.source))
    names = list(dict.fromkeys(groups))
    source = (f"fit of t = k*MAC/P + (w*(in + out) + weights)/B + o to the times of {len(names)} "
              f"models in {'; '.join(sources) or os.path.basename(path)}, by scripts/calibrate.py")
    for doubt in doubts(x, seconds, groups, solution):
        print(f"calibrate: warning: {name_of(key)}: {doubt}", file=sys.stderr)
    if not quiet:
        report(key, x, seconds, numpy.array(groups), names, solution, errors)
    return entry_text(key, solution, errors, source, inferred)


def intervals(x, seconds, groups):
    """What 90 % of the solutions are within that other choices of as many models give, drawn with replacement:
    two rows, the lower and the upper end. Nothing if there are too few models for that."""
    names = list(dict.fromkeys(groups))
    if len(names) < 2 * len(PARAMETERS):
        return None
    random = numpy.random.RandomState(0)
    points = [numpy.flatnonzero(groups == name) for name in names]
    solutions = []
    for _ in range(RESAMPLES):
        chosen = random.randint(len(names), size=len(names))
        rows = numpy.concatenate([points[c] for c in chosen])
        drawn = [place for place, c in enumerate(chosen) for _ in points[c]]  # a model twice counts twice
        solutions.append(fit(x[rows], seconds[rows], drawn))
    return numpy.quantile(solutions, [0.05, 0.95], axis=0)


def report(key, x, seconds, groups, names, solution, errors):
    within = intervals(x, seconds, groups)
    # Of rates the larger one is of the smaller time.
    texts = []
    for i, (name, unit, scale) in enumerate([("P", "GMAC/s", 1e-9), ("B", "GB/s", 1e-9), ("o", "us", 1e6)]):
        def shown(time, i=i, scale=scale):
            return scale * time if i == 2 else scale / time if time else math.inf
        text = f"{name} = {shown(solution[i]):.4g} {unit}"
        if within is not None:
            text += " ({:.4g} to {:.4g})".format(*sorted(map(shown, within[:, i])))
        texts.append(text)
    print(f"{name_of(key)}: " + ", ".join(texts))
    width = max(map(len, [*names, "model"]))
    print(f"  {'model':{width}}  measured ms  fitted ms  left out ms   error")
    for name in names:
        here = groups == name
        measured, ours = 1e3 * seconds[here].sum(), 1e3 * (x[here] @ solution).sum()
        line = f"  {name:{width}}  {measured:11.2f}  {ours:9.2f}"
        if name in errors:
            line += f"  {measured * (1 + errors[name]):11.2f}  {100 * errors[name]:+5.1f} %"
        print(line)
    if errors:
        print(f"  {summary_of(errors)}")


def profile_of(device, program, framework, threads, precision):
    """Solution and factors of a device file's entry, as edgeflow reads them."""
    asked = {"type": os.path.abspath(device), "framework": framework, "threads": threads,
             "precision": precision}
    cluster = {"schema": 1, "devices": [{key: value for key, value in asked.items() if value}],
               "network": {"type": "switch", "bandwidth": "1Gbps"}}
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "cluster.yaml")
        with open(file, "w", encoding="utf-8") as out:
            json.dump(cluster, out)
        entry = json.loads(run_edgeflow(program, ["inspect", file, "--json"]))["devices"][0]
    solution = [1 / entry["mac_rate"], 1 / entry["byte_rate_Bps"] if entry["byte_rate_Bps"] else 0,
                entry["overhead_s"]]
    return entry, numpy.array(solution), {name: entry[name] for name in NCNN}


def predict(arguments, models):
    entry, solution, factors = profile_of(arguments.predict, arguments.edgeflow,
                                          arguments.framework, arguments.threads,
                                          arguments.precision)
    key = Key(entry["framework"], entry["threads"], entry["precision"] or "")
    print(f"{entry['type']}, {name_of(key)}")
    width = max(map(len, [*arguments.files, "model"]))
    print(f"  {'model':{width}}  predicted ms")
    for name in arguments.files:
        print(f"  {name:{width}}  {1e3 * features(models[name], factors) @ solution:12.2f}")


def ratio_points():
    """How much slower than ncnn other software was on the same boards."""
    times = {(row.device, str(row.threads), row.model): row.ms for row in read_measured(MEASURED)
             if row.framework == "ncnn"}
    rows = [row for _, row in table(RATIOS, ["framework", "board", "threads", "model", "ms", "ncnn_ms", "clock"])]
    return framework_ratio.points_of(rows, times)


def shipped(name):
    """Path of a board of the catalogue. Raises InputError."""
    names = sorted(file.removesuffix(".yaml") for file in os.listdir(DEVICES) if file.endswith(".yaml"))
    if name not in names:
        close = difflib.get_close_matches(name, names, 1)
        raise InputError(f"there is no \"{name}\" in platforms/devices" +
                         (f" (did you mean \"{close[0]}\"?)" if close else ""))
    return os.path.join(DEVICES, name + ".yaml")


def carry(arguments):
    """Writes ncnn's entry of a shipped board, slower by a framework's factor, as that framework's."""
    known = framework_ratio.by_framework(ratio_points())
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
    factor, boards = framework_ratio.factor_of(points), len({point.board for point in points})
    lines = [f"  - framework: {key.framework}", f"    threads: {key.threads}"]
    for name, value, unit in re.findall(r"(?m)^    (\w+_rate|overhead|\w+_factor): ([\d.]+(?:e[-+]\d+)?)(.*)$", text):
        by = {"overhead": factor, "mac_rate": 1 / factor, "byte_rate": 1 / factor}.get(name, 1)
        lines.append(f"    {name}: {float(value) * by:.4g}{unit}")
    source = (f"carried over, not measured: ncnn's entry with {key.threads} thread{'s' * (key.threads > 1)}, its times "
              f"by {factor:.3g}, the geometric mean of {len(points)} ratios on {boards} board{'s' * (boards > 1)} "
              "(platforms/measured/framework_ratio.csv), by scripts/calibrate.py")
    own = re.search(r"error: {median: ([\d.]+)%, p90: ([\d.]+)%", text)
    errors = framework_ratio.left_out_errors(points)
    if own and errors:
        # Whichever of the two is off does not depend on the other.
        median, high = numpy.hypot([float(own[1]), float(own[2])], median_and_p90(dict(enumerate(errors))))
        lines.append(f"    error: {{median: {median:.1f}%, p90: {high:.1f}%, points: {len(points)}}}")
        source += "; error: of ncnn's fit and of the factor on a board left out, the root of their squares"
    else:
        print(f"calibrate: warning: {key.framework} was timed beside ncnn on one board alone: nobody knows how far its "
              "factor is off on others, and no error is written", file=sys.stderr)
    return "\n".join([*lines, f"    source: {folded(source, 6)}"]) + "\n"


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage:")[1].split("\n\n")[0].strip(),
                                     description=__doc__.split("\n\n", 2)[2],
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE|MODEL")
    parser.add_argument("-o", "--output", metavar="DEVICE.yaml")
    parser.add_argument("--layers", metavar="LAYERS.csv", help="layers of models outside the zoo")
    parser.add_argument("--predict", metavar="DEVICE.yaml", help="print the times of models")
    parser.add_argument("--from", dest="device", metavar="BOARD", help="carry its ncnn entry over to --framework")
    parser.add_argument("--framework", help="entry to predict with (default: the first), or to carry over to")
    parser.add_argument("--threads", type=int, help="entry to predict with or to carry over (default: the first)")
    parser.add_argument("--precision", choices=PRECISIONS,
                        help="entry to predict with (default: the first)")
    parser.add_argument("--edgeflow", metavar="PROGRAM", help="default: the one under build/")
    arguments = parser.parse_args()
    try:
        models = Models(arguments.layers, arguments.edgeflow)
        if arguments.predict and arguments.files and not arguments.device:
            predict(arguments, models)
        elif arguments.device:
            if not arguments.framework or not arguments.output or arguments.files or arguments.predict:
                parser.error("expected --from BOARD --framework NAME -o DEVICE.yaml")
            carry(arguments)
        elif not arguments.output or len(arguments.files) != 1:
            parser.error("expected MEASURED.csv -o DEVICE.yaml")
        else:
            calibrate(arguments.files[0], arguments.output, models)
    except InputError as error:
        print(f"calibrate: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
