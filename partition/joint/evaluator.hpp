#pragma once
// What a schedule costs by an objective, computed anew.

#include <algorithm>
#include <limits>
#include <vector>

#include "partition/joint/objective.hpp"
#include "partition/joint/schedule.hpp"

namespace edgeflow::joint {

/// The cost of a schedule as edited and tried.
class Evaluator {
 public:
  Evaluator(const Schedule& schedule, const Objective& objective)
      : schedule_(schedule), tables_(schedule.tables()), objective_(objective) {
    const Cluster& cluster = tables_.problem.cluster;
    routes_.resize(tables_.devices * tables_.devices);
    for (std::size_t s = 0; s < tables_.devices; ++s) {
      for (std::size_t d = 0; d < tables_.devices; ++d) {
        if (s == d) continue;
        routes_[s * tables_.devices + d] = cluster.route(tables_.device[s], tables_.device[d]);
      }
    }
    busy_s_.resize(cluster.size());
    link_s_.resize(tables_.links);
  }

  double cost(double latency_s) {
    if (latency_s == std::numeric_limits<double>::infinity()) return latency_s;
    const std::size_t devices = tables_.devices;
    const auto& links = tables_.problem.cluster.network().links;
    std::fill(busy_s_.begin(), busy_s_.end(), 0.0);
    std::fill(link_s_.begin(), link_s_.end(), 0.0);
    for (std::size_t n = 0; n < tables_.nodes; ++n) {
      for (std::size_t d = 0; d < devices; ++d) {
        busy_s_[index(tables_.device[d])] += schedule_.duration_s(n * devices + d);
        for (const auto& send : schedule_.sends(n, d)) {
          const Route& route = routes_[d * devices + index(send.to)];
          for (const std::size_t end : {d, index(send.to)}) {
            const DeviceId id = tables_.device[end];
            busy_s_[index(id)] += message_cpu_time_s(tables_.problem.cluster.device(id).compute,
                                                     send.link_bytes / route.crossings);
          }
          for (int l : route.links) {
            const std::size_t link = index(l);
            link_s_[link] += send.link_bytes / links[link].bandwidth_Bps;
          }
        }
      }
    }
    return objective_.cost(tables_.problem.cluster, latency_s, busy_s_, link_s_);
  }

 private:
  const Schedule& schedule_;
  const CostTables& tables_;
  const Objective& objective_;
  std::vector<Route> routes_;  // by from * devices + to
  std::vector<double> busy_s_, link_s_;
};

}  // namespace edgeflow::joint
