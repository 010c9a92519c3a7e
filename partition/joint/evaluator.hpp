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
    held_s_.resize(cluster.size());
    link_s_.resize(tables_.links);
    for (std::size_t d = 0; d < tables_.devices; ++d) {
      const bool exclusive =
          cluster.device(tables_.device[d]).scheduling() == Scheduling::kExclusive;
      if (exclusive && objective.goal == Goal::kThroughput) exclusive_.push_back(d);
    }
    chain_s_.resize(exclusive_.empty() ? 0 : tables_.nodes * tables_.devices * tables_.devices);
  }

  double cost(double latency_s) {
    if (latency_s == std::numeric_limits<double>::infinity()) return latency_s;
    const std::size_t devices = tables_.devices;
    const auto& links = tables_.problem.cluster.network().links;
    std::fill(busy_s_.begin(), busy_s_.end(), 0.0);
    std::fill(held_s_.begin(), held_s_.end(), 0.0);
    std::fill(link_s_.begin(), link_s_.end(), 0.0);
    for (std::size_t n = 0; n < tables_.nodes; ++n) {
      for (std::size_t d = 0; d < devices; ++d) {
        busy_s_[index(tables_.device[d])] += schedule_.duration_s(n * devices + d);
        for (const auto& send : schedule_.sends(n, d)) {
          const std::size_t to = index(send.to);
          if (!tables_.messages[d].overlaps()) busy_s_[index(tables_.device[d])] += send.send_s;
          if (!tables_.messages[to].overlaps())
            busy_s_[index(tables_.device[to])] += send.receive_s;
          if (tables_.messages[d].blocks()) {
            held_s_[index(tables_.device[d])] += route(d, send).latency_s + send.wire_s;
          }
          for (int l : route(d, send).links) {
            const std::size_t link = index(l);
            link_s_[link] += send.link_bytes / links[link].bandwidth_Bps;
          }
        }
      }
    }
    double period_s = 0;
    for (std::size_t d = 0; d < busy_s_.size(); ++d) {
      period_s = std::max(period_s, busy_s_[d] + held_s_[d]);
    }
    for (const double time_s : link_s_) period_s = std::max(period_s, time_s);
    for (const std::size_t d : exclusive_) period_s = std::max(period_s, holding_s(d));
    return objective_.cost(tables_.problem.cluster, latency_s, busy_s_, period_s);
  }

 private:
  const Route& route(std::size_t from, const Schedule::Send& send) const {
    return routes_[from * tables_.devices + index(send.to)];
  }

  /// How long an exclusive device is held at least: the longest chain from work of its own to work
  /// of its own, as in partition/prices/demand.hpp.
  double holding_s(std::size_t held) {
    constexpr double kNoChain = -std::numeric_limits<double>::infinity();
    const std::size_t devices = tables_.devices;
    double longest_s = 0;
    const auto work = [&](std::size_t device, double chain_s, double duration_s) {
      if (device != held) return chain_s + duration_s;
      if (duration_s == 0) return chain_s;
      const double done_s = std::max(chain_s, 0.0) + duration_s;
      longest_s = std::max(longest_s, done_s);
      return done_s;
    };
    for (std::size_t n = 0; n < tables_.nodes; ++n) {
      for (std::size_t d = 0; d < devices; ++d) {
        double chain_s = kNoChain;
        for (const Edge& edge : tables_.inputs(n)) {
          const auto e = static_cast<std::size_t>(&edge - tables_.edges.data());
          for_each_device(schedule_.suppliers(e, d), [&](std::size_t from) {
            chain_s = std::max(chain_s, chain_s_[slot(index(edge.producer), from, d)]);
          });
        }
        const double done_s = work(d, chain_s, schedule_.duration_s(n * devices + d));
        chain_s_[slot(n, d, d)] = done_s;
        for (const auto& send : schedule_.sends(n, d)) {
          const MessageCost& from = tables_.messages[d];
          const std::size_t to = index(send.to);
          const double sent_s =
              from.overlaps() ? done_s + send.send_s : work(d, done_s, send.send_s);
          const double way_s = route(d, send).latency_s + send.wire_s;
          const double there_s = from.blocks() ? work(d, sent_s, way_s) : sent_s + way_s;
          chain_s_[slot(n, d, to)] = tables_.messages[to].overlaps()
                                         ? there_s + send.receive_s
                                         : work(to, there_s, send.receive_s);
        }
      }
    }
    return longest_s;
  }
  std::size_t slot(std::size_t node, std::size_t from, std::size_t to) const {
    return (node * tables_.devices + from) * tables_.devices + to;
  }

  const Schedule& schedule_;
  const CostTables& tables_;
  const Objective& objective_;
  std::vector<Route> routes_;  // by from * devices + to
  std::vector<double> busy_s_, link_s_;
  std::vector<double> held_s_;          // while messages are under way that their senders wait for
  std::vector<std::size_t> exclusive_;  // devices whose holding counts
  std::vector<double> chain_s_;         // scratch, by slot: when the unit, or its message, is done
};

}  // namespace edgeflow::joint
