// `heft`: whole layers by upward rank, each where it finishes first.
//
// Problem: a device for every layer, so that the DAG's makespan is short.
// Algorithm: HEFT, with
//   rank(l) = mean_d t[l][d] + max over consumers c of (mean send(l) + rank(c)),
// means over all devices and over all pairs of different devices. Layers in descending rank (a
// topological order); each goes into the earliest gap of the device where it finishes first.
// Complexity O(L * D * (L + edges / L)).
// Paper: Topcuoglu, Hariri and Wu, IEEE TPDS 13(3), 2002.
// Deviations: a device without room for a layer is no choice for it; the input is fixed on the
// source, and a result's delivery to the sink counts as part of its finish. As in the paper,
// messages are priced as if each had the network to itself, and the executor runs first what is
// ready first, which need not be the order of the gaps. The answer is one device where the estimate
// of the whole plan is less, as the greedy choice may end up slower than that.
// Strongest reading of the paper we could find; differs from it in its favour: results' delivery
// counts, and one device is an answer, which HEFT finds only by chance; against it: the executor's
// order, and links that messages share though its prices do not.

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "partition/options/strategy_info.hpp"
#include "partition/plans/placement.hpp"
#include "partition/plans/problem.hpp"
#include "partition/plans/validate.hpp"
#include "partition/prices/best_plan.hpp"
#include "partition/prices/layers.hpp"

namespace edgeflow {
namespace {

/// When a device is taken, in order of time.
class Timeline {
 public:
  /// The earliest start from `ready_s` on of something that takes `duration_s`.
  double earliest_s(double ready_s, double duration_s) const {
    double start_s = ready_s;
    for (const auto& [begin_s, end_s] : taken_) {
      if (start_s + duration_s <= begin_s) break;
      start_s = std::max(start_s, end_s);
    }
    return start_s;
  }
  void take(double start_s, double end_s) {
    const std::pair slot{start_s, end_s};
    taken_.insert(std::upper_bound(taken_.begin(), taken_.end(), slot), slot);
  }

 private:
  std::vector<std::pair<double, double>> taken_;
};

/// What devices hold of the layers that they were given.
class Room {
 public:
  explicit Room(const Problem& problem)
      : problem_(problem), weights_(problem.cluster.size(), 0), largest_(weights_) {}

  bool for_layer(const Layer& layer, std::size_t d) const {
    return weights_[d] + weight_bytes(problem_, layer) +
               std::max(largest_[d], working_bytes(problem_, layer)) <=
           problem_.cluster.devices()[d].memory_bytes;
  }
  void take(const Layer& layer, std::size_t d) {
    weights_[d] += weight_bytes(problem_, layer);
    largest_[d] = std::max(largest_[d], working_bytes(problem_, layer));
  }

 private:
  const Problem& problem_;
  std::vector<double> weights_;
  std::vector<double> largest_;
};

double mean_compute_s(const Problem& problem, const Layer& layer) {
  double sum_s = 0;
  for (std::size_t d = 0; d < problem.cluster.size(); ++d) {
    sum_s += compute_s(problem, layer, device_at(d));
  }
  return sum_s / static_cast<double>(problem.cluster.size());
}

/// Means over all pairs of different devices: of what a message takes, and of each of its bytes.
struct MeanNetwork {
  double latency_s = 0;
  double byte_s = 0;

  explicit MeanNetwork(const Problem& problem) {
    const std::size_t devices = problem.cluster.size();
    if (devices < 2) return;
    for (std::size_t a = 0; a < devices; ++a) {
      for (std::size_t b = 0; b < devices; ++b) {
        if (a == b) continue;
        const double cpu_s = message_cpu_s(problem, device_at(a), device_at(b), 0);
        latency_s += problem.cluster.route(device_at(a), device_at(b)).latency_s + cpu_s;
        byte_s += 1 / problem.cluster.route_bandwidth_Bps(device_at(a), device_at(b)) +
                  message_cpu_s(problem, device_at(a), device_at(b), 1) - cpu_s;
      }
    }
    latency_s /= static_cast<double>(devices * (devices - 1));
    byte_s /= static_cast<double>(devices * (devices - 1));
  }
};

std::vector<double> upward_ranks_s(const Problem& problem) {
  const MeanNetwork network(problem);
  std::vector<double> rank_s(problem.graph.size(), 0);
  for (std::size_t l = rank_s.size(); l-- > 0;) {
    const double move_s = network.latency_s + network.byte_s * output_bytes(problem, layer_at(l));
    for (LayerId consumer : problem.graph.consumers(layer_at(l))) {
      rank_s[l] = std::max(rank_s[l], move_s + rank_s[index(consumer)]);
    }
    rank_s[l] += mean_compute_s(problem, problem.graph.layers()[l]);
  }
  return rank_s;
}

/// By layer, the device. Throws Infeasible where a layer finds no room.
std::vector<DeviceId> earliest_finishes(const Problem& problem) {
  const Graph& graph = problem.graph;
  const std::vector<double> rank_s = upward_ranks_s(problem);
  std::vector<std::size_t> order(graph.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin() + 1, order.end(),
                   [&](std::size_t a, std::size_t b) { return rank_s[a] > rank_s[b]; });

  std::vector<DeviceId> device_of(graph.size(), problem.cluster.source());
  std::vector<double> finish_s(graph.size(), 0);
  std::vector<Timeline> timelines(problem.cluster.size());
  Room room(problem);
  for (auto l = order.begin() + 1; l != order.end(); ++l) {
    const Layer& layer = graph.layers()[*l];
    double best_s = std::numeric_limits<double>::infinity();
    double best_start_s = 0;
    for (std::size_t d = 0; d < problem.cluster.size(); ++d) {
      if (!room.for_layer(layer, d)) continue;
      double ready_s = 0;
      for (LayerId input : layer.inputs) {
        ready_s = std::max(
            ready_s, finish_s[index(input)] + send_s(problem, device_of[index(input)], device_at(d),
                                                     output_bytes(problem, input)));
      }
      const double duration_s = compute_s(problem, layer, device_at(d));
      const double start_s = timelines[d].earliest_s(ready_s, duration_s);
      const double end_s = start_s + duration_s + deliver_s(problem, layer_at(*l), device_at(d));
      if (end_s >= best_s) continue;
      best_s = end_s;
      best_start_s = start_s;
      device_of[*l] = device_at(d);
      finish_s[*l] = start_s + duration_s;
    }
    if (best_s == std::numeric_limits<double>::infinity()) {
      throw Infeasible(fmt::format(
          "no device has room for layer \"{}\" beside the layers of higher rank", layer.name));
    }
    room.take(layer, index(device_of[*l]));
    if (finish_s[*l] > best_start_s) {
      timelines[index(device_of[*l])].take(best_start_s, finish_s[*l]);
    }
  }
  return device_of;
}

Plan plan(const Problem& problem, const OptionValues& /*options*/) {
  BestPlan best(problem);
  std::string reason;
  try {
    best.offer(plan_of_placement(problem, earliest_finishes(problem), "heft"));
  } catch (const Infeasible& error) {
    reason = error.what();
  }
  best.offer_single_devices("heft");
  Plan plan = best.take();
  if (!reason.empty() && memory_shortage(plan, problem.graph, problem.cluster, problem.size)) {
    throw Infeasible(reason);
  }
  return plan;
}

}  // namespace

extern const StrategyInfo kHeft;  // as in strategies.hpp
constinit const StrategyInfo kHeft{
    .name = "heft",
    .summary = "whole layers by upward rank, each where it finishes first",
    .paper = "HEFT (Topcuoglu, Hariri and Wu, TPDS 2002)",
    .objective = "latency",
    .options = {},
    .plan = plan,
};

}  // namespace edgeflow
