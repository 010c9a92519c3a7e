#!/usr/bin/python3
"""Python's module says what the program says. Skipped (77) where the extension was not built.

usage: python_test.py EDGEFLOW SOURCE_DIR BUILD_DIR
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

EDGEFLOW, SOURCE, BUILD = sys.argv[1:4]
os.environ["PYTHONPATH"] = f"{BUILD}/python"
sys.path.insert(0, f"{BUILD}/python")
if not list(pathlib.Path(BUILD, "python", "edgeflow").glob("_core.*")):
    print("edgeflow._core was not built")
    sys.exit(77)

import numpy as np
import pandas as pd

import edgeflow

SCENARIO = {"schema": 1, "name": "mine", "model": "squeezenet1_1", "cluster": "pi4x3-nano", "strategy": "proportional"}
BOARDS = 4
TINY = f"{SOURCE}/tests/data/cli/tiny_scenario.yaml"
TINY_SWEEP = f"{SOURCE}/tests/data/cli/tiny_sweep.yaml"


def random_shares(problem, random):
    """Of each layer 0 to all devices but one have nothing."""
    shares = random.uniform(0, 1, (len(problem.layers), BOARDS)) * random.integers(0, 2, (len(problem.layers), BOARDS))
    shares[np.arange(len(shares)), random.integers(0, BOARDS, len(shares))] += 0.1
    return shares


class Python(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)

    def estimated_s(self, plan, scenario=None):
        """What the program says of a plan's latency, and what it simulates."""
        pathlib.Path("plan.yaml").write_text(plan.to_yaml(), encoding="utf-8")
        row = edgeflow.run(scenario or SCENARIO, "--plan", "plan.yaml").iloc[0]
        self.assertEqual(row.status, "ok")
        return row.estimated_latency_s, row.latency_s

    def test_a_run_is_the_table_that_the_program_writes(self):
        table = edgeflow.run(TINY, output="kept")
        pd.testing.assert_frame_equal(table, pd.read_csv("kept/runs.csv"))
        # 96 MACs at 96 MAC/s and 0.5 s overhead, without network.
        self.assertEqual(table.latency_s[0], 1.5)
        self.assertEqual(list(table.strategy), ["single", "even"])
        self.assertEqual(list(edgeflow.run(TINY, "--set", "strategy=even").strategy), ["even"])

    def test_a_sweep_has_a_row_for_each_run(self):
        table = edgeflow.sweep(TINY_SWEEP, "-j", "2")
        self.assertEqual(list(table.strategy), ["even", "single"] * 2)
        base = {key: value for key, value in SCENARIO.items() if key != "schema"}
        table = edgeflow.sweep({"schema": 1, "name": "axes", "base": base | {"schema": 1},
                                "axes": {"strategy": ["single", "even"]}})
        self.assertEqual(list(table.strategy), ["single", "even"])
        self.assertEqual(os.listdir("."), [])

    def test_mistakes_are_exceptions_with_the_programs_text(self):
        text = "schema: 1\nname: x\nmodel: vgg61\ncluster: pi4x3-nano\nstrategy: even\n"
        pathlib.Path("broken.yaml").write_text(text, encoding="utf-8")
        said = subprocess.run([EDGEFLOW, "run", "broken.yaml"], text=True, capture_output=True, check=False)
        self.assertEqual(said.returncode, 2)
        for attempt in (edgeflow.run, edgeflow.plan, edgeflow.Problem):
            with self.assertRaises(edgeflow.InputError) as raised:
                attempt("broken.yaml")
            self.assertEqual(str(raised.exception), said.stderr.strip())
        with self.assertRaisesRegex(edgeflow.InputError, 'at model: there is no "vgg61" in workloads/models'):
            edgeflow.Problem(SCENARIO | {"model": "vgg61"})

    def test_a_program_that_is_not_there_is_said(self):
        with unittest.mock.patch.dict(os.environ, {"EDGEFLOW": "/nowhere/edgeflow"}):
            with self.assertRaisesRegex(edgeflow.Error, "^cannot run /nowhere/edgeflow: No such file or directory$"):
                edgeflow.run(TINY)

    def test_what_cannot_be_planned_is_infeasible(self):
        small = SCENARIO | {"cluster": {"network": {"type": "switch", "bandwidth": "1Gbps"},
                                        "devices": [{"type": "rpi4", "memory": "1MiB"}]}}
        with self.assertRaisesRegex(edgeflow.Infeasible, "does not fit"):
            edgeflow.plan(small)
        with self.assertRaisesRegex(edgeflow.Infeasible, "does not fit"):
            edgeflow.Problem(small).plan_by("proportional")

    def test_a_plan_by_a_strategy_is_that_of_the_program(self):
        problem = edgeflow.Problem(SCENARIO)
        self.assertEqual(problem.plan_by("proportional").to_yaml(), edgeflow.plan(SCENARIO))
        on_nano = SCENARIO | {"strategy": {"name": "single", "options": {"device": "nano"}}}
        self.assertEqual(problem.plan_by("single", device="nano").to_yaml(), edgeflow.plan(on_nano))
        self.assertEqual(problem.read_plan(edgeflow.plan(on_nano)).to_yaml(), edgeflow.plan(on_nano))
        with self.assertRaisesRegex(edgeflow.InputError, "nana"):
            problem.plan_by("single", device="nana")
        with self.assertRaisesRegex(edgeflow.InputError, 'there is no strategy "singel"'):
            problem.plan_by("singel")

    def test_the_latency_of_shares_is_the_estimate_of_their_plan_and_what_is_simulated(self):
        problem = edgeflow.Problem(SCENARIO)
        random = np.random.default_rng(1)
        for _ in range(5):
            shares = random_shares(problem, random)
            plan = problem.plan(shares)
            self.assertEqual(plan.validate(), [])
            latency_s = problem.latency_s(shares)
            for said_s in (plan.latency_s, *self.estimated_s(plan)):
                self.assertAlmostEqual(latency_s, said_s, delta=1e-9 * latency_s)

    def test_effects_that_are_left_out_are_left_out_of_estimates(self):
        scenario = SCENARIO | {"simulation": {"ablate": ["overheads", "contention"]}}
        problem = edgeflow.Problem(scenario)
        plan = problem.plan_by("even")
        for said_s in self.estimated_s(plan, scenario):
            self.assertAlmostEqual(plan.latency_s, said_s, delta=1e-9 * said_s)
        self.assertLess(plan.latency_s, edgeflow.Problem(SCENARIO).plan_by("even").latency_s)

    def test_shares_are_those_of_an_external_program(self):
        problem = edgeflow.Problem(SCENARIO)
        shares = random_shares(problem, np.random.default_rng(2))
        pathlib.Path("answer.json").write_text(f'{{"shares": {shares.tolist()}}}', encoding="utf-8")
        answered = edgeflow.plan(SCENARIO | {"strategy": {"name": "external", "command": ["cat", "answer.json"]}})
        self.assertEqual(problem.plan(shares).to_yaml().replace('"shares"', '"external"'), answered)

    def test_shares_that_are_none_are_refused(self):
        problem = edgeflow.Problem(SCENARIO)
        layers = len(problem.layers)
        good = np.ones((layers, BOARDS))
        cases = {f"expected {layers} x 4 numbers": good[1:]}
        for value, expected in ((-1, "got -1 for layer 3 on device 2"), (np.nan, "got nan for layer 3 on device 2")):
            cases[expected] = good.copy()
            cases[expected][3, 2] = value
        cases["above 0 for at least one device of layer 5"] = good.copy()
        cases["above 0 for at least one device of layer 5"][5] = 0
        for expected, shares in cases.items():
            with self.assertRaisesRegex(edgeflow.InputError, expected):
                problem.latency_s(shares)

    def test_an_episodes_rewards_sum_to_minus_the_latency_of_its_plan(self):
        environment = edgeflow.Environment(SCENARIO)
        problem = environment.problem
        random = np.random.default_rng(3)
        for _ in range(3):
            shares = random_shares(problem, random)
            state, _ = environment.reset()
            rewards, done = [], False
            while not done:
                self.assertEqual(state["layer"], len(rewards) + 1)
                state, reward, done, truncated, info = environment.step(shares[state["layer"]])
                self.assertFalse(truncated)
                rewards.append(reward)
            self.assertEqual(len(rewards), len(problem.layers) - 1)
            latency_s = problem.latency_s(shares)
            self.assertAlmostEqual(sum(rewards), -latency_s, delta=1e-9 * latency_s)
            self.assertEqual(info["latency_s"], latency_s)
            self.assertEqual(environment.plan().to_yaml(), problem.plan(shares).to_yaml())
            with self.assertRaises(ValueError):
                environment.step(shares[-1])

    def test_the_state_says_when_devices_are_done_so_far(self):
        # On the device that has the input and wants the result: one layer after the other.
        environment = edgeflow.Environment(SCENARIO)
        state, _ = environment.reset()
        done, total_s = False, 0
        while not done:
            self.assertAlmostEqual(state["finish_s"][0], total_s, delta=1e-9)
            self.assertEqual(list(state["finish_s"][1:]), [0, 0, 0])
            time_s = environment.problem.layers[state["layer"]]["time_s"][0]
            total_s += time_s
            state, reward, done, _, info = environment.step([1, 0, 0, 0])
            self.assertAlmostEqual(reward, -time_s, delta=1e-9)
            self.assertAlmostEqual(info["latency_s"], total_s, delta=1e-9)

    def test_the_example_runs(self):
        said = subprocess.run(["/usr/bin/python3", "-B", f"{BUILD}/python/example.py"], text=True,
                              capture_output=True, check=False)
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertIn("wrong with the plan: nothing", said.stdout)


unittest.main(argv=[sys.argv[0]])
