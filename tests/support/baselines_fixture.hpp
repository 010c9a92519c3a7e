#pragma once
// What the tests of the literature's strategies share: tiny models, devices and calls.

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "partition/prices/estimate.hpp"
#include "partition/strategy.hpp"
#include "tests/support/random_problem.hpp"

namespace edgeflow::baselines {

inline constexpr DeviceId kFirst{0};
inline constexpr DeviceId kSecond{1};

inline Plan plan_by(std::string_view name, const Problem& problem, const Options& options = {}) {
  const StrategyInfo* strategy = find_strategy(name);
  REQUIRE(strategy != nullptr);
  return make_plan(*strategy, problem, options);
}

inline double latency_s(const Plan& plan, const Problem& problem) {
  return estimate(plan, problem.graph, problem.cluster, problem.size).latency_s;
}

inline Device device(std::string name, double mac_rate) {
  Device result;
  result.name = std::move(name);
  result.compute.mac_rate = mac_rate;
  result.memory_bytes = std::numeric_limits<double>::infinity();
  return result;
}

/// A 1x1 convolution: its MACs are rows * columns * in channels * out channels.
inline LayerSpec pointwise(std::string name, std::string input, std::int64_t channels) {
  LayerSpec spec{std::move(name), Op::kConv, {}, {std::move(input)}};
  spec.attributes.out_channels = channels;
  return spec;
}

inline LayerSpec pixels(std::vector<std::int64_t> dims) {
  LayerSpec spec{"input", Op::kInput, {}, {}};
  spec.attributes.dims = std::move(dims);
  return spec;
}

/// A chain of convolutions and pools.
inline Graph random_chain(reference::Random& random, int layers) {
  std::vector<LayerSpec> specs{pixels({random.between(1, 3), 12, 9})};
  for (int l = 0; l < layers; ++l) {
    LayerSpec spec = pointwise("layer" + std::to_string(l), specs.back().name, 0);
    const bool pool = l > 0 && random.chance(30);
    spec.op = pool ? Op::kMaxPool : Op::kConv;
    if (!pool) spec.attributes.out_channels = random.between(1, 6);
    const std::int64_t kernel = random.between(1, 3);
    spec.attributes.kernel = {kernel, kernel};
    spec.attributes.pad = {kernel / 2, kernel / 2, kernel / 2, kernel / 2};
    if (pool) spec.attributes.pad = {};
    specs.push_back(spec);
  }
  return Graph("chain", "random", specs);
}

}  // namespace edgeflow::baselines
