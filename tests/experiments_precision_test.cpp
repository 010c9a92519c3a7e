// Which precision and how many threads devices compute in, and what is only assumed of that.

#include <doctest/doctest.h>

#include "experiments/scenario/resolve.hpp"
#include "experiments/scenario/scenario.hpp"
#include "tests/support/input_error.hpp"
#include "tests/support/scratch.hpp"
#include "tests/support/small_scenario.hpp"

namespace edgeflow {
namespace {

using test::error_of;
using test::hash;
using test::kSmall;
using test::mistake;
using test::read;
using test::Scratch;

/// A board whose rates in int8 and fp16 differ from those that nobody stated, with one thread only
/// in fp32; and one that computes in int8 alone.
const std::string kBoards =
    "schema: 1\n"
    "name: boards\n"
    "model: squeezenet1_1\n"
    "strategy: single\n"
    "cluster:\n"
    "  network: {type: switch, bandwidth: 100Mbps}\n"
    "  devices: [{type: board.yaml, name: a, count: 2}, {name: b, mac_rate: 7GMAC/s}]\n";

/// Reads kBoards with more keys; scratch has the board.
Scenario read_boards(const Scratch& scratch, const std::string& more,
                     const std::vector<std::string>& changes = {}) {
  scratch.write("board.yaml",
                "schema: 1\nname: board\ncompute:\n"
                "  - {framework: f, threads: 4, mac_rate: 10GMAC/s, source: s}\n"
                "  - {framework: f, threads: 1, mac_rate: 3GMAC/s, precision: fp32, source: s}\n"
                "  - {framework: f, threads: 4, mac_rate: 20GMAC/s, precision: int8, source: s}\n"
                "  - {framework: g, threads: 4, mac_rate: 90GMAC/s, precision: fp16, source: s}\n"
                "power: {idle: 1W, busy: 2W, source: s}\n");
  Document document(scratch.write("boards.yaml", kBoards + more));
  for (const std::string& change : changes) override_scenario(document, change);
  ModelCache cache;
  return read_scenario(document.root(), cache);
}

std::vector<double> giga_macs(const Workload& workload) {
  std::vector<double> rates;
  for (const Device& device : workload.cluster->devices()) {
    rates.push_back(device.compute.mac_rate * 1e-9);
  }
  return rates;
}

using Rates = std::vector<double>;
using Notes = std::vector<std::string>;

}  // namespace

TEST_CASE("elements have the size of their precision, the input's of its own") {
  const auto bytes = [](const char* keys) {
    return read(kSmall + keys).workloads[0].element_size();
  };
  CHECK(bytes("precision: fp16\n").activation_bytes == 2);
  CHECK(bytes("precision: fp16\n").input_bytes == 2);
  CHECK(bytes("precision: int8\n").activation_bytes == 1);
  CHECK(bytes("input_precision: uint8\n").activation_bytes == 4);
  CHECK(bytes("input_precision: uint8\n").input_bytes == 1);
}

TEST_CASE("devices compute at their rates in the scenario's precision, else at their usual ones") {
  const Scratch scratch;
  const Scenario usual = read_boards(scratch, "");
  CHECK(giga_macs(usual.workloads[0]) == Rates{10, 10, 7});
  CHECK(usual.assumed_rates() == 0);  // nobody says what they were measured in: floating point
  CHECK(usual.notes().empty());
  const Scenario half = read_boards(scratch, "precision: fp16\n");  // framework f has no such entry
  CHECK(giga_macs(half.workloads[0]) == Rates{10, 10, 7});
  CHECK(half.assumed_rates() == 0);
  const Scenario bytes = read_boards(scratch, "precision: int8\n");
  CHECK(giga_macs(bytes.workloads[0]) == Rates{20, 20, 7});
  CHECK(giga_macs(bytes.workloads[0]) == [&] {
    Workload whole = bytes.workloads[0];
    whole.cluster = bytes.cluster;
    return giga_macs(whole);
  }());
  CHECK(bytes.assumed_rates() == 1);  // b's
  CHECK(bytes.notes() ==
        Notes{"rates of b (1 thread) are assumed to hold in int8: nobody says what "
              "they were measured in"});
  for (const Scenario* scenario : {&usual, &half, &bytes}) {
    const std::string text = resolved_text(*scenario, scenario->strategies.front());
    const Scenario again = read(text);
    CHECK(giga_macs(again.workloads[0]) == giga_macs(scenario->workloads[0]));
    CHECK(again.assumed_rates() == scenario->assumed_rates());
    CHECK(resolved_text(again, again.strategies.front()) == text);
  }
}

TEST_CASE("rates measured in another precision are assumed, and said once per board") {
  const Scratch scratch;
  const Scenario scenario = read_boards(scratch, "precision: fp16\nthreads: 1\n");
  CHECK(giga_macs(scenario.workloads[0]) == Rates{3, 3, 7});
  CHECK(scenario.workloads[0].assumed_rates() == 2);
  CHECK(scenario.notes() == Notes{"rates of board (f, 1 thread, fp32) are assumed to hold in fp16: "
                                  "they were measured in another precision"});
}

TEST_CASE("the scenario's threads are those of devices that say none of their own") {
  const Scratch scratch;
  const auto threads = [&](const std::vector<std::string>& changes) {
    const Scenario scenario = read_boards(scratch, "threads: 1\n", changes);
    std::vector<int> found;
    for (const Device& device : scenario.cluster->devices())
      found.push_back(device.compute.threads);
    return found;
  };
  CHECK(threads({}) == std::vector<int>{1, 1, 1});
  CHECK(threads({"threads=4"}) == std::vector<int>{4, 4, 1});  // b's is as written: none
  CHECK(threads({"cluster.devices[0].threads=4"}) == std::vector<int>{4, 4, 1});
  const auto error = [&](const char* more) {
    const std::string text = error_of([&] { (void)read_boards(scratch, more); });
    return text.substr(text.find("boards.yaml:"));
  };
  CHECK(error("threads: 2\n") ==
        "boards.yaml:8:10: at threads: board has no such compute profile (framework and threads: f "
        "with 4, f with 1 in fp32, f with 4 in int8, g with 4 in fp16)");
  CHECK(error("threads: 0\n") ==
        "boards.yaml:8:10: at threads: got \"0\", expected an integer from 1 to 1024");
}

TEST_CASE(
    "a precision that a device does not compute in is refused, unless the device has its own") {
  const std::string fp32 = mistake(
      kSmall, {"cluster.devices=[{name: tpu, mac_rate: 9GMAC/s, precisions: [int8, fp16]}]"});
  CHECK(fp32 ==
        "small.yaml:5:3: at cluster: device \"tpu\" computes in int8 and fp16 only, not in fp32 "
        "(precision: int8 for "
        "all, or for the device alone in the cluster, or leave it out)");
  const std::string devices = "cluster.devices=[{type: rpi4, precisions: [int8], precision: int8}]";
  const Scenario own = read(kSmall, {devices});
  CHECK(own.cluster->devices()[0].compute.precision == Precision::kInt8);
  CHECK(own.assumed_rates() == 1);  // they are not those of fp32
  CHECK(
      mistake(kSmall + "precision: fp16\n",
              {"cluster.devices=[{type: rpi4, precisions: [int8]}]"}) ==
      "small.yaml:8:12: at precision: device \"rpi4-0\" (rpi4) computes in int8 only, not in fp16 "
      "(precision: int8 for all, or for the device alone in the cluster, or leave it out)");
  const Scenario again = read(resolved_text(own, own.strategies.front()));
  CHECK(hash(again) == hash(own));
}

TEST_CASE(
    "a quantized model brings its precision, which the scenario may replace and then says so") {
  const Scratch scratch;
  const std::string tiny =
      "schema: 1\nname: tiny\nprecision: int8\nlayers: [{name: i, op: input, dims: [1, 3, 4, 4]}, "
      "{name: c, op: conv, inputs: [i], out_channels: 2}]\n";
  scratch.write("tiny.yaml", tiny);
  const Scenario own =
      read_boards(scratch, "", {"model=" + scratch.write("tiny.yaml", tiny).string()});
  CHECK(own.workloads[0].precision() == Precision::kInt8);
  CHECK(own.workloads[0].element_size().input_bytes == 1);
  CHECK(giga_macs(own.workloads[0]) == Rates{20, 20, 7});
  const Scenario other = read_boards(scratch, "precision: fp32\n",
                                     {"model=" + scratch.write("tiny.yaml", tiny).string()});
  CHECK(other.workloads[0].precision() == Precision::kFp32);
  CHECK(giga_macs(other.workloads[0]) == Rates{10, 10, 7});
  CHECK(other.notes() ==
        Notes{"tiny is a model in int8, and taken to be in fp32 as the scenario says"});
}

}  // namespace edgeflow
