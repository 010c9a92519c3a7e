#pragma once
// What edgeflow-joint minimises.
//
//  latency     estimate() of one request
//  energy      sum over devices of idle_W * latency + (busy_W - idle_W) * processor time
//  throughput  the period of a queue of requests (stream_period_s). The search goes by a bound of it,
//              the longest time that one request demands of a device, as that schedules, or of a link
//              (partition/prices/demand.hpp); of what it and other strategies found, the period says
//              which is best: messages that share links keep devices waiting before links are full.
// All in the units of the cost (s, J, s per request); lower is better.

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "partition/plans/executable_plan.hpp"
#include "partition/plans/problem.hpp"

namespace edgeflow::joint {

enum class Goal : std::uint8_t { kLatency, kEnergy, kThroughput };

struct Objective {
  Goal goal = Goal::kLatency;
  double latency_limit_s = std::numeric_limits<double>::infinity();

  /// Cost of a plan that takes `latency_s`, computes on each device for `busy_s` (by index) and has
  /// a period of `period_s`.
  double cost(const Cluster& cluster, double latency_s, std::span<const double> busy_s,
              double period_s) const;
};

/// What counts: latency by estimate() with Sharing::kMaxMin.
struct Judgement {
  double latency_s = 0;
  double cost = 0;  // infinite beyond the latency limit
};
Judgement judge(const Objective& objective, const ExecutablePlan& plan);
Judgement judge(const Objective& objective, const Problem& problem, const Plan& plan);

}  // namespace edgeflow::joint
