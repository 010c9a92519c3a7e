#include "partition/joint/objective.hpp"

#include <algorithm>

#include "partition/prices/estimate.hpp"

namespace edgeflow::joint {

double Objective::cost(const Cluster& cluster, double latency_s, std::span<const double> busy_s,
                       std::span<const double> link_s) const {
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
      double period_s = 0;                // a device alone may have no link
      for (const double at_work_s : busy_s) period_s = std::max(period_s, at_work_s);
      for (const double at_work_s : link_s) period_s = std::max(period_s, at_work_s);
      return period_s + kTieBreak * latency_s;
    }
  }
  return latency_s;
}

Judgement judge(const Objective& objective, const Problem& problem, const Plan& plan) {
  const Cluster& cluster = problem.cluster;
  const double latency_s =
      estimate(plan, problem.graph, cluster, problem.size, {}, Sharing::kMaxMin).latency_s;
  if (latency_s > objective.latency_limit_s) {
    return {latency_s, std::numeric_limits<double>::infinity()};
  }
  std::vector<double> busy_s(cluster.size(), 0);
  for (const ExecutionUnit& unit : plan.units) {
    busy_s[index(unit.device)] += unit_time_s(unit, problem.graph, cluster);
  }
  const auto& links = cluster.network().links;
  std::vector<double> link_s(links.size(), 0);
  for (const Message& message : messages_of(plan, problem.size)) {
    const DeviceId from = plan.unit(message.from).device;
    for (const DeviceId d : {from, message.to}) {
      busy_s[index(d)] += message_cpu_time_s(cluster.device(d).compute, message.bytes);
    }
    const Route route = cluster.route(from, message.to);
    for (int link : route.links) {
      const auto l = static_cast<std::size_t>(link);
      link_s[l] += message.bytes * route.crossings / links[l].bandwidth_Bps;
    }
  }
  return {latency_s, objective.cost(cluster, latency_s, busy_s, link_s)};
}

}  // namespace edgeflow::joint
