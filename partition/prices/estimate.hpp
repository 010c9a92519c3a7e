#pragma once
// The estimator: predicts how long a plan takes, without SimGrid.
//
// It follows the rules of partition/plans/execution.hpp for one request, or for some that arrive
// together. Messages share links as `sharing` says: one after the other, or max-min fairly as in the
// simulator. With kMaxMin, or with `effects.contention` off, both agree to 1e-9.
//
// Complexity O((units + messages) log) first come first served; max-min fairly, each start and end
// of a message costs another O(messages under way * links).

#include <cstdint>
#include <vector>

#include "partition/plans/executable_plan.hpp"
#include "partition/plans/execution.hpp"

namespace edgeflow {

enum class Sharing : std::uint8_t {
  kFirstCome,  // a message has all links of its route for itself, in the order of sending
  kMaxMin,     // see partition/prices/flows.hpp
};

struct Estimate {
  double latency_s = 0;  // when the last result relay is done
  IdVector<UnitId, UnitTimes> units;
  /// What held the unit up last: the provider whose data came last or, if the unit queued, what
  /// its device ran just before (or whose message it sent or received). kNoUnit: nothing. From a
  /// result's unit backwards: the critical path.
  IdVector<UnitId, UnitId> after;
};

/// Precondition: the plan is valid.
Estimate estimate(const ExecutablePlan& plan, Sharing sharing = Sharing::kFirstCome);
/// When each of `requests` is done that arrive together, by request; links are shared max-min fairly.
std::vector<double> estimate_together(const ExecutablePlan& plan, std::int32_t requests);

/// What each further one of 8 requests that arrive together takes, in s: at what rate the plan serves
/// a queue, contention for links and the devices' scheduling included.
double stream_period_s(const ExecutablePlan& plan);

/// Of a plan that nothing else is asked of.
Estimate estimate(const Plan& plan, const Graph& graph, const Cluster& cluster,
                  const ElementSize& size, const Effects& effects = {},
                  Sharing sharing = Sharing::kFirstCome);

}  // namespace edgeflow
