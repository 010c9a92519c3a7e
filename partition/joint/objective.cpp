#include "partition/joint/objective.hpp"

#include <algorithm>

#include "partition/prices/estimate.hpp"

namespace edgeflow::joint {

double Objective::cost(const Cluster& cluster, double latency_s, std::span<const double> busy_s,
                       double period_s) const {
  switch (goal) {
    case Goal::kLatency:
      return latency_s;
    case Goal::kEnergy: {
      double energy_J = 0;
      for (std::size_t d = 0; d < busy_s.size(); ++d) {
        const Device& device = cluster.devices()[d];
        energy_J += device.idle_W * latency_s + (device.busy_W - device.idle_W) * busy_s[d];
      }
      return energy_J;
    }
    case Goal::kThroughput: {
      constexpr double kTieBreak = 1e-3;  // of equal periods, the lower latency
      return period_s + kTieBreak * latency_s;
    }
  }
  return latency_s;
}

Judgement judge(const Objective& objective, const ExecutablePlan& plan) {
  const double latency_s = estimate(plan, Sharing::kMaxMin).latency_s;
  if (latency_s > objective.latency_limit_s) {
    return {latency_s, std::numeric_limits<double>::infinity()};
  }
  const bool stream = objective.goal == Goal::kThroughput;
  std::vector<double> busy_s(plan.cluster.size(), 0);
  for (const ExecutableUnit& unit : plan.units) busy_s[index(unit.device)] += unit.duration_s;
  for (const ExecutableMessage& message : plan.messages) {
    busy_s[index(message.from_device)] += message.sender_busy_s();
    busy_s[index(message.to)] += message.receiver_s();
  }
  return {latency_s,
          objective.cost(plan.cluster, latency_s, busy_s, stream ? stream_period_s(plan) : 0)};
}

Judgement judge(const Objective& objective, const Problem& problem, const Plan& plan) {
  return judge(objective, ExecutablePlan(plan, problem.graph, problem.cluster, problem.size));
}

}  // namespace edgeflow::joint
