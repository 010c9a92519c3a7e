#pragma once
// Strategies turn a problem into a plan: which there are.

#include <span>
#include <string_view>

#include "partition/options/strategy_info.hpp"

namespace edgeflow {

/// All strategies, in the order of documentation.
std::span<const StrategyInfo> strategies();

/// Nothing if there is none of that name.
const StrategyInfo* find_strategy(std::string_view name);

}  // namespace edgeflow
