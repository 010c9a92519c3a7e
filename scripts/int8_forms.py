"""How rates in int8 follow from those in floating point: forms, judged by networks and boards left out.

Of each run (board, framework, threads) platforms/measured/ncnn.csv has times in floating point, and
ncnn_int8.csv those of up to eight networks in int8. The catalogue's int8 entries have the P and B of the
floating-point entry times a factor each, and its o. P, B and o of their own would err less on whole networks,
but are no rates: eight networks let o rise some twenty-fold, in exchange for a P beyond what cores can do, and
units of divided layers would then cost nothing but o. Used by scripts/calibration_study.
"""

import numpy
from scipy.optimize import nnls

import calibrate
import device_files

DRAWN = 0.1  # towards the other boards' median, in networks that say so
FREELY = 1e-9
CHOSEN = "**a factor on P and one on B, drawn to the other boards' median by a tenth of a network**"


def key_of(run):
    return run.device, run.framework, run.threads


def factors_of(parts, usual, weight):
    """What 1/P, 1/B and o are to be multiplied with, the last by one. `parts` of each network's time are due to
    them in floating point; least squares of relative errors, with `weight` networks that say `usual`."""
    left = numpy.vstack([parts[:, :2], weight ** 0.5 * numpy.diag(1 / usual[:2])])
    right = numpy.concatenate([1 - parts[:, 2], numpy.full(2, weight ** 0.5)])
    return numpy.append(nnls(left, right)[0], 1)


def left_out(parts, fit):
    """Error of each network, predicted by the factors that `fit` makes of the others' parts."""
    everyone = numpy.arange(len(parts))
    return numpy.array([parts[i] @ fit(parts[everyone != i]) - 1 for i in everyone])


def one_factor(parts):
    return numpy.full(3, 1 / numpy.median(parts.sum(axis=1)))


class Forms:
    def __init__(self, runs, usual_runs):
        """Runs in int8, and those in floating point, each of which has one of the same key."""
        self.runs = runs
        self.bases = {key_of(run): calibrate.fit(run.features(device_files.NCNN), run.seconds, run.names)
                      for run in usual_runs}
        self.parts = [run.features(device_files.NCNN) * self.bases[key_of(run)] / run.seconds[:, None]
                      for run in runs]
        self.one = self.usual(one_factor)
        self.two = self.usual(lambda parts: factors_of(parts, numpy.ones(3), DRAWN))

    def usual(self, fit):
        """By board, the median factors of all others."""
        found = numpy.array([fit(parts) for parts in self.parts])
        devices = numpy.array([run.device for run in self.runs])
        return {device: numpy.median(found[devices != device], axis=0) for device in dict.fromkeys(devices)}

    def fit(self, run, parts):
        return factors_of(parts, self.two[run.device], DRAWN)

    def entries(self):
        """By key of the run: (1/P, 1/B, o), and the error of each network left out by name."""
        return {key_of(run): (self.bases[key_of(run)] * self.fit(run, parts),
                              dict(zip(run.names, left_out(parts, lambda given: self.fit(run, given)))))
                for run, parts in zip(self.runs, self.parts)}

    def errors(self):
        """[(form, errors by run with each network left out, with each board left out)], None where there are none."""
        def each(errors):
            return [errors(run, parts) for run, parts in zip(self.runs, self.parts)]

        def own_rates(run, _):
            return numpy.array(list(calibrate.leave_one_out(run.features(device_files.NCNN), run.seconds,
                                                            run.names).values()))

        return [
            ("the rates in floating point stand in", None, each(lambda run, parts: parts.sum(axis=1) - 1)),
            ("one factor on all", each(lambda run, parts: left_out(parts, one_factor)),
             each(lambda run, parts: parts @ self.one[run.device] - 1)),
            (CHOSEN, each(lambda run, parts: left_out(parts, lambda given: self.fit(run, given))),
             each(lambda run, parts: parts @ self.two[run.device] - 1)),
            ("the same, not drawn",
             each(lambda run, parts: left_out(parts, lambda given: factors_of(given, numpy.ones(3), FREELY))), None),
            ("P, B and o of their own", each(own_rates), None)]


def text(runs, usual_runs):
    """Lines of platforms/README.md."""
    def cells(errors):
        if errors is None:
            return "- | -"
        sizes = numpy.abs(numpy.concatenate(errors))
        return f"{100 * numpy.median(sizes):.1f} | {100 * numpy.quantile(sizes, 0.9):.1f}"

    forms = Forms(runs, usual_runs)
    networks = {name for run in runs for name in run.names}
    lines = [f"In int8, {sum(len(run.names) for run in runs)} timings of {len(networks)} networks in "
             f"{len(runs)} of the runs (`platforms/measured/ncnn_int8.csv`; `scripts/int8_forms.py` says why not the "
             "last):",
             "",
             "| int8 from floating point | network left out: median | 90th percentile | board left out: median | "
             "90th percentile |", "|---|---|---|---|---|"]
    lines += [f"| {name} | {cells(by_network)} | {cells(by_board)} |"
              for name, by_network, by_board in forms.errors()]
    slower = numpy.median([numpy.median(parts.sum(axis=1)) for parts in forms.parts])
    factors = numpy.median([1 / forms.fit(run, parts)[:2] for run, parts in zip(runs, forms.parts)], axis=0)
    return lines + ["", f"The median run has {factors[0]:.2f} times the P of floating point, {factors[1]:.2f} times "
                    f"its B (which counts 4 bytes per element in any precision), and is {slower:.2f} times as fast."]
