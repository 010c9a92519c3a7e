"""edgeflow from Python: run, sweep and plan by the command line; plan in this process; learn to plan.

run, sweep and plan need the program alone. Problem, Plan (edgeflow.planning) and Environment
(edgeflow.environment) need the extension edgeflow._core, which is built where pybind11 is.
"""

from edgeflow.command_line import plan, program, run, sweep
from edgeflow.errors import Error, Infeasible, InputError

__all__ = ["Environment", "Error", "Infeasible", "InputError", "Plan", "Problem", "plan", "program", "run", "sweep"]


def __getattr__(name):
    if name in ("Problem", "Plan"):
        from edgeflow import planning
        return getattr(planning, name)
    if name == "Environment":
        from edgeflow.environment import Environment
        return Environment
    raise AttributeError(f"module 'edgeflow' has no attribute '{name}'")
