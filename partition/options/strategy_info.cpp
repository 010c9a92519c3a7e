#include "partition/options/strategy_info.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "partition/plans/validate.hpp"

namespace edgeflow {

OptionValues read_options(const StrategyInfo& strategy, const Problem& problem,
                          const Options& given) {
  for (const auto& [key, value] : given) {
    const bool known =
        std::any_of(strategy.options.begin(), strategy.options.end(),
                    [&key = key](const OptionInfo& option) { return option.key == key; });
    if (!known) {
      throw OptionError(key,
                        fmt::format("strategy \"{}\" has no option \"{}\"", strategy.name, key));
    }
  }
  OptionValues values(strategy.options, given, problem);
  if (strategy.check) strategy.check(problem, values);
  return values;
}

Plan make_plan(const StrategyInfo& strategy, const Problem& problem, const Options& options) {
  Plan plan = strategy.plan(problem, read_options(strategy, problem, options));
  if (const auto shortage = memory_shortage(plan, problem.graph, problem.cluster, problem.size)) {
    throw Infeasible(fmt::format("the plan of {} does not fit: {}", strategy.name, *shortage));
  }
  return plan;
}

}  // namespace edgeflow
