#pragma once
// The search of edgeflow-joint over plans of a whole DAG.

#include <cstdint>
#include <optional>
#include <vector>

#include "partition/joint/objective.hpp"

namespace edgeflow::joint {

struct Settings {
  Objective objective;
  std::int64_t effort = 0;  // plans to evaluate; 0: as many as take about two seconds
  std::uint64_t seed = 1;
  double time_limit_s = 0;  // 0: none
};

/// The plan of least cost that was found, by judge(); nothing if no plan fits the devices' memory
/// and the latency limit. Adds to `moves` how many plans it evaluated.
std::optional<Plan> search(const Problem& problem, const std::vector<Plan>& known,
                           const Settings& settings, std::int64_t* moves = nullptr);

}  // namespace edgeflow::joint
