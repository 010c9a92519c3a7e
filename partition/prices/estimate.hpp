#pragma once
// The estimator: predicts how long a plan takes, without SimGrid.
//
// The same execution model as the simulator (model.md section 4) for one request: a unit is ready
// when its last requirement is there; a device runs one unit at a time, first ready first, ties by
// position in the plan; a finished unit sends its messages in forwarding order. Where messages cost
// CPU time (platforms/device.hpp), it queues like a unit; of what is ready at the same time the
// device first sends, then receives, then computes, each in the order of the plan. Messages share
// links as `sharing` says: one after the other, or max-min fairly as in the simulator. With
// kMaxMin, or with `effects.contention` off, both agree to 1e-9.
//
// Complexity O((units + messages) log) first come first served; max-min fairly, each start and end
// of a message costs another O(messages under way * links). Events closer than kTimePrecision_s
// count as simultaneous.

#include <cstdint>
#include <vector>

#include "partition/plans/plan.hpp"
#include "platforms/effects.hpp"

namespace edgeflow {

/// Events closer than this are handled as one instant, in the estimator and in the simulator
/// (SimGrid's precision/timing), so that rounding does not decide ties.
inline constexpr double kTimePrecision_s = 1e-12;

enum class Sharing : std::uint8_t {
  kFirstCome,  // a message has all links of its route for itself, in the order of sending
  kMaxMin,     // see partition/prices/flows.hpp
};

struct UnitTimes {
  double ready_s = 0;
  double start_s = 0;
  double finish_s = 0;
};

struct Estimate {
  double latency_s = 0;          // when the last result relay is done
  std::vector<UnitTimes> units;  // by unit
  /// By unit, what held it up last: the provider whose data came last or, if the unit queued, what
  /// its device ran just before (or whose message it sent or received). Negative: nothing. From a
  /// result's unit backwards: the critical path.
  std::vector<UnitId> after;
};

/// Precondition: the plan is valid.
Estimate estimate(const Plan& plan, const Graph& graph, const Cluster& cluster,
                  const ElementSize& size, const Effects& effects = {},
                  Sharing sharing = Sharing::kFirstCome);

}  // namespace edgeflow
