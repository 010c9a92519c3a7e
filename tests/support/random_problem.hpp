#pragma once
// Small random models, clusters and assignments, equal on every machine for equal seeds.

#include <cstdint>
#include <random>
#include <span>

#include "partition/plans/builder.hpp"

namespace edgeflow::reference {

/// Own draws: the standard's distributions differ between libraries.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  /// Integer from first to last, both included.
  std::int64_t between(std::int64_t first, std::int64_t last) {
    const auto count = static_cast<std::uint64_t>(last - first + 1);
    return first + static_cast<std::int64_t>(engine_() % count);
  }
  bool chance(int percent) { return between(1, 100) <= percent; }
  template <typename T>
  const T& pick(const std::vector<T>& values) {
    return values[static_cast<std::size_t>(
        between(0, static_cast<std::int64_t>(values.size()) - 1))];
  }

 private:
  std::mt19937_64 engine_;
};

struct GraphLimits {
  std::int64_t max_layers = 25;
  std::int64_t max_extent = 20;  // rows and columns of the input
};

/// Convolutions, pools, sums, concatenations, upsampling, slices, transposes, ... with branches and
/// skips; at least 3 layers; one or several results.
Graph random_graph(Random& random, const GraphLimits& limits = {});

/// 1 to 6 devices of unequal speed on a switch or a wireless network; source and sink anywhere.
Cluster random_cluster(Random& random);

/// Every layer whole, by rows, by columns, by channels or in tiles, on random devices; parts may
/// overlap.
Assignment random_assignment(Random& random, const Graph& graph, const Cluster& cluster);

}  // namespace edgeflow::reference
