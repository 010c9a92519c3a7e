// The strategies that there are, in the order of documentation.

#include <algorithm>
#include <array>

#include "partition/strategies/strategies.hpp"
#include "partition/strategy.hpp"

namespace edgeflow {

std::span<const StrategyInfo> strategies() {
  // clang-format off
  static const std::array kStrategies{
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
  return kStrategies;
}

const StrategyInfo* find_strategy(std::string_view name) {
  const auto all = strategies();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const StrategyInfo& info) { return info.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace edgeflow
