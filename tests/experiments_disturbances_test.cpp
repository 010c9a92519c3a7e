// Disturbances from the scenario file to the tables. One layer of 1.5 s; its 48 input elements, 192
// bytes, and its 32 output elements, 128 bytes, go over links of 1000 byte/s and 1 s of latency.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "tests/support/paths.hpp"
#include "tests/support/program.hpp"

namespace edgeflow {
namespace {

using test::Outcome;
using test::Scratch;

const std::string kTiny = test::data_folder() + "/cli/tiny_scenario.yaml";

/// Runs the layer on `far` with these disturbances and changes; all that the run left is in `out`.
Outcome run(const Scratch& scratch, const std::string& out, const std::string& disturbances,
            const std::string& changes = "") {
  std::string text = "\"$edgeflow\" run " + kTiny + " -o " + out;
  text += " --set 'strategies=[{name: single, options: {device: far}}]'";
  if (!disturbances.empty()) text += " --set 'disturbances=" + disturbances + "'";
  return test::shell(scratch, text + " " + changes);
}

std::string table(const Scratch& scratch, const std::string& out, const std::string& name) {
  return test::shell(scratch, "cat " + out + "/runs/*/" + name).out;
}

/// The cell of the only run in a column of runs.csv.
std::string figure(const Scratch& scratch, const std::string& out, const std::string& column) {
  const std::string script = "import csv; print(next(csv.DictReader(open('" + out +
                             "/runs.csv')))['" + column + "'], end='')";
  return test::shell(scratch, "/usr/bin/python3 -c \"" + script + "\"").out;
}

double number(const std::string& text) { return std::strtod(text.c_str(), nullptr); }

}  // namespace

TEST_CASE(
    "a trace reaches the simulation from the scenario as from a table, and its start the plan") {
  const Scratch scratch;
  scratch.write("trace.csv", "at_s,bandwidth_Bps\n0,500\n1.1,100\n");
  const std::string steps =
      "{bandwidth: [{links: all, steps: [{at: 0s, bandwidth: 500B/s}, {at: 1.1s, bandwidth: "
      "100B/s}]}]}";
  REQUIRE(run(scratch, "steps", steps).exit_code == 0);
  REQUIRE(run(scratch, "file", "{bandwidth: [{links: all, file: trace.csv}]}").exit_code == 0);
  const std::string requests = table(scratch, "steps", "requests.csv");
  CHECK(requests == table(scratch, "file", "requests.csv"));
  // There: 1 s, 0.1 s at 500 byte/s, then at 100. Layer: 1.5 s. Back: 1 s, then at 100.
  CHECK(number(figure(scratch, "steps", "latency_s")) ==
        doctest::Approx(1.1 + (192 - 50) / 100.0 + 1.5 + 1 + 128 / 100.0).epsilon(1e-9));
  CHECK(number(figure(scratch, "steps", "estimated_latency_s")) ==
        doctest::Approx(1 + 192 / 500.0 + 1.5 + 1 + 128 / 500.0).epsilon(1e-9));
  // What bandwidths rise to later is not seen in advance either.
  REQUIRE(run(scratch, "rising",
              "{bandwidth: [{links: all, steps: [{at: 0s, bandwidth: 100B/s}, {at: 9s, "
              "bandwidth: 500B/s}]}]}")
              .exit_code == 0);
  CHECK(number(figure(scratch, "rising", "estimated_latency_s")) ==
        doctest::Approx(1 + 192 / 100.0 + 1.5 + 1 + 128 / 100.0).epsilon(1e-9));
}

TEST_CASE("devices slow down as the scenario or a table says, which planners do not see") {
  const Scratch scratch;
  scratch.write("load.csv", "at_s,share\n0,0.5\n2.192,0.25\n");
  const std::string steps =
      "{speed: [{devices: far, steps: [{at: 0s, share: 50%}, {at: 2.192s, share: 25%}]}]}";
  REQUIRE(run(scratch, "steps", steps).exit_code == 0);
  REQUIRE(run(scratch, "file", "{speed: [{devices: [far], file: load.csv}]}").exit_code == 0);
  const std::string requests = table(scratch, "steps", "requests.csv");
  CHECK(requests == table(scratch, "file", "requests.csv"));
  // There at 1.192 s; 1 s at half the speed, and 1 s of the layer's 1.5 s left at a quarter. Back.
  CHECK(number(figure(scratch, "steps", "latency_s")) ==
        doctest::Approx(1.192 + 1 + 4 + 1 + 0.128).epsilon(1e-9));
  CHECK(number(figure(scratch, "steps", "compute_s")) == doctest::Approx(5).epsilon(1e-9));
  CHECK(number(figure(scratch, "steps", "estimated_latency_s")) ==
        doctest::Approx(1.192 + 1.5 + 1 + 0.128).epsilon(1e-9));
  CHECK(figure(scratch, "steps", "estimate_gap").find("-0.4") == 0);
  // As it was resolved it is the same run again, whose plan did not change for it.
  REQUIRE(test::shell(scratch, "\"$edgeflow\" run file/runs/*/scenario.resolved.yaml -o again")
              .exit_code == 0);
  CHECK(table(scratch, "again", "requests.csv") == requests);
  REQUIRE(run(scratch, "calm", "").exit_code == 0);
  CHECK(table(scratch, "calm", "plan.yaml") == table(scratch, "steps", "plan.yaml"));
  // All of them, over and over, with draws beside.
  REQUIRE(
      run(scratch, "all",
          "{speed: [{devices: all, period: 1s, steps: [{at: 0s, share: 100%}, {at: 0.5s, share: "
          "50%}]}]}",
          "--set uncertainty.draws=3")
          .exit_code == 0);
  CHECK(figure(scratch, "all", "latency_low_s") == figure(scratch, "all", "latency_s"));
}

TEST_CASE("a message's row says from where to where it went") {
  const Scratch scratch;
  REQUIRE(run(scratch, "out", "").exit_code == 0);
  const std::string transfers = table(scratch, "out", "transfers.csv");
  // request, message, from_unit, from_device, to_device, bytes
  CHECK(transfers.find("\n0,0,0,near,far,192,") != std::string::npos);
  CHECK(transfers.find(",far,near,128,") != std::string::npos);
}

TEST_CASE("jitter is of the seed, and the resolved scenario gives the same run again") {
  const Scratch scratch;
  const std::string noise = "{jitter: {distribution: exponential, mean: 1s}}";
  REQUIRE(run(scratch, "one", noise).exit_code == 0);
  REQUIRE(run(scratch, "other", noise, "--set seed=1").exit_code == 0);
  REQUIRE(run(scratch, "none", noise, "--set 'simulation.ablate=[disturbances]'").exit_code == 0);
  REQUIRE(run(scratch, "plain", "").exit_code == 0);
  REQUIRE(test::shell(scratch, "\"$edgeflow\" run one/runs/*/scenario.resolved.yaml -o again")
              .exit_code == 0);
  const std::string requests = table(scratch, "one", "requests.csv");
  CHECK(requests == table(scratch, "again", "requests.csv"));
  CHECK(requests != table(scratch, "other", "requests.csv"));
  CHECK(requests != table(scratch, "plain", "requests.csv"));
  CHECK(table(scratch, "none", "requests.csv") == table(scratch, "plain", "requests.csv"));
  CHECK(figure(scratch, "one", "estimated_latency_s") ==
        figure(scratch, "plain", "estimated_latency_s"));
}

TEST_CASE("every distribution of jitter comes back from the resolved scenario") {
  const Scratch scratch;
  scratch.write("noise.csv", "probability,latency_s\n0,0.25\n0.5,0.5\n1,4\n");
  const std::pair<std::string, std::string> kinds[] = {
      {"lognormal", "{jitter: {distribution: lognormal, mean: 100ms, p999: 2s}}"},
      {"file", "{jitter: {distribution: empirical, quantiles: noise.csv}}"},
      {"shipped", "{jitter: {distribution: empirical, quantiles: rpi4_wifi_50load}}"}};
  for (const auto& [name, noise] : kinds) {
    REQUIRE(run(scratch, name, noise, "--set seed=7").exit_code == 0);
    REQUIRE(test::shell(scratch, "\"$edgeflow\" run " + name +
                                     "/runs/*/scenario.resolved.yaml -o again-" + name)
                .exit_code == 0);
    CHECK(table(scratch, name, "requests.csv") == table(scratch, "again-" + name, "requests.csv"));
  }
  const std::string list =
      "{jitter: {distribution: empirical, quantiles: [{probability: 0, latency: 250ms}, "
      "{probability: 0.5, latency: 500ms}, {probability: 1, latency: 4s}]}}";
  REQUIRE(run(scratch, "list", list, "--set seed=7").exit_code == 0);
  CHECK(table(scratch, "list", "requests.csv") == table(scratch, "file", "requests.csv"));
}

TEST_CASE("a table of quantiles with a mistake is refused where the mistake is") {
  const Scratch scratch;
  const std::pair<std::string, std::string> tables[] = {
      {"probability,latency_s\n0.1,1\n1,2\n",
       "noise.csv:2:1: at probability: got \"0.1\", expected 0 in the first row"},
      {"probability,latency_s\n0,1\n0.5,3\n0.5,4\n1,5\n",
       "noise.csv:4:1: at probability: got \"0.5\", expected more than in the row before"},
      {"probability,latency_s\n0,1\n1.5,3\n",
       "noise.csv:3:1: at probability: got \"1.5\", expected at most 1"},
      {"probability,latency_s\n0,1\nhalf,3\n",
       "noise.csv:3:1: at probability: got \"half\", expected a number"},
      {"probability,latency_s\n0,1\n1,0.5\n",
       "noise.csv:3:3: at latency_s: got \"0.5\", expected seconds, not less than 1"},
      {"probability,latency_s\n0,1\n0.9,2\n", "must go from probability 0 to probability 1"},
      {"probability,ms\n0,1\n1,2\n", "expected a table with columns probability and latency_s"},
  };
  for (const auto& [text, error] : tables) {
    scratch.write("noise.csv", text);
    const Outcome outcome =
        run(scratch, "out", "{jitter: {distribution: empirical, quantiles: noise.csv}}");
    CHECK(outcome.exit_code == 2);
    INFO(outcome.err);
    CHECK(outcome.err.find(error) != std::string::npos);
  }
}

TEST_CASE("what the air carries of its rate is in plan, run and resolved scenario") {
  const Scratch scratch;
  const std::string air =
      "--set 'cluster.network={type: wifi, bandwidth: 1000B/s, efficiency: 0.5, latency: 1s}'";
  REQUIRE(run(scratch, "one", "", air).exit_code == 0);
  // Each way 1 s and two crossings at 500 byte/s; the layer takes 1.5 s.
  const double latency_s = 1 + 192 / 250.0 + 1.5 + 1 + 128 / 250.0;
  CHECK(number(figure(scratch, "one", "latency_s")) == doctest::Approx(latency_s).epsilon(1e-9));
  CHECK(number(figure(scratch, "one", "estimated_latency_s")) ==
        doctest::Approx(latency_s).epsilon(1e-9));
  CHECK(table(scratch, "one", "scenario.resolved.yaml").find("efficiency: 0.5") !=
        std::string::npos);
  REQUIRE(test::shell(scratch, "\"$edgeflow\" run one/runs/*/scenario.resolved.yaml -o again")
              .exit_code == 0);
  CHECK(table(scratch, "one", "requests.csv") == table(scratch, "again", "requests.csv"));
}

TEST_CASE("a failure is a status, and the requests that were done are in the table") {
  const Scratch scratch;
  // A request takes 1.192 + 1.5 + 1.128 = 3.82 s.
  const Outcome outcome =
      run(scratch, "out", "{failures: [{device: far, at: 8s}]}", "--set requests.count=4");
  CHECK(outcome.exit_code == 1);
  CHECK(figure(scratch, "out", "status") == "failed");
  CHECK(figure(scratch, "out", "message") ==
        "device far fails at 8 s, with request 2 in flight; 2 of 4 requests are done");
  const std::string requests = table(scratch, "out", "requests.csv");
  CHECK(std::count(requests.begin(), requests.end(), '\n') == 3);
  const std::size_t second = requests.find("\n1,3.82");
  REQUIRE(second != std::string::npos);
  CHECK(number(requests.substr(requests.find(',', second + 3) + 1)) ==
        doctest::Approx(7.64).epsilon(1e-9));
}

TEST_CASE("a broken trace table is refused at its row") {
  const Scratch scratch;
  const std::string trace = "{bandwidth: [{links: all, file: trace.csv}]}";
  for (const auto& [rows, error] : {
           std::pair("at_s,rate\n0,5\n",
                     "trace.csv:1:1: expected a table with columns at_s and bandwidth_Bps"),
           std::pair("at_s,bandwidth_Bps\n0,5\n1,zero\n",
                     "trace.csv:3:3: at bandwidth_Bps: got \"zero\", expected a number of at least "
                     "1e-12"),
           std::pair("at_s,bandwidth_Bps\n2,5\n1,5\n",
                     "trace.csv:3:1: at at_s: got \"1\", expected seconds, not less than 2"),
           std::pair("at_s,bandwidth_Bps\n0,5\n100000001,6\n",
                     "trace.csv:3:1: at at_s: got \"100000001\", expected seconds since the start "
                     "of the run, at most 100000000 (Unix times? take the first one from all of "
                     "them)"),
           std::pair("bandwidth_Bps,at_s\n1e30,0\n",
                     "trace.csv:2:1: at bandwidth_Bps: got \"1e30\", expected a number of at least "
                     "1e-12 (beyond anything real)"),
       }) {
    scratch.write("trace.csv", rows);
    const Outcome outcome = run(scratch, "out", trace);
    CHECK(test::first_line(outcome.err) == error);
    CHECK(outcome.exit_code == 2);
    CHECK(!std::filesystem::exists(scratch.folder() / "out"));
  }
  scratch.write("load.csv", "at_s,share\n0,1\n3,1.5\n");
  const Outcome outcome = run(scratch, "out", "{speed: [{devices: all, file: load.csv}]}");
  CHECK(test::first_line(outcome.err) ==
        "load.csv:3:3: at share: got \"1.5\", expected a share of at most 1, and more than 0");
}

}  // namespace edgeflow
