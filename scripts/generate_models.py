#!/usr/bin/python3
"""Writes the model zoo, workloads/models/*.yaml, from the published architecture tables.

Layers carry the names that the networks' PyTorch modules give them; batch-norm and activations are
layers of their own (the fold pass merges them).

  generate_models.py           write every model
  generate_models.py --check   exit 1 if a file differs from what would be written
"""

import argparse
import math
import pathlib
import sys

from inception_models import googlenet, inception_v3
from model_builder import Model, numbered

ZOO = pathlib.Path(__file__).resolve().parent.parent / "workloads" / "models"


# --- AlexNet and VGG ---------------------------------------------------------------------------


def classifier(m, x, features, linears):
    """Linear layers with a relu between; `linears` maps the index of each to its features."""
    x = m.flatten("<root>", x, features)
    for index, size in linears:
        x = m.linear(f"classifier.{index}", x, size)
        if size != 1000:
            x = m.unary(f"classifier.{index + 1}", "relu", x)


def alexnet():
    m = Model("alexnet", "Krizhevsky, One weird trick, arXiv:1404.5997 (torchvision layout)",
              [1, 3, 224, 224])
    x, index = "input", 0
    for item in [(64, 11, 4, 2), "M", (192, 5, 1, 2), "M", (384, 3, 1, 1), (256, 3, 1, 1),
                 (256, 3, 1, 1), "M"]:
        if item == "M":
            x = m.pool(f"features.{index}", x, 3, 2)
            index += 1
        else:
            channels, kernel, stride, pad = item
            x = m.conv(f"features.{index}", x, channels, kernel, stride, pad)
            x = m.unary(f"features.{index + 1}", "relu", x)
            index += 2
    x = m.adaptive("avgpool", x, 6)
    classifier(m, x, 256 * 36, [(1, 4096), (4, 4096), (6, 1000)])
    return m


def vgg(depth, convs):
    """`convs`: 3x3 convolutions per stage (table 1 of the paper)."""
    m = Model(f"vgg{depth}", "Simonyan and Zisserman, arXiv:1409.1556, table 1 "
              "(torchvision layout)", [1, 3, 224, 224])
    x, index = "input", 0
    for channels, count in zip([64, 128, 256, 512, 512], convs):
        for _ in range(count):
            x = m.conv(f"features.{index}", x, channels, 3, 1, 1)
            x = m.unary(f"features.{index + 1}", "relu", x)
            index += 2
        x = m.pool(f"features.{index}", x, 2, 2)
        index += 1
    x = m.adaptive("avgpool", x, 7)
    classifier(m, x, 512 * 49, [(0, 4096), (3, 4096), (6, 1000)])
    return m


# --- ResNet ------------------------------------------------------------------------------------


def resnet(depth, blocks, bottleneck):
    m = Model(f"resnet{depth}", "He et al., arXiv:1512.03385, table 1 (torchvision layout: "
              "stride on the 3x3 convolution)", [1, 3, 224, 224])
    x = m.conv_bn_act(["conv1", "bn1", "relu"], "relu", "input", 64, kernel=7, stride=2, pad=3)
    x = m.pool("maxpool", x, 3, 2, 1)
    in_channels = 64
    for stage, count in enumerate(blocks):
        width = 64 << stage
        out_channels = 4 * width if bottleneck else width
        for i in range(count):
            stride = 2 if stage > 0 and i == 0 else 1
            shrink = stride != 1 or in_channels != out_channels
            x = residual(m, f"layer{stage + 1}.{i}", x, width, stride, shrink, bottleneck)
            in_channels = out_channels
    x = m.adaptive("avgpool", x)
    x = m.flatten("<root>", x, in_channels)
    m.linear("fc", x, 1000)
    return m


def residual(m, name, x, width, stride, shrink, bottleneck):
    """A basic block (3x3, 3x3) or a bottleneck (1x1, 3x3, 1x1) and its shortcut."""
    body = [(1, 1, width), (3, stride, width), (1, 1, 4 * width)] if bottleneck else \
           [(3, stride, width), (3, 1, width)]
    y = x
    for i, (kernel, step, channels) in enumerate(body):
        y = m.conv_bn(f"{name}.conv{i + 1}", f"{name}.bn{i + 1}", y, channels, kernel=kernel,
                      stride=step, pad=kernel // 2)
        if i + 1 < len(body):
            y = m.unary(numbered(f"{name}.relu/relu", i), "relu", y)
    if shrink:
        x = m.conv_bn(f"{name}.downsample.0", f"{name}.downsample.1", x, body[-1][2],
                      stride=stride)
    y = m.add(name, "add", [y, x])
    return m.unary(numbered(f"{name}.relu/relu", len(body) - 1), "relu", y)


# --- YOLOv5 ------------------------------------------------------------------------------------

# (from, module, repeats, channels, kernel, stride); repeats and channels before scaling.
YOLOV5 = [
    (-1, "conv", 1, 64, 6, 2), (-1, "conv", 1, 128, 3, 2), (-1, "c3", 3, 128),
    (-1, "conv", 1, 256, 3, 2), (-1, "c3", 6, 256), (-1, "conv", 1, 512, 3, 2),
    (-1, "c3", 9, 512), (-1, "conv", 1, 1024, 3, 2), (-1, "c3", 3, 1024), (-1, "sppf", 1, 1024),
    (-1, "conv", 1, 512, 1, 1), (-1, "upsample"), ((-1, 6), "concat"), (-1, "c3_plain", 3, 512),
    (-1, "conv", 1, 256, 1, 1), (-1, "upsample"), ((-1, 4), "concat"), (-1, "c3_plain", 3, 256),
    (-1, "conv", 1, 256, 3, 2), ((-1, 14), "concat"), (-1, "c3_plain", 3, 512),
    (-1, "conv", 1, 512, 3, 2), ((-1, 10), "concat"), (-1, "c3_plain", 3, 1024),
]
YOLOV5_HEADS = [(17, 8), (20, 16), (23, 32)]  # module, stride


def yolov5(size, depth, width, image=640):
    m = Model(f"yolov5{size}", f"Ultralytics YOLOv5, models/yolov5{size}.yaml (release 6 and "
              f"later), depth_multiple {depth}, width_multiple {width}, 80 classes",
              [1, 3, image, image])
    out = []
    for i, row in enumerate(YOLOV5):
        name, module = f"model.{i}", row[1]
        froms = row[0] if isinstance(row[0], tuple) else (row[0],)
        x = [out[f] if out else "input" for f in froms]
        if module == "concat":
            out.append(m.concat(name, x))
        elif module == "upsample":
            out.append(m.add(name, "upsample", x, scale=2))
        else:
            channels = math.ceil(row[3] * width / 8) * 8
            repeats = max(round(row[2] * depth), 1) if row[2] > 1 else row[2]
            if module == "conv":
                # The 6x6 stem pads by 2, all others by half the kernel.
                pad = 2 if row[4] == 6 else row[4] // 2
                out.append(yolo_conv(m, name, x[0], channels, row[4], row[5], pad))
            elif module == "sppf":
                out.append(sppf(m, name, x[0], channels))
            else:
                out.append(c3(m, name, x[0], channels, repeats, shortcut=module == "c3"))
    detect(m, f"model.{len(YOLOV5)}", [(out[f], image // s) for f, s in YOLOV5_HEADS])
    return m


def yolo_conv(m, name, x, channels, kernel=1, stride=1, pad=0):
    return m.conv_bn_act([f"{name}.conv", f"{name}.bn", f"{name}.act"], "silu", x, channels,
                         kernel=kernel, stride=stride, pad=pad)


def c3(m, name, x, channels, repeats, shortcut):
    """Cross-stage partial block: a chain of bottlenecks beside a 1x1 convolution."""
    half = channels // 2
    y = yolo_conv(m, f"{name}.cv1", x, half)
    for i in range(repeats):
        z = yolo_conv(m, f"{name}.m.{i}.cv1", y, half)
        z = yolo_conv(m, f"{name}.m.{i}.cv2", z, half, 3, 1, 1)
        y = m.add(f"{name}.m.{i}", "add", [y, z]) if shortcut else z
    z = yolo_conv(m, f"{name}.cv2", x, half)
    return yolo_conv(m, f"{name}.cv3", m.concat(name, [y, z]), channels)


def sppf(m, name, x, channels):
    parts = [yolo_conv(m, f"{name}.cv1", x, channels // 2)]
    for i in range(3):
        parts.append(m.pool(numbered(f"{name}.m/max_pool", i), parts[-1], 5, 1, 2))
    return yolo_conv(m, f"{name}.cv2", m.concat(name, parts), channels)


def detect(m, name, maps, anchors=3, fields=85):
    """Decodes (x, y, w, h, objectness, 80 classes) of each anchor; `maps`: tensor, rows."""
    results = []
    for i, (x, n) in enumerate(maps):
        def at(op, per_level=1, k=0):
            return numbered(f"{name}/{op}", per_level * i + k)

        x = m.conv(f"{name}.m.{i}", x, anchors * fields)
        x = m.add(at("reshape", 2), "reshape", [x], dims=[anchors, fields, n, n])
        x = m.add(at("transpose"), "transpose", [x], dims=[0, 2, 3, 1])
        x = m.unary(at("sigmoid"), "sigmoid", x)
        split = at("split")
        bounds = [("", 0, 2), (":1", 2, 4), (":2", 4, fields)]
        xy, wh, rest = [m.slice(split + port, x, 3, start, stop) for port, start, stop in bounds]
        xy = m.unary(at("mul", 4), "mul", xy)
        xy = m.unary(at("add"), "add", xy)
        xy = m.unary(at("mul", 4, 1), "mul", xy)
        wh = m.unary(at("mul", 4, 2), "mul", wh)
        wh = m.unary(at("pow"), "pow", wh)
        wh = m.unary(at("mul", 4, 3), "mul", wh)
        x = m.concat(at("concat"), [xy, wh, rest], dim=3)
        results.append(m.add(at("reshape", 2, 1), "reshape", [x], dims=[anchors * n * n, fields]))
    m.concat(f"{name}/concat_{len(maps)}", results)


# --- DenseNet, MobileNetV2, SqueezeNet ---------------------------------------------------------


def densenet(depth, blocks, growth=32):
    m = Model(f"densenet{depth}", "Huang et al., arXiv:1608.06993, table 1 (torchvision layout)",
              [1, 3, 224, 224])
    f = "features"
    x = m.conv_bn_act([f"{f}.conv0", f"{f}.norm0", f"{f}.relu0"], "relu", "input", 64, kernel=7,
                      stride=2, pad=3)
    x = m.pool(f"{f}.pool0", x, 3, 2, 1)
    channels = 64
    for b, count in enumerate(blocks, start=1):
        block = f"{f}.denseblock{b}"
        parts = [x]
        for i in range(1, count + 1):
            layer = f"{block}.denselayer{i}"
            y = m.concat(layer, parts)
            y = m.unary(f"{layer}.norm1", "batch_norm", y)
            y = m.unary(f"{layer}.relu1", "relu", y)
            y = m.conv_bn_act([f"{layer}.conv1", f"{layer}.norm2", f"{layer}.relu2"], "relu", y,
                              4 * growth)
            parts.append(m.conv(f"{layer}.conv2", y, growth, 3, 1, 1, bias=False))
            channels += growth
        x = m.concat(block, parts)
        if b < len(blocks):
            channels //= 2
            t = f"{f}.transition{b}"
            x = m.unary(f"{t}.norm", "batch_norm", x)
            x = m.unary(f"{t}.relu", "relu", x)
            x = m.conv(f"{t}.conv", x, channels, bias=False)
            x = m.pool(f"{t}.pool", x, 2, 2, op="avg_pool")
    x = m.unary(f"{f}.norm5", "batch_norm", x)
    x = m.unary("<root>/relu", "relu", x)
    x = m.adaptive("<root>/adaptive_avg_pool", x)
    x = m.flatten("<root>/reshape", x, channels)
    m.linear("classifier", x, 1000)
    return m


def mobilenet_v2():
    m = Model("mobilenet_v2", "Sandler et al., arXiv:1801.04381, table 2 (torchvision layout)",
              [1, 3, 224, 224])

    def block(name, x, channels, **options):
        return m.conv_bn_act([f"{name}.{i}" for i in range(3)], "relu6", x, channels, **options)

    x = block("features.0", "input", 32, kernel=3, stride=2, pad=1)
    channels, index = 32, 1
    # Expansion, output channels, repeats, stride of the first.
    for t, c, n, s in [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
                       (6, 160, 3, 2), (6, 320, 1, 1)]:
        for i in range(n):
            name, stride, wide, k, y = f"features.{index}", s if i == 0 else 1, t * channels, 0, x
            if t != 1:
                y, k = block(f"{name}.conv.0", y, wide), 1
            y = block(f"{name}.conv.{k}", y, wide, kernel=3, stride=stride, pad=1, groups=wide)
            y = m.conv_bn(f"{name}.conv.{k + 1}", f"{name}.conv.{k + 2}", y, c)
            x = m.add(name, "add", [x, y]) if stride == 1 and channels == c else y
            channels, index = c, index + 1
    x = block("features.18", x, 1280)
    x = m.adaptive("<root>/adaptive_avg_pool", x)
    x = m.flatten("<root>/reshape", x, 1280)
    m.linear("classifier.1", x, 1000)
    return m


def squeezenet1_1():
    m = Model("squeezenet1_1", "Iandola et al., arXiv:1602.07360, version 1.1 (torchvision layout)",
              [1, 3, 224, 224])
    x = m.conv("features.0", "input", 64, 3, 2)
    x = m.unary("features.1", "relu", x)
    fires = {3: (16, 64), 4: (16, 64), 6: (32, 128), 7: (32, 128), 9: (48, 192), 10: (48, 192),
             11: (64, 256), 12: (64, 256)}
    for index in range(2, 13):
        name = f"features.{index}"
        if index not in fires:
            x = m.pool(name, x, 3, 2, ceil_mode=True)
            continue
        squeeze, expand = fires[index]
        x = m.conv(f"{name}.squeeze", x, squeeze)
        x = m.unary(f"{name}.squeeze_activation", "relu", x)
        parts = []
        for kernel in (1, 3):
            y = m.conv(f"{name}.expand{kernel}x{kernel}", x, expand, kernel, 1, kernel // 2)
            parts.append(m.unary(f"{y}_activation", "relu", y))
        x = m.concat(name, parts)
    x = m.conv("classifier.1", x, 1000)
    x = m.unary("classifier.2", "relu", x)
    x = m.adaptive("classifier.3", x)
    m.flatten("<root>", x, 1000)
    return m


# --- The zoo -----------------------------------------------------------------------------------


def zoo():
    return [
        alexnet(),
        vgg(11, [1, 1, 2, 2, 2]),
        vgg(16, [2, 2, 3, 3, 3]),
        resnet(18, [2, 2, 2, 2], bottleneck=False),
        resnet(34, [3, 4, 6, 3], bottleneck=False),
        resnet(50, [3, 4, 6, 3], bottleneck=True),
        yolov5("n", 0.33, 0.25),
        yolov5("s", 0.33, 0.50),
        yolov5("m", 0.67, 0.75),
        densenet(121, [6, 12, 24, 16]),
        mobilenet_v2(),
        squeezenet1_1(),
        googlenet(),
        inception_v3(),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    args = parser.parse_args()
    stale = []
    for model in zoo():
        file, text = ZOO / f"{model.name}.yaml", model.yaml()
        if not args.check:
            file.write_text(text)
        elif not file.exists() or file.read_text() != text:
            stale.append(file.name)
    if stale:
        sys.exit(f"differs from what generate_models.py writes: {', '.join(stale)}")


if __name__ == "__main__":
    main()
