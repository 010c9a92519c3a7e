#pragma once
// Strategies turn a problem into a plan.

#include <span>
#include <string_view>
#include <vector>

#include "partition/options/options.hpp"
#include "partition/plans/problem.hpp"

namespace edgeflow {

/// A row of the registry.
struct StrategyInfo {
  std::string_view name;
  std::string_view summary;  // one line
  std::string_view paper;    // where it comes from
  std::vector<OptionInfo> options;
  /// Contract: returns a plan that `validate` accepts, the same for the same arguments; throws
  /// Infeasible or OptionError, nothing else, except StrategyFailed by `external`.
  Plan (*plan)(const Problem& problem, const Options& options);
};

/// All strategies, in the order of documentation.
std::span<const StrategyInfo> strategies();

/// Nothing if there is none of that name.
const StrategyInfo* find_strategy(std::string_view name);

/// Runs a strategy after checking the options' names, filling in defaults. Throws Infeasible also
/// if its plan does not fit the devices' memory (memory_shortage): single, neurosurgeon, heft,
/// pipeline and edgeflow-joint look for one that does; dads and deepthings prefer, of the plans
/// that they compare, one that does; the others divide layers as their papers do, whatever the
/// memory.
Plan make_plan(const StrategyInfo& strategy, const Problem& problem, const Options& options);

}  // namespace edgeflow
