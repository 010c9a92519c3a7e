// The LP against the exact oracle, and the oracle against all splits, over random layers.

#include "partition/layerwise/layer_lp.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "partition/layerwise/layer_oracle.hpp"
#include "partition/layerwise/layer_pattern.hpp"
#include "tests/support/random_problem.hpp"

namespace edgeflow {
namespace {

using reference::Random;

double real(Random& random, double low, double high) {
  constexpr std::int64_t kSteps = std::int64_t{1} << 40;
  return low + (high - low) * static_cast<double>(random.between(0, kSteps)) /
                   static_cast<double>(kSteps);
}

/// Equally likely in every octave.
double scale(Random& random, double low, double high) {
  return std::exp(real(random, std::log(low), std::log(high)));
}

struct Sizes {
  std::int64_t max_devices = 6;
  std::int64_t min_rows = 7;
  std::int64_t max_rows = 320;
};

/// Splits a predecessor: by speed, at random with or without idle devices, or not at all.
std::vector<std::int64_t> random_boundaries(Random& random, const LayerProblem& problem,
                                            std::int64_t extent) {
  std::vector<double> shares;
  const std::int64_t style = random.between(0, 3);
  for (const LayerDevice& device : problem.devices) {
    const double random_share = real(random, 0.1, 1);
    const bool idle = style == 3 || (style == 2 && random.chance(50));
    shares.push_back(style == 0 ? 1 / device.row_s : idle ? 0 : random_share);
  }
  if (*std::max_element(shares.begin(), shares.end()) == 0) shares[0] = 1;
  return proportional_boundaries(extent, shares);
}

/// A layer that takes 1-300 ms on the slowest kind of device, 1 to 8 times faster ones beside it;
/// tensors of 2-300 kB per row over 10-1000 Mbit/s; parts that are done, and devices that are free,
/// within half of the layer's time.
LayerProblem random_layer(Random& random, const Sizes& sizes = {}) {
  LayerProblem problem;
  const std::int64_t devices = random.between(2, sizes.max_devices);
  const std::int64_t input = random.between(sizes.min_rows, sizes.max_rows);
  const std::int64_t kernel = 2 * random.between(0, 3) + 1;
  const std::int64_t stride = random.between(1, 2);
  const std::int64_t pad = kernel / 2;
  problem.extent = (input + 2 * pad - kernel) / stride + 1;
  const double whole_s = scale(random, 1e-3, 0.3);
  for (std::int64_t d = 0; d < devices; ++d) {
    const double device_s = whole_s / scale(random, 1, 8);
    problem.devices.push_back({device_s / static_cast<double>(problem.extent),
                               real(random, 0, 1e-3) + 0.02 * device_s, 0});
  }
  const auto pairs = static_cast<std::size_t>(devices * devices);
  problem.byte_s.assign(pairs, 8 / scale(random, 10e6, 1000e6));
  problem.latency_s.assign(pairs, real(random, 0.1e-3, 2e-3));
  const double spread_s = real(random, 0, 0.5) * whole_s;
  const std::int64_t predecessors = random.between(1, 2);
  for (std::int64_t m = 0; m < predecessors; ++m) {
    RowNeeds needs(problem.extent, input, [=](const Range& rows) {
      return intersect(Range{rows.begin * stride - pad, (rows.end - 1) * stride - pad + kernel},
                       {0, input});
    });
    Predecessor predecessor{
        std::move(needs), random_boundaries(random, problem, input), {}, scale(random, 2e3, 300e3)};
    for (std::int64_t d = 0; d < devices; ++d) {
      predecessor.finish_s.push_back(real(random, 0, spread_s));
    }
    problem.predecessors.push_back(std::move(predecessor));
  }
  for (std::size_t d = 0; d < problem.devices.size(); ++d) {
    problem.devices[d].free_s = real(random, 0, spread_s);
    for (const Predecessor& m : problem.predecessors) {
      if (m.boundaries[d] == m.boundaries[d + 1]) continue;
      problem.devices[d].free_s = std::max(problem.devices[d].free_s, m.finish_s[d]);
    }
  }
  return problem;
}

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

/// What moving one row may cost: of the devices that the optimum uses, the most that computing one
/// row and receiving the input rows of one more row takes.
double row_cost_s(const LayerProblem& problem, const LayerSplit& optimum, bool with_transfer) {
  double worst_s = 0;
  for (std::size_t d = 0; d < problem.devices.size(); ++d) {
    if (optimum.boundaries[d] == optimum.boundaries[d + 1]) continue;
    double transfer_s = 0;
    for (const Predecessor& m : problem.predecessors) {
      for (std::size_t j = 0; j < problem.devices.size(); ++j) {
        if (j == d) continue;
        transfer_s = std::max(transfer_s, m.needs.stride() * m.row_bytes *
                                              problem.byte_s[j * problem.devices.size() + d]);
      }
    }
    worst_s = std::max(worst_s, problem.devices[d].row_s + (with_transfer ? transfer_s : 0));
  }
  return worst_s;
}

TEST_CASE("the LP's rounded split is within one row's cost of the optimum in 99 of 100 layers") {
  constexpr int kLayers = 2000;
  constexpr double kRounding = 1 + 1e-9;
  Random random(2022);
  int within_row = 0;
  int within_computed_row = 0;
  int optimal = 0;
  double sum = 0;
  double worst = 0;
  for (int layer = 0; layer < kLayers; ++layer) {
    const LayerProblem problem = random_layer(random);
    const LayerSplit split = solve_by_lp(problem);
    const LayerSplit optimum = solve_exactly(problem);
    REQUIRE(split.finish_s == layer_finish_s(problem, split.boundaries));
    REQUIRE(split.finish_s >= optimum.finish_s);
    const double gap_s = split.finish_s - optimum.finish_s;
    within_row += gap_s <= kRounding * row_cost_s(problem, optimum, true) ? 1 : 0;
    within_computed_row += gap_s <= kRounding * row_cost_s(problem, optimum, false) ? 1 : 0;
    optimal += gap_s <= 1e-9 * optimum.finish_s ? 1 : 0;
    sum += gap_s / optimum.finish_s;
    worst = std::max(worst, gap_s / optimum.finish_s);
  }
  const auto percent = [&](double count) { return 100 * count / kLayers; };
  MESSAGE("optimal: " << percent(optimal) << " %, within one row: " << percent(within_row)
                      << " %, within one row without its transfer: " << percent(within_computed_row)
                      << " %; gap: mean " << percent(sum) << " %, max " << 100 * worst << " %");
  CHECK(percent(within_row) >= 99);
  CHECK(worst < 0.5);  // without taking left-out devices in again, some take five times as long
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
  REQUIRE(program.solve(pattern_of(problem, split), false, split));
  REQUIRE(split.devices == std::vector<std::size_t>{0, 1});
  CHECK(split.boundaries[1] == doctest::Approx(6.4).epsilon(1e-6));
}

TEST_CASE("a boundary is rounded to the side that is done earlier, not the nearer one") {
  // 0.6 + b/2 = 3 (10 - b) at b = 8.4; with 8 rows the second device takes 6 s, with 9 rows the
  // first takes 5.1 s, and alone it takes 5.6 s.
  CHECK(solve_by_lp(one_sided(0.5, 0.6, 1, 2, 0)).boundaries ==
        std::vector<std::int64_t>{0, 9, 10});
}

}  // namespace
}  // namespace edgeflow
