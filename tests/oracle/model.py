"""Models: shapes, what folds into what, which box needs which, and the work of a box.

Boxes are (channel, row, column); sizes are numbers of elements. After the format in
workloads/model_yaml.hpp and the operators' usual definitions; one layer is one operator. Operators
that rearrange dimensions are refused.
"""
import dataclasses
import math

from boxes import EMPTY, extents, volume, whole
from files import load_yaml
from layout import Layout, default, reshaped, resized, transposed

ACTIVATIONS = set("relu relu6 leaky_relu sigmoid hardsigmoid silu hardswish tanh gelu hardtanh elu selu celu "
                  "softplus softsign mish".split())
ELEMENTWISE = set("add sub mul div pow max min".split())
WEIGHTED = {"conv", "conv_transpose", "linear"}
POOLS = {"max_pool", "avg_pool"}


class Unsupported(Exception):
    """Something that this check does not know; the run is not judged."""


@dataclasses.dataclass
class Layer:
    name: str
    op: str
    at: dict                # its attributes as in the model file
    inputs: list            # indices of layers
    layout: Layout          # of the output
    input_layouts: list     # of each input
    params: int = 0         # elements
    folded: int = 0         # how many layers are folded into it

    @property
    def extents(self):
        return self.layout.extents

    @property
    def input_extents(self):
        """(channels, rows, columns) of each."""
        return [layout.extents for layout in self.input_layouts]


def pair(value, default):
    """[rows, columns] of an attribute that may be one number."""
    value = default if value is None else value
    return [value, value] if isinstance(value, int) else list(value)


def padding(layer_at):
    """[top, left, bottom, right]."""
    pad = pair(layer_at.get("pad"), 0)
    return pad if len(pad) == 4 else [pad[0], pad[1], pad[0], pad[1]]


def window(at):
    """Per axis (row, column): kernel, stride, dilation, padding before, padding behind."""
    kernel, stride = pair(at.get("kernel"), 1), pair(at.get("stride"), 1)
    dilation, pad = pair(at.get("dilation"), 1), padding(at)
    return [(kernel[a], stride[a], dilation[a], pad[a], pad[a + 2]) for a in (0, 1)]


def slid_extent(size, win, ceil_mode):
    """How many windows fit along an axis."""
    kernel, stride, dilation, before, behind = win
    room = size + before + behind - dilation * (kernel - 1) - 1
    if not ceil_mode:
        return room // stride + 1
    count = -(-room // stride) + 1
    return count - 1 if (count - 1) * stride >= size + before else count  # none begins behind the input


def broadcast(shapes):
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    return tuple(max(sizes) for sizes in zip(*padded))


def feature_map(op, dims):
    if len(dims) != 3:
        raise Unsupported(f"{op} of {len(dims)} dimensions")
    return dims


def spatial_shape(op, at, dims):
    c, h, w = feature_map(op, dims)
    if op in POOLS:
        return (c, *(slid_extent(s, win, at.get("ceil_mode")) for s, win in zip((h, w), window(at))))
    if op == "conv":
        return (at["out_channels"], *(slid_extent(s, win, False) for s, win in zip((h, w), window(at))))
    if op == "conv_transpose":
        more = pair(at.get("output_pad"), 0)
        return (at["out_channels"], *((s - 1) * stride - before - behind + dilation * (kernel - 1) + 1 + m
                                      for s, m, (kernel, stride, dilation, before, behind)
                                      in zip((h, w), more, window(at))))
    if op == "adaptive_avg_pool":
        return (c, *pair(at.get("output_size"), 1))
    if op == "upsample":
        return (c, h * at.get("scale", 2), w * at.get("scale", 2))
    top, left, bottom, right = padding(at)  # pad
    if at.get("reflect"):
        raise Unsupported("reflecting pad")
    return (c, h + top + bottom, w + left + right)


def infer(op, at, shapes):
    """Dims of the output from those of the inputs."""
    first = shapes[0]
    if op in POOLS or op in ("conv", "conv_transpose", "adaptive_avg_pool", "upsample", "pad"):
        return spatial_shape(op, at, first)
    if op in ACTIVATIONS or op == "batch_norm":
        return first
    if op in ELEMENTWISE:
        return broadcast(shapes)
    if op == "linear" and len(first) <= 2:
        return (*first[:-1], at["out_channels"])
    if op == "reshape":
        return tuple(at["dims"])
    if op == "transpose":
        return tuple(first[i] for i in at["dims"])
    if op in ("concat", "slice") and not (at.get("before") or at.get("after")):
        dim = at.get("dim", 0)
        size = sum(shape[dim] for shape in shapes) if op == "concat" else \
            -(-(at["stop"] - at.get("start", 0)) // at.get("step", 1))
        return (*first[:dim], size, *first[dim + 1:])
    if op == "reduce_mean" and len(first) == 3 and sorted(at["dims"]) == [1, 2]:
        return (first[0], 1, 1) if at.get("keep_dims", True) else (first[0],)
    raise Unsupported(f"operator {op} with {at} on {shapes}")


def stored(op, at, first, out_channels):
    """Parameters that a layer stores."""
    if at.get("tied") or op == "prelu":
        raise Unsupported("tied weights")
    bias = 1 if at.get("bias", True) else 0
    kernel = math.prod(pair(at.get("kernel"), 1))
    if op == "conv":
        return out_channels * (first[0] // at.get("groups", 1) * kernel + bias)
    if op == "conv_transpose":
        return first[0] * (out_channels // at.get("groups", 1)) * kernel + bias * out_channels
    if op == "linear":
        return out_channels * (first[-1] + bias)
    if op == "batch_norm":
        return 2 * first[0]
    return at.get("params", 0)


def make_layer(spec, at, inputs, layouts):
    """One that is not the input."""
    op, shapes = spec["op"], [layout.dims for layout in layouts]
    dims = infer(op, at, shapes)
    layout = default(dims)
    if op == "reshape":
        layout = reshaped(layouts[0], dims)
    elif op == "transpose":
        layout = transposed(layouts[0], at["dims"])
    elif op in ("slice", "concat"):
        layout = resized(layouts[0], at.get("dim", 0), dims[at.get("dim", 0)])
    elif op in ACTIVATIONS or op == "batch_norm" or op in ELEMENTWISE and len(inputs) == 1:
        layout = layouts[0]
    if not layout:
        raise Unsupported(f"reshape from {shapes[0]} to {dims}")
    if op in ("linear", "conv", "reduce_mean") and layouts[0].extents != default(shapes[0]).extents \
            and (op != "linear" or len(shapes[0]) != 1):
        raise Unsupported(f"{op} of a tensor whose dimensions were moved")
    return Layer(spec["name"], op, at, inputs, layout, layouts, stored(op, at, shapes[0], at.get("out_channels")))


def read_model(path):
    """Layers of the model file, folded as inference frameworks do, in order."""
    specs = load_yaml(path)["layers"]
    known, layers = {}, []
    for spec in specs:
        at = {key: value for key, value in spec.items() if key not in ("name", "op", "inputs")}
        inputs = [known[name] for name in spec.get("inputs", [])]
        if any(i >= len(layers) for i in inputs):
            raise Unsupported("layers in another order")
        if spec["op"] == "input":
            layer = Layer(spec["name"], "input", at, [], default(at["dims"][1:]), [])
        else:
            layer = make_layer(spec, at, inputs, [layers[i].layout for i in inputs])
        known[spec["name"]] = len(layers)
        layers.append(layer)
    return fold(layers)


def folds(layer, producer):
    """Whether a framework runs `layer` as part of its only input, which has no other consumer."""
    if layer.op == "batch_norm":
        return producer.op in WEIGHTED and not producer.folded
    if layer.op in ACTIVATIONS:
        return producer.op in WEIGHTED or producer.op in ELEMENTWISE or producer.op == "batch_norm"
    if layer.op in ELEMENTWISE:
        return producer.op in ELEMENTWISE
    return layer.op == "reshape" and producer.op != "input"


def fold(layers):
    consumers = [0] * len(layers)
    for layer in layers:
        for i in set(layer.inputs):
            consumers[i] += 1
    kept, place = [], []
    for layer in layers:
        if len(layer.inputs) == 1 and consumers[layer.inputs[0]] == 1:
            producer = kept[place[layer.inputs[0]]]
            if folds(layer, producer):
                if layer.op != "batch_norm":
                    producer.params += layer.params
                elif not producer.at.get("bias", True):  # its shift becomes the bias
                    producer.at["bias"] = True
                    producer.params += producer.at["out_channels"]
                producer.folded += 1
                producer.layout = layer.layout
                place.append(place[layer.inputs[0]])
                continue
        place.append(len(kept))
        layer.inputs = [place[i] for i in layer.inputs]
        kept.append(layer)
    return kept


def clip(low, high, size):
    return (max(0, low), min(size, high))


def needed_along(layer, axis, size, out):
    """Range of rows (axis 0) or columns (1) of the input, of `size`, that range `out` is computed from."""
    low, high = out
    op, at = layer.op, layer.at
    kernel, stride, dilation, before, _ = window(at)[axis]
    if op == "conv" or op in POOLS:
        return clip(low * stride - before, (high - 1) * stride - before + dilation * (kernel - 1) + 1, size)
    if op == "conv_transpose":
        return clip(-(-(low + before - dilation * (kernel - 1)) // stride), (high - 1 + before) // stride + 1, size)
    if op == "adaptive_avg_pool":
        count = pair(at.get("output_size"), 1)[axis]
        return (low * size // count, -(-high * size // count))
    if op == "upsample":
        scale = at.get("scale", 2)
        if at.get("bilinear"):  # between the centres of two neighbours
            return clip(math.floor((low + .5) / scale - .5), math.floor((high - .5) / scale - .5) + 2, size)
        return (low // scale, (high - 1) // scale + 1)
    before = padding(at)[axis]  # pad
    return clip(low - before, high - before, size)


def needed_channels(layer, k, out):
    at, size = layer.at, layer.input_extents[k][0]
    low, high = out
    if layer.op in ("conv", "conv_transpose"):
        groups = at.get("groups", 1)
        per_out, per_in = layer.extents[0] // groups, size // groups
        return (low // per_out * per_in, ((high - 1) // per_out + 1) * per_in)
    return out


def meets(layer, k, dim, out):
    """Whether any of an input whose dimension lies along several axes is in a part of a concat or slice."""
    axis, alone = layer.layout.axis_of(dim)
    if layer.op != "concat" or not alone or layer.folded:
        return True
    begin = sum(other.dims[dim] for other in layer.input_layouts[:k])
    return out[axis][0] < begin + layer.input_layouts[k].dims[dim] and begin < out[axis][1]


def picked(layer, k, out):
    """Of concat and slice: exact along a dimension that has an axis to itself, else that axis or all is whole."""
    at, layout, dim = layer.at, layer.input_layouts[k], layer.at.get("dim", 0)
    axis, alone = layout.axis_of(dim)
    if axis is None:
        return whole(layout.extents) if meets(layer, k, dim, out) else EMPTY
    low, high = out[axis]
    if not alone:
        along = (0, layout.extents[axis])
    elif layer.op == "concat":
        offset = sum(other.dims[dim] for other in layer.input_layouts[:k])
        along = clip(low - offset, high - offset, layout.dims[dim])
    else:
        start, step = at.get("start", 0), at.get("step", 1)
        along = (start + low * step, start + (high - 1) * step + 1)
    return EMPTY if along[0] >= along[1] else (*out[:axis], along, *out[axis + 1:])


def reordered(layer):
    """By axis, whether a transpose changes the order along it, so that a part needs all."""
    before = layer.input_layouts[0]
    return [a != b for a, b in zip(before.axis_atoms, transposed(before, layer.at["dims"]).axis_atoms)]


def needed(layer, k, out):
    """The box of input `k` that box `out` of the output is computed from."""
    size = layer.input_extents[k]
    if layer.op in ELEMENTWISE:
        return tuple((0, 1) if s == 1 else o for s, o in zip(size, out))
    if layer.op in ACTIVATIONS or layer.op in ("batch_norm", "reshape"):
        return out
    if layer.op == "transpose":
        return tuple((0, s) if mixed else o for o, s, mixed in zip(out, size, reordered(layer)))
    if layer.op == "linear":
        return ((0, size[0]), (0, size[1]), (0, size[2])) if layer.extents[1] == 1 else ((0, size[0]), *out[1:])
    if layer.op == "reduce_mean":
        return (out[0], (0, size[1]), (0, size[2]))
    if layer.op in ("concat", "slice"):
        return picked(layer, k, out)
    rows, columns = (needed_along(layer, axis, size[1 + axis], out[1 + axis]) for axis in (0, 1))
    return (needed_channels(layer, k, out[0]), rows, columns)


def macs(layer):
    """Multiply-accumulates of the whole layer."""
    at, volume_in = layer.at, math.prod(layer.input_extents[0]) if layer.inputs else 0
    kernel = math.prod(pair(at.get("kernel"), 1))
    if layer.op == "conv":
        return math.prod(layer.extents) * kernel * (layer.input_extents[0][0] // at.get("groups", 1))
    if layer.op == "conv_transpose":
        return volume_in * kernel * (at["out_channels"] // at.get("groups", 1))
    return volume_in * at["out_channels"] if layer.op == "linear" else 0


def kind(layer):
    """Which of the profile's factors hold."""
    at = layer.at
    if layer.op == "linear":
        return "fully_connected" if layer.extents[1] == 1 else "matrix"
    kernel = pair(at.get("kernel"), 1)
    if layer.op != "conv" or at.get("groups", 1) != 1 or kernel == [1, 1]:
        return "general"
    plain = pair(at.get("stride"), 1) == [1, 1] and pair(at.get("dilation"), 1) == [1, 1]
    return "winograd" if kernel == [3, 3] and plain else "spatial"


def weights(layer, out):
    """Weight elements that computing box `out` reads: its output channels' share."""
    return layer.params * extents(out)[0] / layer.extents[0]


def work(layer, out):
    """(macs, input elements, output elements, weight elements) of computing box `out`."""
    share = volume(out) / math.prod(layer.extents)
    return (macs(layer) * share, sum(volume(needed(layer, k, out)) for k in range(len(layer.inputs))),
            volume(out), weights(layer, out))


def whole_output(layer):
    return whole(layer.extents)


def has_holes(layer):
    """Whether what a part needs is less than the box that holds it."""
    return layer.at.get("step", 1) != 1 or layer.op == "transpose" and any(reordered(layer))
