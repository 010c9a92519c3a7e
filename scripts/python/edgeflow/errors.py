"""What edgeflow says went wrong, in its own words."""


class Error(RuntimeError):
    """The program, or planning in this process, failed."""


class InputError(Error):
    """A mistake in a scenario, a plan or options: file, line, key path, what was expected. Exit code 2."""


class Infeasible(Error):
    """The strategy cannot serve the problem, and says why."""
