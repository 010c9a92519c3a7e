// Sweeps: which runs they consist of, and in which order.

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

#include "experiments/jobs/sweep.hpp"
#include "tests/support/scratch.hpp"

namespace edgeflow {
namespace {

using test::Scratch;

const std::string kBase =
    "schema: 1\n"
    "name: base\n"
    "model: squeezenet1_1\n"
    "cluster:\n"
    "  network: {type: switch, bandwidth: 100Mbps}\n"
    "  devices: [{type: rpi4, count: 2}]\n"
    "strategy: single\n";

Sweep read(const std::string& text, const std::string& base = kBase) {
  const Scratch scratch;
  scratch.write("base.yaml", base);
  return read_sweep(scratch.write("sweep.yaml", "schema: 1\nname: sweep\n" + text));
}

std::vector<std::string> labels(const Sweep& sweep) {
  std::vector<std::string> labels;
  for (const Job& job : sweep.jobs) labels.push_back(label_of(job));
  return labels;
}

std::string mistake(const std::string& text) {
  try {
    (void)read(text);
  } catch (const InputError& error) {
    const std::string message = error.what();
    return message.substr(std::min(message.find("sweep.yaml"), message.size()));
  }
  return "no mistake";
}

}  // namespace

TEST_CASE("a sweep is the product of its axes, the last one fastest") {
  const Sweep sweep = read(
      "base: base.yaml\n"
      "axes:\n"
      "  cluster.network.bandwidth: [50Mbps, 100Mbps]\n"
      "  strategy: [single, even]\n");
  CHECK(labels(sweep) ==
        std::vector<std::string>{"50Mbps single", "50Mbps even", "100Mbps single", "100Mbps even"});
  CHECK(sweep.axes == std::vector<std::string>{"cluster.network.bandwidth", "strategy"});
  for (std::size_t i = 0; i < sweep.jobs.size(); ++i) {
    CHECK(sweep.jobs[i].index == i);
    CHECK(sweep.jobs[i].scenario->name == "sweep");
  }
  // 50 Mbit/s are 6.25e6 byte/s.
  CHECK(sweep.jobs[1].scenario->cluster->network().bandwidth_Bps == 6.25e6);
  CHECK(sweep.jobs[1].strategy->name == "even");
}

TEST_CASE("the base of a sweep may stand in the sweep") {
  std::string base;
  std::istringstream lines(kBase);
  for (std::string line; std::getline(lines, line);) base += "  " + line + "\n";
  const Sweep sweep = read("base:\n" + base + "axes: {model: [alexnet, vgg11]}\n");
  REQUIRE(sweep.jobs.size() == 2);
  CHECK(sweep.jobs[1].scenario->workloads[0].model->graph.name() == "vgg11");
  CHECK(sweep.base_text.empty());
}

TEST_CASE("the name of a strategy can be an axis on its own") {
  const Sweep sweep = read("base: base.yaml\naxes: {strategy.name: [even, proportional]}\n");
  CHECK(labels(sweep) == std::vector<std::string>{"even", "proportional"});
}

TEST_CASE("strategies on an axis may have options") {
  const Sweep sweep = read(
      "base: base.yaml\n"
      "axes: {strategy: [even, {name: single, options: {device: rpi4-1}}]}\n");
  CHECK(labels(sweep) == std::vector<std::string>{"even", "single (device=rpi4-1)"});
}

TEST_CASE("a base with several strategies runs all of them at every point") {
  std::string base = kBase;
  base.replace(base.find("strategy: single"), 16, "strategies: [single, even]");
  const Sweep sweep = read("base: base.yaml\naxes: {seed: [1, 2]}\nbaseline: even\n", base);
  CHECK(labels(sweep) == std::vector<std::string>{"1 single", "1 even", "2 single", "2 even"});
  CHECK(sweep.jobs[0].baseline == 1);
  CHECK(sweep.jobs[2].baseline == 3);
}

TEST_CASE("points that match an exclusion in all its keys are left out") {
  const Sweep sweep = read(
      "base: base.yaml\n"
      "axes:\n"
      "  seed: [1, 2]\n"
      "  strategy: [single, even]\n"
      "exclude: [{seed: 1, strategy: even}]\n");
  CHECK(labels(sweep) == std::vector<std::string>{"1 single", "2 single", "2 even"});
}

TEST_CASE("runs are compared with the baseline that differs in the strategy only") {
  const Sweep sweep = read(
      "base: base.yaml\n"
      "axes:\n"
      "  seed: [1, 2]\n"
      "  strategy: [even, single]\n"
      "exclude: [{seed: 2, strategy: single}]\n"
      "baseline: single\n");
  REQUIRE(sweep.jobs.size() == 3);
  CHECK(sweep.jobs[0].baseline == 1);
  CHECK(sweep.jobs[1].baseline == 1);
  CHECK_FALSE(sweep.jobs[2].baseline);  // its baseline is excluded
}

TEST_CASE("a repetition is compared with the baseline of the same repetition") {
  const Sweep sweep = read(
      "base: base.yaml\n"
      "axes:\n"
      "  strategy: [even, single]\n"
      "  cluster.network.bandwidth: [50Mbps, 100Mbps]\n"
      "repeat: 3\nbaseline: single\n");
  REQUIRE(sweep.jobs.size() == 12);
  for (std::size_t i = 0; i < 6; ++i) {  // [strategy][bandwidth][repetition]
    CAPTURE(i);
    CHECK(sweep.jobs[i].repetition == static_cast<int>(i % 3));
    CHECK(sweep.jobs[i].baseline == 6 + i);
    CHECK(sweep.jobs[6 + i].baseline == 6 + i);
    CHECK(sweep.jobs[i].scenario->seed == sweep.jobs[6 + i].scenario->seed);
  }
  CHECK(sweep.jobs[0].scenario->seed != sweep.jobs[1].scenario->seed);
  CHECK(sweep.jobs[1].scenario->seed != sweep.jobs[2].scenario->seed);
}

TEST_CASE("what varies together with the strategy does not keep runs from their baseline") {
  const Sweep sweep = read(
      "base: base.yaml\n"
      "zip:\n"
      "  - {strategy: [single, even], label.how: [alone, shared]}\n"
      "axes: {seed: [1, 2]}\n"
      "baseline: single\n");
  REQUIRE(sweep.jobs.size() == 4);
  CHECK(sweep.jobs[2].baseline == 0);
  CHECK(sweep.jobs[3].baseline == 1);
}

TEST_CASE("groups of zip vary slowest, and all their keys can be excluded") {
  const Sweep sweep = read(
      "base: base.yaml\n"
      "axes:\n"
      "  strategy: [single, even]\n"
      "zip:\n"
      "  - {seed: [1, 2, 3], label.name: [one, two, three]}\n"
      "exclude: [{label.name: two}, {seed: 3, strategy: even}]\n");
  CHECK(labels(sweep) == std::vector<std::string>{"1 one single", "1 one even", "3 three single"});
  CHECK(sweep.axes == std::vector<std::string>{"seed", "label.name", "strategy"});
  CHECK(sweep.jobs[2].scenario->seed == 3);
}

TEST_CASE("values that are lists or maps go by their position") {
  const Sweep sweep = read(
      "base: base.yaml\n"
      "axes: {cluster.devices: [[{type: rpi4}], [{type: rpi4}, {type: rpi5}]]}\n");
  CHECK(labels(sweep) == std::vector<std::string>{"#0 single", "#1 single"});
  CHECK(sweep.jobs[1].scenario->cluster->size() == 2);
}

TEST_CASE("a mistake in the last point is found before the first run") {
  CHECK(mistake("base: base.yaml\naxes:\n  model: [alexnet, vgg61]\n") ==
        "sweep.yaml:5:20: at model: there is no \"vgg61\" in workloads/models (did you mean "
        "\"vgg11\"?)");
  CHECK(mistake("base: base.yaml\n"
                "axes:\n"
                "  strategy: [single, {name: single, options: {device: nano}}]\n")
            .starts_with("sweep.yaml:5:22: at strategy.options.device: "));
}

TEST_CASE("files named on an axis are found relative to the sweep") {
  const Scratch scratch;
  scratch.write("elsewhere/base.yaml", kBase);
  scratch.write("tiny.yaml",
                "schema: 1\nname: tiny\nlayers:\n"
                "  - {name: input, op: input, dims: [1, 3, 4, 4]}\n"
                "  - {name: conv, op: conv, inputs: [input], out_channels: 2}\n");
  const Sweep sweep = read_sweep(scratch.write("sweep.yaml",
                                               "schema: 1\nname: sweep\n"
                                               "base: elsewhere/base.yaml\n"
                                               "axes: {model: [tiny.yaml]}\n"));
  CHECK(sweep.jobs[0].scenario->workloads[0].model->graph.name() == "tiny");
}

}  // namespace edgeflow
