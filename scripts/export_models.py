#!/usr/bin/python3
"""Writes the model zoo, workloads/models/*.yaml: real modules -> ONNX -> edgeflow import.

A tool for developers: it alone needs PyTorch (apt-get install python3-torch python3-torchvision).
Weights are never loaded. Layers are named after the modules that compute them.

  export_models.py EDGEFLOW [MODEL...]           write all models, or those named
  export_models.py EDGEFLOW --check [MODEL...]   exit 1 if a file differs from what would be written
"""

import argparse
import collections
import itertools
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import warnings

try:
    import torch
    import torchvision
    import zoo_modules as own
except ImportError as error:
    sys.exit(f"export_models.py: {error}; apt-get install python3-torch python3-torchvision")

ZOO = pathlib.Path(__file__).resolve().parent.parent / "workloads" / "models"
OPSET = 13

# Operators that a module's layers are counted by, where that is not the name in the file.
COUNTED_AS = {"reduce_mean": "mean"}


# Weights are not needed, so none are drawn; they differ, as the exporter stores equal ones once.
_numbers = itertools.count(1)
for _name in dir(torch.nn.init):
    if _name.endswith("_") and not _name.startswith("_"):
        setattr(torch.nn.init, _name, lambda tensor, *_, **__: tensor.data.fill_(next(_numbers)))


class Entry:
    def __init__(self, source, make, shape=(1, 3, 224, 224)):
        self.source, self.make, self.shape = source, make, shape


def vision(paper, name, shape=(1, 3, 224, 224), **options):
    return Entry(f"{paper} (torchvision 0.14.1, models.{name})",
                 lambda: getattr(torchvision.models, name)(weights=None, **options), shape)


def segmentation(paper, name):
    def make():
        model = getattr(torchvision.models.segmentation, name)(
            weights=None, weights_backbone=None, aux_loss=True)
        kind = type(model)
        model.__class__ = type(kind.__name__, (kind,), {
            "forward": lambda self, x: tuple(kind.forward(self, x).values())})
        return model

    return Entry(f"{paper} (torchvision 0.14.1, models.segmentation.{name})", make,
                 (1, 3, 520, 520))


def yolov5(size, depth, width):
    return Entry(f"Ultralytics YOLOv5, models/yolov5{size}.yaml (release 6 and later), "
                 f"depth_multiple {depth}, width_multiple {width}, 80 classes",
                 lambda: own.yolo(own.YOLOV5, (8, 16, 32), depth, width), (1, 3, 640, 640))


VGG = "Simonyan and Zisserman, arXiv:1409.1556, table 1"
RESNET = "He et al., arXiv:1512.03385, table 1"
MOBILENET_V3 = "Howard et al., arXiv:1905.02244"
MODELS = {
    "alexnet": vision("Krizhevsky, arXiv:1404.5997", "alexnet"),
    "bert_base_seq128": Entry("Devlin et al., arXiv:1810.04805, section 3: BERT-base with pooler, "
                              "128 tokens", own.Bert, (1, 128)),
    "deeplabv3_mobilenet_v3_large": segmentation("Chen et al., arXiv:1706.05587; " + MOBILENET_V3,
                                                 "deeplabv3_mobilenet_v3_large"),
    "densenet121": vision("Huang et al., arXiv:1608.06993, table 1", "densenet121"),
    "efficientnet_b0": vision("Tan and Le, arXiv:1905.11946, table 1", "efficientnet_b0"),
    "fcn_resnet50": segmentation("Long et al., arXiv:1411.4038; " + RESNET, "fcn_resnet50"),
    "googlenet": vision("Szegedy et al., arXiv:1409.4842, table 1, without auxiliary heads",
                        "googlenet", init_weights=False),
    "gpt2_small_seq128": Entry("Radford et al., Language models are unsupervised multitask "
                               "learners, table 2: 12 layers, 128 tokens", own.Gpt2, (1, 128)),
    "inception_v3": vision("Szegedy et al., arXiv:1512.00567, table 1, without auxiliary head",
                           "inception_v3", (1, 3, 299, 299), init_weights=False),
    "mnasnet1_0": vision("Tan et al., arXiv:1807.11626, figure 7", "mnasnet1_0"),
    "mobilenet_v2": vision("Sandler et al., arXiv:1801.04381, table 2", "mobilenet_v2"),
    "mobilenet_v3_large": vision(MOBILENET_V3 + ", table 1", "mobilenet_v3_large"),
    "mobilenet_v3_small": vision(MOBILENET_V3 + ", table 2", "mobilenet_v3_small"),
    "resnet18": vision(RESNET, "resnet18"),
    "resnet34": vision(RESNET, "resnet34"),
    "resnet50": vision(RESNET, "resnet50"),
    "resnet101": vision(RESNET, "resnet101"),
    "resnet152": vision(RESNET, "resnet152"),
    "resnext50_32x4d": vision("Xie et al., arXiv:1611.05431, table 1", "resnext50_32x4d"),
    "shufflenet_v2_x1_0": vision("Ma et al., arXiv:1807.11164, table 5", "shufflenet_v2_x1_0"),
    "squeezenet1_0": vision("Iandola et al., arXiv:1602.07360, table 1", "squeezenet1_0"),
    "squeezenet1_1": vision("Iandola et al., arXiv:1602.07360, version 1.1", "squeezenet1_1"),
    "unet": Entry("Ronneberger et al., arXiv:1505.04597, figure 1, with padded convolutions and "
                  "batch-norm, 2 classes", own.UNet, (1, 3, 256, 256)),
    "vgg11": vision(VGG, "vgg11"),
    "vgg16": vision(VGG, "vgg16"),
    "vgg19": vision(VGG, "vgg19"),
    "vit_b_16": vision("Dosovitskiy et al., arXiv:2010.11929, table 1", "vit_b_16"),
    "wide_resnet50_2": vision("Zagoruyko and Komodakis, arXiv:1605.07146", "wide_resnet50_2"),
    "yolov2": Entry("Redmon and Farhadi, arXiv:1612.08242 (yolov2.cfg of Darknet), 80 classes",
                    own.yolov2, (1, 3, 608, 608)),
    "yolov3": Entry("Redmon and Farhadi, arXiv:1804.02767 (Ultralytics models/yolov3.yaml), "
                    "80 classes", lambda: own.yolo(own.YOLOV3, (8, 16, 32)), (1, 3, 640, 640)),
    "yolov3-tiny": Entry("Redmon and Farhadi, arXiv:1804.02767 (Ultralytics "
                         "models/yolov3-tiny.yaml), 80 classes",
                         lambda: own.yolo(own.YOLOV3_TINY, (16, 32)), (1, 3, 640, 640)),
    "yolov5n": yolov5("n", 0.33, 0.25),
    "yolov5s": yolov5("s", 0.33, 0.50),
    "yolov5m": yolov5("m", 0.67, 0.75),
    "yolov5l": yolov5("l", 1.0, 1.0),
    "yolov5x": yolov5("x", 1.33, 1.25),
}


def export(module, shape, file):
    """Batch-norms stay (they are folded by us), constants are not folded (nor by the exporter)."""
    data = torch.zeros(shape) if len(shape) == 4 else torch.zeros(shape, dtype=torch.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, data, file, opset_version=OPSET, input_names=["input"],
                          training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)


# --- Names: a node is /layer1/layer1.0/relu_1/Relu, its layer layer1.0.relu/relu_1 ---------------


def module_path(node, modules):
    """The module that the exporter's scope names; a container's items repeat its name."""
    path, last = "", ""
    parts = node.strip("/").split("/")
    if parts[-1].islower():  # /Gather/view, a layer that the importer added
        parts.pop()
    for part in parts[:-1]:
        for name in (part, re.sub(r"_\d+$", "", part)):  # a second call has a number
            inside = f"{path}.{name}" if path else name
            item = path[:len(path) - len(last)] + name if name.startswith(f"{last}.") else inside
            found = next((p for p in (item, inside) if p in modules), None)
            if found:
                path, last = found, name
                break
        else:
            raise ValueError(f"no module for {part} of {node}")
    return path or "<root>"


def layer_names(layers, modules):
    """MODULE if it computes one layer, MODULE/OPERATOR and MODULE/OPERATOR_1 ... otherwise."""
    paths = {name: module_path(name.partition(":")[0], modules) for name, _ in layers}
    first = [(name, op) for name, op in layers if ":" not in name]  # others are parts of a split
    alone = collections.Counter(paths[name] for name, _ in first)
    counts, names = collections.Counter(), {}
    for name, op in first:
        path = paths[name]
        op = "split" if f"{name}:1" in paths else COUNTED_AS.get(op, op)
        number = counts[path, op]
        counts[path, op] += 1
        names[name] = path if alone[path] == 1 else \
            f"{path}/{op}" + (f"_{number}" if number else "")
    for name, _ in layers:
        if ":" in name:
            base, _, port = name.partition(":")
            names[name] = f"{names[base]}:{port}"
    return names


LAYER = re.compile(r'  - \{name: ("[^"]*"|[^,]*), op: (\w+)(?:, inputs: \[([^\]]*)\])?(.*)\}')


def renamed(text, modules):
    """The lines of the layers, in the names of the modules."""
    lines = [LAYER.fullmatch(line) for line in text.partition("\nlayers:\n")[2].splitlines()]
    layers = [(line[1].strip('"'), line[2]) for line in lines]
    names = {"input": "input"} | layer_names(layers[1:], modules)
    quoted = {name: f'"{new}"' if ":" in new else new for name, new in names.items()}
    result = ""
    for (name, op), line in zip(layers, lines):
        inputs = [quoted[one.strip('"')] for one in (line[3] or "").split(", ") if one]
        given = f", inputs: [{', '.join(inputs)}]" if inputs else ""
        result += f"  - {{name: {quoted[name]}, op: {op}{given}{line[4]}}}\n"
    return result


def model_text(name, entry, program):
    module = entry.make().eval()
    with tempfile.TemporaryDirectory() as folder:
        file, yaml = pathlib.Path(folder) / f"{name}.onnx", pathlib.Path(folder) / f"{name}.yaml"
        export(module, entry.shape, str(file))
        subprocess.run([program, "import", file, "-o", yaml], check=True, capture_output=True)
        layers = renamed(yaml.read_text(), {path for path, _ in module.named_modules()})
    return ("# Written by scripts/export_models.py.\n"
            f"schema: 1\nname: {name}\nsource: {json.dumps(entry.source)}\nlayers:\n{layers}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", help="the edgeflow program, such as build/release/edgeflow")
    parser.add_argument("models", nargs="*", metavar="MODEL", help="default: all")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    args = parser.parse_args()
    stale = []
    for name in args.models or MODELS:
        if name not in MODELS:
            sys.exit(f"export_models.py: no model {name}; there are {', '.join(MODELS)}")
        print(name, file=sys.stderr)
        file, text = ZOO / f"{name}.yaml", model_text(name, MODELS[name], args.program)
        if not args.check:
            file.write_text(text)
        elif not file.exists() or file.read_text() != text:
            stale.append(file.name)
    if stale:
        sys.exit(f"differs from what export_models.py writes: {', '.join(stale)}")


if __name__ == "__main__":
    main()
