"""Planning in this process: a problem, plans of it, and how long the estimator says they take.

The estimate is `estimated_latency_s` of runs.csv, which without disturbances and with one request equals what is
simulated. Simulation itself stays with the program, run(scenario, "--plan", FILE): SimGrid allows one simulation
per process.
"""

import json
import os
import pathlib

from edgeflow.errors import Error


def _find_shipped_files():
    """Models and clusters that lie above this module, as the program finds those above itself."""
    for folder in pathlib.Path(__file__).absolute().parents:
        if (folder / "platforms" / "devices").is_dir():
            os.environ.setdefault("EDGEFLOW_HOME", str(folder))
            return


_find_shipped_files()
try:
    from edgeflow import _core
except ImportError as error:
    raise Error(f"planning in this process needs edgeflow._core, which is built where pybind11 is: {error}") from error


def _option(value):
    """As scenarios have it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


Plan = _core.Plan
"""strategy, units (how many), latency_s, to_yaml(), validate() (what is wrong, a text each)."""


class Problem:
    """A scenario's model on its cluster, for one request.

    `description` is what external strategies get (`edgeflow plan --problem`), `layers` and `devices` are lists in it;
    `layers[0]` is the input. `shares` are numbers by layer and device, such as a numpy array: a layer's rows are in
    proportion to them; one that rows do not divide goes whole to the device with the largest.
    """

    def __init__(self, scenario):
        if isinstance(scenario, dict):
            text = json.dumps({"schema": 1, "name": "python", "strategy": "single"} | scenario)
            self._core = _core.Problem(text, str(pathlib.Path.cwd() / "scenario"))
        else:
            self._core = _core.Problem(os.fspath(scenario))
        self.description = json.loads(self._core.description())
        self.layers = self.description["layers"]
        self.devices = self.description["devices"]

    def latency_s(self, shares):
        """Of the plan of these shares; the plan is built and estimated, and not kept."""
        return self._core.latency_s(shares)

    def finish_s(self, shares):
        """Of the plan's first layers, as many as there are shares: when all is done, and by device its last unit."""
        return self._core.finish_s(shares)

    def plan(self, shares):
        """The Plan of these shares."""
        return self._core.plan(shares)

    def plan_by(self, strategy, **options):
        """The Plan of a strategy of `edgeflow list strategies`. Raises Infeasible."""
        return self._core.plan_by(strategy, {key: _option(value) for key, value in options.items()})

    def read_plan(self, text):
        """The Plan of a YAML text, as Plan.to_yaml() gives it."""
        return self._core.read_plan(text)
