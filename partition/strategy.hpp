#pragma once
// Strategies turn a problem into a plan: which there are.

#include <span>
#include <string_view>

#include "partition/options/strategy_info.hpp"

namespace edgeflow {

/// All strategies, in the order of documentation, then those that were added.
std::span<const StrategyInfo> strategies();

/// Nothing if there is none of that name.
const StrategyInfo* find_strategy(std::string_view name);

/// Adds a strategy, as if it stood in the table: command line, scenarios, sweeps and lists know it.
/// What its views point to must outlive the program's use of it. Call it before all else, such as at
/// the start of main: pointers and spans from before are invalid. Throws InputError if there is one
/// of that name, or it has no name or no function that plans.
void add_strategy(const StrategyInfo& strategy);

}  // namespace edgeflow
