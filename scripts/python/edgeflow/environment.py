"""Planning as a game for learners: one layer after the other, with the interface of gymnasium, which is not needed.

    environment = Environment("my.yaml")
    state, info = environment.reset()
    while not done:
        state, reward, done, truncated, info = environment.step(shares)

An action is a share of the layer's rows for each device, numbers from 0, not all 0. The reward is minus by how much
later all is done that has been placed; the results' way to the sink is in the last one. Rewards of an episode sum to
minus the latency of the plan, by the estimator.
"""

import numpy as np

from edgeflow.planning import Problem


class Environment:
    """Of a problem, or the scenario of one. `problem` says what layers and devices there are."""

    def __init__(self, problem):
        self.problem = problem if isinstance(problem, Problem) else Problem(problem)
        self.shares = np.zeros((len(self.problem.layers), len(self.problem.devices)))
        self.reset()

    def reset(self):
        """State and info at the first layer behind the input."""
        self.shares[:] = 0
        self.layer = 1
        self.latency_s = 0.0
        self.finish_s = np.zeros(len(self.problem.devices))
        return self._state(), {}

    def step(self, shares):
        """Places a layer: state, reward, whether all are placed, False (nothing is cut short), info."""
        if self.layer == len(self.shares):
            raise ValueError("all layers are placed: reset() begins anew")
        self.shares[self.layer] = shares
        latency_s, self.finish_s = self.problem.finish_s(self.shares[:self.layer + 1])
        reward = self.latency_s - latency_s
        self.latency_s = latency_s
        self.layer += 1
        return self._state(), reward, self.layer == len(self.shares), False, {"latency_s": latency_s}

    def plan(self):
        """The Plan of an episode that has ended."""
        return self.problem.plan(self.shares)

    def _state(self):
        """The layer to be placed (its index in problem.layers), and when each device is done with those before."""
        return {"layer": self.layer, "finish_s": self.finish_s}
