"""Tests of scripts/calibrate.py as a command. usage: calibrate_test.py ROOT EDGEFLOW"""

import csv
import math
import os
import re
import subprocess
import sys
import tempfile
import unittest

os.environ["OPENBLAS_NUM_THREADS"] = "1"
ROOT, EDGEFLOW = sys.argv[1:3]
SCRIPT = os.path.join(ROOT, "scripts", "calibrate.py")
LAYERS = os.path.join(ROOT, "platforms", "measured", "ncnn_layers.csv")
sys.path.insert(0, os.path.join(ROOT, "scripts"))
import calibrate
import device_files
import framework_ratio
import numpy
import timings

# github.com/Tencent/ncnn, commit a4d2ea1d, benchmark/README.md, "Loongson 2K1000LA", 2 threads: a board
# that k and w were not fitted to. Eight networks are given to the fit, the others predicted.
GIVEN = ["squeezenet", "mobilenet", "mobilenet_v2", "shufflenet", "googlenet", "resnet18", "vgg16",
         "efficientnet_b0"]
LOONGSON_MS = {"squeezenet": 151.11, "mobilenet": 279.27, "mobilenet_v2": 204.39, "mobilenet_v3":
               171.32, "shufflenet": 147.43, "shufflenet_v2": 169.42, "mnasnet": 204.87,
               "proxylessnasnet": 226.79, "efficientnet_b0": 302.3, "efficientnetv2_b0": 327.65,
               "regnety_400m": 264.08, "blazeface": 31.8, "googlenet": 562.95, "resnet18":
               466.73, "alexnet": 381.35, "vgg16": 2321.29, "resnet50": 1219.09,
               "squeezenet_ssd": 433.23, "mobilenet_ssd": 587.37, "mobilenet_yolo": 1485.3,
               "mobilenetv2_yolov3": 711.57, "yolov4-tiny": 954.76, "nanodet_m": 364.22,
               "yolo-fastest-1.1": 154.81, "yolo-fastestv2": 157.39, "vision_transformer": 18926.5,
               "FastestDet": 168.81}


class Calibration(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, text, name="measured.csv"):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def run_script(self, *arguments):
        return subprocess.run(["/usr/bin/python3", "-B", SCRIPT, *arguments, "--edgeflow", EDGEFLOW],
                              capture_output=True, text=True, cwd=self.folder)

    def test_a_board_made_by_the_formula_is_found_again(self):
        models = timings.Models(LAYERS, None)
        solution = [1 / 8e9, 1 / 3e9, 40e-6]
        rows = [f"my-board,4,{name},{float(1e3 * calibrate.features(models[name]) @ solution)!r}"
                for name in GIVEN]
        measured = self.write("device,threads,model,ms\n" + "\n".join(rows) + "\n")
        done = self.run_script(measured, "-o", "board.yaml", "--layers", LAYERS)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        text = self.read("board.yaml")
        for line in ("name: my-board", "mac_rate: 8GMAC/s", "byte_rate: 3GB/s", "overhead: 40us"):
            self.assertIn(line, text)
        self.assertIn("error: {median: 0.0%, p90: 0.0%, points: 8}", text)
        self.assertNotIn("precision", text)  # nobody said it
        # Whichever of its models are asked, they give the same.
        self.assertIn("P = 8 GMAC/s (8 to 8), B = 3 GB/s (3 to 3), o = 40 us (40 to 40)", done.stdout)
        # What is predicted is what the simulator takes: VGG-16 of ncnn and of the zoo are the same.
        done = self.run_script("--predict", "board.yaml", "vgg16")
        zoo_ms = float(done.stdout.split()[-1])
        expected_ms = 1e3 * calibrate.features(timings.Models(None, EDGEFLOW)["vgg16"]) @ solution
        self.assertAlmostEqual(zoo_ms, expected_ms, delta=0.01)
        self.write(f"schema: 1\nname: s\nmodel: vgg16\nstrategy: single\ncluster:\n"
                   f"  network: {{type: switch, bandwidth: 1Gbps}}\n"
                   f"  devices: [{{type: {self.path('board.yaml')}}}]\n", "scenario.yaml")
        subprocess.run([EDGEFLOW, "run", "scenario.yaml", "-o", "out"], cwd=self.folder, check=True,
                       capture_output=True)
        with open(self.path("out/runs.csv"), newline="", encoding="utf-8") as file:
            row = next(csv.DictReader(file))
        latency = next(value for key, value in row.items() if key.startswith("latency_s"))
        self.assertAlmostEqual(1e3 * float(latency), expected_ms, delta=1e-6 * expected_ms)

    def made(self, framework, factors, solution, threads=4):
        """Rows of timings that kernels with these factors take."""
        models = timings.Models(LAYERS, None)
        return "".join(f"b,{framework},{threads},{name},"
                       f"{float(1e3 * calibrate.features(models[name], factors) @ solution)!r}\n" for name in GIVEN)

    def test_a_framework_has_the_factors_of_its_own_kernels(self):
        head = "device,framework,threads,model,ms\n"
        solution = [1 / 8e9, 1 / 3e9, 40e-6]
        found = ("mac_rate: 8GMAC/s", "byte_rate: 3GB/s", "overhead: 40us",
                 "error: {median: 0.0%, p90: 0.0%, points: 8}")
        for framework, factors in (("pytorch", device_files.PRODUCTS), ("TFLite", device_files.PRODUCTS),
                                   ("Tengine-Lite", device_files.NCNN), ("caffe", device_files.NEUTRAL)):
            with self.subTest(framework):
                measured = self.write(head + self.made(framework, factors, solution))
                done = self.run_script(measured, "-o", f"{framework}.yaml", "--layers", LAYERS)
                self.assertEqual(done.returncode, 0, done.stderr)
                text = self.read(f"{framework}.yaml")
                for line in [*found, *(f"    {name}: {value:g}\n" for name, value in factors.items())]:
                    self.assertIn(line, text)
                # What a device file says counts when it predicts.
                done = self.run_script("--predict", f"{framework}.yaml", "vgg16", "--layers", LAYERS)
                expected_ms = 1e3 * calibrate.features(timings.Models(LAYERS, None)["vgg16"], factors) @ solution
                self.assertAlmostEqual(float(done.stdout.split()[-1]), expected_ms, delta=0.01)
        # Kernels without Winograd are not ncnn's.
        measured = self.write(head + self.made("ncnn", device_files.PRODUCTS, solution))
        self.run_script(measured, "-o", "ncnn.yaml", "--layers", LAYERS)
        text = self.read("ncnn.yaml")
        for line in found:
            self.assertNotIn(line, text)
        self.assertIn("winograd_factor: 0.25", text)

    def test_a_framework_that_is_not_known_is_noted_once(self):
        solution = [1 / 8e9, 1 / 3e9, 40e-6]
        rows = [self.made(framework, device_files.NEUTRAL, solution, threads)
                for framework, threads in (("caffe", 4), ("caffe", 1), ("onnxruntime", 4))]
        done = self.run_script(self.write("device,framework,threads,model,ms\n" + "".join(rows)),
                               "-o", "b.yaml", "--layers", LAYERS)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stderr, "calibrate: note: nothing is known of the kernels of framework \"caffe\": MACs "
                         "of all kinds of layers are taken to cost the same (winograd_factor and the like are 1)\n")

    def carried(self, *arguments, output="carried.yaml"):
        return self.run_script("--from", *arguments, "-o", output)

    def test_a_board_is_carried_over_to_other_software_by_one_factor(self):
        points = framework_ratio.by_framework(framework_ratio.ratio_points())["tflite"]
        factor = framework_ratio.factor_of(points)
        ours = os.path.join(ROOT, "platforms", "devices", "rpi4.yaml")
        for threads in "4", "1":
            done = self.carried("rpi4", "--framework", "TFLite", "--threads", threads)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
            times = []
            for file, framework in (ours, "ncnn"), ("carried.yaml", "tflite"):
                done = self.run_script("--predict", file, "--framework", framework, "--threads", threads,
                                       "vgg16", "mobilenet_v2", "--layers", LAYERS)
                times.append([float(line.split()[1]) for line in done.stdout.splitlines()[2:]])
            for of_ncnn, of_tflite in zip(*times):
                self.assertAlmostEqual(of_tflite / of_ncnn, factor, delta=0.001 * factor)
        text = self.read("carried.yaml")  # both entries, the later one behind
        self.assertEqual([line.split()[-1] for line in text.splitlines() if "threads:" in line], ["4", "1"])
        self.assertIn("name: rpi4-tflite\n", text)
        self.assertIn("power:\n  idle: 1.6W\n", text)
        self.assertNotIn("precision", text)
        self.assertNotIn("fastest of", text)
        self.assertEqual(text.count("carried over, not measured"), 2)
        # Errors of ncnn's fit with one thread, and of the factor where a board is left out.
        with open(ours, encoding="utf-8") as file:
            own = re.search(r"threads: 1$.*?error: {median: ([\d.]+)%, p90: ([\d.]+)%", file.read(), re.M | re.S)
        left_out = numpy.abs(framework_ratio.left_out_errors(points))
        median, high = (math.hypot(float(own[i + 1]), 100 * numpy.quantile(left_out, q))
                        for i, q in enumerate((0.5, 0.9)))
        self.assertIn(f"error: {{median: {median:.1f}%, p90: {high:.1f}%, points: {len(points)}}}",
                      text[text.index("threads: 1"):])
        self.assertEqual(subprocess.run([EDGEFLOW, "validate", "carried.yaml"], cwd=self.folder,
                                        capture_output=True).returncode, 0)

    def test_a_factor_of_one_board_has_no_error(self):
        done = self.carried("rpi5", "--framework", "pytorch")
        self.assertEqual(done.returncode, 0)
        self.assertIn("calibrate: warning: pytorch was timed beside ncnn on one board alone", done.stderr)
        self.assertNotIn("error:", self.read("carried.yaml"))

    def test_what_nobody_timed_is_not_carried_over(self):
        known = "armnn, onnxruntime, opencv, openvino, paddle-lite, pytorch, tengine, tensorflow, tflite, tvm"
        for arguments, message in [
                (("rpi4", "--framework", "keras"),
                 f"nobody timed framework \"keras\" beside ncnn: there are factors for {known} "
                 "(platforms/measured/framework_ratio.csv)"),
                (("rpi44", "--framework", "tflite"),
                 "there is no \"rpi44\" in platforms/devices (did you mean \"rpi4\"?)"),
                (("rpi4", "--framework", "tflite", "--threads", "3"),
                 f"{os.path.join(ROOT, 'platforms', 'devices', 'rpi4.yaml')}: ncnn has no entry with 3 threads "
                 "(it has 4, 1)")]:
            with self.subTest(message):
                done = self.carried(*arguments)
                self.assertEqual((done.returncode, done.stderr), (2, f"calibrate: {message}\n"))
                self.assertFalse(os.path.exists(self.path("carried.yaml")))

    def test_factors_are_of_boards_and_then_of_networks(self):
        points = [framework_ratio.Point("f", board, "m", ratio) for board, ratio in
                  (("a", 2), ("a", 8), ("a", 4), ("b", 1))]
        self.assertAlmostEqual(framework_ratio.factor_of(points), 2)
        for error, expected in zip(framework_ratio.left_out_errors(points), (1 / 2 - 1, 1 / 8 - 1, 1 / 4 - 1, 4 - 1)):
            self.assertAlmostEqual(error, expected)
        rows = [{"framework": "f", "board": "a", "threads": "4", "model": "m", "ms": "30", "ncnn_ms": below,
                 "clock": clock} for below, clock in (("", "1.5/1.8"), ("10", ""))]
        self.assertEqual([round(point.ratio, 9) for point in framework_ratio.points_of(rows, {("a", "4", "m"): 5})],
                         [5, 3])

    def test_intervals_are_as_wide_as_the_timings_scatter(self):
        models = timings.Models(LAYERS, None)
        names = sorted(LOONGSON_MS)
        x = numpy.array([calibrate.features(models[name]) for name in names])
        truth = numpy.array([1 / 8e9, 1 / 3e9, 40e-6])
        inside, widths = 0, {0.02: [], 0.1: []}
        for seed in range(40):
            for scatter, found in widths.items():
                noise = numpy.random.RandomState(seed).normal(1, scatter, len(names))
                low, high = calibrate.intervals(x, x @ truth * noise, numpy.array(names))
                found.append((high - low) / truth)
                inside += int(((low <= truth) & (truth <= high)).sum())
        # Nine in ten of 240 would be 216; resampling few points is known to be somewhat too sure.
        self.assertGreater(inside, 240 * 0.83)
        self.assertLess(inside, 240 * 0.97)
        ratios = numpy.mean(widths[0.1], axis=0) / numpy.mean(widths[0.02], axis=0)
        self.assertTrue(all(4 < ratio < 6 for ratio in ratios), ratios)
        self.assertIsNone(calibrate.intervals(x[:5], x[:5] @ truth, numpy.array(names[:5])))

    def test_a_board_that_chose_no_constant_is_predicted_from_eight_timings(self):
        rows = [f"loongson-2k1000la,2,{name},{LOONGSON_MS[name]}" for name in GIVEN]
        measured = self.write("device,threads,model,ms\n" + "\n".join(rows) + "\n")
        done = self.run_script(measured, "-o", "board.yaml", "--layers", LAYERS)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("leave-one-model-out error: median", done.stdout)
        others = [name for name in LOONGSON_MS if name not in GIVEN]
        self.assertGreaterEqual(len(others), 12)
        done = self.run_script("--predict", "board.yaml", *others, "--layers", LAYERS)
        predicted = dict(line.split() for line in done.stdout.splitlines()[2:])
        errors = sorted(abs(float(predicted[name]) / LOONGSON_MS[name] - 1) for name in others)
        self.assertLessEqual(errors[len(errors) // 2], 0.15)

    def test_too_few_models_are_said_to_identify_too_little(self):
        measured = self.write("device,threads,model,ms\nb,1,vgg16,900\n")
        done = self.run_script(measured, "-o", "b.yaml", "--layers", LAYERS)
        self.assertEqual(done.returncode, 0)
        self.assertIn("1 model can't identify 3 parameters: byte_rate, overhead left out", done.stderr)

    def test_what_else_a_device_file_says_is_kept(self):
        self.write("schema: 1\nname: b\nmemory: {size: 1GiB, source: m}\ncompute:\n"
                   "  - {framework: tflite, threads: 4, mac_rate: 1GMAC/s, source: s}\n"
                   "  - {framework: ncnn, threads: 1, mac_rate: 1GMAC/s, source: old}\n", "b.yaml")
        rows = "".join(f"b,1,{name},{LOONGSON_MS[name]}\n" for name in GIVEN)
        self.run_script(self.write("device,threads,model,ms\n" + rows), "-o", "b.yaml", "--layers", LAYERS)
        text = self.read("b.yaml")
        self.assertIn("memory: {size: 1GiB, source: m}", text)
        self.assertIn("framework: tflite, threads: 4", text)
        self.assertNotIn("old", text)
        self.assertEqual(subprocess.run([EDGEFLOW, "validate", "b.yaml"], cwd=self.folder,
                                        capture_output=True).returncode, 0)

    def test_each_precision_is_an_entry_of_its_own(self):
        models = timings.Models(LAYERS, None)
        rows = []
        for precision, p in ("fp16", 8e9), ("int8", 20e9):
            rows += [f"b,4,{name},{float(1e3 * calibrate.features(models[name]) @ [1 / p, 1 / 3e9, 40e-6])},{precision}"
                     for name in GIVEN]
        measured = self.write("device,threads,model,ms,precision\n" + "\n".join(rows) + "\n")
        done = self.run_script(measured, "-o", "b.yaml", "--layers", LAYERS)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        text = self.read("b.yaml")
        self.assertEqual([line.split()[-1] for line in text.splitlines() if "mac_rate" in line],
                         ["8GMAC/s", "20GMAC/s"])
        self.assertNotIn("inferred", text)
        times = {}
        for precision in "fp16", "int8":
            done = self.run_script("--predict", "b.yaml", "--precision", precision, "vgg16", "--layers", LAYERS)
            self.assertIn(f"b, ncnn, 4 threads, {precision}", done.stdout)
            times[precision] = float(done.stdout.split()[-1])
        macs = calibrate.features(models["vgg16"])[0]
        self.assertAlmostEqual(times["fp16"] - times["int8"], 1e3 * macs * (1 / 8e9 - 1 / 20e9), delta=0.02)
        # One of them anew: the other is kept.
        self.run_script(self.write("device,threads,model,ms,precision\n" + "\n".join(rows[len(GIVEN):]) + "\n"),
                        "-o", "b.yaml", "--layers", LAYERS)
        self.assertEqual(self.read("b.yaml"), text)

    def test_mistakes_are_answered_with_file_and_line(self):
        head = "device,threads,model,ms\n"
        for text, message in [
                ("", ": is empty, expected the columns device, threads, model, ms"),
                (head, ": has no rows"),
                ("device,model,ms\n", ":1: there is no column \"threads\" (expected device, threads, model, ms)"),
                (head + "b,1,vgg16\n", ":2: has 3 cells, expected 4"),
                (head + "b,1,vgg16,0\n", ":2: ms is \"0\", expected a number over 0, at most 1e+09"),
                (head + "b,1,vgg16,nan\n", ":2: ms is \"nan\", expected a number over 0, at most 1e+09"),
                (head + "b,1,vgg16,1e30\n", ":2: ms is \"1e30\", expected a number over 0, at most 1e+09"),
                (head + "b,1.5,vgg16,1\n", ":2: threads is \"1.5\", expected an integer over 0, at most 1024"),
                (head + ",1,vgg16,1\n", ":2: device is empty"),
                (head[:-1] + ",precision\nb,1,vgg16,1,int4\n",
                 ":2: precision is \"int4\", expected one of fp32, fp16, int8, or nothing"),
                (f"# by hand\n{head}\n# again\nb,1,vgg16,1\nb,1,vgg16,0\n",
                 ":6: ms is \"0\", expected a number over 0, at most 1e+09"),
                (head + "b,1,vgg16,1\nc,1,vgg16,1\n",
                 ":3: device is \"c\", expected \"b\" as above: one file per device"),
                (head + "b,1,vgg61,1\n", ":2: model \"vgg61\": there is no file \"vgg61\" or model"),
                (head[:-1] + ",layer\nb,1,vgg16,1,conv9\n",
                 ":2: model \"vgg16\" has no layer \"conv9\"")]:
            with self.subTest(message):
                done = self.run_script(self.write(text), "-o", "b.yaml")
                self.assertEqual(done.returncode, 2)
                start = f"calibrate: {self.path('measured.csv')}{message}"
                if "vgg61" in message:
                    start = start.split(": there")[0]
                self.assertEqual(done.stderr[:len(start)], start)
                self.assertFalse(os.path.exists(self.path("b.yaml")))

    def test_the_catalogue_is_what_the_study_writes(self):
        done = subprocess.run([os.path.join(ROOT, "scripts", "calibration_study"), "--check"],
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, ""))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
