// The bound by linear programming: closed forms, and no plan below it.

#include <doctest/doctest.h>

#include "partition/prices/bound.hpp"
#include "tests/support/baselines_fixture.hpp"
#include "tests/support/quick_plan.hpp"

namespace edgeflow {
namespace {

using namespace baselines;
using reference::Random;

/// A 1x1 convolution, 2 channels of 8 x 10 pixels in and out: 320 MACs, 640 bytes each.
Graph one_pointwise() {
  return Graph("one", "made up", {pixels({2, 8, 10}), pointwise("a", "input", 2)});
}

Cluster pair(NetworkType type, double first_rate, double second_rate, double bandwidth_Bps) {
  return Cluster("pair", {device("first", first_rate), device("second", second_rate)}, type,
                 bandwidth_Bps, 0, kFirst, kFirst);
}

double bound_s(const Graph& graph, const Cluster& cluster, const Effects& effects = {}) {
  return lp_lower_bound_s(graph, cluster, {}, effects);
}

TEST_CASE("over a free network the bound is the work over the sum of speeds") {
  CHECK(bound_s(one_pointwise(), pair(NetworkType::kSwitch, 100, 300, 1e15)) ==
        doctest::Approx(320.0 / 400).epsilon(1e-5));
}

TEST_CASE("what another device computes must reach it, and the result must come back") {
  // The share y on the second device costs 3.2 y there, 3.2 (1-y) here, and 640 y bytes each way.
  // At 100 B/s, 6.4 y = 3.2 (1-y) where y = 1/3: 32/15 s.
  const Graph graph = one_pointwise();
  CHECK(bound_s(graph, pair(NetworkType::kSwitch, 100, 100, 100)) ==
        doctest::Approx(32.0 / 15).epsilon(1e-5));
  // A second device of no use at all leaves the first one alone.
  CHECK(bound_s(graph, pair(NetworkType::kSwitch, 100, 100, 1e-3)) ==
        doctest::Approx(3.2).epsilon(1e-4));
}

TEST_CASE("each of the four ways that bytes must go holds up the result by itself") {
  // As above, but three of the four links have no limit: the share y crosses one at 100 B/s. A
  // third device, of no use, is there so that what the first one sends need not be received by the
  // second: each slow link bounds T by one sum alone.
  //   first:up     sent of the input by the source
  //   second:down  received of the input by the second
  //   second:up    sent of the result by the second
  //   first:down   received of the result by the sink
  const Graph graph = one_pointwise();
  const std::vector<std::string> names{"first", "second", "third"};
  for (const std::size_t slow : {0U, 1U}) {
    for (const bool up : {true, false}) {
      std::vector<Port> ports(3, {1e15, 1e15, 0, 0});
      (up ? ports[slow].up_Bps : ports[slow].down_Bps) = 100;
      const Cluster cluster("three",
                            {device("first", 100), device("second", 100), device("third", 1e-6)},
                            make_switch(names, ports), kFirst, kFirst);
      CAPTURE(slow);
      CAPTURE(up);
      CHECK(bound_s(graph, cluster) == doctest::Approx(32.0 / 15).epsilon(1e-5));
    }
  }
}

TEST_CASE("on a shared medium both ways count together, each twice") {
  // 640 y bytes there and back, each crossing twice: 4 * 640 y / 100 = 25.6 y = 3.2 (1-y) where
  // y = 1/9: 128/45 s.
  CHECK(bound_s(one_pointwise(), pair(NetworkType::kWifi, 100, 100, 100)) ==
        doctest::Approx(128.0 / 45).epsilon(1e-5));
}

TEST_CASE("without contention links do not count") {
  const Effects alone{.contention = false};
  CHECK(bound_s(one_pointwise(), pair(NetworkType::kSwitch, 100, 100, 100), alone) ==
        doctest::Approx(1.6).epsilon(1e-5));
}

TEST_CASE("rows that a stride skips need not be sent") {
  // Every other row and column of one 8x8 channel, 256 bytes: 16 MACs of which the share y needs a
  // quarter of the input's share y, 64 y bytes, and returns 64 y. At 10 B/s and rates of 1 MAC/s:
  // 6.4 y = 16 (1-y) where y = 5/7: 32/7... no less than 16 y = 16 (1-y), 8 s.
  LayerSpec skip = pointwise("skip", "input", 1);
  skip.attributes.stride = {2, 2};
  const Graph graph("skip", "made up", {pixels({1, 8, 8}), skip});
  CHECK(bound_s(graph, pair(NetworkType::kSwitch, 1, 1, 10)) == doctest::Approx(8).epsilon(1e-5));
  // At 2 B/s: 32 y = 16 (1-y) where y = 1/3: 32/3 s. With all of the input it would be 128 y.
  CHECK(bound_s(graph, pair(NetworkType::kSwitch, 1, 1, 2)) ==
        doctest::Approx(32.0 / 3).epsilon(1e-5));
}

TEST_CASE("no plan of any strategy beats the bound by linear programming") {
  Random random(52);
  double sum_of_gains = 0;
  constexpr int kProblems = 120;
  for (int round = 0; round < kProblems; ++round) {
    const Graph graph = random_graph(random);
    const Cluster cluster = random_cluster(random);
    const ElementSize size{random.chance(50) ? 4.0 : 2.0, random.chance(50) ? 4.0 : 1.0};
    const Problem problem{graph, cluster, size};
    std::vector<Plan> plans{
        build_plan(graph, cluster, random_assignment(random, graph, cluster), "random")};
    for (const StrategyInfo& strategy : strategies()) {
      try {
        plans.push_back(quick_plan(strategy, problem));
      } catch (const Infeasible&) {  // says so
      }
    }
    for (const bool contention : {true, false}) {
      for (const bool overheads : {true, false}) {
        const Effects effects{.contention = contention, .overheads = overheads};
        const double simple_s = lower_bound_s(graph, cluster, effects);
        const double lp_s = lp_lower_bound_s(graph, cluster, size, effects);
        CHECK(lp_s >= simple_s);
        if (contention && overheads && simple_s > 0) sum_of_gains += lp_s / simple_s - 1;
        for (const Plan& plan : plans) {
          INFO("round " << round << ", " << plan.strategy << ", contention " << contention);
          for (const Sharing sharing : {Sharing::kFirstCome, Sharing::kMaxMin}) {
            CHECK(estimate(plan, graph, cluster, size, effects, sharing).latency_s >=
                  lp_s * (1 - 1e-9));
          }
        }
      }
    }
  }
  MESSAGE("mean gain over the simple bound: " << sum_of_gains / kProblems);
  CHECK(sum_of_gains / kProblems > 0.05);
}

}  // namespace
}  // namespace edgeflow
