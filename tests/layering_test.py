#!/usr/bin/python3
"""Fails if a room includes what stands above it, or two headers define a class of one name.

usage: layering_test.py PROJECT_FOLDER

A room is a folder, or the files that lie between the rooms of a top-level folder (its front door).
Each uses itself and the rooms before it.
"""
import pathlib
import re
import sys

ROOMS = [
    "workloads/input", "workloads/tensors", "workloads/operators", "workloads/graph", "workloads/onnx",
    "workloads",
    "platforms",
    "partition/plans", "partition/options", "partition/prices", "partition/layerwise", "partition/blocks",
    "partition/joint", "partition/external", "partition/strategies", "partition",
    "sim/records", "sim/setup", "sim/engine", "sim/files", "sim",
    "experiments/scenario", "experiments/jobs", "experiments/results", "experiments/run",
    "experiments/commands", "experiments/python", "experiments/examples/plan_and_simulate",
    "experiments/examples/strategy_plugin", "experiments",
]
FOLDERS = [room for room in ROOMS if "/" not in room]
ONLY = {  # third-party headers, and the files that may see them
    r"<(simgrid|xbt)/": r"sim/(engine|files)/|sim/simulate\.cpp",
    r"<(Clp|Coin)": r"partition/prices/lp\.cpp",
    r"[<\"](onnx|google/protobuf)/": r"workloads/onnx/",
}


def room_of(path):
    """The innermost room that holds the file."""
    folder = path.rsplit("/", 1)[0]
    return folder if folder in ROOMS else None


def classes_in(text):
    """Classes of a namespace that the header defines: two of one name are one to the linker, with one destructor."""
    namespace = "::".join(re.findall(r"^namespace ([\w:]+) \{", text, re.M))
    return [f"{namespace}::{name}" for name in re.findall(r"^(?:class|struct|union) (\w+)[^;{]*\{", text, re.M)]


root = pathlib.Path(sys.argv[1])
files = [f for folder in FOLDERS for f in sorted((root / folder).rglob("*.[ch]pp"))]
wrong = []
defined = {}
for file in files:
    name = file.relative_to(root).as_posix()
    room = room_of(name)
    if room is None:
        wrong.append(f"{name} lies in no room")
        continue
    for class_name in classes_in(file.read_text()) if file.suffix == ".hpp" else []:
        if class_name in defined:
            wrong.append(f"{name} defines {class_name}, as {defined[class_name]} does")
        defined[class_name] = name
    for include in re.findall(r"^#include ([<\"][^>\"]+)", file.read_text(), re.M):
        target = include[1:]
        wrong += [f"{name} includes {target}" for header, where in ONLY.items()
                  if re.match(header, include) and not re.match(where, name)]
        if include[0] != '"' or target.split("/")[0] not in FOLDERS:
            continue
        if not (root / target).is_file():
            wrong.append(f"{name} includes {target}, which is not there")
        elif ROOMS.index(room_of(target)) > ROOMS.index(room):
            wrong.append(f"{name} includes {target}, which is above it")
print("\n".join(wrong) or f"{len(files)} files include only what they may")
sys.exit(bool(wrong) or len(files) < 50)
