"""Building blocks of generate_models.py: a list of layers, and how it is written as YAML."""

import re


class Model:
    """A list of layers. Every adding function returns the name of the layer whose output to use."""

    def __init__(self, name, source, dims):
        self.name = name
        self.source = source
        self.layers = []
        self.add("input", "input", [], dims=dims)

    def add(self, name, op, inputs, **attributes):
        layer = {"name": name, "op": op}
        if inputs:
            layer["inputs"] = list(inputs)
        layer.update(attributes)
        self.layers.append(layer)
        return name

    def conv(self, name, x, channels, kernel=1, stride=1, pad=0, groups=1, bias=True):
        a = {"out_channels": channels} | window(kernel, stride, pad)
        if groups != 1:
            a["groups"] = groups
        if not bias:
            a["bias"] = False
        return self.add(name, "conv", [x], **a)

    def pool(self, name, x, kernel, stride, pad=0, ceil_mode=False, op="max_pool"):
        a = window(kernel, stride, pad)
        if ceil_mode:
            a["ceil_mode"] = True
        return self.add(name, op, [x], **a)

    def adaptive(self, name, x, size=1):
        return self.add(name, "adaptive_avg_pool", [x], output_size=[size, size])

    def unary(self, name, op, x):
        return self.add(name, op, [x])

    def flatten(self, name, x, features):
        return self.add(name, "reshape", [x], dims=[features])

    def linear(self, name, x, features):
        return self.add(name, "linear", [x], out_channels=features)

    def concat(self, name, inputs, dim=0):
        return self.add(name, "concat", inputs, dim=dim)

    def slice(self, name, x, dim, start, stop):
        return self.add(name, "slice", [x], dim=dim, start=start, stop=stop)

    def conv_bn(self, conv, bn, x, channels, **options):
        x = self.conv(conv, x, channels, bias=False, **options)
        return self.unary(bn, "batch_norm", x)

    def conv_bn_act(self, names, act, x, channels, **options):
        x = self.conv_bn(names[0], names[1], x, channels, **options)
        return self.unary(names[2], act, x)

    def yaml(self):
        lines = [
            "# Written by scripts/generate_models.py.",
            "schema: 1",
            f"name: {self.name}",
            f"source: {flow(self.source)}",
            "layers:",
        ]
        for layer in self.layers:
            fields = ", ".join(f"{key}: {flow(value)}" for key, value in layer.items())
            lines.append(f"  - {{{fields}}}")
        return "\n".join(lines) + "\n"


def pair(value):
    return list(value) if isinstance(value, tuple) else [value, value]


def window(kernel, stride, pad):
    """Attributes of a sliding window, those at their defaults left out."""
    kernel, stride, pad = pair(kernel), pair(stride), pair(pad)
    a = {}
    if kernel != [1, 1]:
        a["kernel"] = kernel
    if stride != [1, 1]:
        a["stride"] = stride
    if pad != [0, 0]:
        a["pad"] = pad + pad
    return a


def flow(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(flow(v) for v in value) + "]"
    text = str(value)
    return text if re.fullmatch(r"[\w./<>-]+", text) else f'"{text}"'


def numbered(name, n):
    """The name of the n-th call of an unnamed operation in one module: relu, relu_1, relu_2."""
    return name if n == 0 else f"{name}_{n}"
