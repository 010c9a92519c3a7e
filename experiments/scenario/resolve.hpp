#pragma once
// Scenarios with nothing left to look up: every default, every rate of every device.

#include <string>

#include "experiments/scenario/scenario.hpp"

namespace edgeflow {

/// The scenario with one strategy as a file of its own. Reading it gives the same results, even if
/// the catalogue of devices has changed since. Keys are sorted.
std::string resolved_text(const Scenario& scenario, const StrategyChoice& strategy);

/// 16 hex digits of FNV-1a over everything that the results of (scenario, strategy) depend on:
/// resolved_text and the contents of the model, no path. `extra` is what else they depend on.
std::string config_hash(const Scenario& scenario, const StrategyChoice& strategy,
                        const std::string& extra = "");

}  // namespace edgeflow
