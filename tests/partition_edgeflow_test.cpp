#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

#include "partition/plans/builder.hpp"
#include "partition/plans/validate.hpp"
#include "partition/prices/estimate.hpp"
#include "partition/prices/layers.hpp"
#include "partition/strategy.hpp"
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

/// The semantics of planning layer by layer, written down once more: parts of the layers of a chain
/// and when they are done, every message alone on the network.
class Progress {
 public:
  Progress(const Graph& graph, const Cluster& cluster) : graph_(graph), cluster_(cluster) {
    for (std::size_t d = 0; d < cluster.size(); ++d) free_s_.push_back(0);
    boundaries_ = std::vector<std::int64_t>(cluster.size() + 1, rows(0));
    boundaries_[0] = 0;  // all of the input is on device 0
  }

  std::int64_t rows(std::size_t l) const { return graph_.layers()[l].output.box.row.size(); }

  /// By device, when it is done with its rows of layer `l`, whose predecessor is done.
  std::vector<double> finish_s(std::size_t l, const std::vector<std::int64_t>& at) const {
    std::vector<double> result = free_s_;
    for (std::size_t d = 0; d < cluster_.size(); ++d) {
      if (at[d] == at[d + 1]) continue;
      const Layer& layer = graph_.layers()[l];
      Region part = layer.output.box;
      part.row = {at[d], at[d + 1]};
      const Region need = required_input(layer, 0, part);
      double start_s = free_s_[d];
      for (std::size_t j = 0; j < cluster_.size(); ++j) {
        Region piece = need;
        piece.row = intersect(need.row, {boundaries_[j], boundaries_[j + 1]});
        if (piece.empty()) continue;
        start_s = std::max(start_s, free_s_[j] + send_s(j, d, piece.volume()));
      }
      result[d] = start_s + static_cast<double>(work(layer, part).macs) /
                                cluster_.devices()[d].compute.mac_rate;
    }
    return result;
  }

  /// When the layer is done: a result on the sink, device 0.
  double done_s(std::size_t l, const std::vector<std::int64_t>& at) const {
    const std::vector<double> parts_s = finish_s(l, at);
    const Region& box = graph_.layers()[l].output.box;
    double last_s = 0;
    for (std::size_t d = 0; d < cluster_.size(); ++d) {
      if (at[d] == at[d + 1]) continue;
      const bool delivered = l + 1 == graph_.size();
      const std::int64_t elements = box.volume() / rows(l) * (at[d + 1] - at[d]);
      last_s = std::max(last_s, parts_s[d] + (delivered ? send_s(d, 0, elements) : 0));
    }
    return last_s;
  }

  void take(std::size_t l, const std::vector<std::int64_t>& at) {
    free_s_ = finish_s(l, at);
    boundaries_ = at;
  }

 private:
  double send_s(std::size_t from, std::size_t to, std::int64_t elements) const {
    if (from == to) return 0;
    const DeviceId a{static_cast<std::int32_t>(from)};
    const DeviceId b{static_cast<std::int32_t>(to)};
    return cluster_.route(a, b).latency_s +
           4 * static_cast<double>(elements) / cluster_.route_bandwidth_Bps(a, b);
  }

  const Graph& graph_;
  const Cluster& cluster_;
  std::vector<double> free_s_;
  std::vector<std::int64_t> boundaries_;
};

/// Calls `visit` with all ascending boundaries of `rows` rows for `devices` devices.
template <typename Visit>
void for_each_split(std::int64_t rows, std::size_t devices, std::vector<std::int64_t> at,
                    Visit visit) {
  if (at.size() == devices) {
    at.push_back(rows);
    return visit(at);
  }
  for (std::int64_t next = at.back(); next <= rows; ++next) {
    at.push_back(next);
    for_each_split(rows, devices, at, visit);
    at.pop_back();
  }
}

bool is_whole(const std::vector<std::int64_t>& boundaries) {
  return std::all_of(boundaries.begin(), boundaries.end(),
                     [&](std::int64_t at) { return at == 0 || at == boundaries.back(); });
}

TEST_CASE("brute force over tiny chains finds no layer done earlier than by solver exact") {
  reference::Random random(53);
  int divided = 0;
  for (int round = 0; round < 60; ++round) {
    std::vector<LayerSpec> specs{input({random.between(1, 3), random.between(4, 8), 6})};
    const std::int64_t layers = random.between(1, 4);
    for (std::int64_t l = 0; l < layers; ++l) {
      LayerSpec conv = layer("conv" + std::to_string(l), Op::kConv, {specs.back().name});
      conv.attributes.out_channels = random.between(1, 5);
      const std::int64_t kernel = random.chance(60) ? 3 : 1;
      conv.attributes.kernel = {kernel, kernel};
      conv.attributes.pad = {kernel / 2, kernel / 2, kernel / 2, kernel / 2};
      if (l == 0 && random.chance(30)) conv.attributes.stride = {2, 1};
      specs.push_back(conv);
    }
    const Graph graph("chain", "random", specs);
    std::vector<double> rates;
    for (std::int64_t d = random.between(1, 3); d > 0; --d) {
      rates.push_back(static_cast<double>(random.between(1, 9)) * 1e3);
    }
    const Cluster cluster =
        cluster_of(rates, static_cast<double>(random.between(1, 50)) * 1e3, 1e-3);
    const Plan plan = plan_with({graph, cluster, {}}, {{"solver", "exact"}});
    Progress progress(graph, cluster);
    for (std::size_t l = 1; l < graph.size(); ++l) {
      std::vector<std::int64_t> taken(cluster.size() + 1, -1);
      taken[0] = 0;
      for (const ExecutionUnit* unit : units_of(plan, graph, graph.layers()[l].name)) {
        taken[index(unit->device) + 1] = unit->output.row.end;
      }
      for (std::size_t d = 1; d < taken.size(); ++d) taken[d] = std::max(taken[d], taken[d - 1]);
      divided += units_of(plan, graph, graph.layers()[l].name).size() > 1 ? 1 : 0;
      // Two rows that both need everything stay whole.
      const bool splits = has_axis(split_axes(graph.layers()[l]), Axis::kRow);
      double least_s = std::numeric_limits<double>::infinity();
      for_each_split(progress.rows(l), cluster.size(), {0},
                     [&](const std::vector<std::int64_t>& at) {
                       if (splits || is_whole(at)) {
                         least_s = std::min(least_s, progress.done_s(l, at));
                       }
                     });
      INFO("round " << round << ", layer " << l);
      CHECK(progress.done_s(l, taken) == doctest::Approx(least_s).epsilon(1e-9));
      progress.take(l, taken);
    }
  }
  CHECK(divided > 40);
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
  CHECK(refused_key({{"lookahead", "2"}}) == "lookahead");
  CHECK(refused_key({{"speed", "order"}}) == "speed");
  CHECK(refused_key({}) == "none");
}

}  // namespace
}  // namespace edgeflow
