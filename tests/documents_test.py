#!/usr/bin/python3
"""README files lead where they say, name what there is, and show what the program and the scripts give.

usage: documents_test.py EDGEFLOW SOURCE_DIR [TEST]...      such as Form or Data.test_counts_are_...
"""

import functools
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

EDGEFLOW, SOURCE = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
sys.path.insert(0, str(SOURCE / "scripts"))
sys.dont_write_bytecode = True

import claim_table
import readme
import study_table

FOLDERS = ["workloads", "platforms", "partition", "sim", "experiments", "scripts", "tests"]
README = SOURCE / "README.md"
DOCUMENTS = [README, *(path for folder in FOLDERS for path in sorted((SOURCE / folder).rglob("README.md")))]
MOST_WORDS = 1500
MOST_COLUMNS = 120
# Files of the reader's, in examples.
EXAMPLES = {"strategies/mine.cpp", "mine.py", "my_strategy.py"}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
FIGURES = SOURCE / "experiments" / "figures"


def text_of(path):
    return path.read_text(encoding="utf-8")


def prose(path):
    """The text without blocks of code."""
    return FENCE.sub("", text_of(path))


def one_line(text):
    return " ".join(text.split())


def inline_code(path):
    return [one_line(code) for code in re.findall(r"`([^`]+)`", prose(path))]


def code_lines(path):
    return [line for _, block in FENCE.findall(text_of(path)) for line in block.splitlines()]


@functools.cache
def anchors(path):
    """What headings can be linked by."""
    seen, found = {}, set()
    for heading in re.findall(r"^#+ (.*)$", prose(path), re.M):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        number = seen[slug] = seen.get(slug, -1) + 1
        found.add(f"{slug}-{number}" if number else slug)
    return found


@functools.cache
def help_of(command=None):
    done = subprocess.run([EDGEFLOW, *([command] if command else []), "--help"], capture_output=True, text=True,
                          check=False)
    return done.stdout if done.returncode == 0 else ""


def subcommands():
    return re.findall(r"^  (\w+) ", help_of().partition("Subcommands:")[2].partition("Exit code:")[0], re.M)


def options(command):
    return set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", help_of(command)))


def commands_in(path):
    """Words after `edgeflow` of the commands that a document shows, and of `run --trace` and the like."""
    lines = [match[1] for line in code_lines(path)
             if (match := re.match(r"(?:\$ )?(?:\S*/)?edgeflow (\S.*)", line)) and " " != match[1][0]]
    for code in inline_code(path):
        if match := re.match(r"(?:\S*/)?edgeflow (.*)", code):
            lines.append(match[1])
        elif re.match(rf"({'|'.join(subcommands())}) -", code):
            lines.append(code)
    return [re.split(r" +(?:[#|>]|&&)", line)[0].split() for line in lines]


def examples():
    """(document, yaml block before it or "", command line, lines shown) of blocks that show what a command prints."""
    for path in DOCUMENTS:
        before = ""
        for kind, block in FENCE.findall(text_of(path)):
            if kind == "yaml":
                before = block
            elif block.startswith("$ edgeflow "):
                first, *shown = block.splitlines()
                yield path, before, first.removeprefix("$ "), [line.rstrip() for line in shown if line.strip()]


@functools.cache
def printed(command, file=""):
    """Lines that a command prints in a folder that has the project's, and `file` where it names one of its own."""
    with tempfile.TemporaryDirectory() as folder:
        for name in FOLDERS:
            os.symlink(SOURCE / name, os.path.join(folder, name))
        words = shlex.split(command)[1:]
        for word in words:
            if word.endswith(".yaml") and not os.path.exists(os.path.join(folder, word)):
                pathlib.Path(folder, word).write_text(file, encoding="utf-8")
        done = subprocess.run([EDGEFLOW, *words], cwd=folder, capture_output=True, text=True, check=False)
        return [line.rstrip() for line in (done.stdout + done.stderr).splitlines()]


def numbers(pattern, path):
    """The groups of a sentence that a document must have, as texts."""
    match = re.search(pattern, one_line(text_of(path)))
    if not match:
        raise AssertionError(f"{path.relative_to(SOURCE)} has no sentence like: {pattern}")
    return list(match.groups())


class Form(unittest.TestCase):
    def test_the_readme_is_short(self):
        self.assertLessEqual(len(text_of(README).split()), MOST_WORDS)
        self.assertEqual([line for line in text_of(README).splitlines() if len(line) > MOST_COLUMNS], [])

    def test_links_and_anchors_lead_somewhere(self):
        links = 0
        for path in DOCUMENTS:
            for target in re.findall(r"\]\(([^)\s]+)\)", prose(path)):
                if re.match(r"\w+:", target):
                    continue
                links += 1
                file, _, anchor = target.partition("#")
                there = (path.parent / file).resolve() if file else path
                with self.subTest(document=path.relative_to(SOURCE), link=target):
                    self.assertTrue(there.exists())
                    if anchor:
                        self.assertIn(anchor, anchors(there))
        self.assertGreater(links, 50)

    def test_paths_exist(self):
        """Whole ones, and names of source files, wherever they are."""
        for path in DOCUMENTS:
            words = [word for code in [*inline_code(path), *code_lines(path)] for word in code.split()]
            for word in (re.sub(r"^(\$|\./)|[,;:]$", "", word) for word in words):
                if re.search(r"[<>{}()=\[\]'\"]|\b[A-Z]{3,}\b(?!\.md)", word) or word in EXAMPLES:
                    continue
                with self.subTest(document=path.relative_to(SOURCE), path=word):
                    if word.split("/")[0] in FOLDERS and "/" in word:
                        found = any(SOURCE.glob(word)) or any(path.parent.glob(word))
                        self.assertTrue(found, "there is no such file")
                    elif re.fullmatch(r"[\w/]+\.[ch]pp", word):
                        self.assertTrue(any(any((SOURCE / folder).rglob(word)) for folder in FOLDERS))

    def test_every_folder_has_its_document(self):
        for folder in FOLDERS:
            self.assertIn(f"]({folder}/README.md)", text_of(README))

    def test_the_version_is_the_programs(self):
        version = re.search(r"project\(edgeflow VERSION (\S+)", text_of(SOURCE / "CMakeLists.txt"))[1]
        self.assertEqual(set(re.findall(r"edgeflow_([\d.]+)_amd64", text_of(README))), {version})
        self.assertEqual(re.findall(r"version += \{(.*)\}", text_of(README)), [version])


class Program(unittest.TestCase):
    def test_commands_and_options_exist(self):
        known = subcommands()
        self.assertIn("sweep", known)
        for path in DOCUMENTS:
            for command, *words in commands_in(path):
                with self.subTest(document=path.relative_to(SOURCE), command=" ".join([command, *words])):
                    if command.startswith("-"):
                        self.assertIn(command.split("=")[0], help_of())
                        continue
                    self.assertIn(command, known)
                    for word in words:
                        if re.match(r"--?[a-zA-Z]", word):
                            self.assertIn(word.split("=")[0], options(command))
                    if command == "list" and words and words[0].islower():
                        self.assertEqual(subprocess.run([EDGEFLOW, command, *words], capture_output=True,
                                                        check=False).returncode, 0)

    def test_shown_output_is_what_the_program_prints(self):
        """Lines may be left out, none changed."""
        shown_commands = []
        for path, file, command, shown in examples():
            shown_commands.append(command)
            own = [word for word in command.split() if word.endswith(".yaml") and not (SOURCE / word).exists()]
            lines = printed(command, *([file] if own else []))
            rest = iter(lines)
            for line in shown:
                with self.subTest(document=path.relative_to(SOURCE), command=command):
                    self.assertIn(line, lines)
                    self.assertTrue(line in rest, f"not in this order: {line}")
        self.assertTrue({"edgeflow sweep quickstart", "edgeflow run my.yaml"} <= set(shown_commands))

    def test_whole_files_that_are_shown_are_valid(self):
        """As if they lay beside the shipped studies. Those that a command is shown with are run."""
        used = {file for _, file, *_ in examples()}
        files = {block for path in DOCUMENTS for kind, block in FENCE.findall(text_of(path))
                 if kind == "yaml" and block.startswith("schema: 1\n")} - used
        self.assertTrue(files)
        for file in files:
            with tempfile.TemporaryDirectory() as folder, self.subTest(file=file):
                for study in (SOURCE / "experiments/studies").iterdir():
                    os.symlink(study, os.path.join(folder, study.name))
                pathlib.Path(folder, "shown.yaml").write_text(file, encoding="utf-8")
                done = subprocess.run([EDGEFLOW, "validate", "shown.yaml"], cwd=folder, capture_output=True, text=True,
                                      check=False)
                self.assertEqual(done.returncode, 0, done.stderr)

    def test_annotated_files_are_the_files(self):
        found = re.findall(r"`(\S+\.yaml)`, annotated:\n\n```yaml\n(.*?)^```",
                           text_of(SOURCE / "experiments/README.md"), re.M | re.S)
        self.assertTrue(found)
        for name, text in found:
            self.assertEqual(text, text_of(SOURCE / name))

    def test_the_first_figures_sentence_is_what_the_program_prints(self):
        cells = {}
        for line in printed("edgeflow sweep quickstart"):
            if match := re.match(r"(\w+ +\d+Mbps) +(\S+) +ok +([\d.]+) ", line):
                cells.setdefault(match[1], {})[match[2]] = float(match[3])
        speedups = [cell["single"] / cell["edgeflow-joint"] for cell in cells.values()]
        below = [1 - cell.pop("edgeflow-joint") / min(cell.values()) for cell in cells.values()]
        count, least, most, slowest, quickest = numbers(
            r"`edgeflow-joint` has the lowest latency in all (\d+) settings, (\d+) to (\d+) % below the next best "
            r"strategy, and is ([\d.]+) to ([\d.]+) times as fast", README)
        self.assertGreater(min(below), 0)
        self.assertEqual([count, least, most], [str(len(below)), f"{100 * min(below):.0f}", f"{100 * max(below):.0f}"])
        self.assertEqual([slowest, quickest], [f"{min(speedups):.1f}", f"{max(speedups):.1f}"])


class Data(unittest.TestCase):
    def test_the_study_table_is_of_its_cells(self):
        latency, best = study_table.cells_from(FIGURES / "strategies_cells.csv")
        text = readme.table(readme.STRATEGIES, "study")
        rows = {row[0]: row[2:6] for row in readme.rows(text, ["strategy", "optimises"])}
        self.assertEqual(rows, {name: study_table.of_latency(latency, best, name) for name in latency})
        for line in study_table.findings(latency, best, latency.size):
            self.assertIn(line, text.splitlines())

    def test_the_lookahead_table_is_of_these_cells(self):
        latency, _ = study_table.cells_from(FIGURES / "strategies_cells.csv")
        table = "\n".join(study_table.lookahead_table(latency))
        self.assertIn("yolov5s", table)
        self.assertIn(table, readme.table(readme.STRATEGIES, "study"))

    def test_the_claims_table_is_of_its_cells(self):
        cells = claim_table.cells_from(FIGURES / "claim_cells.csv")
        self.assertEqual(readme.table(readme.STRATEGIES, "claim").strip(), claim_table.table(cells))

    def test_sentences_on_the_claim_are_of_these_cells(self):
        cells = claim_table.cells_from(FIGURES / "claim_cells.csv")
        edgeflow, _, joint = claim_table.JUDGED

        def share(who, rivals, which):
            return claim_table.shares_of(claim_table.gain_of(cells, who, rivals))[which].removesuffix(" %")

        both = claim_table.CHAIN, claim_table.CUT_POINT
        ahead, median, highest = 0, 1, 3
        self.assertEqual(
            numbers(r"In (\d+) settings, `edgeflow`, after the paper, is ahead of the best of the methods for chains "
                    r"in (\d+) % and of those that cut at cut points in (\d+) %, by at most (\d+) and (\d+) %; in the "
                    r"median it is behind both, by (\d+) and (\d+) %\. `edgeflow-joint`, which is ours, is ahead in "
                    r"(\d+) % of either, by (\d+) and (\d+) % in the median", README),
            [str(len(cells)), *(share(edgeflow, rivals, ahead) for rivals in both),
             *(share(edgeflow, rivals, highest) for rivals in both),
             *(share(edgeflow, rivals, median).removeprefix("-") for rivals in both),
             share(joint, claim_table.CHAIN, ahead), *(share(joint, rivals, median) for rivals in both)])
        self.assertEqual(share(joint, both[0], ahead), share(joint, both[1], ahead))
        self.assertEqual(
            numbers(r"\(at most (\d+) % lower\), hardly against chains \((\d+) %, in one setting of (\d+)\); "
                    r"`edgeflow-joint` against both \((\d+) and (\d+) %\)", SOURCE / "experiments/README.md"),
            [*(share(edgeflow, rivals, highest) for rivals in reversed(both)), str(len(cells)),
             *(share(joint, rivals, highest) for rivals in reversed(both))])
        self.assertEqual(numbers(r"without it `edgeflow` is lower in (\d+) %", SOURCE / "partition/README.md"),
                         [share(edgeflow, claim_table.NO_COEDGE, ahead)])

    def test_the_table_of_trust_is_of_the_other_tables(self):
        self.assertEqual(readme.table(readme.TOP, "trust").strip(), readme.trust())

    def test_counts_are_those_of_the_shipped_files(self):
        boards, models = (str(len(list((SOURCE / folder).glob("*.yaml"))))
                          for folder in ("platforms/devices", "workloads/models"))
        for document, pattern, count in [
                ("README.md", r"\*\*Models\*\*: (\d+) shipped", models),
                ("README.md", r"\*\*Devices\*\*: (\d+) boards", boards),
                ("platforms/README.md", r"`edgeflow list devices` shows (\d+) boards", boards),
                ("platforms/README.md", r"All (\d+) of ncnn's benchmark list", boards),
                ("workloads/README.md", r"`edgeflow list models` shows (\d+)", models)]:
            with self.subTest(document=document, pattern=pattern):
                self.assertEqual(numbers(pattern, SOURCE / document), [count])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
