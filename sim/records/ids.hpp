#pragma once
// Ids of what is simulated; those of units and messages are the plan's.

#include "workloads/input/ids.hpp"

namespace edgeflow {

/// Index of a stream of requests.
enum class StreamId : std::int32_t {};
/// Index of a plan among those of its stream.
enum class PlanId : std::int32_t {};
inline constexpr PlanId kNoPlan{-1};

}  // namespace edgeflow
