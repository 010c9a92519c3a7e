"""Statistics over repetitions, as experiments/results/statistics.hpp defines them: intervals, and what is alike."""

import math

import numpy as np
from scipy import stats

ALIKE = ["latency_s", "latency_p95_s", "throughput_rps"]
# The ends of what 90 % of draws are within, where the scenario has uncertainty.
DRAWS = {"latency_s": ("latency_low_s", "latency_high_s"), "speedup_over_baseline": ("speedup_low", "speedup_high")}


def interval(values):
    """(mean, half width of the 95 % confidence interval by Student's t); half width 0 for one value."""
    count, mean = len(values), values.mean()
    if count < 2:
        return mean, 0.0
    return mean, stats.t.ppf(0.975, count - 1) * values.std(ddof=1) / math.sqrt(count)


def ratio_interval(ratios):
    """(geometric mean, low, high): the interval of the mean of logarithms, taken back."""
    mean, half = interval(np.log(ratios))
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)


def span(runs, column):
    """(mean, low, high): over repetitions, what 90 % of draws are within, else the mean's confidence interval;
    of speed-ups geometric."""
    low, high = DRAWS[column]
    values = runs[column].dropna()
    if column == "speedup_over_baseline":
        mean, *ends = ratio_interval(values)
    else:
        mean, half = interval(values)
        ends = mean - half, mean + half
    if runs[low].notna().any():
        ends = runs[low].mean(), runs[high].mean()
    return mean, *ends


def undecided(rows, best, other):
    """Whether repetitions leave open which of two strategies of a setting is faster: the paired interval of their
    ratio holds 1. Not said of one repetition."""
    latency = rows.pivot_table(index="repetition", columns="who", values="latency_s")
    ratios = (latency[other] / latency[best]).dropna()
    if len(ratios) < 2:
        return False
    _, low, high = ratio_interval(ratios)
    return low <= 1 <= high


def groups(rows, settings, names):
    """The names of strategies, those together whose runs are the same in all settings and repetitions."""
    columns = [c for c in ALIKE if c in rows]
    table = rows.pivot_table(index=[*settings, "repetition"], columns="who", values=columns, dropna=False)
    found = []
    for name in (n for n in names if n in set(rows["who"])):
        mine = table.xs(name, axis=1, level="who").to_numpy()
        for group in found:
            if np.allclose(mine, table.xs(group[0], axis=1, level="who").to_numpy(), rtol=1e-9, atol=0, equal_nan=True):
                group.append(name)
                break
        else:
            found.append([name])
    return found
