// The planner for a whole DAG: its evaluators against the estimator, and its promises.

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>

#include "partition/joint/objective.hpp"
#include "partition/joint/replay.hpp"
#include "partition/joint/starts.hpp"
#include "partition/plans/validate.hpp"
#include "partition/prices/estimate.hpp"
#include "partition/strategy.hpp"
#include "tests/support/joint_fixture.hpp"
#include "tests/support/random_problem.hpp"
#include "workloads/model_yaml.hpp"

using namespace edgeflow;
using joint_tests::all_devices;
using joint_tests::chain;
using joint_tests::on_random_problems;
using joint_tests::random_changes;

namespace {

double simulated_s(const Problem& problem, const Plan& plan) {
  return estimate(plan, problem.graph, problem.cluster, problem.size, {}, Sharing::kMaxMin)
      .latency_s;
}

Plan joint_plan(const Problem& problem, Options options = {}) {
  options.try_emplace("effort", "2000");
  return make_plan(*find_strategy("edgeflow-joint"), problem, options);
}

Cluster cluster_of(const std::vector<double>& mac_rates, double memory_bytes,
                   double bandwidth_Bps = 1e6, double latency_s = 1e-4) {
  std::vector<Device> devices;
  for (double rate : mac_rates) {
    Device device;
    device.name = "d" + std::to_string(devices.size());
    device.memory_bytes = memory_bytes;
    device.compute.mac_rate = rate;
    devices.push_back(device);
  }
  return Cluster("made up", devices, NetworkType::kSwitch, bandwidth_Bps, latency_s, DeviceId{0},
                 DeviceId{0});
}

/// True if of every input each index of a layer needs as many elements as the tables count.
bool counts_exactly(const joint::CostTables& tables) {
  for (std::size_t l = 1; l < tables.layers; ++l) {
    const Layer& layer = tables.problem.graph.layers()[l];
    for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
      const std::size_t e = tables.in_first[l] + i;
      for (std::int32_t o = 0; o < tables.extent[l]; ++o) {
        const Region need = required_input(layer, i, tables.region(l, {o, o + 1}));
        const auto counted = static_cast<std::int64_t>(tables.edge_elements[e]) *
                             tables.need(tables.edges[e], {o, o + 1}).size();
        if (!need.empty() && need.volume() != counted) return false;
      }
    }
  }
  return true;
}

}  // namespace

TEST_CASE("a schedule changed step by step equals the same schedule loaded anew, bit for bit") {
  on_random_problems(11, 20, [](const Problem&, joint::Schedule& schedule) {
    joint::Schedule fresh(schedule.tables());
    random_changes(schedule, 5, 300, [&] {
      fresh.load(schedule.encoding());
      REQUIRE(schedule.latency_s() == fresh.latency_s());
    });
  });
}

TEST_CASE("on two devices a schedule takes as long as the first-come estimate of its plan") {
  // A chain leaves the schedule little to simplify: a unit sends one message, if any. What is left
  // is a unit that is ready before one of an earlier layer.
  int compared = 0;
  int equal_times = 0;
  reference::Random random(15);
  for (int round = 0; round < 30; ++round) {
    const Graph graph = chain(random.between(2, 6));
    const Cluster cluster = cluster_of({1e6 * static_cast<double>(random.between(1, 9)),
                                        1e6 * static_cast<double>(random.between(1, 9))},
                                       1e12);
    const Problem problem{graph, cluster, {}};
    const joint::CostTables tables(problem, all_devices(cluster));
    joint::Schedule schedule(tables);
    schedule.load(joint::prefix(tables, std::vector{1.0, 1.0}, tables.layers, 0));
    random_changes(schedule, 5, 30, [&] {
      const Plan plan = build_plan(graph, cluster, schedule.assignment(), "test");
      const double estimated_s = estimate(plan, graph, cluster, {}).latency_s;
      ++compared;
      if (schedule.latency_s() == doctest::Approx(estimated_s).epsilon(1e-9)) ++equal_times;
    });
  }
  CHECK(compared == 900);
  CHECK(equal_times > compared * 95 / 100);
}

TEST_CASE("replaying a schedule takes as long as the estimate of its plan") {
  // Only where consumers on a device need partly the same elements (slices, joins), or an index
  // needs less than the most that one needs, are bytes an upper estimate: seldom, and by little.
  int compared = 0;
  int equal_times = 0;
  int roughly = 0;
  int by_columns = 0;
  on_random_problems(12, 160, [&](const Problem& problem, joint::Schedule& schedule) {
    if (schedule.tables().main_axis == Axis::kColumn) ++by_columns;
    const bool exactly = counts_exactly(schedule.tables());
    joint::Replay replay(schedule);
    random_changes(schedule, 5, 30, [&] {
      const Plan plan = build_plan(problem.graph, problem.cluster, schedule.assignment(), "test");
      REQUIRE(validate(plan, problem.graph, problem.cluster).empty());
      ++(exactly ? compared : roughly);
      const double estimated_s = simulated_s(problem, plan);
      const double replayed_s = replay.latency_s();
      if (exactly && replayed_s == doctest::Approx(estimated_s).epsilon(1e-9)) ++equal_times;
      CHECK(replayed_s == doctest::Approx(estimated_s).epsilon(0.02));
    });
  });
  CHECK(compared > 500);
  CHECK(roughly > 100);
  MESSAGE(equal_times << " of " << compared);
  CHECK(equal_times > compared * 94 / 100);
  CHECK(by_columns > 5);
}

TEST_CASE(
    "a changed schedule replayed from the middle takes as long as from the start, to the bit") {
  int equal_times = 0;
  on_random_problems(13, 40, [&](const Problem&, joint::Schedule& schedule) {
    joint::Replay replay(schedule);
    joint::Replay fresh(schedule);
    double current_s = replay.latency_s();
    replay.accept();
    joint::Random draw(5);
    joint::Moves moves(schedule, draw);
    moves.follow(&replay);
    for (int i = 0; i < 200; ++i) {
      draw.chance(0.3) ? moves.coarse() : moves.fine();
      if (!schedule.looks_good(2 * schedule.latency_s())) {
        schedule.reject();
        continue;
      }
      const double limit_s = current_s * draw.uniform(0.98, 1.1);
      const double from_start_s = fresh.latency_s(limit_s);
      const double from_middle_s = replay.changed_latency_s(limit_s);
      REQUIRE(from_middle_s == from_start_s);
      if (from_middle_s > limit_s) {
        schedule.reject();
        continue;
      }
      ++equal_times;
      current_s = from_middle_s;
      schedule.complete();
      schedule.accept();
      replay.accept();
    }
  });
  CHECK(equal_times > 500);
}

TEST_CASE("a plan carried over to more devices stays the same, and comes back as it was") {
  int carried = 0;
  on_random_problems(14, 60, [&](const Problem& problem, joint::Schedule& schedule) {
    const joint::CostTables& all = schedule.tables();
    std::vector<DeviceId> some;
    for (const DeviceId d : all.device) {
      const bool last_free = index(d) + 1 == all.devices || index(d) == 1;
      const bool needed = d == problem.cluster.source() || d == problem.cluster.sink();
      if (needed || !last_free) some.push_back(d);
    }
    if (some.size() < 2 || some.size() == all.devices) return;
    const joint::CostTables few = all.on(some);
    joint::Schedule on_few(few);
    const std::vector<double> equal(few.devices, 1.0);
    on_few.load(joint::prefix(few, equal, few.layers, 0));
    random_changes(on_few, 7, 40, [&] {
      const joint::Encoding encoding = on_few.encoding();
      const joint::Encoding on_all = joint::carry_over(all, few, encoding);
      schedule.load(on_all);
      const auto units = [&](const joint::Schedule& of) {
        return build_plan(problem.graph, problem.cluster, of.assignment(), "test").units;
      };
      CHECK(units(schedule) == units(on_few));
      CHECK(schedule.latency_s() == on_few.latency_s());
      const joint::Encoding back = joint::carry_over(few, all, on_all);
      CHECK(back.boundaries == encoding.boundaries);
      CHECK(back.recompute == encoding.recompute);
      ++carried;
    });
  });
  CHECK(carried > 200);
}

TEST_CASE("what a plan gives to a device that is not there goes to the next one, or the last") {
  const Graph graph = chain(1);
  const Cluster cluster = cluster_of({1, 1, 1, 1}, 1e12);
  const Problem problem{graph, cluster, {}};
  const joint::CostTables all(problem, all_devices(cluster));
  const joint::CostTables few = all.on({DeviceId{0}, DeviceId{2}});
  joint::Encoding encoding;
  encoding.boundaries = {0, 0, 0, 0,  0,
                         0, 4, 9, 15, 24};  // the input, then conv1: 4, 5, 6 and 9 rows
  encoding.recompute = {0, 0b0100};
  const joint::Encoding carried = joint::carry_over(few, all, encoding);
  CHECK(std::vector(carried.boundaries.begin() + 3, carried.boundaries.end()) ==
        std::vector<std::int32_t>{0, 4, 24});
  CHECK(carried.recompute[1] == 0b10);
}

TEST_CASE("a schedule of one device is the sum of its units and transfers") {
  // One message brings the input (3*24*8 elements of 4 bytes at 1 MB/s + 0.1 ms) from d0 to d1; the
  // first layer has 24*8*4*27 MACs, the others 24*8*4*36, at 1 MMAC/s; the result (4*24*8 elements)
  // goes back.
  const Graph graph = chain(3);
  const Cluster cluster = cluster_of({1, 1e6}, 1e12);
  const Problem problem{graph, cluster, {}};
  const joint::CostTables tables(problem, all_devices(cluster));
  joint::Schedule schedule(tables);
  const std::vector<double> shares{0, 1};
  schedule.load(joint::prefix(tables, shares, tables.layers, 1));
  const double macs = 24 * 8 * 4 * 27 + 2.0 * 24 * 8 * 4 * 36;
  const double bytes = 4.0 * (3 * 24 * 8 + 4 * 24 * 8);
  // The clipped border is not deducted from MACs, see work().
  CHECK(schedule.latency_s() == doctest::Approx(macs / 1e6 + bytes / 1e6 + 2e-4).epsilon(1e-12));
}

TEST_CASE("layers are cut like those around them, also where each part needs all of the input") {
  const Cluster cluster = cluster_of({1e9, 1e9, 1e9}, 1e12);
  const auto axes_of = [&](const std::string& name) {
    const Graph graph = fold(load_model(name, "."));
    const joint::CostTables tables(Problem{graph, cluster, {}}, all_devices(cluster));
    std::map<Axis, int> layers;
    for (std::size_t l = 1; l < tables.layers; ++l) {
      if (tables.extent[l] > 1 && weights_of(graph.layers()[l], graph.layers()[l].output.box) > 0) {
        ++layers[tables.axis[l]];
      }
    }
    return layers;
  };
  // Tokens are rows, though the input, their numbers, has none: never by weights.
  CHECK(axes_of("gpt2_small_seq128").size() == 1);
  CHECK(axes_of("gpt2_small_seq128").begin()->first == Axis::kRow);
  // The class token stands before 196 others that come from 14 x 14 patches.
  CHECK(axes_of("vit_b_16")[Axis::kRow] ==
        76);  // patches, class token, positions, 12 x 6, last norm
  // The dilated branches reach over all of the 33 rows.
  CHECK(axes_of("deeplabv3_mobilenet_v3_large")[Axis::kRow] > 50);
}

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
