// What edgeflow-joint searches with, against the estimator: tables, schedules, replays, encodings.

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>

#include "partition/joint/replay.hpp"
#include "partition/joint/starts.hpp"
#include "partition/plans/validate.hpp"
#include "partition/prices/estimate.hpp"
#include "tests/support/joint_fixture.hpp"
#include "tests/support/random_problem.hpp"
#include "workloads/model_yaml.hpp"

using namespace edgeflow;
using joint_tests::all_devices;
using joint_tests::chain;
using joint_tests::cluster_of;
using joint_tests::on_random_problems;
using joint_tests::random_changes;
using joint_tests::simulated_s;

namespace {

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
  on_random_problems(
      11, 20,
      [](const Problem&, joint::Schedule& schedule) {
        joint::Schedule fresh(schedule.tables());
        random_changes(schedule, 5, 300, [&] {
          fresh.load(schedule.encoding());
          REQUIRE(schedule.latency_s() == fresh.latency_s());
        });
      },
      /*messaging=*/true);
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
  on_random_problems(
      12, 160,
      [&](const Problem& problem, joint::Schedule& schedule) {
        if (schedule.tables().main_axis == Axis::kColumn) ++by_columns;
        const bool exactly = counts_exactly(schedule.tables());
        joint::Replay replay(schedule);
        random_changes(schedule, 5, 30, [&] {
          const Plan plan =
              build_plan(problem.graph, problem.cluster, schedule.assignment(), "test");
          REQUIRE(validate(plan, problem.graph, problem.cluster).empty());
          ++(exactly ? compared : roughly);
          const double estimated_s = simulated_s(problem, plan);
          const double replayed_s = replay.latency_s();
          if (exactly && replayed_s == doctest::Approx(estimated_s).epsilon(1e-9)) ++equal_times;
          CHECK(replayed_s == doctest::Approx(estimated_s).epsilon(0.02));
        });
      },
      /*messaging=*/true);
  CHECK(compared > 500);
  CHECK(roughly > 100);
  MESSAGE(equal_times << " of " << compared);
  CHECK(equal_times > compared * 94 / 100);
  CHECK(by_columns > 5);
}

TEST_CASE(
    "a changed schedule replayed from the middle takes as long as from the start, to the bit") {
  int equal_times = 0;
  on_random_problems(
      13, 40,
      [&](const Problem&, joint::Schedule& schedule) {
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
      },
      /*messaging=*/true);
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
