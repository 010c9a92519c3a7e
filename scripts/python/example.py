#!/usr/bin/python3
"""edgeflow from Python, cell by cell. usage: build/release/python/example.py"""

# %% A scenario as a dict; strategies compared by the program
import numpy as np

import edgeflow

scenario = {"schema": 1, "name": "from-python", "model": "resnet18", "cluster": "pi4x3-nano"}
runs = edgeflow.run(scenario | {"strategies": ["single", "proportional", "edgeflow"]})
print(runs[["strategy", "status", "latency_s", "speedup_over_baseline"]].to_string(index=False))

# %% The same problem in this process
problem = edgeflow.Problem(scenario)
print(f"{len(problem.layers)} layers, {len(problem.devices)} devices")
speed = 1 / np.sum([layer["time_s"] for layer in problem.layers], axis=0)
shares = np.tile(speed, (len(problem.layers), 1))
print(f"rows in proportion to speed: {problem.latency_s(shares):.4f} s")
print(f"by the strategy edgeflow: {problem.plan_by('edgeflow').latency_s:.4f} s")

# %% A strategy of one's own: change some layers at random, keep what is faster
random = np.random.default_rng(1)
best, best_s = shares, problem.latency_s(shares)
for _ in range(500):
    first = random.integers(1, len(shares))
    tried = best.copy()
    tried[first:first + 8] *= random.lognormal(0, 1, len(speed))
    tried_s = problem.latency_s(tried)
    if tried_s < best_s:
        best, best_s = tried, tried_s
plan = problem.plan(best)
print(f"after 500 changes at random: {plan.latency_s:.4f} s; wrong with the plan: {plan.validate() or 'nothing'}")

# %% That plan, simulated
with open("plan.yaml", "w", encoding="utf-8") as file:
    file.write(plan.to_yaml())
simulated = edgeflow.run(scenario | {"strategy": "single"}, "--plan", "plan.yaml")
print(f"simulated: {simulated.latency_s[0]:.4f} s")

# %% Layer by layer, as learners do: here without learning, all to the device that is done first
environment = edgeflow.Environment(problem)
state, info = environment.reset()
total, done = 0, False
while not done:
    action = np.arange(len(speed)) == np.argmin(state["finish_s"] + 1 / speed)
    state, reward, done, _, info = environment.step(action)
    total += reward
print(f"rewards sum to {total:.4f}; the plan takes {environment.plan().latency_s:.4f} s")
