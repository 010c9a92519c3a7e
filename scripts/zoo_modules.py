"""Networks that torchvision does not have, for export_models.py: YOLOv2, YOLOv3, YOLOv5, U-Net, BERT
and GPT-2, written from their published architecture tables."""

import math

import numpy
import torch
from torch import nn
from torch.nn import functional as F

# --- YOLO --------------------------------------------------------------------------------------


class Conv(nn.Module):
    """Convolution, batch-norm, activation; padded to keep the size unless told otherwise."""

    def __init__(self, inputs, outputs, kernel=1, stride=1, pad=None, act=nn.SiLU):
        super().__init__()
        pad = kernel // 2 if pad is None else pad
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, pad, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.act = act()

    def forward(self, x):
        return self.act(self.bn(self.conv(x)))


class Bottleneck(nn.Module):
    """1x1 to half the channels (`narrow`), 3x3 back, and a shortcut."""

    def __init__(self, inputs, outputs, shortcut=True, narrow=0.5):
        super().__init__()
        self.cv1 = Conv(inputs, int(outputs * narrow))
        self.cv2 = Conv(int(outputs * narrow), outputs, 3)
        self.shortcut = shortcut and inputs == outputs

    def forward(self, x):
        y = self.cv2(self.cv1(x))
        return x + y if self.shortcut else y


class C3(nn.Module):
    """Cross-stage partial block: a chain of bottlenecks beside a 1x1 convolution."""

    def __init__(self, inputs, outputs, repeats, shortcut):
        super().__init__()
        half = outputs // 2
        self.cv1 = Conv(inputs, half)
        self.cv2 = Conv(inputs, half)
        self.cv3 = Conv(2 * half, outputs)
        self.m = nn.Sequential(*(Bottleneck(half, half, shortcut, 1.0) for _ in range(repeats)))

    def forward(self, x):
        return self.cv3(torch.cat((self.m(self.cv1(x)), self.cv2(x)), 1))


class SPPF(nn.Module):
    """Spatial pyramid pooling by one 5x5 pool three times in a row."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.cv1 = Conv(inputs, inputs // 2)
        self.cv2 = Conv(inputs * 2, outputs)
        self.m = nn.MaxPool2d(5, 1, 2)

    def forward(self, x):
        parts = [self.cv1(x)]
        for _ in range(3):
            parts.append(self.m(parts[-1]))
        return self.cv2(torch.cat(parts, 1))


class Concat(nn.Module):
    def forward(self, *parts):
        return torch.cat(parts, 1)


class Detect(nn.Module):
    """Decodes (x, y, w, h, objectness, 80 classes) of three anchors per cell of each map."""

    def __init__(self, channels, strides):
        super().__init__()
        self.m = nn.ModuleList(nn.Conv2d(c, 3 * 85, 1) for c in channels)
        self.strides = strides

    def forward(self, *maps):
        results = []
        for conv, stride, x in zip(self.m, self.strides, maps):
            x = conv(x)
            rows, columns = int(x.shape[2]), int(x.shape[3])
            x = x.reshape(1, 3, 85, rows, columns).permute(0, 1, 3, 4, 2)
            xy, wh, rest = x.sigmoid().split((2, 2, 81), 4)
            # Values do not matter to us: corners of the cells, and one size for all anchors.
            cells = numpy.stack(numpy.meshgrid(numpy.arange(columns), numpy.arange(rows)), -1)
            grid = torch.from_numpy(numpy.float32(cells[None, None].repeat(3, 1)))
            xy = (xy * 2 + grid) * stride
            wh = (wh * 2) ** 2 * torch.ones_like(grid)
            results.append(torch.cat((xy, wh, rest), 4).reshape(1, 3 * rows * columns, 85))
        return torch.cat(results, 1)


class Table(nn.Module):
    """A network as a list of rows (from, module); `from` is one index or several, -1 the last."""

    def __init__(self, rows):
        super().__init__()
        self.model = nn.ModuleList(module for _, module in rows)
        self.froms = [f if isinstance(f, tuple) else (f,) for f, _ in rows]

    def forward(self, x):
        outputs = []
        for froms, module in zip(self.froms, self.model):
            outputs.append(module(*(outputs[f] if outputs else x for f in froms)))
        return outputs[-1]


# models/yolov5*.yaml of release 6 and later: (from, module, repeats, channels, kernel, stride),
# repeats and channels before scaling by depth and width.
YOLOV5 = [
    (-1, "conv", 1, 64, 6, 2), (-1, "conv", 1, 128, 3, 2), (-1, "c3", 3, 128),
    (-1, "conv", 1, 256, 3, 2), (-1, "c3", 6, 256), (-1, "conv", 1, 512, 3, 2),
    (-1, "c3", 9, 512), (-1, "conv", 1, 1024, 3, 2), (-1, "c3", 3, 1024), (-1, "sppf", 1, 1024),
    (-1, "conv", 1, 512, 1, 1), (-1, "upsample"), ((-1, 6), "concat"), (-1, "c3_plain", 3, 512),
    (-1, "conv", 1, 256, 1, 1), (-1, "upsample"), ((-1, 4), "concat"), (-1, "c3_plain", 3, 256),
    (-1, "conv", 1, 256, 3, 2), ((-1, 14), "concat"), (-1, "c3_plain", 3, 512),
    (-1, "conv", 1, 512, 3, 2), ((-1, 10), "concat"), (-1, "c3_plain", 3, 1024),
    ((17, 20, 23), "detect"),
]

# models/yolov3.yaml: (from, module, repeats, channels, kernel, stride).
YOLOV3 = [
    (-1, "conv", 1, 32, 3, 1), (-1, "conv", 1, 64, 3, 2), (-1, "bottleneck", 1, 64),
    (-1, "conv", 1, 128, 3, 2), (-1, "bottleneck", 2, 128), (-1, "conv", 1, 256, 3, 2),
    (-1, "bottleneck", 8, 256), (-1, "conv", 1, 512, 3, 2), (-1, "bottleneck", 8, 512),
    (-1, "conv", 1, 1024, 3, 2), (-1, "bottleneck", 4, 1024),
    (-1, "bottleneck_plain", 1, 1024), (-1, "conv", 1, 512, 1, 1), (-1, "conv", 1, 1024, 3, 1),
    (-1, "conv", 1, 512, 1, 1), (-1, "conv", 1, 1024, 3, 1),
    (-2, "conv", 1, 256, 1, 1), (-1, "upsample"), ((-1, 8), "concat"),
    (-1, "bottleneck_plain", 1, 512), (-1, "bottleneck_plain", 1, 512), (-1, "conv", 1, 256, 1, 1),
    (-1, "conv", 1, 512, 3, 1),
    (-2, "conv", 1, 128, 1, 1), (-1, "upsample"), ((-1, 6), "concat"),
    (-1, "bottleneck_plain", 1, 256), (-1, "bottleneck_plain", 2, 256),
    ((27, 22, 15), "detect"),
]

# models/yolov3-tiny.yaml.
YOLOV3_TINY = [
    (-1, "conv", 1, 16, 3, 1), (-1, "pool", 2), (-1, "conv", 1, 32, 3, 1), (-1, "pool", 2),
    (-1, "conv", 1, 64, 3, 1), (-1, "pool", 2), (-1, "conv", 1, 128, 3, 1), (-1, "pool", 2),
    (-1, "conv", 1, 256, 3, 1), (-1, "pool", 2), (-1, "conv", 1, 512, 3, 1), (-1, "pad"),
    (-1, "pool", 1), (-1, "conv", 1, 1024, 3, 1), (-1, "conv", 1, 256, 1, 1),
    (-1, "conv", 1, 512, 3, 1),
    (-2, "conv", 1, 128, 1, 1), (-1, "upsample"), ((-1, 8), "concat"), (-1, "conv", 1, 256, 3, 1),
    ((19, 15), "detect"),
]


def yolo(table, strides, depth=1.0, width=1.0):
    """YOLOv3 and v5 for 80 classes; `strides`: of the maps that are decoded."""
    rows, channels = [], [3]  # channels[i + 1]: of the output of row i
    for froms, name, *numbers in table:
        sources = froms if isinstance(froms, tuple) else (froms,)
        inputs = [channels[f] if f < 0 else channels[f + 1] for f in sources]
        outputs = inputs[0]
        if name == "detect":
            module = Detect(inputs, strides)
        elif name == "concat":
            module, outputs = Concat(), sum(inputs)
        elif name == "upsample":
            module = nn.Upsample(scale_factor=2, mode="nearest")
        elif name == "pool":
            module = nn.MaxPool2d(2, numbers[0], 0)
        elif name == "pad":
            module = nn.ZeroPad2d((0, 1, 0, 1))
        else:
            repeats = max(round(numbers[0] * depth), 1) if numbers[0] > 1 else numbers[0]
            outputs = math.ceil(numbers[1] * width / 8) * 8
            if name == "conv":
                kernel, stride = numbers[2:]
                # The 6x6 stem pads by 2, all others by half the kernel.
                module = Conv(inputs[0], outputs, kernel, stride, 2 if kernel == 6 else None)
            elif name == "sppf":
                module = SPPF(inputs[0], outputs)
            elif name.startswith("c3"):
                module = C3(inputs[0], outputs, repeats, name == "c3")
            else:
                chain = [Bottleneck(inputs[0] if i == 0 else outputs, outputs,
                                    name == "bottleneck") for i in range(repeats)]
                module = chain[0] if repeats == 1 else nn.Sequential(*chain)
        rows.append((froms, module))
        channels.append(outputs)
    return Table(rows)


class Reorg(nn.Module):
    """Space to depth by two, as strided slices."""

    def forward(self, x):
        return torch.cat([x[..., i::2, j::2] for i in (0, 1) for j in (0, 1)], 1)


def yolov2():
    """yolov2.cfg: Darknet-19 without its last layers, a passthrough from its 16th convolution."""
    def conv(inputs, outputs, kernel):
        return Conv(inputs, outputs, kernel, act=lambda: nn.LeakyReLU(0.1))

    rows, channels = [], 3
    for item in [(32, 3), "M", (64, 3), "M", (128, 3), (64, 1), (128, 3), "M", (256, 3), (128, 1),
                 (256, 3), "M", (512, 3), (256, 1), (512, 3), (256, 1), (512, 3), "M", (1024, 3),
                 (512, 1), (1024, 3), (512, 1), (1024, 3), (1024, 3), (1024, 3)]:
        if item == "M":
            rows.append((-1, nn.MaxPool2d(2, 2)))
        else:
            rows.append((-1, conv(channels, *item)))
            channels = item[0]
    rows += [(16, conv(512, 64, 1)), (-1, Reorg()), ((-1, 24), Concat()),
             (-1, conv(1280, 1024, 3)), (-1, nn.Conv2d(1024, 5 * 85, 1))]
    return Table(rows)


# --- U-Net -------------------------------------------------------------------------------------


class DoubleConv(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        layers = []
        for channels in (inputs, outputs):
            layers += [nn.Conv2d(channels, outputs, 3, padding=1, bias=False),
                       nn.BatchNorm2d(outputs), nn.ReLU()]
        self.double_conv = nn.Sequential(*layers)

    def forward(self, x):
        return self.double_conv(x)


class Down(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.maxpool_conv = nn.Sequential(nn.MaxPool2d(2), DoubleConv(inputs, outputs))

    def forward(self, x):
        return self.maxpool_conv(x)


class Up(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.up = nn.ConvTranspose2d(inputs, outputs, 2, 2)
        self.conv = DoubleConv(inputs, outputs)

    def forward(self, x, skip):
        return self.conv(torch.cat((skip, self.up(x)), 1))


class OutConv(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x):
        return self.conv(x)


class UNet(nn.Module):
    """Ronneberger et al., figure 1, with padded convolutions and batch-norm; two classes."""

    def __init__(self):
        super().__init__()
        self.inc = DoubleConv(3, 64)
        for i in range(1, 5):
            self.add_module(f"down{i}", Down(32 << i, 64 << i))
        for i in range(1, 5):
            self.add_module(f"up{i}", Up(2048 >> i, 1024 >> i))
        self.outc = OutConv(64, 2)

    def forward(self, x):
        skips = [self.inc(x)]
        for down in (self.down1, self.down2, self.down3, self.down4):
            skips.append(down(skips[-1]))
        x = skips.pop()
        for up in (self.up1, self.up2, self.up3, self.up4):
            x = up(x, skips.pop())
        return self.outc(x)


# --- Transformers ------------------------------------------------------------------------------


def attend(query, key, value, heads, mask=None):
    """[1,T,F] each -> [1,T,F]."""
    def split(x):
        return x.view(1, x.shape[1], heads, -1).transpose(1, 2)

    query, key, value = split(query), split(key), split(value)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(mask, float("-inf"))
    context = scores.softmax(-1) @ value
    return context.transpose(1, 2).reshape(1, context.shape[2], -1)


class BertAttention(nn.Module):
    def __init__(self, features, heads):
        super().__init__()
        self.q, self.k, self.v, self.o = (nn.Linear(features, features) for _ in range(4))
        self.heads = heads

    def forward(self, x):
        return self.o(attend(self.q(x), self.k(x), self.v(x), self.heads))


class BertLayer(nn.Module):
    def __init__(self, features, heads):
        super().__init__()
        self.attn = BertAttention(features, heads)
        self.ln1, self.ln2 = nn.LayerNorm(features), nn.LayerNorm(features)
        self.fc1 = nn.Linear(features, 4 * features)
        self.fc2 = nn.Linear(4 * features, features)

    def forward(self, x):
        x = self.ln1(x + self.attn(x))
        return self.ln2(x + self.fc2(F.gelu(self.fc1(x))))


class Bert(nn.Module):
    """Devlin et al., section 3: BERT-base, uncased, with its pooler."""

    def __init__(self, layers=12, features=768, heads=12, words=30522, positions=512):
        super().__init__()
        self.word = nn.Embedding(words, features)
        self.position = nn.Parameter(torch.zeros(positions, features))
        self.segment = nn.Parameter(torch.zeros(2, features))
        self.ln = nn.LayerNorm(features)
        self.layers = nn.ModuleList(BertLayer(features, heads) for _ in range(layers))
        self.pool = nn.Linear(features, features)

    def forward(self, tokens):
        x = self.ln(self.word(tokens) + self.position[:tokens.shape[1]] + self.segment[0])
        for layer in self.layers:
            x = layer(x)
        return self.pool(x[:, 0]).tanh()


class GptAttention(nn.Module):
    def __init__(self, features, heads):
        super().__init__()
        self.qkv, self.o = nn.Linear(features, 3 * features), nn.Linear(features, features)
        self.features, self.heads = features, heads

    def forward(self, x):
        length = int(x.shape[1])
        mask = torch.ones(length, length, dtype=torch.bool).triu(1)
        return self.o(attend(*self.qkv(x).split(self.features, 2), self.heads, mask))


class GptLayer(nn.Module):
    def __init__(self, features, heads):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(features), nn.LayerNorm(features)
        self.attn = GptAttention(features, heads)
        self.fc, self.pr = nn.Linear(features, 4 * features), nn.Linear(4 * features, features)

    def forward(self, x):
        x = x + self.attn(self.ln1(x))
        return x + self.pr(F.gelu(self.fc(self.ln2(x)), approximate="tanh"))


class Gpt2(nn.Module):
    """Radford et al., table 2: the smallest GPT-2, with the language model's head."""

    def __init__(self, layers=12, features=768, heads=12, words=50257, positions=1024):
        super().__init__()
        self.wte = nn.Embedding(words, features)
        self.wpe = nn.Parameter(torch.zeros(positions, features))
        self.h = nn.ModuleList(GptLayer(features, heads) for _ in range(layers))
        self.ln_f = nn.LayerNorm(features)
        self.head = nn.Linear(features, words, bias=False)
        self.head.weight = self.wte.weight

    def forward(self, tokens):
        x = self.wte(tokens) + self.wpe[:tokens.shape[1]]
        for layer in self.h:
            x = layer(x)
        return self.head(self.ln_f(x))
