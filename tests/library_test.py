#!/usr/bin/python3
"""What is installed is found by find_package from wherever it was moved to; a strategy of one's own is a plugin.

usage: library_test.py EDGEFLOW SOURCE_DIR BUILD_DIR CMAKE COMPILER
"""
import csv
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

EDGEFLOW, SOURCE, BUILD, CMAKE, COMPILER = sys.argv[1:6]
LIBRARIES = ["workloads", "platforms", "partition", "sim", "experiments"]
SCENARIO = """schema: 1
name: two-boards
model: squeezenet1_1
cluster: pi4x3-nano
strategy: proportional
"""


def run(*words, cwd=None, code=0):
    """Output of a command, which must end with `code`."""
    done = subprocess.run(list(map(str, words)), cwd=cwd, text=True, capture_output=True, check=False)
    if done.returncode != code:
        raise AssertionError(f"{words} ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout + done.stderr


def symbols(*words):
    """Of ours, inline ones aside, that the file defines."""
    lines = run("nm", "--defined-only", *words).splitlines()
    return {line.split()[-1] for line in lines if re.search(r" [TDBR] _ZN?K?8edgeflow", line)}


class Library(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.folder = pathlib.Path(cls.scratch.name)
        os.environ["EDGEFLOW_HOME"] = SOURCE  # models and clusters
        for component in ("runtime", "development"):
            run(CMAKE, "--install", BUILD, "--component", component, "--prefix", cls.folder / "installed")
        cls.prefix = cls.folder / "moved" / "elsewhere"
        cls.prefix.parent.mkdir()
        (cls.folder / "installed").rename(cls.prefix)
        cls.program = cls.prefix / "bin" / "edgeflow"
        cls.built = {name: cls.build(name) for name in ("plan_and_simulate", "strategy_plugin")}

    @classmethod
    def build(cls, example, *settings, suffix=""):
        """The folder that the example was built in."""
        folder = cls.folder / (example + suffix)
        run(CMAKE, "-S", f"{SOURCE}/experiments/examples/{example}", "-B", folder, "-G", "Ninja",
            "-DCMAKE_BUILD_TYPE=Release", f"-DCMAKE_CXX_COMPILER={COMPILER}", f"-DCMAKE_PREFIX_PATH={cls.prefix}",
            *settings)
        run(CMAKE, "--build", folder, "-j2")
        return folder

    def setUp(self):
        self.work = self.folder / self.id().rsplit(".", 1)[-1]
        self.work.mkdir()
        (self.work / "two-boards.yaml").write_text(SCENARIO)
        self.plugin = self.built["strategy_plugin"] / "by_speed.so"

    def latency_s(self, *options, program=None):
        run(program or self.program, "run", "two-boards.yaml", "-o", "out", "--force", *options, cwd=self.work)
        with open(self.work / "out" / "runs.csv", newline="", encoding="utf-8") as table:
            return float(next(csv.DictReader(table))["latency_s"])

    def refusal(self, *words):
        return run(self.program, *words, cwd=self.work, code=2)

    def test_the_example_simulates_what_the_program_does(self):
        for strategy in ("proportional", "single"):
            said = run(self.built["plan_and_simulate"] / "plan_and_simulate", "squeezenet1_1", "pi4x3-nano", strategy)
            simulated_s, estimated_s = map(float, re.findall(r"(\S+) s ", said))
            self.assertEqual(simulated_s, self.latency_s("--set", f"strategy={strategy}"))
            self.assertAlmostEqual(estimated_s, simulated_s, delta=1e-9 * simulated_s)

    def test_no_installed_file_knows_where_it_was_built(self):
        texts = [file for file in self.prefix.rglob("*") if file.suffix in (".cmake", ".hpp")]
        self.assertGreater(len(texts), 100)
        for file in texts:
            for folder in (SOURCE, BUILD, str(self.folder)):
                self.assertNotIn(folder, file.read_text(), file)

    def test_a_plugin_is_a_strategy_like_any_other(self):
        self.assertIn("\nby-speed: each layer's rows in proportion to a power of device speed\n",
                      run(self.program, "list", "strategies", "--strategy-plugin", self.plugin))
        plugin = ["--strategy-plugin", self.plugin, "--set"]
        self.assertEqual(self.latency_s(*plugin, "strategy=by-speed"), self.latency_s())
        self.assertEqual(self.latency_s(*plugin, "strategy={name: by-speed, options: {power: 0}}"),
                         self.latency_s("--set", "strategy=even"))
        shares = run(self.program, "explain", "two-boards.yaml", *plugin, "strategy=by-speed", cwd=self.work)
        self.assertEqual(shares, run(self.program, "explain", "two-boards.yaml", cwd=self.work)
                         .replace("proportional", "by-speed"))

    def test_what_a_plugin_throws_is_what_the_program_expects(self):
        said = run(self.program, "plan", "two-boards.yaml", "--strategy-plugin", self.plugin, "--set",
                   "strategy=by-speed", "--set", "cluster.devices=[{type: rpi4}]", cwd=self.work, code=1)
        self.assertEqual(said, "infeasible: there is nobody to share with\n")

    def test_a_program_of_ones_own_has_its_strategy_without_a_plugin(self):
        own = self.built["strategy_plugin"] / "by_speed_edgeflow"
        self.assertEqual(self.latency_s("--set", "strategy=by-speed", program=own), self.latency_s())

    def test_a_changed_plugin_makes_its_runs_anew_and_no_others(self):
        (self.work / "sweep.yaml").write_text(
            "schema: 1\nname: mine\nbase: two-boards.yaml\naxes:\n"
            "  cluster.network.bandwidth: [100Mbps, 1Gbps]\n  strategy: [single, by-speed, even]\n")
        mine = self.work / "mine.so"
        shutil.copy(self.plugin, mine)
        sweep = [self.program, "sweep", "sweep.yaml", "-o", "out", "-j", "2", "--strategy-plugin", "mine.so"]
        run(*sweep, cwd=self.work)
        table = (self.work / "out" / "runs.csv").read_text()
        self.assertEqual(sum(row["strategy"] == "by-speed" for row in csv.DictReader(table.splitlines())), 2)
        self.assertIn("6 of 6 runs are done already", run(*sweep, cwd=self.work))
        with open(mine, "ab") as file:
            file.write(b"changed")
        said = run(*sweep, cwd=self.work)
        self.assertIn("4 of 6 runs are done already", said)
        self.assertIn("set aside: out/runs.old-1", said)
        self.assertEqual((self.work / "out" / "runs.csv").read_text(), table)

    def test_what_is_no_plugin_is_refused_with_the_reason(self):
        listed = ["list", "strategies", "--strategy-plugin"]
        self.assertEqual(self.refusal(*listed, "none.so"), "none.so: there is no such file\n")
        (self.work / "text.so").write_text("no shared object\n")
        self.assertRegex(self.refusal(*listed, "text.so"), r"^text\.so: cannot be loaded: .*text\.so: .+\n$")
        (self.work / "empty.cpp").write_text("int nothing = 0;\n")
        run(COMPILER, "-shared", "-fPIC", "empty.cpp", "-o", "empty.so", cwd=self.work)
        self.assertEqual(self.refusal(*listed, "empty.so"),
                         "empty.so: is no strategy plugin: it has no function edgeflow_strategy_version "
                         "(EDGEFLOW_STRATEGY_PLUGIN(kMine) defines what it needs)\n")
        version = run(self.program, "--version").split()[1]
        (self.work / "old.cpp").write_text('extern "C" const char* edgeflow_strategy_version() { return "0.1.0"; }\n'
                                           'extern "C" const void* edgeflow_strategy() { return nullptr; }\n')
        run(COMPILER, "-shared", "-fPIC", "old.cpp", "-o", "old.so", cwd=self.work)
        self.assertEqual(self.refusal(*listed, "old.so"), f"old.so: was built for edgeflow 0.1.0, this is {version} "
                         "(build it again with the headers of this version)\n")
        twice = self.refusal(*listed, self.plugin, "--strategy-plugin", self.plugin)
        self.assertIn("there is a strategy \"by-speed\" already", twice)
        self.assertFalse((self.work / "results").exists())

    def test_pythons_module_calls_the_program_that_it_was_installed_with(self):
        installed = self.prefix / "share" / "edgeflow" / "python"
        said = run("env", "-u", "EDGEFLOW", f"PYTHONPATH={installed}", "/usr/bin/python3", "-B", "-c",
                   "import edgeflow; print(edgeflow.program())")
        self.assertEqual(said.strip(), str(self.program))

    def test_a_plugin_finds_every_function_of_the_libraries_in_the_program(self):
        exported = symbols("-D", self.program)
        for library in LIBRARIES:
            own = symbols(f"{BUILD}/{library}/libedgeflow_{library}.a")
            self.assertGreater(len(own), 5, library)
            self.assertEqual(own - exported, set(), library)


unittest.main(argv=[sys.argv[0]])
