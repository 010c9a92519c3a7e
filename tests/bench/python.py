#!/usr/bin/python3
"""How many plans and steps Python's module evaluates per second: ResNet-50 on three Pi 4 and a Nano.

usage: PYTHONPATH=build/release/python tests/bench/python.py [SECONDS]
Whole evaluations are shares -> plan -> estimated latency; random shares by layer are the worst case (every layer
moves), one division for all layers is what most learners come to.
"""
import sys
import time

import numpy as np

import edgeflow

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 3
problem = edgeflow.Problem({"schema": 1, "name": "bench", "model": "resnet50", "cluster": "pi4x3-nano"})
layers, devices = len(problem.layers), len(problem.devices)
random = np.random.default_rng(1)
by_layer = [random.uniform(0, 1, (layers, devices)) for _ in range(100)]
for_all = [np.tile(random.uniform(0, 1, devices), (layers, 1)) for _ in range(100)]


def rate(task, count=1):
    """How often `task`, which does `count` at once, is done per second of processor time: others may be at work."""
    done, start = 0, time.process_time()
    while time.process_time() - start < SECONDS:
        task(done)
        done += 1
    return done * count / (time.process_time() - start)


environment = edgeflow.Environment(problem)


def episode(i):
    environment.reset()
    for layer in range(1, layers):
        environment.step(by_layer[i % 100][layer])


print(f"{layers} layers, {devices} devices; per second of processor time:")
for name, value in (
        ("whole evaluations, random shares by layer", rate(lambda i: problem.latency_s(by_layer[i % 100]))),
        ("whole evaluations, one division for all layers", rate(lambda i: problem.latency_s(for_all[i % 100]))),
        ("steps of the environment", rate(episode, layers - 1)),
        ("episodes of the environment", rate(episode))):
    print(f"{value:8.0f}  {name}")
