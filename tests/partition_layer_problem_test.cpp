#include "partition/layerwise/layer_problem.hpp"

#include <doctest/doctest.h>

namespace edgeflow {
namespace {

/// Rows [o0*s - p, (o1-1)*s - p + reach + 1), clipped: a window with reach e(k-1).
RowNeeds window(std::int64_t extent, std::int64_t input_extent, std::int64_t stride,
                std::int64_t pad, std::int64_t reach) {
  return {extent, input_extent, [=](const Range& rows) {
            return intersect(
                Range{rows.begin * stride - pad, (rows.end - 1) * stride - pad + reach + 1},
                {0, input_extent});
          }};
}

doctest::Approx about(std::int64_t value) { return doctest::Approx(static_cast<double>(value)); }

/// Two devices, a 3x3 convolution (pad 1) of 4 rows; rows 0-1 of its input are on device 0 at 1 s,
/// rows 2-3 on device 1 at 2 s.
LayerProblem two_devices() {
  LayerProblem problem;
  problem.extent = 4;
  problem.devices = {{.row_s = 1, .fixed_s = 0.1, .free_s = 1},
                     {.row_s = 2, .fixed_s = 0.2, .free_s = 3}};
  problem.predecessors = {{window(4, 4, 1, 1, 2), {0, 2, 4}, {1, 2}, 10}};
  problem.byte_s = {0, 0.01, 0.02, 0};
  problem.latency_s = {0, 0.5, 0.25, 0};
  return problem;
}

TEST_CASE("finish times of a split are those computed by hand") {
  const LayerProblem problem = two_devices();
  // Device 0, rows [0,3), needs [0,4): its own rows at 1 s; two rows of device 1, 20 bytes, at
  // 2 + 0.25 + 20*0.02 = 2.65 s. It starts then: 2.65 + 3*1 + 0.1 = 5.75 s.
  // Device 1, row 3, needs [2,4), its own, at 2 s, but is free at 3 s: 3 + 1*2 + 0.2 = 5.2 s.
  const std::vector<double> times_s = finish_times_s(problem, std::vector<std::int64_t>{0, 3, 4});
  CHECK(times_s[0] == doctest::Approx(5.75));
  CHECK(times_s[1] == doctest::Approx(5.2));
  CHECK(layer_finish_s(problem, std::vector<std::int64_t>{0, 3, 4}) == doctest::Approx(5.75));
}

TEST_CASE("messages share the way into a device, and wait until it is free") {
  LayerProblem problem = two_devices();
  problem.predecessors.push_back(problem.predecessors[0]);
  // Device 0 needs two rows of device 1 twice, from 2.25 s on, 0.4 s each: there at 3.05 s.
  CHECK(start_time_s(problem, 0, {0, 3}) == doctest::Approx(3.05));
  problem.predecessors[1].finish_s[1] = 2.2;  // not before 2.45 s: it waits for the first one
  CHECK(start_time_s(problem, 0, {0, 3}) == doctest::Approx(3.05));
  problem.predecessors[1].finish_s[1] = 2.6;  // from 2.85 s on
  CHECK(start_time_s(problem, 0, {0, 3}) == doctest::Approx(3.25));
  problem.devices[0].in_free_s = 5;  // then 0.8 s
  CHECK(start_time_s(problem, 0, {0, 3}) == doctest::Approx(5.8));
  problem.devices[1].out_free_s = 6;  // then from 6.25 s on
  CHECK(start_time_s(problem, 0, {0, 3}) == doctest::Approx(7.05));
}

TEST_CASE("what was brought to a device before does not come again") {
  LayerProblem problem = two_devices();
  problem.predecessors[0].brought = {{2, 3}, {}};
  // Of the rows 2 and 3 that [0,3) needs, only row 3 comes: 2.25 + 0.2 s.
  CHECK(start_time_s(problem, 0, {0, 3}) == doctest::Approx(2.45));
  problem.predecessors[0].brought = {{2, 4}, {}};  // nothing comes, but it is not done before 2 s
  CHECK(start_time_s(problem, 0, {0, 3}) == doctest::Approx(2));
}

TEST_CASE("what only the epilogue needs holds up only the epilogue") {
  LayerProblem problem = two_devices();
  LayerDevice& device = problem.devices[0];
  device.epilogue_row_s = 0.5;
  device.epilogue_fixed_s = 0.05;
  problem.predecessors.push_back(
      {window(4, 4, 1, 0, 0), {0, 1, 4}, {1, 4}, 10, /*of_epilogue=*/true});
  // Rows [0,1) need rows [0,2) of the first one, which are there: 1 + 1*1 + 0.1 s. The epilogue
  // needs its row 0, there as well.
  CHECK(finish_time_s(problem, 0, {0, 1}) == doctest::Approx(2.1));
  // Rows [0,2): the layer starts at 2.25 + 0.2 s and is done at 2.45 + 2 + 0.1 = 4.55 s. Row 1 for
  // the epilogue leaves at 4 s and is there at 4.25 + 0.2 s: 4.45 + 2*0.5 + 0.05 s.
  CHECK(finish_time_s(problem, 0, {0, 2}) == doctest::Approx(5.5));
}

TEST_CASE("a device without rows takes no time, whatever its fixed time") {
  // Device 1 alone: the two rows of device 0 are there at 1 + 0.5 + 20*0.01 = 1.7 s, it is free at
  // 3 s: 3 + 4*2 + 0.2 = 11.2 s. Device 0 alone: 2.65 + 4*1 + 0.1 = 6.75 s.
  const LayerProblem problem = two_devices();
  CHECK(finish_times_s(problem, std::vector<std::int64_t>{0, 0, 4})[0] == 0);
  CHECK(layer_finish_s(problem, std::vector<std::int64_t>{0, 0, 4}) == doctest::Approx(11.2));
  const LayerSplit single = best_single_device(problem);
  CHECK(single.boundaries == std::vector<std::int64_t>{0, 4, 4});
  CHECK(single.finish_s == doctest::Approx(6.75));
}

TEST_CASE("parts that are not needed do not hold a device back") {
  LayerProblem problem = two_devices();
  problem.predecessors[0].finish_s[1] = 100;
  // Row 0 needs input rows [0,2), all on device 0 at 1 s: 1 + 1 + 0.1.
  CHECK(finish_time_s(problem, 0, {0, 1}) == doctest::Approx(2.1));
  // Row 1 needs input row 2, too: 100 + 0.25 + 10*0.02 + 2*1 + 0.1.
  CHECK(finish_time_s(problem, 0, {0, 2}) == doctest::Approx(102.55));
}

TEST_CASE("of splits that are done equally early, the one that moves the fewest bytes is taken") {
  // Both devices are free at 5 s and take 10 s whatever they get, and all rows can be anywhere
  // before 5 s: every split is done at 15 s. Rows 0-2 lie on device 0, so 3 rows there and 5 here
  // move nothing; 1x1 windows.
  LayerProblem problem;
  problem.extent = 8;
  problem.devices = {{.row_s = 0, .fixed_s = 10, .free_s = 5},
                     {.row_s = 0, .fixed_s = 10, .free_s = 5}};
  problem.predecessors = {{window(8, 8, 1, 0, 0), {0, 3, 8}, {1, 1}, 10}};
  problem.byte_s = {0, 0.01, 0.01, 0};
  problem.latency_s = {0, 0.1, 0.1, 0};
  for (const std::int64_t start : {0, 1, 5, 8}) {
    const LayerSplit settled = settle_ties(problem, {{0, start, 8}, 15});
    CHECK(settled.boundaries == std::vector<std::int64_t>{0, 3, 8});
    CHECK(settled.finish_s == doctest::Approx(15));
  }
}

TEST_CASE("settling ties never makes a layer later") {
  LayerProblem problem = two_devices();
  for (std::int64_t at = 0; at <= 4; ++at) {
    const std::vector<std::int64_t> boundaries{0, at, 4};
    const double finish_s = layer_finish_s(problem, boundaries);
    const LayerSplit settled = settle_ties(problem, {boundaries, finish_s});
    CHECK(settled.finish_s <= finish_s);
    CHECK(settled.finish_s == layer_finish_s(problem, settled.boundaries));
  }
}

TEST_CASE("the lines of a window are its stride, pad and reach") {
  for (std::int64_t kernel : {1, 3, 5, 7}) {
    for (std::int64_t stride : {1, 2}) {
      const std::int64_t pad = kernel / 2;
      const RowNeeds needs =
          window((64 + 2 * pad - kernel) / stride + 1, 64, stride, pad, kernel - 1);
      CHECK(needs.stride() == about(stride));
      // of range [u, v): begin stride*u - pad, end stride*(v-1) - pad + kernel
      CHECK(needs.before() == about(pad));
      CHECK(needs.after() == about(kernel - pad - stride));
      CHECK(needs.of({10, 20}) == Range{10 * stride - pad, 19 * stride - pad + kernel});
    }
  }
}

TEST_CASE("an operator that needs everything has lines that are clipped everywhere") {
  const RowNeeds needs(5, 9, [](const Range&) { return Range{0, 9}; });
  for (std::int64_t row = 0; row < 5; ++row) {
    CHECK(needs.of({row, row + 1}) == Range{0, 9});
    CHECK(needs.stride() * static_cast<double>(row) - needs.before() <= 0);
    CHECK(needs.stride() * static_cast<double>(row + 1) + needs.after() >= 9);
  }
}

TEST_CASE("rows that need nothing of a predecessor do not wait for it") {
  // A concatenation along rows: output rows 0-2 come from this input, rows 3-5 from another.
  const RowNeeds needs(6, 3, [](const Range& rows) { return intersect(rows, Range{0, 3}); });
  CHECK(needs.of({1, 5}) == Range{1, 3});
  CHECK(needs.of({3, 6}).empty());
}

}  // namespace
}  // namespace edgeflow
