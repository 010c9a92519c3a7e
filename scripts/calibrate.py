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
errors. The factors k and w are the framework's (device_files.py) and not fitted: one board's models are too few.

--from writes what ncnn's entry of a shipped board becomes in other software: all its times by one factor, that of
platforms/measured/framework_ratio.csv (see framework_ratio.py). That is a stand-in until somebody times the software.
"""

import argparse
import collections
import json
import math
import os
import sys
import tempfile

import numpy
from scipy.optimize import nnls

import framework_ratio
from device_files import (NCNN, NEUTRAL, Key, device_name, device_text, entry_text, existing, factors_of, key_of,
                          median_and_p90, name_of, write)
from timings import ELEMENT_BYTES, PRECISIONS, InputError, Models, read_measured, run_edgeflow

FACTOR_OF_KIND = {"dense_3x3": "winograd_factor", "spatial": "spatial_factor",
                  "matrix": "matrix_factor", "fully_connected": "fully_connected_factor"}
PARAMETERS = ["mac_rate", "byte_rate", "overhead"]
RESAMPLES = 200


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


def summary_of(errors):
    median, high = median_and_p90(errors)
    return f"leave-one-model-out error: median {median:.1f} %, 90th percentile {high:.1f} %"


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
            framework_ratio.carry(arguments)
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
