#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

#include "partition/builder.hpp"
#include "partition/estimate.hpp"
#include "partition/strategy.hpp"
#include "partition/validate.hpp"
#include "tests/support/random_problem.hpp"

namespace edgeflow {
namespace {

Plan plan_with(const Problem& problem, const Options& options) {
  return make_plan(*find_strategy("edgeflow"), problem, options);
}

LayerSpec layer(const std::string& name, Op op, std::vector<std::string> inputs) {
  return {name, op, {}, std::move(inputs)};
}

LayerSpec input(std::vector<std::int64_t> dims) {
  LayerSpec spec = layer("input", Op::kInput, {});
  spec.attributes.dims = std::move(dims);
  return spec;
}

/// One 3x3 convolution of 8 rows.
Graph one_convolution() {
  LayerSpec conv = layer("conv", Op::kConv, {"input"});
  conv.attributes.out_channels = 4;
  conv.attributes.kernel = {3, 3};
  conv.attributes.pad = {1, 1, 1, 1};
  return Graph("one", "made up", {input({3, 8, 8}), conv});
}

/// conv -> flatten -> linear -> softmax
Graph classifier() {
  LayerSpec conv = layer("conv", Op::kConv, {"input"});
  conv.attributes.out_channels = 16;
  conv.attributes.kernel = {3, 3};
  conv.attributes.pad = {1, 1, 1, 1};
  LayerSpec flatten = layer("flatten", Op::kReshape, {"conv"});
  flatten.attributes.dims = {16 * 16 * 16};
  LayerSpec linear = layer("linear", Op::kLinear, {"flatten"});
  linear.attributes.out_channels = 100;
  return Graph(
      "classifier", "made up",
      {input({3, 16, 16}), conv, flatten, linear, layer("softmax", Op::kSoftmax, {"linear"})});
}

/// Devices that compute at these rates, in MAC/s, and move bytes in memory for nothing.
Cluster cluster_of(std::vector<double> rates, double bandwidth_Bps, double latency_s,
                   DeviceId sink = DeviceId{0}) {
  std::vector<Device> devices(rates.size());
  for (std::size_t d = 0; d < rates.size(); ++d) {
    devices[d].name = "d" + std::to_string(d);
    devices[d].compute.mac_rate = rates[d];
    devices[d].memory_bytes = std::numeric_limits<double>::infinity();
  }
  return Cluster("made up", std::move(devices), NetworkType::kSwitch, bandwidth_Bps, latency_s,
                 DeviceId{0}, sink);
}

std::vector<const ExecutionUnit*> units_of(const Plan& plan, const Graph& graph,
                                           const std::string& name) {
  std::vector<const ExecutionUnit*> units;
  for (const ExecutionUnit& unit : plan.units) {
    if (unit.kind == UnitKind::kCompute && graph.layer(unit.layer).name == name) {
      units.push_back(&unit);
    }
  }
  return units;
}

const std::vector<Options> kAllOptions{
    {}, {{"solver", "exact"}}, {{"order", "speed"}}, {{"solver", "exact"}, {"order", "speed"}}};

TEST_CASE("edgeflow's plans are valid, and the same every time") {
  reference::Random random(3);
  for (int round = 0; round < 60; ++round) {
    const Graph graph = reference::random_graph(random);
    const Cluster cluster = reference::random_cluster(random);
    const Problem problem{graph, cluster, {}};
    for (const Options& options : kAllOptions) {
      const Plan plan = plan_with(problem, options);
      const std::vector<Violation> violations = validate(plan, graph, cluster);
      REQUIRE_MESSAGE(violations.empty(), violations.front().message);
      REQUIRE(plan.units == plan_with(problem, options).units);
    }
  }
}

TEST_CASE("a single layer is cut where no other cut is done earlier") {
  // With contention off the estimator and the layer problem are the same model, so the best of all
  // cuts by the estimator must be found. 864 MAC per output row;
  // 96 bytes per input row and 128 per output row, which returns to the sink.
  const Graph graph = one_convolution();
  for (const double bandwidth_Bps : {1e4, 1e5, 1e6}) {
    const Cluster cluster = cluster_of({1e6, 3e6, 2e6}, bandwidth_Bps, 1e-4);
    const Problem problem{graph, cluster, {}};
    const Effects alone{.contention = false};
    double best_s = std::numeric_limits<double>::infinity();
    for (std::int64_t a = 0; a <= 8; ++a) {
      for (std::int64_t b = a; b <= 8; ++b) {
        const std::vector<std::int64_t> boundaries{0, a, b, 8};
        const Region& whole = graph.layers()[1].output.box;
        const Plan plan =
            build_plan(graph, cluster, {{}, cut(whole, Axis::kRow, boundaries)}, "all");
        best_s = std::min(best_s, estimate(plan, graph, cluster, problem.size, alone).latency_s);
      }
    }
    const Plan plan = plan_with(problem, {{"solver", "exact"}});
    CHECK(estimate(plan, graph, cluster, problem.size, alone).latency_s ==
          doctest::Approx(best_s).epsilon(1e-9));
  }
}

TEST_CASE("a network that costs nothing shares a layer in proportion to speed") {
  // 8 rows over speeds 1:3 are 2 and 6.
  const Graph graph = one_convolution();
  const Cluster cluster = cluster_of({1e3, 3e3}, 1e12, 0);
  for (const Options& options : {Options{}, Options{{"solver", "exact"}}}) {
    const Plan plan = plan_with({graph, cluster, {}}, options);
    const auto units = units_of(plan, graph, "conv");
    REQUIRE(units.size() == 2);
    CHECK(units[0]->output.row == Range{0, 2});
    CHECK(units[1]->output.row == Range{2, 8});
  }
}

TEST_CASE("a layer that cannot be cut and is the result is computed where the sink has it first") {
  // The input is on device 0, which therefore gets the largest part of the convolution. The softmax
  // would start there first, but its 16 kB would take 1.6 s at 10 kB/s to the sink, device 2; the
  // parts of the convolution that the sink lacks, less than 16 kB together, come side by side.
  LayerSpec conv = layer("conv", Op::kConv, {"input"});
  conv.attributes.out_channels = 1;
  LayerSpec flatten = layer("flatten", Op::kReshape, {"conv"});
  flatten.attributes.dims = {64 * 64};
  const Graph graph(
      "result", "made up",
      {input({1, 64, 64}), conv, flatten, layer("softmax", Op::kSoftmax, {"flatten"})});
  const Cluster cluster = cluster_of({100, 100, 100}, 1e4, 1e-3, DeviceId{2});
  const Plan plan = plan_with({graph, cluster, {}}, {});
  REQUIRE(units_of(plan, graph, "conv").size() == 3);
  const auto softmax = units_of(plan, graph, "softmax");
  REQUIRE(softmax.size() == 1);
  CHECK(softmax[0]->device == DeviceId{2});
}

TEST_CASE("order speed puts the fastest device first along the rows") {
  const Graph graph = one_convolution();
  const Cluster cluster = cluster_of({1e3, 3e3}, 1e12, 0);
  const Plan plan = plan_with({graph, cluster, {}}, {{"order", "speed"}});
  const auto units = units_of(plan, graph, "conv");
  REQUIRE(units.size() == 2);
  CHECK(units[0]->device == DeviceId{1});
  CHECK(units[0]->output.row == Range{0, 6});
}

TEST_CASE("a network that is far too slow leaves everything on the source") {
  // Computing all of it takes 13824/1e6 s = 14 ms; one message takes a second.
  const Graph graph = one_convolution();
  const Cluster cluster = cluster_of({1e6, 1e9}, 1e3, 1);
  const Plan plan = plan_with({graph, cluster, {}}, {});
  const auto units = units_of(plan, graph, "conv");
  REQUIRE(units.size() == 1);
  CHECK(units[0]->device == DeviceId{0});
}

TEST_CASE("views stay with their producer, linear layers split by features, the rest stays whole") {
  const Graph graph = classifier();
  const Cluster cluster = cluster_of({1e3, 1e3}, 1e12, 0);
  for (const Options& options : {Options{}, Options{{"solver", "exact"}}}) {
    const Plan plan = plan_with({graph, cluster, {}}, options);
    REQUIRE(validate(plan, graph, cluster).empty());
    const auto conv = units_of(plan, graph, "conv");
    const auto flatten = units_of(plan, graph, "flatten");
    REQUIRE(conv.size() == 2);
    REQUIRE(flatten.size() == 2);
    for (std::size_t u = 0; u < 2; ++u) {
      CHECK(flatten[u]->device == conv[u]->device);
      CHECK(flatten[u]->output == conv[u]->output);
    }
    const auto linear = units_of(plan, graph, "linear");
    REQUIRE(linear.size() == 2);
    CHECK(linear[0]->output.channel == Range{0, 50});
    CHECK(linear[1]->output.channel == Range{50, 100});
    CHECK(units_of(plan, graph, "softmax").size() == 1);
  }
}

TEST_CASE("options that edgeflow does not know are refused by name") {
  const Graph graph = one_convolution();
  const Cluster cluster = cluster_of({1e6, 1e6}, 1e6, 0);
  const Problem problem{graph, cluster, {}};
  const auto refused_key = [&](const Options& options) {
    try {
      plan_with(problem, options);
    } catch (const OptionError& error) {
      return error.key();
    }
    return std::string("none");
  };
  CHECK(refused_key({{"solver", "magic"}}) == "solver");
  CHECK(refused_key({{"order", "alphabet"}}) == "order");
  CHECK(refused_key({{"speed", "order"}}) == "speed");
  CHECK(refused_key({}) == "none");
}

}  // namespace
}  // namespace edgeflow
