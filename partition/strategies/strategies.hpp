#pragma once
// The strategies of this folder, one per file. For those who name several: a strategy declares
// itself, and is not built again for another.

#include "partition/options/strategy_info.hpp"

namespace edgeflow {

extern const StrategyInfo kSingle;
extern const StrategyInfo kEven;
extern const StrategyInfo kProportional;
extern const StrategyInfo kModnn;
extern const StrategyInfo kDeepthings;
extern const StrategyInfo kDeeperthings;
extern const StrategyInfo kAofl;
extern const StrategyInfo kCoedge;
extern const StrategyInfo kCutpoint;
extern const StrategyInfo kNeurosurgeon;
extern const StrategyInfo kDads;
extern const StrategyInfo kHeft;
extern const StrategyInfo kPipeline;
extern const StrategyInfo kEdgeflow;
extern const StrategyInfo kEdgeflowJoint;
extern const StrategyInfo kExternal;

}  // namespace edgeflow
