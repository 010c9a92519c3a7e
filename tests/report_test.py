#!/usr/bin/python3
"""Loads a report in headless Chromium: no console error, charts are there, a click on a filter changes
them, and names from YAML stay text.

usage: report_test.py EDGEFLOW SOURCE_DIR      Exit code 77: skipped, there is no Chromium.
"""

import contextlib
import csv
import html
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from unittest import mock
from xml.etree import ElementTree

import pandas as pd
from scipy import stats

EDGEFLOW, SOURCE = sys.argv[1:3]
sys.path.insert(0, os.path.join(SOURCE, "scripts"))
sys.dont_write_bytecode = True

import report

CHROMIUM = shutil.which("chromium")
PARTS = {"compute": "computing", "transfer": "transferring", "queue": "queueing", "wait": "held back"}
NASTY = "</script><script>window.hacked=1;console.error('hacked')</script><img src=x onerror='window.hacked=1'>&\"'"

# Runs in the page after its own script; what it finds ends up in the document that Chromium dumps.
PROBE = """<script>{
// Pairs of boxes that touch, and boxes that reach over the edge of the picture.
const overlaps = boxes => {
  const all = boxes.map(b => b.getBoundingClientRect());
  const edge = document.querySelector("#cluster svg")?.getBoundingClientRect();
  return all.filter((a, i) => a.left < edge.left || a.right > edge.right ||
    a.top < edge.top || a.bottom > edge.bottom ||
    all.slice(0, i).some(b => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)).length;
};
const look = () => ({
  curves: document.querySelectorAll("#curves svg").length,
  points: document.querySelectorAll("#curves circle.point").length,
  bars: document.querySelectorAll("#breakdown rect").length,
  units: document.querySelectorAll("#gantt rect.unit").length,
  nodes: [...document.querySelectorAll("#cluster rect.node")].map(n => n.classList[1] + " " + n.textContent),
  lines: [...document.querySelectorAll("#cluster line.wire")].map(l => l.textContent),
  labels: [...document.querySelectorAll("#cluster text.wirelabel")].map(l => l.textContent),
  dashed: document.querySelectorAll("#cluster line[stroke-dasharray]").length,
  overlaps: overlaps([...document.querySelectorAll("#cluster rect.node")]),
  network: document.querySelector("#network").textContent,
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
# Chooses requests and runs, and takes files where the browser would save them.
CHOOSE = """<script>{
const files = [];
window.Blob = class { constructor(parts, {type}) { files.push({text: parts.join(""), type}); } };
URL.createObjectURL = () => "#";
HTMLAnchorElement.prototype.click = function () { files[files.length - 1].name = this.download; };
const choose = (id, value) => {
  const select = document.getElementById(id);
  select.value = value;
  select.onchange();
};
const texts = (where, what) => [...document.querySelectorAll(`${where} ${what}`)].map(e => e.textContent);
const view = n => ({
  run: document.getElementById("run" + n).selectedOptions[0].textContent,
  requests: [...document.getElementById("request" + n).options].map(o => o.value),
  words: texts("#gantt" + n, "svg > text"), units: texts("#gantt" + n, "rect.unit"),
  messages: texts("#gantt" + n, "rect.message"), path: texts("#gantt" + n, ".path > title"),
  right: Math.max(0, ...[...document.querySelectorAll(`#gantt${n} .path:not(.line)`)].map(e =>
    Number(e.getAttribute("x2") || 0) || Number(e.getAttribute("x")) + Number(e.getAttribute("width")))),
  note: document.getElementById("kept" + n).textContent + document.getElementById("left_out" + n).textContent});
const look = () => ({above: view(""), below: view("2"), difference: document.getElementById("difference").textContent});
const views = [];
for (const [id, value] of CHOICES) { choose(id, value); views.push(look()); }
[...document.querySelectorAll("#filters button")].find(b => b.dataset.value === HIDDEN)?.click();
document.querySelectorAll("button.save").forEach(b => b.click());
document.body.append(Object.assign(document.createElement("pre"), {id: "probe", textContent: JSON.stringify(
  {views, files, errors: window.errors, hacked: window.hacked || 0, rows: document.querySelectorAll("#table tr").length,
   header: texts("#table", "th").map(t => t.trim()), charts: document.querySelectorAll("svg").length})}));
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

    def sweep(self, nasty, more="", last=""):
        path = os.path.join(self.folder, "sweep.yaml")
        quoted = "'" + nasty.replace("'", "''") + "'"
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"""schema: 1
name: reported
description: {quoted}
base: {SOURCE}/tests/data/cli/tiny_scenario.yaml
axes: {{strategy: [even, single]{more}}}
zip:
  - {{cluster.network.bandwidth: [1kB/s, 4kB/s], label.net: [slow, {quoted}]}}
baseline: single
{last}""")
        out = os.path.join(self.folder, "out")
        for words in (["sweep", path, "-o", out], ["report", out]):
            subprocess.run([EDGEFLOW, *words], check=True, capture_output=True)
        return os.path.join(out, "report.html")

    def probe(self, page, script=PROBE):
        with open(page, encoding="utf-8") as file:
            text = file.read()
        self.assertNotRegex(text, r"(src|href)=[\"']?(https?:)?//", "the page needs a network")
        probed = page.replace("report.html", "probed.html")
        with open(probed, "w", encoding="utf-8") as file:
            file.write(text.replace("<head>", CATCH, 1).replace("</body>", script))
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
        self.assertEqual(before["nodes"], ["device near", "device far", "switch switch"])
        self.assertGreaterEqual(before["units"], 1)
        self.assertGreater(before["bars"], 0)
        self.assertEqual(after["points"], 2)
        self.assertEqual(after["rows"], 1 + 2)
        self.assertLess(after["bars"], before["bars"])
        self.assertEqual(found["again"], before)
        # One request on one of two equal devices: 96 MACs at 96 MAC/s and half a second.
        self.assertIn("single at slow: 1500 ms", before["answer"])

    def test_the_answer_is_the_mean_of_repetitions(self):
        page = self.sweep("fast", ", requests.count: [9], requests.arrivals.process: [poisson], "
                          "requests.arrivals.rate: [0.3/s]", "repeat: 4\n")
        found, console = self.probe(page)
        self.assertEqual((console, found["errors"]), ([], []))
        runs = pd.read_csv(os.path.join(os.path.dirname(page), "runs.csv"))
        single = runs[(runs["label"] == "single") & (runs["label.net"] == "slow")]["latency_s"] * 1e3
        half = stats.t.interval(0.95, 3, single.mean(), stats.sem(single))[1] - single.mean()
        self.assertIn(f"single at slow: {single.mean():.4g} ms (± {half:.4g}, mean of 4), 1 times",
                      found["before"]["answer"])
        self.assertNotEqual(f"{single.mean():.4g}", f"{single.iloc[0]:.4g}")

    def test_models_are_not_compared(self):
        # `small` has half of the channels of `tiny`: on one device 48 MACs at 96 MAC/s and half a second.
        with open(f"{SOURCE}/tests/data/cli/tiny.yaml", encoding="utf-8") as file:
            text = file.read()
        small = os.path.join(self.folder, "small.yaml")
        with open(small, "w", encoding="utf-8") as file:
            file.write(text.replace("name: tiny", "name: small").replace("out_channels: 2", "out_channels: 1"))
        found, _ = self.probe(self.sweep("fast", f", model: [{SOURCE}/tests/data/cli/tiny.yaml, {small}]"))
        self.assertEqual(found["errors"], [])
        self.assertIn("\ntiny: single at slow: 1500 ms, 1 times as fast as the baseline there.\n"
                      "small: single at slow: 1000 ms, 1 times as fast", found["before"]["answer"])

    def test_draws_say_how_sure_the_answer_is(self):
        page = self.sweep("fast", ", uncertainty.draws: [40], uncertainty.rates: [30%]")
        found, _ = self.probe(page)
        self.assertEqual(found["errors"], [])
        with open(os.path.join(os.path.dirname(page), "runs.csv"), newline="", encoding="utf-8") as file:
            best = min(csv.DictReader(file), key=lambda row: (float(row["latency_s"]), int(row["index"])))
        share = 100 * float(best["fastest_share"])
        self.assertGreater(share, 50)
        self.assertIn(f"It is the fastest there in {share:.4g} % of draws.", found["before"]["answer"])

    def chosen(self, page, *choices, hide=""):
        """What the page shows after each of these (chooser, value), and the files that its buttons make."""
        script = CHOOSE.replace("CHOICES", json.dumps(choices)).replace("HIDDEN", json.dumps(hide))
        found, console = self.probe(page, script)
        self.assertEqual((console, found["errors"], found["hacked"]), ([], [], 0))
        return found

    def ran(self, more):
        """The results of a run on two devices of `more` lines of a scenario."""
        folder = tempfile.mkdtemp(dir=self.folder)
        path = os.path.join(folder, "scenario.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"schema: 1\nname: shown\nmodel: {SOURCE}/tests/data/cli/tiny.yaml\n"
                       "cluster:\n  network: {type: switch, bandwidth: 1kB/s, latency: 1ms}\n"
                       "  devices: [{name: near, mac_rate: 96MAC/s, overhead: 500ms}, "
                       "{name: far, mac_rate: 96MAC/s, overhead: 500ms}]\n" + more)
        out = os.path.join(folder, "out")
        for words in (["run", path, "-o", out], ["report", out]):
            subprocess.run([EDGEFLOW, *words], check=True, capture_output=True)
        return out

    def requests(self, out, strategy):
        """requests.csv of a strategy's run."""
        runs = pd.read_csv(os.path.join(out, "runs.csv"))
        run_id = runs[runs["strategy"] == strategy]["run_id"].item()
        return pd.read_csv(os.path.join(out, "runs", run_id, "requests.csv"))

    def said(self, row):
        parts = ((row[f"{key}_s"], name) for key, name in PARTS.items())
        return f"{row['latency_s'] * 1e3:.1f} ms = " + " + ".join(f"{s * 1e3:.1f} {name}" for s, name in parts if s > 0)

    QUEUEING = ("strategies: [single, even]\n"
                "requests: {count: 4, arrivals: {process: periodic, rate: 1.25/s}}\n")

    def test_any_request_is_shown_with_its_critical_path(self):
        out = self.ran(self.QUEUEING)
        rows = self.requests(out, "even")
        for number in (0, 1, 3):
            row = rows.iloc[number]
            self.assertAlmostEqual(sum(row[f"{key}_s"] for key in PARTS), row["latency_s"])
            found = self.chosen(os.path.join(out, "report.html"), ["run", "0"], ["request", f"request {number}"])
            view = found["views"][1]["above"]
            self.assertEqual(view["requests"], [f"request {n}" for n in range(4)])
            self.assertEqual(view["words"][:2], [f"even, request {number}", self.said(row)])
            self.assertEqual(len(view["units"]), 2)
            self.assertTrue(all(re.match("(near|far): conv, ", title) for title in view["units"]), view["units"])
            self.assertEqual(len(view["messages"]), 2)
            self.assertEqual(any("conv waits" in title for title in view["path"]), row["queue_s"] > 0)
            self.assertAlmostEqual(view["right"], 1100)  # it ends where the time does
        self.assertGreater(rows.iloc[3]["queue_s"], 0)

    def test_two_runs_share_their_scale_and_the_difference_is_said(self):
        out = self.ran(self.QUEUEING)
        even, single = (self.requests(out, name).iloc[2] for name in ("even", "single"))
        found = self.chosen(os.path.join(out, "report.html"), ["run", "0"], ["request", "request 2"], ["run2", "1"])
        self.assertEqual(found["views"][1]["difference"], "")
        last = found["views"][2]
        self.assertEqual((last["above"]["run"], last["below"]["run"]), ("even", "single"))
        self.assertEqual(last["below"]["words"][:2], ["single, request 2", self.said(single)])
        longer = max(even["latency_s"], single["latency_s"])
        for row, view in ((even, last["above"]), (single, last["below"])):
            self.assertAlmostEqual(view["right"], 112 + row["latency_s"] / longer * (1100 - 112), places=3)
        by_ms = {key: (single[f"{key}_s"] - even[f"{key}_s"]) * 1e3 for key in ("latency", *PARTS)}
        way = "less" if by_ms["latency"] < 0 else "more"
        self.assertTrue(last["difference"].startswith(
            f"single, request 2, against even, request 2: {abs(by_ms['latency']):.1f} ms {way}; "), last["difference"])
        told = re.findall(r"(-?) ?([0-9.]+) (computing|transferring|queueing|held back)", last["difference"])
        self.assertEqual({name: float(sign + ms) for sign, ms, name in told},
                         {PARTS[key]: round(ms, 1) for key, ms in by_ms.items() if key in PARTS and round(ms, 1)})

    def test_requests_of_streams_are_told_apart_and_what_is_held_back_is_said(self):
        out = self.ran("strategies: [even]\nstreams:\n"
                       "  - {name: camera, requests: {count: 2, arrivals: {process: periodic, rate: 0.2/s}}}\n"
                       "  - {name: \"1\", requests: {count: 3, arrivals: {process: periodic, rate: 2/s}, "
                       "max_in_flight: 1}}\n")
        rows = self.requests(out, "even").astype({"stream": str})
        view = self.chosen(os.path.join(out, "report.html"), ["request", "request 2 of 1"])["views"][0]["above"]
        self.assertEqual(view["requests"], [*(f"request {n} of 1" for n in range(3)), "request 0 of camera",
                                            "request 1 of camera"])
        row = rows[(rows["stream"] == "1") & (rows["request"] == 2)].iloc[0]
        self.assertGreater(row["wait_s"], 0)
        self.assertEqual(view["words"][:2], ["even, request 2 of 1", self.said(row)])

    def test_the_table_is_saved_as_csv_and_drawings_as_svg(self):
        page = self.sweep("fast, " + NASTY)
        found = self.chosen(page, ["run2", "1"], hide="even")
        self.assertEqual(found["rows"], 1 + 2)  # of four runs the filter leaves two
        tables = [file["text"] for file in found["files"] if file["type"] == "text/csv"]
        header, *rows = csv.reader(tables[0].splitlines(keepends=True))
        self.assertEqual((header, len(rows)), (found["header"], 2))
        runs = pd.read_csv(os.path.join(os.path.dirname(page), "runs.csv"))
        self.assertEqual({row[header.index("strategy")] for row in rows}, {"single"})
        latencies = sorted(float(row[header.index("mean latency ms")]) for row in rows)
        for said, ran in zip(latencies, sorted(runs[runs["label"] == "single"]["latency_s"] * 1e3)):
            self.assertAlmostEqual(said, ran, places=9)
        self.assertIn("fast, " + NASTY, {row[header.index("net")] for row in rows})
        drawings = [file for file in found["files"] if file["type"] == "image/svg+xml"]
        self.assertEqual(len(drawings), found["charts"])
        for file in drawings:
            self.assertRegex(file["name"], r"^[\w.-]+\.svg$")
            root = ElementTree.fromstring(file["text"])
            self.assertEqual(root.tag, "{http://www.w3.org/2000/svg}svg")
            if "cluster" not in file["name"]:
                words = [e.text for e in root.iter("{http://www.w3.org/2000/svg}text")]
                self.assertTrue(any(re.match("single|even", word or "") for word in words), words)

    def test_what_the_page_has_no_room_for_is_said(self):
        out = self.ran(self.QUEUEING)
        # Room for 4 events of each of the two runs, of which a request has one unit and one message.
        with mock.patch.multiple(report, MAX_EVENTS=1, MAX_DETAILS=4), mock.patch.object(sys, "argv", ["", out]), \
                contextlib.redirect_stderr(io.StringIO()):
            report.main()
        view = self.chosen(os.path.join(out, "report.html"), ["run", "0"])["views"][0]["above"]
        slowest = self.requests(out, "even")["latency_s"].idxmax()
        self.assertGreater(slowest, 1)
        self.assertEqual(view["requests"], ["request 0", f"request {slowest}"])
        self.assertTrue(view["note"].startswith("2 of 4 requests are in this page"), view["note"])
        self.assertTrue(view["note"].endswith("2 of its units and messages are not drawn."), view["note"])

    def drawn(self, network, devices, files=()):
        """What the report of a run on this network shows of the cluster."""
        folder = tempfile.mkdtemp(dir=self.folder)
        for name, text in files:
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        path = os.path.join(folder, "scenario.yaml")
        boards = ", ".join(f"{{mac_rate: 96MAC/s, overhead: 1ms, {d}}}" for d in devices)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"schema: 1\nname: drawn\nmodel: {SOURCE}/tests/data/cli/tiny.yaml\n"
                       "strategies: [even, single]\n"
                       f"cluster: {{network: {network}, devices: [{boards}]}}\n")
        out = os.path.join(folder, "out")
        for words in (["run", path, "-o", out], ["report", out]):
            subprocess.run([EDGEFLOW, *words], check=True, capture_output=True)
        found, console = self.probe(os.path.join(out, "report.html"))
        self.assertEqual(console, [])
        self.assertEqual(found["errors"], [])
        self.assertEqual(found["before"]["overlaps"], 0)
        return found["before"]

    def test_a_switch_is_drawn_with_a_line_per_device(self):
        seen = self.drawn("{type: switch, bandwidth: 100Mbps, latency: 2ms}",
                          ["name: a", "name: b", "name: c", "name: d, up: 10Mbps, down: 20Mbps"])
        self.assertEqual(seen["nodes"], ["device a", "device b", "device c", "device d", "switch switch"])
        self.assertEqual(seen["lines"][0], "a:up: 100 Mbit/s, 1 ms\na:down: 100 Mbit/s, 1 ms")
        self.assertEqual(len(seen["lines"]), 4)
        self.assertEqual(seen["labels"], ["10 Mbit/s from d", "20 Mbit/s back"])
        self.assertEqual(seen["network"], "Network: switch. Lines without a rate: 100 Mbit/s.")

    def test_what_all_share_is_drawn_as_a_medium(self):
        for kind in ("wifi", "hub"):
            with self.subTest(kind):
                seen = self.drawn(f"{{type: {kind}, bandwidth: 80Mbps}}",
                                  ["name: a", "name: b" + (", bandwidth: 8Mbps" if kind == "wifi" else "")])
                self.assertEqual(seen["nodes"], ["device a", "device b", f"medium {kind}"])
                self.assertEqual(seen["dashed"], 2)
                self.assertEqual(seen["labels"], ["8 Mbit/s"] if kind == "wifi" else [])

    def test_a_mesh_is_drawn_with_a_line_per_pair(self):
        seen = self.drawn("{type: mesh, bandwidth: 80Mbps, links: [{between: [b, c], bandwidth: 8Mbps}]}",
                          ["name: a", "name: b", "name: c", "name: d"])
        self.assertEqual(seen["nodes"], ["device a", "device b", "device c", "device d"])
        self.assertEqual(len(seen["lines"]), 6)
        self.assertEqual(seen["labels"], ["8 Mbit/s"])

    def test_sites_are_drawn_below_the_wide_area(self):
        seen = self.drawn("{type: star-of-stars, bandwidth: 80Mbps, uplink: {bandwidth: 8Mbps}, sites: [x, y]}",
                          ["name: a, site: x", "name: b, site: x", "name: c, site: y"])
        self.assertEqual(seen["nodes"], ["device a", "device b", "device c",
                                         "switch x", "switch y", "switch wide area"])
        self.assertEqual(len(seen["lines"]), 3 + 2)
        self.assertEqual(seen["labels"], ["8 Mbit/s", "8 Mbit/s"])

    def test_a_graph_is_drawn_with_its_switches_and_the_names_of_its_links(self):
        seen = self.drawn("{type: graph, switches: [s, t], links: [{between: [a, s], bandwidth: 80Mbps}, "
                          "{between: [s, t], name: trunk, bandwidth: 8Mbps}, {between: [t, b], bandwidth: 40Mbps, "
                          "duplex: half}, {between: [a, b], name: cable, bandwidth: 4Mbps}]}", ["name: a", "name: b"])
        self.assertEqual(seen["nodes"], ["device a", "device b", "switch s", "switch t"])
        self.assertEqual(seen["lines"][2], "t:b: 40 Mbit/s, 0 ms")
        self.assertEqual(seen["labels"], ["80 Mbit/s", "trunk", "8 Mbit/s", "40 Mbit/s", "half-duplex",
                                          "cable", "4 Mbit/s"])

    def test_a_platform_file_is_drawn_with_its_links(self):
        platform = """<?xml version="1.0"?>
<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1"><zone id="z" routing="Full"><host id="a" speed="1f"/><host id="b" speed="1f"/>
<link id="near" bandwidth="80Mbps" latency="1ms"/><link id="far" bandwidth="8Mbps" latency="1ms"/>
<route src="a" dst="b"><link_ctn id="near"/><link_ctn id="far"/></route></zone></platform>
"""
        seen = self.drawn("{type: simgrid, file: p.xml}", ["name: a", "name: b"], [("p.xml", platform)])
        self.assertEqual(seen["nodes"], ["device a", "device b", "link near", "link far"])
        self.assertEqual(len(seen["lines"]), 3)  # a to near, near to far, far to b
        self.assertEqual(seen["network"], "Network: simgrid. ")

    def test_a_network_that_is_too_large_is_named(self):
        seen = self.drawn("{type: switch, bandwidth: 80Mbps}", ["name: a, count: 100"])
        self.assertEqual(seen["nodes"], [])
        self.assertIn("too large to be drawn", seen["network"])

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
