#!/usr/bin/python3
"""Loads a report in headless Chromium: no console error, charts are there, a click on a filter changes
them, and names from YAML stay text.

usage: report_test.py EDGEFLOW SOURCE_DIR      Exit code 77: skipped, there is no Chromium.
"""

import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

EDGEFLOW, SOURCE = sys.argv[1:3]
CHROMIUM = shutil.which("chromium")
NASTY = "</script><script>window.hacked=1;console.error('hacked')</script><img src=x onerror='window.hacked=1'>&\"'"

# Runs in the page after its own script; what it finds ends up in the document that Chromium dumps.
PROBE = """<script>{
const look = () => ({
  curves: document.querySelectorAll("#curves svg").length,
  points: document.querySelectorAll("#curves circle.point").length,
  bars: document.querySelectorAll("#breakdown rect").length,
  units: document.querySelectorAll("#gantt rect.unit").length,
  cluster: document.querySelectorAll("#cluster rect").length,
  rows: document.querySelectorAll("#table tr").length,
  answer: document.querySelector("#answer").textContent});
const before = look();
const chip = [...document.querySelectorAll("#filters button")].find(b => b.dataset.value === "even");
chip.click();
const after = look();
chip.click();
const again = look();
document.body.append(Object.assign(document.createElement("pre"), {id: "probe", textContent: JSON.stringify(
  {before, after, again, hacked: window.hacked || 0, errors: window.errors, images: document.images.length})}));
}</script></body>"""
CATCH = "<head><script>window.errors=[];window.onerror=m=>{window.errors.push(m)}</script>"


def browse(page):
    """(the document after its scripts ran, lines that the page wrote to the console)"""
    with tempfile.TemporaryDirectory() as profile:
        run = subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--disable-background-networking", "--enable-logging=stderr", "--v=0",
             f"--user-data-dir={profile}", "--dump-dom", f"file://{page}"],
            capture_output=True, text=True, timeout=60, check=True)
    return run.stdout, [line for line in run.stderr.splitlines() if "CONSOLE" in line]


class ReportTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def sweep(self, nasty):
        path = os.path.join(self.folder, "sweep.yaml")
        quoted = "'" + nasty.replace("'", "''") + "'"
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"""schema: 1
name: reported
description: {quoted}
base: {SOURCE}/tests/data/cli/tiny_scenario.yaml
axes: {{strategy: [even, single]}}
zip:
  - {{cluster.network.bandwidth: [1kB/s, 4kB/s], label.net: [slow, {quoted}]}}
baseline: single
""")
        out = os.path.join(self.folder, "out")
        for words in (["sweep", path, "-o", out], ["report", out]):
            subprocess.run([EDGEFLOW, *words], check=True, capture_output=True)
        return os.path.join(out, "report.html")

    def probe(self, page):
        with open(page, encoding="utf-8") as file:
            text = file.read()
        self.assertNotRegex(text, r"(src|href)=[\"']?(https?:)?//", "the page needs a network")
        probed = page.replace("report.html", "probed.html")
        with open(probed, "w", encoding="utf-8") as file:
            file.write(text.replace("<head>", CATCH, 1).replace("</body>", PROBE))
        dom, console = browse(probed)
        found = re.search(r'<pre id="probe">(.*?)</pre>', dom, re.S)
        self.assertIsNotNone(found, "the page's script did not come to its end")
        return json.loads(html.unescape(found[1])), console

    def test_charts_are_there_and_a_filter_changes_them(self):
        found, console = self.probe(self.sweep("fast"))
        self.assertEqual(console, [])
        self.assertEqual(found["errors"], [])
        before, after = found["before"], found["after"]
        self.assertEqual(before["points"], 4)  # two strategies at two bandwidths
        self.assertEqual(before["rows"], 1 + 4)
        self.assertEqual(before["cluster"], 1 + 2)  # the switch and two devices
        self.assertGreaterEqual(before["units"], 1)
        self.assertGreater(before["bars"], 0)
        self.assertEqual(after["points"], 2)
        self.assertEqual(after["rows"], 1 + 2)
        self.assertLess(after["bars"], before["bars"])
        self.assertEqual(found["again"], before)
        # One request on one of two equal devices: 96 MACs at 96 MAC/s and half a second.
        self.assertIn("single at slow: 1500 ms", before["answer"])

    def test_names_from_yaml_stay_text(self):
        found, console = self.probe(self.sweep(NASTY))
        self.assertEqual(console, [])
        self.assertEqual(found["hacked"], 0)
        self.assertEqual(found["errors"], [])
        self.assertEqual(found["images"], 0)
        self.assertEqual(found["before"]["points"], 4)


if __name__ == "__main__":
    if CHROMIUM is None:
        print("skipped: there is no chromium here (scripts/setup --ci installs it)")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1], verbosity=2)
