#!/usr/bin/python3
"""What `cmake --install` leaves works wherever it is moved to, without the source tree.

usage: install_test.py BUILD_DIR SOURCE_DIR
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD, SOURCE = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
WORK = tempfile.TemporaryDirectory()
PREFIX = pathlib.Path(WORK.name, "moved", "here")


def setUpModule():
    first = pathlib.Path(WORK.name, "installed")
    subprocess.run(["cmake", "--install", BUILD, "--prefix", first, "--component", "runtime"],
                   check=True, capture_output=True)
    PREFIX.parent.mkdir()
    shutil.move(first, PREFIX)


def tearDownModule():
    WORK.cleanup()


def run(*words, program=None, **environment):
    folder = pathlib.Path(WORK.name, "cwd")
    folder.mkdir(exist_ok=True)
    program = program or PREFIX / "bin" / "edgeflow"
    return subprocess.run([program, *words], cwd=folder, capture_output=True, text=True, check=False,
                          env={"PATH": "/usr/bin:/bin", "HOME": WORK.name} | environment)


def complete(*words):
    """What bash offers for the last of the words."""
    script = PREFIX / "share/bash-completion/completions/edgeflow"
    listed = " ".join(f"'{word}'" for word in ("edgeflow", *words))
    text = (f"source {script}; compopt() {{ :; }}; COMP_WORDS=({listed}); COMP_CWORD={len(words)}; "
            'COMPREPLY=(); _edgeflow; printf "%s\\n" "${COMPREPLY[@]}"')
    done = run("-c", text, program="/bin/bash")
    return done.stdout.split(), done.stderr


class InstallTest(unittest.TestCase):
    def ok(self, *words, **environment):
        done = run(*words, **environment)
        self.assertEqual(done.returncode, 0, f"{words}: {done.stderr}")
        return done.stdout

    def test_data_are_found_beside_the_program(self):
        self.assertIn(f"data         {PREFIX}/share/edgeflow\n", self.ok("doctor"))

    def test_every_shipped_file_is_installed(self):
        for folder in ("workloads/models", "platforms/devices", "platforms/clusters",
                       "platforms/messaging", "platforms/measured", "experiments/studies"):
            names = {path.name for path in (SOURCE / folder).iterdir()}
            self.assertEqual(names, {path.name for path in (PREFIX / "share/edgeflow" / folder).iterdir()})

    def test_every_shipped_study_is_read_by_its_name(self):
        for path in sorted((SOURCE / "experiments/studies").glob("*.yaml")):
            self.ok("validate", PREFIX / "share/edgeflow/experiments/studies" / path.name)
        self.assertIn("59  yolov5s", self.ok("sweep", "quickstart", "--dry-run"))

    def test_a_study_is_run_drawn_and_reported(self):
        self.ok("run", "yolo_on_four_boards", "--set", "strategies=[single, even]")
        results = "results/yolo-on-four-boards"
        self.ok("plot", results)
        self.ok("plot", "speedup", results, "--x", "model")
        self.ok("report", results)
        folder = pathlib.Path(WORK.name, "cwd", results)
        self.assertTrue((folder / "plots" / "speedup.pdf").exists())
        self.assertIn("yolov5s", (folder / "report.html").read_text(encoding="utf-8"))

    def test_a_board_is_calibrated(self):
        table = pathlib.Path(WORK.name, "measured.csv")
        table.write_text("device,threads,model,ms\nmy-board,1,resnet50,400\nmy-board,1,mobilenet_v2,60\n"
                         "my-board,1,vgg16,1500\nmy-board,1,squeezenet1_1,40\n", encoding="utf-8")
        self.ok("calibrate", str(table), "-o", "my-board.yaml")
        self.assertIn("a device", self.ok("validate", "my-board.yaml"))

    def test_the_program_names_no_folder_of_its_source(self):
        """But for what assertions say."""
        binary = (PREFIX / "bin" / "edgeflow").read_bytes()
        places = re.findall(re.escape(str(SOURCE).encode()) + rb"[^\0]*", binary)
        self.assertEqual([p for p in places if not p.endswith((b".cpp", b".hpp"))], [])

    def test_scripts_are_whole(self):
        """Each imports only what is installed with it, or Debian's."""
        folder = PREFIX / "share/edgeflow/scripts"
        own = {path.stem for path in (SOURCE / "scripts").glob("*.py")}
        for path in folder.glob("*.py"):
            used = set(re.findall(r"^(?:import|from) (\w+)", path.read_text(encoding="utf-8"), re.M)) & own
            self.assertEqual({name for name in used if not (folder / f"{name}.py").exists()}, set(), path.name)

    def test_without_data_every_command_says_a_way_out(self):
        lonely = pathlib.Path(WORK.name, "lonely")
        lonely.mkdir(exist_ok=True)
        program = shutil.copy(PREFIX / "bin" / "edgeflow", lonely)
        for words in (["list", "models"], ["run", "yolo_on_four_boards"], ["inspect", "resnet50"]):
            done = run(*words, program=program)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn("EDGEFLOW_HOME", done.stderr)
        done = run("doctor", program=program)
        self.assertEqual(done.returncode, 1)
        self.assertIn("NOT WELL", done.stdout)
        self.ok("list", "models", EDGEFLOW_HOME=str(SOURCE))
        done = run("list", "models", EDGEFLOW_HOME=str(lonely))
        self.assertEqual(done.returncode, 2)
        self.assertIn(f"{lonely}: EDGEFLOW_HOME has no platforms/devices", done.stderr)

    def test_a_catalogue_that_is_gone_is_no_empty_list(self):
        half = pathlib.Path(WORK.name, "half")
        shutil.copytree(PREFIX / "share/edgeflow", half)
        shutil.rmtree(half / "workloads/models")
        done = run("list", "models", EDGEFLOW_HOME=str(half))
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("workloads/models: No such file or directory", done.stderr)

    def test_bash_completes_commands_options_values_and_names(self):
        for words, offered in ((["pl"], {"plot", "plan"}), (["sweep", "--sh"], {"--shard"}),
                               (["sweep", "--retry", "cr"], {"crashed"}), (["run", "yolo_on"], {"yolo_on_four_boards"}),
                               (["inspect", "resnet5"], {"resnet50"}), (["plot", "win"], {"winners"}),
                               (["completion", "z"], {"zsh"})):
            found, errors = complete(*words)
            self.assertEqual((set(found), errors), (offered, ""), words)

    def test_other_shells_read_their_completion(self):
        for shell, place in (("zsh", "zsh/vendor-completions/_edgeflow"),
                             ("fish", "fish/vendor_completions.d/edgeflow.fish")):
            if program := shutil.which(shell):
                done = run("-n", PREFIX / "share" / place, program=program)
                self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_the_manual_has_every_command_and_option(self):
        page = (PREFIX / "share/man/man1/edgeflow.1").read_text(encoding="utf-8").replace("\\-", "-")
        commands = re.findall(r"^  (\w+)  ", self.ok("--help").split("Subcommands:")[1].split("Exit code")[0], re.M)
        self.assertGreater(len(commands), 10)
        for command in commands:
            section = page.split(f".SS edgeflow {command}\n")[1].split(".SS ")[0]
            for option in re.findall(r"^  (?:-\w,)?(--[\w-]+)", self.ok(command, "--help"), re.M):
                self.assertIn(f"\\fB{option}\\fR", section)

    def test_a_name_that_is_no_study_is_refused_with_the_nearest(self):
        done = run("sweep", "quickstrat")
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr, 'there is no file or study "quickstrat" (did you mean "quickstart"?)\n')


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
