// The planner for a whole DAG: what it promises. Its evaluators: partition_joint_schedule_test.cpp.

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <set>
#include <string>

#include "partition/joint/objective.hpp"
#include "partition/plans/validate.hpp"
#include "partition/strategy.hpp"
#include "tests/support/joint_fixture.hpp"
#include "tests/support/random_problem.hpp"
#include "workloads/model_yaml.hpp"

using namespace edgeflow;
using joint_tests::chain;
using joint_tests::cluster_of;
using joint_tests::simulated_s;

namespace {

Plan joint_plan(const Problem& problem, Options options = {}) {
  options.try_emplace("effort", "2000");
  return make_plan(*find_strategy("edgeflow-joint"), problem, options);
}

}  // namespace

TEST_CASE("of 32 equal devices on a fast network most compute") {
  const Cluster cluster = cluster_of(std::vector<double>(32, 1e8), 1e12, 1e9);
  const Graph graph = fold(load_model("resnet18", "."));
  const Problem problem{graph, cluster, {}};
  const Plan plan = joint_plan(problem);
  std::set<DeviceId> computing;
  for (const ExecutionUnit& unit : plan.units) {
    if (unit.kind == UnitKind::kCompute) computing.insert(unit.device);
  }
  CHECK(computing.size() > 16);
  CHECK(validate(plan, graph, cluster).empty());
}

TEST_CASE(
    "on small problems, more of anything seldom makes a plan slower than that for less, and by "
    "little") {
  constexpr int kPairs = 200;
  constexpr double kTolerance = 1.001;
  int slower = 0;
  reference::Random random(16);
  for (int pair = 0; pair < kPairs; ++pair) {
    const Graph graph = chain(random.between(2, 5), {3, 12, 8});
    std::vector<double> rates;
    for (std::int64_t d = random.between(1, 3); d > 0; --d) {
      rates.push_back(1e6 * static_cast<double>(random.between(1, 9)));
    }
    double bandwidth_Bps = 1e5 * static_cast<double>(random.between(1, 100));
    double latency_s = 1e-5 * static_cast<double>(random.between(1, 100));
    const Cluster less = cluster_of(rates, 1e12, bandwidth_Bps, latency_s);
    switch (random.between(0, 3)) {
      case 0:
        rates.push_back(1e6 * static_cast<double>(random.between(1, 9)));
        break;
      case 1:
        bandwidth_Bps *= 1 + 0.01 * static_cast<double>(random.between(1, 100));
        break;
      case 2:
        latency_s /= 1 + 0.01 * static_cast<double>(random.between(1, 300));
        break;
      default:
        rates.back() *= 1 + 0.01 * static_cast<double>(random.between(1, 100));
    }
    const Cluster more = cluster_of(rates, 1e12, bandwidth_Bps, latency_s);
    const Options effort{{"effort", "50000"}};
    const Plan old = joint_plan({graph, less, {}}, effort);
    const Problem problem{graph, more, {}};
    const double ratio =
        simulated_s(problem, joint_plan(problem, effort)) / simulated_s(problem, old);
    slower += ratio > kTolerance;
    CAPTURE(pair);
    CHECK(ratio < 1.02);
  }
  CHECK(slower <= kPairs / 50);
}

TEST_CASE("plans are valid, reproducible, and never slower than another strategy's") {
  reference::Random random(13);
  for (int problem_number = 0; problem_number < 60; ++problem_number) {
    const Graph graph = reference::random_graph(random);
    const Cluster cluster = reference::random_cluster(random);
    const Problem problem{graph, cluster, {}};
    Plan plan;
    try {
      plan = joint_plan(problem);
    } catch (const Infeasible&) {
      continue;
    }
    REQUIRE(validate(plan, graph, cluster).empty());
    CHECK_FALSE(memory_shortage(plan, graph, cluster, problem.size));
    CHECK(plan.strategy == "edgeflow-joint");
    CHECK(plan.units == joint_plan(problem).units);
    for (const StrategyInfo& other : strategies()) {
      if (other.name == "edgeflow-joint") continue;
      try {
        const Plan theirs = make_plan(other, problem, {});
        if (memory_shortage(theirs, graph, cluster, problem.size)) continue;
        CHECK(simulated_s(problem, plan) <= simulated_s(problem, theirs) * (1 + 1e-9));
      } catch (const Infeasible&) {
      }
    }
  }
}

TEST_CASE("a slow network leaves everything on the source") {
  const Graph graph = chain(4);
  std::vector<Device> devices = {cluster_of({1e9, 2e9}, 1e12).devices()[0],
                                 cluster_of({1e9, 2e9}, 1e12).devices()[1]};
  const Cluster cluster("slow", devices, NetworkType::kSwitch, 1, 1, DeviceId{0}, DeviceId{0});
  const Plan plan = joint_plan({graph, cluster, {}});
  for (const ExecutionUnit& unit : plan.units) CHECK(unit.device == DeviceId{0});
}

TEST_CASE("two equal devices behind a fast network nearly halve the time") {
  // A link of 1 TB/s without latency costs next to nothing, so T >= half of the work, and a cut in
  // the middle reaches it up to the exchanged rows.
  const Graph graph = chain(6);
  std::vector<Device> devices = {cluster_of({1e6, 1e6}, 1e12).devices()[0],
                                 cluster_of({1e6, 1e6}, 1e12).devices()[1]};
  const Cluster cluster("fast", devices, NetworkType::kSwitch, 1e12, 0, DeviceId{0}, DeviceId{0});
  const Problem problem{graph, cluster, {}};
  const double all_s = static_cast<double>(totals(graph).macs) / 1e6;
  CHECK(simulated_s(problem, joint_plan(problem)) == doctest::Approx(all_s / 2).epsilon(1e-3));
}

TEST_CASE("a model that fits no single device is spread until every device holds its part") {
  // Each 3x3 layer of 4 to 4 channels has 4*4*9+4 weights = 592 bytes, the first 448; activations
  // of a whole layer are at most (4+4)*24*8 elements = 6144 bytes. 10 layers need 5776 bytes of
  // weights: 8200 bytes hold only 3 of them beside the largest unit.
  const Graph graph = chain(10);
  const Cluster cluster = cluster_of({1e6, 1e6, 1e6, 1e6}, 8200);
  const Problem problem{graph, cluster, {}};
  const Plan plan = joint_plan(problem);
  CHECK(validate(plan, graph, cluster).empty());
  CHECK_FALSE(memory_shortage(plan, graph, cluster, problem.size));
}

TEST_CASE("no devices with enough memory is infeasible") {
  const Graph graph = chain(3);
  const Cluster cluster = cluster_of({1e6, 1e6}, 100);
  CHECK_THROWS_AS(joint_plan({graph, cluster, {}}), Infeasible);
}

TEST_CASE("a search that has no time is valid and not slower than another strategy") {
  reference::Random random(15);
  for (int problem_number = 0; problem_number < 10; ++problem_number) {
    const Graph graph = reference::random_graph(random);
    const Cluster cluster = reference::random_cluster(random);
    const Problem problem{graph, cluster, {}};
    const Plan plan = joint_plan(problem, {{"effort", "auto"}, {"time_limit", "0.001"}});
    REQUIRE(validate(plan, graph, cluster).empty());
    for (const char* other : {"single", "even", "proportional", "coedge"}) {
      const Plan theirs = make_plan(*find_strategy(other), problem, {});
      CHECK(simulated_s(problem, plan) <= simulated_s(problem, theirs) * (1 + 1e-9));
    }
  }
}

TEST_CASE("other objectives: no strategy is better, and the latency limit holds") {
  reference::Random random(14);
  int found = 0;
  for (int problem_number = 0; problem_number < 20; ++problem_number) {
    const Graph graph = reference::random_graph(random);
    const Cluster drawn = reference::random_cluster(random);
    std::vector<Device> devices(drawn.devices().begin(), drawn.devices().end());
    for (Device& device : devices) {
      device.idle_W = static_cast<double>(random.between(1, 4));
      device.busy_W = device.idle_W + static_cast<double>(random.between(1, 9));
    }
    const Cluster cluster("drawn", devices, NetworkType::kSwitch, drawn.network().bandwidth_Bps,
                          drawn.network().latency_s, drawn.source(), drawn.sink());
    const Problem problem{graph, cluster, {}};
    const double limit_s = 1.2 * simulated_s(problem, joint_plan(problem));
    for (const char* goal : {"energy", "throughput"}) {
      joint::Objective objective;
      objective.goal = goal[0] == 'e' ? joint::Goal::kEnergy : joint::Goal::kThroughput;
      objective.latency_limit_s = limit_s;
      const Plan plan =
          joint_plan(problem, {{"objective", goal}, {"latency_limit", std::to_string(limit_s)}});
      REQUIRE(validate(plan, graph, cluster).empty());
      const joint::Judgement ours = joint::judge(objective, problem, plan);
      CHECK(ours.latency_s <= limit_s * (1 + 1e-5));
      ++found;
      for (const char* other : {"single", "even", "proportional", "pipeline", "heft"}) {
        const Plan theirs = make_plan(*find_strategy(other), problem, {});
        CHECK(ours.cost <= joint::judge(objective, problem, theirs).cost * (1 + 1e-9));
      }
    }
  }
  CHECK(found == 40);
}

TEST_CASE("a stream over two equal devices flows twice as fast as over one") {
  // Links cost next to nothing, so that the period of n layers on one device, all_s, is halved.
  const Graph graph = chain(6);
  const Cluster two = cluster_of({1e6, 1e6}, 1e12);
  const Cluster cluster("fast", {two.devices().begin(), two.devices().end()}, NetworkType::kSwitch,
                        1e12, 0, DeviceId{0}, DeviceId{0});
  const Problem problem{graph, cluster, {}};
  joint::Objective objective;
  objective.goal = joint::Goal::kThroughput;
  const Plan plan = joint_plan(problem, {{"objective", "throughput"}});
  const double all_s = static_cast<double>(totals(graph).macs) / 1e6;
  CHECK(joint::judge(objective, problem, plan).cost == doctest::Approx(all_s / 2).epsilon(5e-3));
}

TEST_CASE("a latency limit that nothing meets, and energy without powers, are infeasible") {
  const Graph graph = chain(3);
  const Cluster cluster = cluster_of({1e6, 1e6}, 1e12);
  CHECK_THROWS_AS(joint_plan({graph, cluster, {}}, {{"latency_limit", "1e-6"}}), Infeasible);
  std::vector<Device> devices(cluster.devices().begin(), cluster.devices().end());
  devices[1].busy_W = std::numeric_limits<double>::quiet_NaN();
  const Cluster dark("dark", devices, NetworkType::kSwitch, 1e6, 0, DeviceId{0}, DeviceId{0});
  CHECK_THROWS_AS(joint_plan({graph, dark, {}}, {{"objective", "energy"}}), Infeasible);
}

TEST_CASE("options that make no sense name the option") {
  const Graph graph = chain(2);
  const Cluster cluster = cluster_of({1e6, 1e6}, 1e12);
  const Problem problem{graph, cluster, {}};
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"effort", "much"},    {"effort", "-1"}, {"effort", "1.5"},
      {"seed", "x"},         {"seed", ""},     {"time_limit", "later"},
      {"objective", "cost"}, {"efort", "1"},   {"latency_limit", "x"}};
  for (const auto& [key, value] : wrong) {
    try {
      joint_plan(problem, {{key, value}});
      FAIL(key);
    } catch (const OptionError& error) {
      CHECK(error.key() == key);
    }
  }
}
