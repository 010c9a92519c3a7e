// The strategies of the literature against hand-computed examples and exhaustive enumeration.

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <set>

#include "partition/plans/placement.hpp"
#include "partition/prices/demand.hpp"
#include "partition/prices/layers.hpp"
#include "tests/support/baselines_fixture.hpp"

namespace edgeflow {
namespace {

using namespace baselines;
using reference::Random;

/// The device of every layer of a plan that keeps layers whole.
std::vector<DeviceId> placement_of(const Plan& plan, const Graph& graph) {
  std::vector<DeviceId> result(graph.size());
  for (const ExecutionUnit& unit : plan.units) {
    if (unit.kind == UnitKind::kRelay) continue;
    CHECK(unit.output == graph.layer(unit.layer).output.box);
    result[index(unit.layer)] = unit.device;
  }
  return result;
}

/// By device of two, the rows that it computes.
std::vector<std::int64_t> computed_rows(const Plan& plan) {
  std::vector<std::int64_t> rows(2, 0);
  for (const ExecutionUnit& unit : plan.units) {
    if (unit.kind == UnitKind::kCompute) rows[index(unit.device)] += unit.output.row.size();
  }
  return rows;
}

/// Calls `visit` with every placement of the layers; the input stays on the source.
template <typename Visit>
void for_each_placement(const Graph& graph, const Cluster& cluster, Visit visit) {
  std::vector<DeviceId> placement(graph.size(), cluster.source());
  const auto choose = [&](const auto& self, std::size_t l) -> void {
    if (l == graph.size()) return visit(placement);
    for (std::size_t d = 0; d < cluster.size(); ++d) {
      placement[l] = DeviceId{static_cast<std::int32_t>(d)};
      self(self, l + 1);
    }
  };
  choose(choose, 1);
}

/// What dads minimises: all computing, and every tensor once to the other side and to the sink.
double total_cost_s(const Problem& problem, const std::vector<DeviceId>& placement) {
  const auto& [graph, cluster, size, log] = problem;
  double sum_s = 0;
  for (std::size_t l = 0; l < graph.size(); ++l) {
    const LayerId id{static_cast<std::int32_t>(l)};
    const Layer& layer = graph.layer(id);
    const DeviceId here = placement[l];
    if (l > 0) sum_s += compute_time_s(cluster.device(here).compute, work(layer, layer.output.box));
    DeviceId there = here;
    for (LayerId consumer : graph.consumers(id)) {
      if (placement[index(consumer)] != here) there = placement[index(consumer)];
    }
    if (graph.consumers(id).empty()) there = cluster.sink();
    if (there == here) continue;
    const double bytes = l == 0 ? size.input_bytes : size.activation_bytes;
    sum_s += cluster.route(here, there).latency_s + bytes *
                                                        static_cast<double>(layer.output.volume()) /
                                                        cluster.route_bandwidth_Bps(here, there);
  }
  return sum_s;
}

/// The period of a chain whose stages are runs of layers on one device; infinite if a device has
/// two stages.
double period_s(const Problem& problem, const std::vector<DeviceId>& placement) {
  const auto& [graph, cluster, size, log] = problem;
  std::set<DeviceId> used;
  double period = 0;
  double stage_s = 0;
  for (std::size_t l = 1; l < graph.size(); ++l) {
    const Layer& layer = graph.layers()[l];
    if (l == 1 || placement[l] != placement[l - 1]) {
      if (!used.insert(placement[l]).second) return std::numeric_limits<double>::infinity();
      stage_s = 0;
      period = std::max(period, send_s(problem, placement[l - 1], placement[l],
                                       output_bytes(problem, layer_at(l - 1))));
    }
    stage_s += compute_s(problem, layer, placement[l]);
    period = std::max(period, stage_s);
  }
  const std::size_t last = graph.size() - 1;
  return std::max(period, send_s(problem, placement[last], cluster.sink(),
                                 output_bytes(problem, layer_at(last))));
}

double shared_period_s(const Problem& problem, const std::vector<DeviceId>& placement) {
  const Plan plan = plan_of_placement(problem, placement, "some");
  return demand(ExecutablePlan(plan, problem.graph, problem.cluster, problem.size)).period_s();
}

}  // namespace

TEST_CASE("heft takes the critical branch first and the other one to the second device") {
  // Input 1x10x10 on `first` (100 MAC/s); `second` computes 200 MAC/s; 600 byte/s, no latency.
  // a: 100 MAC, out 1x10x10; b: 1 -> 8 channels, 800 MAC; c: 1 -> 4, 400 MAC; d concatenates 12
  // channels: 0 MAC. Tensors of one channel are 400 bytes: 2/3 s to send.
  // Seconds on first/second: a 1/0.5, b 8/4, c 4/2, d 0/0; means 0.75, 6, 3, 0.
  // Ranks: d 0; b 6 + 16/3; c 3 + 8/3; a 0.75 + 2/3 + 34/3: order a, b, c, d.
  // a: first 0..1, second 2/3..7/6 -> first, at 1. b: first 1..9, second 5/3..17/3 -> second.
  // c: first 1..5; second is taken until 17/3, 17/3..23/3 -> first, at 5.
  // d with delivery of 12 channels to the sink, `first`: on first ready 17/3 + 16/3 = 11, done
  // there, 11; on second ready 5 + 8/3 = 23/3, delivered 23/3 + 8 -> first. In all 11 s; everything
  // on first 13 s, on second 2/3 + 6.5 + 8 s.
  LayerSpec concat{"d", Op::kConcat, {}, {"b", "c"}};
  const Graph graph("diamond", "made up",
                    {pixels({1, 10, 10}), pointwise("a", "input", 1), pointwise("b", "a", 8),
                     pointwise("c", "a", 4), concat});
  const Cluster cluster("two", {device("first", 100), device("second", 200)}, NetworkType::kSwitch,
                        600, 0, kFirst, kFirst);
  const Problem problem{graph, cluster, {}};
  const Plan plan = plan_by("heft", problem);
  CHECK(placement_of(plan, graph) ==
        std::vector<DeviceId>{kFirst, kFirst, kSecond, kFirst, kFirst});
  CHECK(latency_s(plan, problem) == doctest::Approx(11.0).epsilon(1e-12));
}

TEST_CASE("dads finds the cheapest of all cuts of small DAGs") {
  Random random(41);
  int divided = 0;
  for (int round = 0; round < 150; ++round) {
    const Graph graph = random_graph(random, {.max_layers = 9, .max_extent = 12});
    const auto end = [&] { return random.chance(50) ? kFirst : kSecond; };
    const Cluster cluster("two",
                          {device("first", static_cast<double>(random.between(1, 20)) * 100),
                           device("second", static_cast<double>(random.between(1, 20)) * 100)},
                          NetworkType::kSwitch, static_cast<double>(random.between(1, 40)) * 100,
                          0.01, end(), end());
    const Problem problem{graph, cluster, {}};
    double least_s = std::numeric_limits<double>::infinity();
    for_each_placement(graph, cluster, [&](const std::vector<DeviceId>& placement) {
      least_s = std::min(least_s, total_cost_s(problem, placement));
    });
    const auto found = placement_of(plan_by("dads", problem), graph);
    INFO("round " << round);
    CHECK(total_cost_s(problem, found) == doctest::Approx(least_s).epsilon(1e-9));
    divided += std::count(found.begin(), found.end(), cluster.source()) !=
                       static_cast<std::ptrdiff_t>(found.size())
                   ? 1
                   : 0;
  }
  CHECK(divided > 30);
}

TEST_CASE(
    "neurosurgeon with enough cuts finds the best placement of a chain, with one the best cut") {
  Random random(42);
  for (int round = 0; round < 40; ++round) {
    const Graph graph = random_chain(random, 5);
    const Cluster cluster = random_cluster(random);
    if (cluster.size() > 4) continue;
    const Problem problem{graph, cluster, {}};
    double least_s = std::numeric_limits<double>::infinity();
    double least_with_one_cut_s = least_s;
    for_each_placement(graph, cluster, [&](const std::vector<DeviceId>& placement) {
      Assignment assignment;
      int cuts = 0;
      for (std::size_t l = 0; l < graph.size(); ++l) {
        assignment.push_back({{placement[l], graph.layers()[l].output.box}});
        cuts += l > 0 && placement[l] != placement[l - 1] ? 1 : 0;
      }
      const double time_s = latency_s(build_plan(graph, cluster, assignment, "some"), problem);
      least_s = std::min(least_s, time_s);
      if (cuts <= 1) least_with_one_cut_s = std::min(least_with_one_cut_s, time_s);
    });
    INFO("round " << round << ", " << cluster.size() << " devices");
    CHECK(latency_s(plan_by("neurosurgeon", problem), problem) ==
          doctest::Approx(least_with_one_cut_s).epsilon(1e-9));
    CHECK(latency_s(plan_by("neurosurgeon", problem, {{"cuts", "9"}}), problem) ==
          doctest::Approx(least_s).epsilon(1e-9));
  }
}

TEST_CASE(
    "pipeline's stages have the least period of all, or shared links make one device better") {
  Random random(45);
  int divided = 0;
  int alone = 0;
  for (int round = 0; round < 60; ++round) {
    const Graph graph = random_chain(random, 5);
    const Cluster cluster = random_cluster(random);
    if (cluster.size() > 4) continue;
    const Problem problem{graph, cluster, {}};
    double least_s = std::numeric_limits<double>::infinity();
    double shared_s = 0;  // the longest period of those with the least, when links are shared
    for_each_placement(graph, cluster, [&](const std::vector<DeviceId>& placement) {
      const double own_s = period_s(problem, placement);
      if (own_s > least_s * (1 + 1e-9)) return;
      if (own_s < least_s * (1 - 1e-9)) shared_s = 0;
      least_s = std::min(least_s, own_s);
      shared_s = std::max(shared_s, shared_period_s(problem, placement));
    });
    const auto found = placement_of(plan_by("pipeline", problem), graph);
    const auto stages = std::set<DeviceId>(found.begin() + 1, found.end()).size();
    INFO("round " << round << ", " << cluster.size() << " devices");
    if (period_s(problem, found) > least_s * (1 + 1e-9)) {
      CHECK(stages == 1);
      CHECK(shared_period_s(problem, found) < shared_s);
      ++alone;
    }
    divided += stages > 1 ? 1 : 0;
  }
  CHECK(divided > 10);
  CHECK(alone > 5);
}

TEST_CASE("a message is priced by the CPU of both its ends and the rates of its direction") {
  std::vector<Device> devices{device("a", 1), device("b", 1)};
  devices[0].compute.message_overhead_s = 0.25;
  devices[0].compute.serialization_rate_Bps = 100;
  devices[1].compute.message_overhead_s = 2;
  devices[1].compute.serialization_rate_Bps = 50;
  const std::vector<std::string> names{"a", "b"};
  const Network network = make_switch(names, {{400, 100, 0.125, 0}, {200, 800, 0.25, 0}});
  const Cluster cluster("two", devices, network, kFirst, kSecond);
  const Graph graph("pixels", "made up", {pixels({1, 2, 2})});
  const Problem problem{graph, cluster, {}};
  const double cpu_s = (0.25 + 100.0 / 100) + (2 + 100.0 / 50);
  CHECK(send_s(problem, kFirst, kSecond, 100) == doctest::Approx(0.375 + 100.0 / 400 + cpu_s));
  CHECK(send_s(problem, kSecond, kFirst, 100) == doctest::Approx(0.375 + 100.0 / 100 + cpu_s));
}

TEST_CASE("pipeline's period is the least whatever the order in which devices are listed") {
  // Three devices beside the source, of which b and c have a slow link between them. Listed first,
  // they would stand for links that are fast; so would they, if d were taken to be like them.
  // Four layers of 1024 MAC and 1024 bytes: a stage each takes 1 s and sends in 0.01 s, if b and c do
  // not follow one another, where sending takes 10 s.
  const Graph graph("chain", "made up",
                    {pixels({4, 8, 8}), pointwise("l1", "input", 4), pointwise("l2", "l1", 4),
                     pointwise("l3", "l2", 4), pointwise("l4", "l3", 4)});
  std::vector<std::string> order{"b", "c", "d"};
  do {
    std::vector<Device> devices{device("a", 1024)};
    for (const std::string& name : order) devices.push_back(device(name, 1024));
    std::vector<std::string> names{"a"};
    names.insert(names.end(), order.begin(), order.end());
    Network network = make_mesh(names, 102400, 0);
    for (Link& link : network.links) {
      if (link.name == "b:c" || link.name == "c:b") link.bandwidth_Bps = 102.4;
    }
    const Cluster cluster("mesh", devices, network, kFirst, kFirst);
    const Problem problem{graph, cluster, {}};
    const auto found = placement_of(plan_by("pipeline", problem), graph);
    CHECK(period_s(problem, found) == doctest::Approx(1).epsilon(1e-9));
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("pipeline says so where no device can hold a layer") {
  Device small = device("small", 100);
  small.memory_bytes = 10;  // less than 100 weights and a bias
  const Graph graph("one", "made up", {pixels({100, 1, 1}), pointwise("a", "input", 1)});
  const Cluster cluster("one", {small}, NetworkType::kSwitch, 1, 0, kFirst, kFirst);
  CHECK_THROWS_AS(plan_by("pipeline", {graph, cluster, {}}), Infeasible);
}

TEST_CASE("coedge drops a device that has fewer rows than a neighbour needs of it") {
  // 8 rows, two convolutions; the second device has a third of the speed, so two rows. A kernel of 5
  // needs two rows of a neighbour, one of 7 three, although dividing would be faster. What the
  // first one needs comes from the source.
  const auto rows_of = [&](std::int64_t kernel) {
    LayerSpec conv = pointwise("conv", "first", 8);
    conv.attributes.kernel = {kernel, kernel};
    conv.attributes.pad = {kernel / 2, kernel / 2, kernel / 2, kernel / 2};
    const Graph graph("two", "made up", {pixels({8, 8, 8}), pointwise("first", "input", 8), conv});
    const Cluster cluster("two", {device("first", 3e6), device("second", 1e6)},
                          NetworkType::kSwitch, 1e12, 0, kFirst, kFirst);
    return computed_rows(plan_by("coedge", {graph, cluster, {}}));
  };
  CHECK(rows_of(5) == std::vector<std::int64_t>{2 * 6, 2 * 2});
  CHECK(rows_of(7) == std::vector<std::int64_t>{2 * 8, 0});
}

TEST_CASE("coedge prices the input's way and the result's way back") {
  // 8 rows of 4 pixels, 12 s on either device; input and output take 128 / B s each. The first
  // computes 12 a s, the second is done after (12 + 256 / B) (1 - a) s: equal shares of rows
  // B = 32: a = 20/32, 5 rows; B = 8: a = 44/56, 6.3 rows; B = 2: a = 140/152, 7.4 rows, and one row
  // on the second takes 8 + 1.5 + 8 s, longer than all on the first.
  const Graph graph("one", "made up", {pixels({1, 8, 4}), pointwise("a", "input", 1)});
  const auto rows_at = [&](double bandwidth_Bps) {
    const Cluster cluster("two", {device("first", 32.0 / 12), device("second", 32.0 / 12)},
                          NetworkType::kSwitch, bandwidth_Bps, 0, kFirst, kFirst);
    return computed_rows(plan_by("coedge", {graph, cluster, {}}));
  };
  CHECK(rows_at(32) == std::vector<std::int64_t>{5, 3});
  CHECK(rows_at(8) == std::vector<std::int64_t>{6, 2});
  CHECK(rows_at(2) == std::vector<std::int64_t>{8, 0});
}

TEST_CASE("options that make no sense are refused") {
  const Graph graph("one", "made up", {pixels({1, 4, 4}), pointwise("a", "input", 1)});
  const Cluster cluster("one", {device("only", 100)}, NetworkType::kSwitch, 1, 0, kFirst, kFirst);
  for (const char* value : {"", "-1", "two", "1.5", "1x", "99999999999999999999"}) {
    CHECK_THROWS_AS(plan_by("neurosurgeon", {graph, cluster, {}}, {{"cuts", value}}), OptionError);
  }
  for (const char* value : {"", "3", "3x", "x3", "0x3", "3x3x", "33x1", "-1x2"}) {
    CHECK_THROWS_AS(plan_by("deepthings", {graph, cluster, {}}, {{"grid", value}}), OptionError);
  }
  for (const char* value : {"0", "2", "all"}) {  // the model has one layer
    CHECK_THROWS_AS(plan_by("deepthings", {graph, cluster, {}}, {{"layers", value}}), OptionError);
  }
  CHECK_THROWS_AS(plan_by("aofl", {graph, cluster, {}}, {{"variant", "best"}}), OptionError);
}

TEST_CASE("strategies that price messages see what these cost processors") {
  // Ten devices could share 1 s of work over a fast network, but each message takes 3 s to handle.
  const auto of_messages = [](double overhead_s) {
    std::vector<Device> devices;
    for (int d = 0; d < 10; ++d) {
      devices.push_back(device("d" + std::to_string(d), 16 * 40 * 40));
      devices.back().compute.message_overhead_s = overhead_s;
    }
    return Cluster("ten", devices, NetworkType::kSwitch, 1e9, 0, kFirst, kFirst);
  };
  const Graph graph("one", "made up", {pixels({4, 40, 40}), pointwise("conv", "input", 4)});
  const Cluster free = of_messages(0);
  const Cluster dear = of_messages(3);
  const std::vector<std::pair<std::string, Options>> kStrategies{
      {"aofl", {}},     {"cutpoint", {}},
      {"coedge", {}},   {"neurosurgeon", {}},
      {"dads", {}},     {"heft", {}},
      {"pipeline", {}}, {"deepthings", {{"grid", "5x2"}}},
      {"edgeflow", {}}, {"edgeflow", {{"lookahead", "yes"}}}};
  for (const auto& [name, options] : kStrategies) {
    INFO(name);
    const Problem costly{graph, dear, {}};
    CHECK(latency_s(plan_by(name, costly, options), costly) == doctest::Approx(1));
  }
  for (const char* name : {"aofl", "cutpoint", "coedge", "edgeflow", "deepthings"}) {
    INFO(name);
    const Problem cheap{graph, free, {}};
    CHECK(latency_s(plan_by(name, cheap), cheap) < 0.2);
  }
}

}  // namespace edgeflow
