"""run, sweep and plan: the program's own commands.

A scenario or sweep is a file, or the same as a dict; of a dict, relative paths count from the current folder.
Options are the words of the command line: run("my.yaml", "--set", "strategy=single", "--trace").
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile

import pandas as pd
import yaml

from edgeflow.errors import Error, Infeasible, InputError

_NOT_ALL_OK, _USAGE = 1, 2


def program():
    """The program: $EDGEFLOW, else that which this module was installed or built with, else that in PATH."""
    named = os.environ.get("EDGEFLOW")
    if named:
        return named
    above = pathlib.Path(__file__).absolute().parent.parent.parent  # PREFIX/share/edgeflow, or the build's folder
    for path in (above.parent.parent / "bin" / "edgeflow", above / "edgeflow"):
        if path.is_file() and os.access(path, os.X_OK):
            return str(path)
    found = shutil.which("edgeflow")
    if found is None:
        raise Error("there is no program edgeflow: neither $EDGEFLOW, nor beside this module, nor in PATH")
    return found


def run(scenario, *options, output=None):
    """Plans and simulates; a row for each run, with the columns of runs.csv (`edgeflow list columns`).

    A run that does not end ok has a `status` and a `message`. Raises InputError for mistakes. The results stay in
    the folder `output` if one is given.
    """
    return _table("run", scenario, options, output)


def sweep(sweep, *options, output=None):
    """As run, of a sweep. With `output`, a sweep that was stopped goes on where it was."""
    return _table("sweep", sweep, options, output)


def plan(scenario, *options):
    """The plan as YAML, which run(scenario, "--plan", FILE) replays. Raises Infeasible if there is none."""
    with _file_of(scenario) as file:
        done = _call("plan", file, *options)
    if done.returncode == _NOT_ALL_OK and done.stderr.startswith("infeasible: "):
        raise Infeasible(done.stderr.removeprefix("infeasible: ").strip())
    _expect(done, done.returncode == 0)
    return done.stdout


def _table(command, scenario, options, output):
    with contextlib.ExitStack() as stack:
        folder = output or stack.enter_context(tempfile.TemporaryDirectory(prefix="edgeflow-"))
        done = _call(command, stack.enter_context(_file_of(scenario)), "--output", folder, *options)
        _expect(done, done.returncode in (0, _NOT_ALL_OK))
        return pd.read_csv(pathlib.Path(folder) / "runs.csv")


def _call(*words):
    command = [program(), *map(str, words)]
    try:
        return subprocess.run(command, text=True, capture_output=True, check=False)
    except OSError as error:
        raise Error(f"cannot run {command[0]}: {error.strerror}") from error


def _expect(done, well):
    if not well:
        raise (InputError if done.returncode == _USAGE else Error)(done.stderr.strip())


@contextlib.contextmanager
def _file_of(scenario):
    """The file, or that of a dict: it lies in the current folder while it is used."""
    if not isinstance(scenario, dict):
        yield scenario
        return
    with tempfile.NamedTemporaryFile("w", dir=".", prefix=".edgeflow-", suffix=".yaml", encoding="utf-8") as file:
        yaml.safe_dump(scenario, file, sort_keys=False)
        file.flush()
        yield file.name
