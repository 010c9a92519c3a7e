#!/usr/bin/python3
"""Fails if a folder includes what it may not use; usage: layering_test.py PROJECT_FOLDER."""
import pathlib
import re
import sys

LAYERS = ["workloads", "platforms", "partition", "sim", "experiments"]  # each uses those before it
ONLY = {  # third-party headers, and the files that may see them
    r"<(simgrid|xbt)/": r"sim/",
    r"<(Clp|Coin)": r"partition/lp\.cpp",
    r"[<\"](onnx|google/protobuf)/": r"workloads/onnx_",
}

root = pathlib.Path(sys.argv[1])
files = [f for layer in LAYERS for f in sorted((root / layer).rglob("*.[ch]pp"))]
wrong = []
for file in files:
    name = file.relative_to(root).as_posix()
    allowed = LAYERS[: LAYERS.index(name.split("/")[0]) + 1]
    for include in re.findall(r"^#include ([<\"][^>\"]+)", file.read_text(), re.M):
        folder = include[1:].split("/")[0]
        if folder in LAYERS and include[0] == '"' and folder not in allowed:
            wrong.append(f"{name} includes {include[1:]}")
        wrong += [f"{name} includes {include[1:]}" for header, where in ONLY.items()
                  if re.match(header, include) and not re.match(where, name)]
print("\n".join(wrong) or f"{len(files)} files include only what they may")
sys.exit(bool(wrong) or len(files) < 50)
