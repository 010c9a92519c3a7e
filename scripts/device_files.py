"""Device files as text, and what is known of the frameworks whose entries they hold."""

import collections
import difflib
import os
import re

import numpy

from timings import ROOT, InputError

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

Key = collections.namedtuple("Key", "framework threads precision")  # of an entry of `compute`


def plain(framework):
    return re.sub(r"[-_]", "", framework.lower())


def factors_of(framework):
    """None if it is not known."""
    return FACTORS.get(plain(framework))


def key_of(row):
    return Key(row.framework, row.threads, row.precision)


def name_of(key):
    return f"{key.framework}, {key.threads} threads{', ' * bool(key.precision)}{key.precision}"


def median_and_p90(errors):
    """In %, of the sizes of the errors."""
    return 100 * numpy.quantile(numpy.abs(list(errors.values())), [0.5, 0.9])


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


def shipped(name):
    """Path of a board of the catalogue. Raises InputError."""
    names = sorted(file.removesuffix(".yaml") for file in os.listdir(DEVICES) if file.endswith(".yaml"))
    if name not in names:
        close = difflib.get_close_matches(name, names, 1)
        raise InputError(f"there is no \"{name}\" in platforms/devices" +
                         (f" (did you mean \"{close[0]}\"?)" if close else ""))
    return os.path.join(DEVICES, name + ".yaml")
