// The strategies that there are, in the order of documentation.

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "partition/strategies/strategies.hpp"
#include "partition/strategy.hpp"
#include "workloads/input/error.hpp"

namespace edgeflow {

namespace {

std::vector<StrategyInfo>& table() {
  // clang-format off
  static std::vector<StrategyInfo> strategies{
      kSingle,
      kEven,
      kProportional,
      kModnn,
      kDeepthings,
      kDeeperthings,
      kAofl,
      kCoedge,
      kCutpoint,
      kNeurosurgeon,
      kDads,
      kHeft,
      kPipeline,
      kEdgeflow,
      kEdgeflowJoint,
      kExternal,
  };
  // clang-format on
  return strategies;
}

}  // namespace

std::span<const StrategyInfo> strategies() { return table(); }

const StrategyInfo* find_strategy(std::string_view name) {
  const auto all = strategies();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const StrategyInfo& info) { return info.name == name; });
  return found == all.end() ? nullptr : &*found;
}

void add_strategy(const StrategyInfo& strategy) {
  if (strategy.name.empty()) throw InputError({}, "", "a strategy has no name");
  if (strategy.plan == nullptr) {
    throw InputError(
        {}, "", fmt::format("strategy {} has no function that plans", in_quotes(strategy.name)));
  }
  if (find_strategy(strategy.name) != nullptr) {
    throw InputError({}, "",
                     fmt::format("there is a strategy {} already", in_quotes(strategy.name)),
                     "give yours another name");
  }
  table().push_back(strategy);
}

}  // namespace edgeflow
