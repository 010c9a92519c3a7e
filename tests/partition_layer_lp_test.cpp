// The LP against the exact oracle, and the oracle against all splits, over random layers.

#include "partition/layerwise/layer_lp.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "partition/layerwise/layer_oracle.hpp"
#include "partition/layerwise/layer_pattern.hpp"
#include "tests/support/random_layer.hpp"

namespace edgeflow {
namespace {

using namespace random_layers;

/// The best finish over all boundaries from `d` on, the ones before fixed.
double best_of_all(const LayerProblem& problem, std::vector<std::int64_t>& boundaries,
                   std::size_t d = 1) {
  if (d == problem.devices.size()) return layer_finish_s(problem, boundaries);
  double best_s = std::numeric_limits<double>::infinity();
  for (boundaries[d] = boundaries[d - 1]; boundaries[d] <= problem.extent; ++boundaries[d]) {
    best_s = std::min(best_s, best_of_all(problem, boundaries, d + 1));
  }
  return best_s;
}

TEST_CASE("the oracle finds the best of all splits") {
  Random random(1);
  for (int round = 0; round < 2000; ++round) {
    const LayerProblem problem =
        random_layer(random, {.max_devices = 3, .min_rows = 1, .max_rows = 8});
    std::vector<std::int64_t> boundaries(problem.devices.size() + 1, problem.extent);
    boundaries[0] = 0;
    const LayerSplit split = solve_exactly(problem);
    REQUIRE(split.finish_s == best_of_all(problem, boundaries));
    REQUIRE(split.finish_s == layer_finish_s(problem, split.boundaries));
  }
}

TEST_CASE("the LP's split, improved, is the optimum in 99 of 100 layers and near it in all") {
  constexpr int kLayers = 3000;
  Random random(2022);
  int optimal = 0;
  for (int layer = 0; layer < kLayers; ++layer) {
    const Sizes sizes{.min_rows = 7, .max_rows = layer % 2 == 0 ? 60 : 320, .max_predecessors = 3};
    const LayerProblem problem = random_layer(random, sizes);
    const LayerSplit split = solve_by_lp(problem);
    const LayerSplit optimum = solve_exactly(problem);
    REQUIRE(split.finish_s == layer_finish_s(problem, split.boundaries));
    REQUIRE(split.finish_s >= optimum.finish_s);
    REQUIRE(split.finish_s <= 1.01 * optimum.finish_s);
    optimal += split.finish_s <= (1 + 1e-9) * optimum.finish_s ? 1 : 0;
  }
  CHECK(optimal >= 0.99 * kLayers);
}

TEST_CASE("the LP's split is never worse than the best single device") {
  Random random(7);
  for (int layer = 0; layer < 300; ++layer) {
    const LayerProblem problem = random_layer(random, {.min_rows = 1, .max_rows = 20});
    CHECK(solve_by_lp(problem).finish_s <= best_single_device(problem).finish_s);
  }
}

TEST_CASE("the same layer problem has the same split every time") {
  Random random(11);
  for (int layer = 0; layer < 50; ++layer) {
    const LayerProblem problem = random_layer(random);
    CHECK(solve_by_lp(problem).boundaries == solve_by_lp(problem).boundaries);
  }
}

TEST_CASE("without transfers the LP gives rows in proportion to speed") {
  // Every device has the whole input: rows that need nothing. 12 rows over speeds 1:2:3 are 2,
  // 4, 6.
  LayerProblem problem;
  problem.extent = 12;
  problem.devices = {{.row_s = 6}, {.row_s = 3}, {.row_s = 2}};
  problem.byte_s.assign(9, 0);
  problem.latency_s.assign(9, 0);
  CHECK(solve_by_lp(problem).boundaries == std::vector<std::int64_t>{0, 2, 6, 12});
  CHECK(solve_exactly(problem).boundaries == std::vector<std::int64_t>{0, 2, 6, 12});
}

TEST_CASE("a device whose fixed time exceeds the others' work gets no rows") {
  // Devices 0 and 2 share 10 rows of 1 s: 5 s each. Device 1 would take 6 s for nothing.
  LayerProblem problem;
  problem.extent = 10;
  problem.devices = {{.row_s = 1}, {.row_s = 1, .fixed_s = 6}, {.row_s = 1}};
  problem.byte_s.assign(9, 0);
  problem.latency_s.assign(9, 0);
  CHECK(solve_by_lp(problem).boundaries == std::vector<std::int64_t>{0, 5, 5, 10});
}

/// All data on the first of two devices: row i of the output needs row i of it. The way back is
/// slower than the way there.
LayerProblem one_sided(double row_s_of_first, double fixed_s_of_first, double row_s_of_second,
                       double transfer_s, double latency_s) {
  LayerProblem problem;
  problem.extent = 10;
  problem.devices = {{.row_s = row_s_of_first, .fixed_s = fixed_s_of_first},
                     {.row_s = row_s_of_second}};
  problem.byte_s = {0, transfer_s, 100 * transfer_s, 0};
  problem.latency_s = {0, latency_s, 50, 0};
  RowNeeds same(10, 10, [](const Range& rows) { return rows; });
  problem.predecessors.push_back({std::move(same), {0, 10, 10}, {0, 0}, 1});
  return problem;
}

TEST_CASE("the program's optimum is where both devices are done, transfers and latency included") {
  // b = 1 + (1/2 + 1) (10 - b) at b = 6.4.
  const LayerProblem problem = one_sided(1, 0, 1, 0.5, 1);
  RealSplit split{{0, 1}, {0, 5, 10}};
  PatternProgram program(problem, 10);
  REQUIRE(program.solve(pattern_of(problem, split), split));
  REQUIRE(split.devices == std::vector<std::size_t>{0, 1});
  CHECK(split.boundaries[1] == doctest::Approx(6.4).epsilon(1e-6));
}

TEST_CASE("the program sees what its epilogue waits for") {
  // As above, but nothing of it is needed before the epilogue, which takes half of each row's time:
  // b = 1 + (1/2 + 1/2) (10 - b) at b = 5.5.
  LayerProblem problem = one_sided(1, 0, 1, 0.5, 1);
  problem.predecessors[0].of_epilogue = true;
  for (LayerDevice& device : problem.devices) device.epilogue_row_s = 0.5;
  RealSplit split{{0, 1}, {0, 5, 10}};
  PatternProgram program(problem, 10);
  REQUIRE(program.solve(pattern_of(problem, split), split));
  CHECK(split.boundaries[1] == doctest::Approx(5.5).epsilon(1e-6));
}

TEST_CASE("a boundary is rounded to the side that is done earlier, not the nearer one") {
  // 0.6 + b/2 = 3 (10 - b) at b = 8.4; with 8 rows the second device takes 6 s, with 9 rows the
  // first takes 5.1 s, and alone it takes 5.6 s.
  CHECK(round_lp(one_sided(0.5, 0.6, 1, 2, 0)).boundaries == std::vector<std::int64_t>{0, 9, 10});
}

}  // namespace
}  // namespace edgeflow
