// The table of strategies. A new strategy is one file in partition/strategies/, its declaration in
// strategies.hpp, and one row here.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "partition/strategies/strategies.hpp"

namespace edgeflow {
namespace {

const std::vector<StrategyInfo>& table() {
  static const std::vector<StrategyInfo> kTable{
      {"single",
       "the whole model on one device",
       "the control without distribution",
       {{"device", "a device name or best", "where the model runs", "best"}},
       plan_single},
      {"even",
       "each layer's rows in equal parts",
       "the control without knowledge of speeds",
       {},
       plan_even},
      {"proportional",
       "each layer's rows in proportion to device speed",
       "shares after MoDNN (Mao et al., DATE 2017), halos exchanged directly",
       {},
       plan_proportional},
  };
  return kTable;
}

}  // namespace

std::span<const StrategyInfo> strategies() { return table(); }

const StrategyInfo* find_strategy(std::string_view name) {
  const auto found = std::find_if(table().begin(), table().end(),
                                  [&](const StrategyInfo& info) { return info.name == name; });
  return found == table().end() ? nullptr : &*found;
}

Plan make_plan(const StrategyInfo& strategy, const Problem& problem, const Options& options) {
  Options complete = options;
  for (const OptionInfo& info : strategy.options) {
    complete.try_emplace(std::string(info.key), info.default_value);
  }
  for (const auto& [key, value] : options) {
    const bool known = std::any_of(strategy.options.begin(), strategy.options.end(),
                                   [&](const OptionInfo& info) { return info.key == key; });
    if (!known) {
      throw OptionError(key,
                        fmt::format("strategy \"{}\" has no option \"{}\"", strategy.name, key));
    }
  }
  return strategy.plan(problem, complete);
}

}  // namespace edgeflow
