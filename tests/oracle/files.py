"""Reading: YAML, values with units, tables, and the files of a finished run."""
import csv
import math
import pathlib
import re

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Factors to seconds, bytes, byte/s, 1/s, MAC/s, W.
UNITS = {
    "s": 1, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "min": 60, "h": 3600,
    "B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30,
    "B/s": 1, "kB/s": 1e3, "MB/s": 1e6, "GB/s": 1e9, "bps": 1 / 8, "kbps": 1e3 / 8, "Mbps": 1e6 / 8, "Gbps": 1e9 / 8,
    "/s": 1, "MAC/s": 1, "kMAC/s": 1e3, "MMAC/s": 1e6, "GMAC/s": 1e9, "TMAC/s": 1e12, "W": 1, "mW": 1e-3,
}


def quantity(value, default=None):
    """The number that "100Mbps" or "0.5ms" stands for, in SI units; of factors, the number itself."""
    if value is None:
        return default
    if isinstance(value, (int, float)):
        return float(value)
    found = re.fullmatch(r"([-+0-9.eE]+?)\s*([A-Za-z/]+)", value)
    if not found or found[2] not in UNITS:
        raise ValueError(f"no quantity: {value!r}")
    return float(found[1]) * UNITS[found[2]]


def load_yaml(path):
    with open(path, encoding="utf-8") as file:
        return yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def number(cell):
    """The cell as a number where it is one, None where it is empty."""
    if cell == "":
        return None
    try:
        return float(cell)
    except ValueError:
        return cell


def load_table(path):
    """Rows of a CSV as dicts of text."""
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def model_path(reference):
    """Of a zoo name or a path."""
    path = pathlib.Path(reference)
    return path if path.is_absolute() else ROOT / "workloads" / "models" / f"{reference}.yaml"


def is_nan(value):
    return isinstance(value, float) and math.isnan(value)
