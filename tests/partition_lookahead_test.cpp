// edgeflow with lookahead: closed forms of the cost to go, and what it is worth.

#include <doctest/doctest.h>

#include <cmath>

#include "partition/layerwise/lookahead.hpp"
#include "partition/plans/validate.hpp"
#include "tests/support/baselines_fixture.hpp"

namespace edgeflow {
namespace {

using namespace baselines;
using reference::Random;

/// Three 1x1 convolutions of 8 rows; the input's two channels become 2, 4, 8.
Graph three_pointwise() {
  return Graph("three", "made up",
               {pixels({2, 8, 10}), pointwise("a", "input", 2), pointwise("b", "a", 4),
                pointwise("c", "b", 8)});
}

/// MACs: 80 pixels times 2*2, 2*4, 4*8.
constexpr double kMacsOfA = 320;
constexpr double kMacsOfB = 640;
constexpr double kMacsOfC = 2560;

struct Planning {
  Planning(const Graph& graph, const Cluster& cluster)
      : problem{graph, cluster, {}}, models(layer_models(problem, devices(cluster))) {}

  static std::vector<DeviceId> devices(const Cluster& cluster) {
    std::vector<DeviceId> result;
    for (std::size_t d = 0; d < cluster.size(); ++d) result.push_back(device_of(d));
    return result;
  }
  static DeviceId device_of(std::size_t d) { return DeviceId{static_cast<std::int32_t>(d)}; }

  Problem problem;
  std::vector<LayerModel> models;
};

Cluster two(double first_rate, double second_rate, double bandwidth_Bps, double latency_s) {
  return Cluster("two", {device("first", first_rate), device("second", second_rate)},
                 NetworkType::kSwitch, bandwidth_Bps, latency_s, kFirst, kFirst);
}

double max_min_s(const Plan& plan, const Problem& problem) {
  return estimate(plan, problem.graph, problem.cluster, problem.size, {}, Sharing::kMaxMin)
      .latency_s;
}

TEST_CASE("the cost to go on one device is the time of the layers that are left") {
  const Graph graph = three_pointwise();
  const Cluster cluster("one", {device("only", 100)}, NetworkType::kSwitch, 1, 0, kFirst, kFirst);
  const Planning planning(graph, cluster);
  const CostToGo to_go(planning.problem, Planning::devices(cluster), planning.models);
  std::vector<Parts> parts{{Axis::kRow, {0, 8}, {0}}};
  CHECK(to_go.to_go_s(parts) == doctest::Approx((kMacsOfA + kMacsOfB + kMacsOfC) / 100));
  parts.push_back(parts.front());
  CHECK(to_go.to_go_s(parts) == doctest::Approx((kMacsOfB + kMacsOfC) / 100));
  parts.push_back(parts.front());
  parts.push_back(parts.front());
  CHECK(to_go.to_go_s(parts) == 0);
}

TEST_CASE("the cost to go over a free network is the work over the sum of speeds") {
  // Speeds 1:3 over 8 rows are 2 and 6, so shares are exact.
  const Graph graph = three_pointwise();
  const Cluster cluster = two(100, 300, 1e15, 0);
  const Planning planning(graph, cluster);
  const CostToGo to_go(planning.problem, Planning::devices(cluster), planning.models);
  const std::vector<Parts> parts{{Axis::kRow, {0, 8, 8}, {0, 0}}};
  CHECK(to_go.to_go_s(parts) ==
        doctest::Approx((kMacsOfA + kMacsOfB + kMacsOfC) / 400).epsilon(1e-9));
}

TEST_CASE("the cost to go of the last split is the cheaper of moving and of staying") {
  // Before layer c, layer b (4 channels, 8 rows of 160 bytes) lies in halves. On the first device
  // alone c takes 2560/100 s and half of b's 1280 bytes must come; in halves it takes 12.8 s and
  // half of c's 2560 bytes must go to the sink, the first device.
  const Graph graph = three_pointwise();
  const auto to_go_s = [&](double bandwidth_Bps) {
    const Cluster cluster = two(100, 100, bandwidth_Bps, 0.5);
    const Planning planning(graph, cluster);
    const CostToGo to_go(planning.problem, Planning::devices(cluster), planning.models);
    const Parts halves{Axis::kRow, {0, 4, 8}, {0, 0}};
    return to_go.to_go_s(std::vector<Parts>{halves, halves, halves});
  };
  CHECK(to_go_s(1000) == doctest::Approx(12.8 + 0.5 + 1.280));
  CHECK(to_go_s(10) == doctest::Approx(25.6 + 0.5 + 64));
}

TEST_CASE("links are as busy as all messages together, each as long as the fullest on its way") {
  const Cluster cluster("three", {device("a", 1), device("b", 1), device("c", 1)},
                        NetworkType::kSwitch, 100, 0.25, kFirst, kFirst);
  const std::vector<DeviceId> devices = Planning::devices(cluster);
  LinkLoads loads(cluster, devices);
  CHECK(loads.busy_s() == 0);
  loads.add(0, 1, 50);
  loads.add(0, 2, 150);
  CHECK(loads.busy_s() == doctest::Approx(2.25));
  CHECK(loads.through_s(0, 1) == doctest::Approx(2.25));
  CHECK(loads.through_s(2, 1) == doctest::Approx(0.5 + 0.25));
  loads.clear();
  CHECK(loads.busy_s() == 0);
}

TEST_CASE("both ends of a message are one more link each, and an air crossed twice counts twice") {
  std::vector<Device> list{device("a", 1), device("b", 1)};
  list[0].compute.message_overhead_s = 0.5;
  list[1].compute.message_overhead_s = 1;
  list[1].compute.serialization_rate_Bps = 25;
  const Cluster wired("wired", list, NetworkType::kSwitch, 100, 0.25, kFirst, kFirst);
  LinkLoads loads(wired, Planning::devices(wired));
  loads.add(0, 1, 50);
  loads.add(0, 1, 50);
  // The sender takes 2 * 0.5 s, the link 1 s, the receiver 2 * (1 + 50/25) s.
  CHECK(loads.busy_s() == doctest::Approx(6.25));
  loads.clear();
  loads.add(1, 0, 50);
  CHECK(loads.busy_s() == doctest::Approx(3.25));

  const std::vector<Device> quick{device("a", 1), device("b", 1)};
  const Cluster air("air", quick, make_wifi(2, 100, 0, {50, 20}), kFirst, kFirst);
  LinkLoads over_the_air(air, Planning::devices(air));
  over_the_air.add(0, 1, 100);
  CHECK(over_the_air.busy_s() == doctest::Approx(100 / 50.0 + 100 / 20.0));
}

TEST_CASE("what a layer is fed moves once, also if a later layer needs it again") {
  // a lies on the first device; b takes 320 s there or 160 s in halves, for which half of a's 640
  // bytes must come; the sum of a and b costs nothing, and half of it must go back.
  const Graph graph("skip", "made up",
                    {pixels({2, 8, 10}),
                     pointwise("a", "input", 2),
                     pointwise("b", "a", 2),
                     {"sum", Op::kElementwise, {}, {"a", "b"}}});
  const Cluster cluster = two(1, 1, 10, 0.5);
  const Planning planning(graph, cluster);
  const CostToGo to_go(planning.problem, Planning::devices(cluster), planning.models);
  const Parts here{Axis::kRow, {0, 8, 8}, {0, 0}};
  CHECK(to_go.to_go_s(std::vector<Parts>{here, here}) ==
        doctest::Approx((0.5 + 32 + 160) + (0.5 + 32)));
}

TEST_CASE("a layer that takes a tensor twice needs the rows of both uses") {
  LayerSpec twice{"twice", Op::kConcat, {}, {"a", "a"}};
  twice.attributes.dim = 1;  // rows
  const Graph graph("twice", "made up",
                    {pixels({1, 4, 5}), pointwise("a", "input", 2), twice,
                     pointwise("cut", "twice", 2)});  // so that it pays to cut it
  const Cluster cluster = two(1, 1, 1, 0);
  const Planning planning(graph, cluster);
  REQUIRE(planning.models[2].inputs.size() == 1);
  const RowNeeds& needs = planning.models[2].inputs[0].needs;
  CHECK(needs.of({0, 1}) == Range{0, 1});
  CHECK(needs.of({5, 8}) == Range{1, 4});
}

TEST_CASE("lookahead makes valid plans, the same every time, and faster ones on average") {
  Random random(51);
  double log_ratio = 0;
  int count = 0;
  int better = 0;
  for (int round = 0; round < 80; ++round) {
    const Graph graph = random_graph(random);
    const Cluster cluster = random_cluster(random);
    const Problem problem{graph, cluster, {}};
    const Plan myopic = plan_by("edgeflow", problem);
    for (const char* solver : {"lp", "exact"}) {
      const Options options{{"lookahead", "yes"}, {"solver", solver}};
      const Plan plan = plan_by("edgeflow", problem, options);
      const auto violations = validate(plan, graph, cluster);
      REQUIRE_MESSAGE(violations.empty(), violations.front().message);
      REQUIRE(plan.units == plan_by("edgeflow", problem, options).units);
      const double ratio = max_min_s(plan, problem) / max_min_s(myopic, problem);
      log_ratio += std::log(ratio);
      better += ratio < 1 - 1e-9 ? 1 : 0;
      ++count;
    }
  }
  MESSAGE("geometric mean of lookahead over myopic: " << std::exp(log_ratio / count));
  CHECK(std::exp(log_ratio / count) < 0.95);
  CHECK(better > count / 4);
}

}  // namespace
}  // namespace edgeflow
