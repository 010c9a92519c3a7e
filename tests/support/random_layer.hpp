#pragma once
// Random layer problems.

#include <algorithm>
#include <cmath>
#include <vector>

#include "partition/layerwise/layer_problem.hpp"
#include "partition/plans/builder.hpp"
#include "tests/support/random_problem.hpp"

namespace edgeflow::random_layers {

using reference::Random;

inline double real(Random& random, double low, double high) {
  constexpr std::int64_t kSteps = std::int64_t{1} << 40;
  return low + (high - low) * static_cast<double>(random.between(0, kSteps)) /
                   static_cast<double>(kSteps);
}

/// Equally likely in every octave.
inline double scale(Random& random, double low, double high) {
  return std::exp(real(random, std::log(low), std::log(high)));
}

struct Sizes {
  std::int64_t max_devices = 6;
  std::int64_t min_rows = 7;
  std::int64_t max_rows = 320;
  std::int64_t max_predecessors = 2;
};

/// Splits a predecessor: by speed, at random with or without idle devices, or not at all.
inline std::vector<std::int64_t> random_boundaries(Random& random, const LayerProblem& problem,
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
inline LayerProblem random_layer(Random& random, const Sizes& sizes = {}) {
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
  const std::int64_t predecessors = random.between(1, sizes.max_predecessors);
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
    if (m > 0 && random.chance(30)) predecessor.of_epilogue = true;
    for (std::int64_t d = 0; d < devices && random.chance(80); ++d) {
      const std::int64_t begin = random.between(0, input);
      predecessor.brought.push_back({begin, random.between(begin, input)});
    }
    predecessor.brought.resize(static_cast<std::size_t>(devices));
    problem.predecessors.push_back(std::move(predecessor));
  }
  for (std::size_t d = 0; d < problem.devices.size(); ++d) {
    LayerDevice& device = problem.devices[d];
    device.free_s = real(random, 0, spread_s);
    device.in_free_s = random.chance(50) ? real(random, 0, spread_s) : 0;
    device.out_free_s = random.chance(50) ? real(random, 0, spread_s) : 0;
    device.epilogue_row_s = 0.1 * device.row_s;
    device.epilogue_fixed_s = 0.1 * device.fixed_s;
    for (const Predecessor& m : problem.predecessors) {
      if (m.boundaries[d] == m.boundaries[d + 1]) continue;
      problem.devices[d].free_s = std::max(problem.devices[d].free_s, m.finish_s[d]);
    }
  }
  return problem;
}

}  // namespace edgeflow::random_layers
