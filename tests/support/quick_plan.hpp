#pragma once
// Strategies as tests over many random problems call them.

#include <string_view>

#include "partition/strategy.hpp"

namespace edgeflow {

/// The strategy's plan with its default options, except that a search does little: what holds for
/// every plan must hold for the plan of a short search. `external` has no program and is
/// infeasible.
inline Plan quick_plan(const StrategyInfo& strategy, const Problem& problem) {
  if (strategy.name == "external") throw Infeasible("there is no program");
  Options options;
  for (const OptionInfo& option : strategy.options) {
    if (option.key == "effort") options["effort"] = "300";
  }
  return make_plan(strategy, problem, options);
}

}  // namespace edgeflow
