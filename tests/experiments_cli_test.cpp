// The program as users run it: exit codes, what goes where, error texts, identical reruns.

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "tests/support/paths.hpp"
#include "tests/support/program.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;
using test::edgeflow;
using test::first_line;
using test::Outcome;
using test::read_text;
using test::Scratch;

const std::string kData = test::data_folder();
const std::string kScenario = kData + "/cli/tiny_scenario.yaml";
const std::string kSweep = kData + "/cli/tiny_sweep.yaml";

/// All files below a folder, as path: contents. Without what names the machine or the time.
std::map<std::string, std::string> reproducible_files(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_regular_file() || entry.path().extension() == ".lock" || name == ".lock" ||
        name == "manifest.json" || name == "timing.csv") {
      continue;
    }
    files[fs::relative(entry.path(), folder).string()] = read_text(entry.path());
  }
  return files;
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (const char letter : line) {
    if (letter == '"') {
      quoted = !quoted;
    } else if (letter == ',' && !quoted) {
      cells.emplace_back();
    } else {
      cells.back() += letter;
    }
  }
  return cells;
}

/// A table without quotes or line breaks in its cells, by column.
std::vector<std::map<std::string, std::string>> rows_of(const fs::path& file) {
  std::vector<std::map<std::string, std::string>> rows;
  std::vector<std::string> header;
  std::istringstream lines(read_text(file));
  for (std::string line; std::getline(lines, line);) {
    const std::vector<std::string> cells = cells_of(line);
    if (header.empty()) {
      header = cells;
      continue;
    }
    REQUIRE(cells.size() == header.size());
    rows.emplace_back();
    for (std::size_t i = 0; i < cells.size(); ++i) rows.back()[header[i]] = cells[i];
  }
  return rows;
}

}  // namespace

TEST_CASE("a run prints a table, writes results/<name> and reports to stderr") {
  const Scratch scratch;
  const Outcome outcome = edgeflow(scratch, "run " + kScenario);
  CHECK(outcome.exit_code == 0);
  CHECK(first_line(outcome.out) ==
        "tiny: tiny on 1 near, 1 far, switch at 0.008 Mbit/s, 1 request");
  CHECK(outcome.out.find("strategy  status  latency ms  estimate ms  speedup") !=
        std::string::npos);
  CHECK(first_line(outcome.err) == "[1/2] single: 1500.0 ms");
  CHECK(outcome.err.find("wrote results/tiny: runs.csv, summary.csv, timing.csv, runs/") !=
        std::string::npos);

  const auto rows = rows_of(scratch.folder() / "results/tiny/runs.csv");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].at("strategy") == "single");
  CHECK(rows[0].at("latency_s") == "1.5");
  CHECK(rows[0].at("speedup_over_baseline") == "1");
  // Two of four rows on each device. `far` gets 24 elements, 96 bytes at 1000 byte/s after 1 s, has
  // 48 MACs and the overhead, 1 s, and returns 16 elements: 1.096 + 1 + 1.064 s.
  CHECK(std::stod(rows[1].at("latency_s")) == doctest::Approx(3.16));
  CHECK(rows[1].at("bytes_moved") == "160");
  CHECK(std::stod(rows[1].at("compute_s")) == doctest::Approx(1));
  CHECK(std::stod(rows[1].at("transfer_s")) == doctest::Approx(2.16));
  CHECK(std::stod(rows[1].at("speedup_over_baseline")) == doctest::Approx(1.5 / 3.16));
}

TEST_CASE("a rerun writes the same bytes, wherever it writes them") {
  const Scratch scratch;
  CHECK(edgeflow(scratch, "sweep " + kSweep + " -o a").exit_code == 0);
  CHECK(edgeflow(scratch, "sweep " + kSweep + " -o b/c").exit_code == 0);
  CHECK(edgeflow(scratch, "sweep " + kSweep + " -o a").exit_code == 0);
  const auto files = reproducible_files(scratch.folder() / "a");
  CHECK(files.size() == 2 + 4 * 9);  // runs.csv, summary.csv, and nine files for each of four runs
  CHECK(files == reproducible_files(scratch.folder() / "b/c"));
}

TEST_CASE("a sweep has a row per run with its axes, compared with the baseline") {
  const Scratch scratch;
  const Outcome outcome = edgeflow(scratch, "sweep " + kSweep);
  CHECK(outcome.exit_code == 0);
  const auto rows = rows_of(scratch.folder() / "results/tiny-sweep/runs.csv");
  REQUIRE(rows.size() == 4);
  CHECK(rows[2].at("cluster.network.bandwidth") == "4kB/s");
  CHECK(rows[2].at("strategy") == "even");
  // As above, with transfers at 4000 byte/s: 1.024 + 1 + 1.016 s.
  CHECK(std::stod(rows[2].at("latency_s")) == doctest::Approx(3.04));
  CHECK(std::stod(rows[2].at("speedup_over_baseline")) == doctest::Approx(1.5 / 3.04));
  CHECK(rows[3].at("speedup_over_baseline") == "1");
}

TEST_CASE("a dry run lists the runs and writes nothing") {
  const Scratch scratch;
  const Outcome outcome = edgeflow(scratch, "sweep --dry-run " + kSweep);
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out ==
        "   0  1kB/s even\n   1  1kB/s single\n   2  4kB/s even\n   3  4kB/s single\n");
  CHECK(fs::is_empty(scratch.folder()));
}

TEST_CASE("a run that does not end ok makes the exit code 1, and the others run") {
  const Scratch scratch;
  const Outcome outcome = edgeflow(scratch, "run " + kScenario +
                                                " --set 'cluster.devices[0].memory=300B'"
                                                " --set 'cluster.devices[1].memory=300B'");
  CHECK(outcome.exit_code == 1);
  const auto rows = rows_of(scratch.folder() / "results/tiny/runs.csv");
  REQUIRE(rows.size() == 2);
  // On one device: 4 * (8 weights + 48 in + 32 out) = 352 bytes; on both 4 * (8 + 48 + 16) = 288.
  CHECK(rows[0].at("status") == "infeasible");
  CHECK(rows[0].at("latency_s").empty());
  CHECK(rows[1].at("status") == "ok");
  CHECK(outcome.err.find("1 of 2 runs did not end ok") != std::string::npos);
}

TEST_CASE("a plan can be written, checked, and replayed to the same result") {
  const Scratch scratch;
  const std::string even = kScenario + " --set strategy=even";
  CHECK(edgeflow(scratch, "plan " + even + " -o plan.yaml").exit_code == 0);
  CHECK(edgeflow(scratch, "plan " + even).out == read_text(scratch.folder() / "plan.yaml"));
  CHECK(edgeflow(scratch, "validate plan.yaml --scenario " + kScenario).out ==
        "plan.yaml: ok, a plan of 4 units that computes tiny on tiny\n");
  CHECK(edgeflow(scratch, "run " + even + " -o planned").exit_code == 0);
  CHECK(edgeflow(scratch, "run " + kScenario + " --plan plan.yaml -o replayed").exit_code == 0);
  const auto planned = rows_of(scratch.folder() / "planned/runs.csv");
  const auto replayed = rows_of(scratch.folder() / "replayed/runs.csv");
  REQUIRE(replayed.size() == 1);
  CHECK(replayed[0].at("strategy") == "even");
  CHECK(replayed[0].at("latency_s") == planned[0].at("latency_s"));
  CHECK(replayed[0].at("config_hash") != planned[0].at("config_hash"));
}

TEST_CASE("a resolved scenario gives the results that it was written with") {
  const Scratch scratch;
  CHECK(edgeflow(scratch, "run " + kScenario + " --set strategy=even -o a").exit_code == 0);
  const auto rows = rows_of(scratch.folder() / "a/runs.csv");
  const std::string resolved = "a/runs/" + rows[0].at("run_id") + "/scenario.resolved.yaml";
  CHECK(edgeflow(scratch, "run " + resolved + " -o b").exit_code == 0);
  CHECK(read_text(scratch.folder() / "a/runs.csv") == read_text(scratch.folder() / "b/runs.csv"));
}

TEST_CASE("a plan of several strategies is refused, with the way out") {
  const Scratch scratch;
  const Outcome outcome = edgeflow(scratch, "plan " + kScenario);
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.err == kScenario +
                           ": at strategies: the scenario compares several strategies (choose "
                           "one: --set strategy=even)\n");
}

TEST_CASE("an explanation shows who has which rows and what layers wait for") {
  const Scratch scratch;
  const Outcome outcome = edgeflow(scratch, "explain " + kScenario + " --set strategy=even");
  CHECK(outcome.exit_code == 0);
  CHECK(first_line(outcome.out) ==
        "tiny on tiny by even: 4 units, 2 messages, estimated 3160.00 ms, no plan below 750.00 ms");
  // `far` starts its two rows after 1096 ms; 96 bytes came in and 64 go out.
  CHECK(outcome.out.find("far: input of near") != std::string::npos);
  CHECK(outcome.out.find("2096.00") != std::string::npos);
}

TEST_CASE("a plan from a file is explained as the strategy's own") {
  const Scratch scratch;
  const std::string even = kScenario + " --set strategy=even";
  CHECK(edgeflow(scratch, "plan " + even + " -o plan.yaml").exit_code == 0);
  // Another strategy in the scenario does not matter; several neither.
  const Outcome outcome = edgeflow(scratch, "explain " + kScenario + " --plan plan.yaml");
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out == edgeflow(scratch, "explain " + even).out);
  CHECK(edgeflow(scratch, "explain " + kScenario + " --plan nothing.yaml").exit_code == 2);
}

TEST_CASE("an explanation marks the critical path and what is computed twice") {
  const Scratch scratch;
  const Outcome outcome = edgeflow(scratch, "explain " + kScenario + " --set strategy=even");
  // The result waits for the rows of `far`, and they for the input of `near`.
  std::istringstream lines(outcome.out);
  std::map<std::string, std::string> by_layer;
  for (std::string line; std::getline(lines, line);)
    by_layer[line.substr(0, line.find(' '))] = line;
  CHECK(by_layer.at("input").find(" *  -") != std::string::npos);
  CHECK(by_layer.at("conv").find(" *  near: conv of far") != std::string::npos);
  CHECK(outcome.out.find("redundant") != std::string::npos);
}

TEST_CASE("a program of the user's plans, found beside the scenario, whatever the current folder") {
  const Scratch scratch;
  const fs::path program = scratch.write_program("mine/plan.sh",
                                                 "#!/bin/sh\ngrep -q '\"model\"' || exit 9\n"
                                                 "echo '{\"shares\": [null, [1, 3]]}'\n");
  scratch.write("mine/scenario.yaml",
                "schema: 1\nname: mine\nmodel: " + kData +
                    "/cli/tiny.yaml\n"
                    "cluster:\n  network: {type: switch, bandwidth: 1kbps}\n"
                    "  devices: [{name: a, mac_rate: 96MAC/s}, {name: b, mac_rate: 96MAC/s}]\n"
                    "strategy: {name: external, command: [./plan.sh], time_limit: 20s}\n");
  const Outcome outcome = edgeflow(scratch, "run mine/scenario.yaml -o out");
  INFO(outcome.err);
  CHECK(outcome.exit_code == 0);
  const auto rows = rows_of(scratch.folder() / "out" / "runs.csv");
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].at("status") == "ok");
  CHECK(rows[0].at("devices_used") == "2");
  // Another program is another run.
  scratch.write_program("mine/plan.sh", "#!/bin/sh\necho no idea >&2\nexit 1\n");
  const Outcome failed = edgeflow(scratch, "run mine/scenario.yaml -o out2");
  CHECK(failed.exit_code == 1);
  const auto failed_rows = rows_of(scratch.folder() / "out2" / "runs.csv");
  CHECK(failed_rows[0].at("status") == "failed");
  CHECK(failed_rows[0].at("run_id") != rows[0].at("run_id"));
  CHECK(failed.err.find("no idea") != std::string::npos);
}

TEST_CASE("the example of an external strategy plans") {
  const Scratch scratch;
  const Outcome outcome =
      edgeflow(scratch, "plan " + kScenario + " --set 'strategy={name: external, command: [" +
                            kData + "/../../scripts/external_strategy.py]}'");
  INFO(outcome.err);
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out.find("strategy: \"external\"") != std::string::npos);
}

TEST_CASE("files of every kind are recognised and checked") {
  const Scratch scratch;
  const std::string home = kData + "/../..";
  const Outcome outcome = edgeflow(
      scratch, "validate " + kScenario + " " + kSweep + " " + kData + "/cli/tiny.yaml " + home +
                   "/platforms/devices/rpi4.yaml " + home + "/platforms/clusters/pi4x3-nano.yaml");
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err.empty());
  for (const char* kind :
       {"ok, a scenario of 2 runs\n", "ok, a sweep of 4 runs\n", "ok, a model of 2 layers\n",
        "ok, a device with ", "ok, a cluster of 4 devices\n"}) {
    CHECK_MESSAGE(outcome.out.find(kind) != std::string::npos, kind);
  }
}

TEST_CASE("one bad file does not keep the others from being checked") {
  const Scratch scratch;
  const Outcome outcome = edgeflow(scratch, "validate missing.yaml " + kScenario);
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.err == "there is no file \"missing.yaml\"\n");
  CHECK(outcome.out.find("ok, a scenario") != std::string::npos);
}

TEST_CASE("texts of any length are cut short in messages") {
  const Scratch scratch;
  const std::string text(100'000, 'x');
  const std::string head = "schema: 1\nname: a\n";
  const std::string rest = "strategy: even\ncluster: ";
  for (const std::string& file : {
           head + "model: " + text + "\n" + rest + "pi4x3-nano\n",
           head + "model: vgg16\n" + rest + text + "\n",
           head + "model: vgg16\n" + rest +
               "{network: {type: hub, bandwidth: 1Mbps}, devices: [{type: " + text + "}]}\n",
           head + "model: vgg16\n? " + text + "\n: 1\n" + rest + "pi4x3-nano\n",
           "%YAML " + text + "\n---\n" + head,
       }) {
    scratch.write("a.yaml", file);
    const Outcome outcome = edgeflow(scratch, "run a.yaml");
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.err.starts_with("a.yaml:"));
    CHECK(outcome.err.find("xxx...") != std::string::npos);
    CHECK(outcome.err.find(std::string(100, 'x')) == std::string::npos);
  }
}

TEST_CASE("every shipped scenario, sweep, device and cluster is valid") {
  const Scratch scratch;
  const std::string home = kData + "/../..";
  const Outcome outcome =
      edgeflow(scratch, "validate " + home + "/experiments/studies/*.yaml " + home +
                            "/platforms/devices/*.yaml " + home + "/platforms/clusters/*.yaml");
  CHECK(outcome.err.empty());
  CHECK(outcome.exit_code == 0);
}

TEST_CASE("what there is to choose from can be listed") {
  const Scratch scratch;
  const auto text = [&](const std::string& what) {
    const Outcome outcome = edgeflow(scratch, "list " + what);
    CHECK(outcome.exit_code == 0);
    return outcome.out;
  };
  CHECK(text("strategies").find("single: ") != std::string::npos);
  CHECK(text("models").find("yolov5s") != std::string::npos);
  CHECK(text("devices").find("rpi4") != std::string::npos);
  CHECK(text("clusters").find("pi4x3-nano") != std::string::npos);
  CHECK(text("columns").find("optimality_gap") != std::string::npos);
  CHECK(edgeflow(scratch, "list colours").exit_code == 2);
}

TEST_CASE("mistakes on the command line end with 2 and say what is known") {
  const Scratch scratch;
  const Outcome unknown = edgeflow(scratch, "swep x.yaml");
  CHECK(unknown.exit_code == 2);
  CHECK(unknown.err == "edgeflow: there is no command \"swep\" (did you mean \"sweep\"?)\n");
  for (const char* arguments :
       {"", "run", "run a.yaml b.yaml", "run --fast a.yaml", "run none.yaml", "run --set",
        "sweep none.yaml -j", "sweep none.yaml -j 0", "merge", "merge none", "report",
        "report none", "list", "validate", "inspect"}) {
    CAPTURE(arguments);
    const Outcome outcome = edgeflow(scratch, arguments);
    CHECK(outcome.exit_code == 2);
    CHECK_FALSE(outcome.err.empty());
    CHECK(outcome.out.empty());
  }
  CHECK(edgeflow(scratch, "run " + kScenario + " --timeout 60").err ==
        "--timeout 60: expected a duration such as 0.5ms, more than zero\n");
  for (const char* shard : {"2", "0/3", "4/3", "1/3x", "1/-3", "a/b", "1/0"}) {
    CAPTURE(shard);
    const Outcome outcome = edgeflow(scratch, "sweep " + kSweep + " --shard " + shard);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.err ==
          std::string("--shard ") + shard + ": expected K/N with K from 1 to N, such as 2/8\n");
  }
  CHECK(fs::is_empty(scratch.folder()));
}

TEST_CASE("a file of another kind is named as what it is, with the command that takes it") {
  const Scratch scratch;
  CHECK(edgeflow(scratch, "run " + kSweep).err ==
        kSweep + ":1:1: is a sweep, expected a scenario (try 'edgeflow sweep')\n");
  CHECK(edgeflow(scratch, "sweep " + kScenario).err ==
        kScenario + ":2:1: is a scenario, expected a sweep (try 'edgeflow run')\n");
  CHECK(edgeflow(scratch, "run " + kData + "/cli/tiny.yaml").exit_code == 2);
}

TEST_CASE("an ONNX file is imported, inspected and simulated like a model of the zoo") {
  const Scratch scratch;
  const std::string onnx = kData + "/onnx/resnet18.bn.onnx";
  CHECK(edgeflow(scratch, "import " + onnx + " -o resnet.yaml").exit_code == 0);
  const Outcome imported = edgeflow(scratch, "inspect resnet.yaml --csv");
  CHECK(imported.exit_code == 0);
  CHECK(imported.out == edgeflow(scratch, "inspect " + onnx + " --csv").out);
  const std::string run = "run " + kScenario + " --set strategy=single --set model=";
  CHECK(edgeflow(scratch, run + onnx + " -o a").exit_code == 0);  // on `far`: `near` has 1 MiB
  CHECK(edgeflow(scratch, run + "resnet.yaml -o b").exit_code == 0);
  CHECK(read_text(scratch.folder() / "a/runs.csv") == read_text(scratch.folder() / "b/runs.csv"));
}

TEST_CASE("help is an answer, with two examples for every command") {
  const Scratch scratch;
  for (const char* command : {"", "run", "sweep", "merge", "report", "plan", "explain", "import",
                              "inspect", "validate", "list"}) {
    const Outcome outcome = edgeflow(scratch, std::string(command) + " --help");
    CAPTURE(command);
    CHECK(outcome.exit_code == 0);
    const std::size_t examples = outcome.out.find("Examples:\n  edgeflow ");
    REQUIRE(examples != std::string::npos);
    CHECK(std::count(outcome.out.begin() + static_cast<std::ptrdiff_t>(examples), outcome.out.end(),
                     '\n') == 3);
  }
  const Outcome version = edgeflow(scratch, "--version");
  CHECK(version.exit_code == 0);
  for (const char* part : {"edgeflow ", "commit ", "SimGrid ", "CLP ", "compiler "}) {
    CHECK_MESSAGE(version.out.find(part) != std::string::npos, part);
  }
}

TEST_CASE("results that cannot be written are an error, and nothing is run") {
  const Scratch scratch;
  scratch.write("taken", "a file");
  const Outcome outcome = edgeflow(scratch, "run " + kScenario + " -o taken");
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.err == "taken: cannot be made a folder: Not a directory\n");
  scratch.write("notes/notes.txt", "somebody else's");
  CHECK(edgeflow(scratch, "run " + kScenario + " -o notes").exit_code == 2);
  CHECK(edgeflow(scratch, "run " + kScenario + " -o /proc/none").exit_code == 2);
}

}  // namespace edgeflow
