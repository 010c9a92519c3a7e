// edgeflow-joint's cuts by columns, of models whose input is wider than tall.

#include <doctest/doctest.h>

#include <string>

#include "partition/joint/cost_tables.hpp"
#include "partition/joint/replay.hpp"
#include "partition/plans/validate.hpp"
#include "tests/support/baselines_fixture.hpp"
#include "tests/support/joint_fixture.hpp"
#include "tests/support/reference_executor.hpp"

namespace edgeflow {
namespace {

using namespace baselines;
using joint::CostTables;
using joint::Span;
using joint_tests::all_devices;
using joint_tests::chain;

Cluster three_devices() {
  return Cluster("three", {device("hub", 1e5), device("one", 2e5), device("two", 3e5)},
                 NetworkType::kSwitch, 1e5, 1e-3, kFirst, kFirst);
}

TEST_CASE("a wide input is cut by columns, others by rows") {
  const Cluster cluster = three_devices();
  const auto axis_of = [&](const Graph& graph) {
    return CostTables({graph, cluster, {}}, all_devices(cluster)).main_axis;
  };
  CHECK(axis_of(chain(2, {3, 8, 24})) == Axis::kColumn);
  CHECK(axis_of(chain(2, {3, 24, 8})) == Axis::kRow);
  CHECK(axis_of(chain(2, {3, 8, 8})) == Axis::kRow);
  // 4 tokens (rows) of 8 features (columns): cutting those of the output cuts the weights.
  LayerSpec tokens{"tokens", Op::kReshape, {}, {"conv"}};
  tokens.attributes.dims = {4, 8};
  LayerSpec linear{"linear", Op::kLinear, {}, {"tokens"}};
  linear.attributes.out_channels = 64;
  CHECK(axis_of(Graph("tokens", "made up",
                      {pixels({1, 4, 8}), pointwise("conv", "input", 1), tokens, linear})) ==
        Axis::kRow);
}

TEST_CASE("a range of columns needs its halo columns, whole rows high") {
  // 3x3, pad 1: columns 5 to 8 need 4 to 9 of the input's 24, the first and last are clipped; each
  // column has 8 rows of 4 channels.
  const Graph graph = chain(2, {3, 8, 24});
  const Cluster cluster = three_devices();
  const CostTables tables({graph, cluster, {}}, all_devices(cluster));
  const joint::Edge& edge = tables.inputs(2).front();
  CHECK(tables.need(edge, {5, 8}) == Span{4, 9});
  CHECK(tables.need(edge, {0, 1}) == Span{0, 2});
  CHECK(tables.need(edge, {20, 24}) == Span{19, 24});
  CHECK(tables.edge_elements[tables.in_first[2]] == 8 * 4);
  CHECK(tables.region(2, {5, 8}) == Region{{0, 4}, {0, 8}, {5, 8}});
  CHECK(tables.part(2, {{0, 4}, {0, 8}, {5, 8}}) == Span{5, 8});
}

TEST_CASE("plans that cut rows become the same fractions of columns") {
  const Graph graph = chain(2, {3, 8, 24});
  const Cluster cluster = three_devices();
  const Problem problem{graph, cluster, {}};
  const CostTables tables(problem, all_devices(cluster));
  CHECK(tables.part(1, {{0, 4}, {2, 4}, {0, 24}}) == Span{6, 12});  // 1/4 to 1/2
  CHECK(tables.part(1, {{0, 4}, {2, 4}, {5, 9}}) == Span{5, 9});    // a tile: its columns
  // 8 rows in 3, 3 and 2: boundaries at 3/8 and 6/8 of 24 columns.
  const joint::Encoding encoding = joint::from_plan(tables, plan_by("even", problem));
  for (std::size_t l = 1; l < 3; ++l) {
    const auto* bounds = &encoding.boundaries[l * 4];
    CHECK(std::vector<std::int32_t>(bounds, bounds + 4) == std::vector<std::int32_t>{0, 9, 18, 24});
  }
}

TEST_CASE("a model on its side, cut by columns, takes as long as upright, cut by rows") {
  const Cluster cluster = three_devices();
  const Graph wide = chain(6, {3, 8, 24});
  const Graph tall = chain(6, {3, 24, 8});
  const CostTables wide_tables({wide, cluster, {}}, all_devices(cluster));
  const CostTables tall_tables({tall, cluster, {}}, all_devices(cluster));
  joint::Schedule wide_schedule(wide_tables);
  joint::Schedule tall_schedule(tall_tables);
  joint::Replay wide_replay(wide_schedule);
  joint::Replay tall_replay(tall_schedule);
  const std::vector<double> equal(cluster.size(), 1.0);
  tall_schedule.load(joint::prefix(tall_tables, equal, tall_tables.layers, 0));
  joint_tests::random_changes(tall_schedule, 5, 300, [&] {
    wide_schedule.load(tall_schedule.encoding());
    REQUIRE(wide_schedule.latency_s() == doctest::Approx(tall_schedule.latency_s()).epsilon(1e-12));
    REQUIRE(wide_replay.latency_s() == doctest::Approx(tall_replay.latency_s()).epsilon(1e-12));
  });
}

TEST_CASE("random cuts by columns compute the model") {
  int by_columns = 0;
  joint_tests::on_random_problems(71, 60, [&](const Problem& problem, joint::Schedule& schedule) {
    if (schedule.tables().main_axis != Axis::kColumn) return;
    ++by_columns;
    const reference::Executor executor(problem.graph);
    int change = 0;
    joint_tests::random_changes(schedule, 5, 60, [&] {
      if (++change % 20 != 0) return;
      const Plan plan = build_plan(problem.graph, problem.cluster, schedule.assignment(), "test");
      REQUIRE(validate(plan, problem.graph, problem.cluster).empty());
      CHECK(executor.difference(plan, problem.cluster) == "");
    });
  });
  CHECK(by_columns > 10);
}

}  // namespace
}  // namespace edgeflow
