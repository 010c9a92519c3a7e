// `coedge`: one division of rows for all layers, halos exchanged between neighbours.
//
// Problem: shares a_d of the rows, the same for every layer, sum 1;
//   min T   s.t.
//     A_d * a_d + c_d + sum_k t_k <= T        for every device d, over exchanges k whose hub is
//                                             another,
//     sum_d b_kld * a_d <= t_k                for every exchange k and every link l,
//     rows_id >= halo_i or a_d = 0            for every device d and every input i, where
//   A_d, c_d   what all layers that rows divide cost d for each of its rows, and whatever its
//              share: overheads, halos to and from both neighbours, and what messages cost
//              processors;
//   exchanges  from the source (input) or a device that has a layer whole (aggregator, re-layout)
//              to all, from all to such a device or the sink, and from all to all where every row
//              needs the whole input;
//   b_kld      time that they take link l for each share of d, so that a medium carries the sum;
//   rows_id    d's rows of an input that rows divide, halo_i those that a neighbour needs of them:
//              so nobody needs rows from beyond a neighbour.
// Algorithm: the linear program without the halos' constraint for all devices; while there are
// several, the one with the least share is dropped and the program solved again. Of the divisions
// that keep the constraint, and of the whole model on each device (a_d = 1), the plan with the
// least estimate. Complexity O(D) linear programs, 2 D estimates.
// Paper: CoEdge (Zeng et al., IEEE/ACM ToN 29(2), 2021; arXiv 2012.03257), after the abstract.
// Deviations: latency is minimised, where the paper minimises energy under a deadline. Which layers
// rows divide: layerwise/row_layout.hpp; others run on the fastest device, as do the paper's fully
// connected layers on one aggregator.
// Strongest reading of the paper we could find; differs from it in its favour: branches and joins
// need not be a stage of their own, the constraint is on whole rows after rounding, devices are
// dropped down to one even where it holds, any single device may do everything, and the estimate of
// the whole plan decides between them; against it: energy does not count, and an aggregator is the
// fastest device, not the one nearest to the source.

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "partition/layerwise/row_layout.hpp"
#include "partition/layerwise/split_rows.hpp"
#include "partition/options/strategy_info.hpp"
#include "partition/plans/builder.hpp"
#include "partition/plans/problem.hpp"
#include "partition/prices/best_plan.hpp"
#include "partition/prices/layers.hpp"
#include "partition/prices/lp.hpp"

namespace edgeflow {
namespace {

/// What a device needs beyond its own rows, on one side.
struct Halo {
  std::int64_t rows = 0;
  double bytes = 0;
  bool everything = false;  // every row needs all of the input
};

/// From the input rows that the middle third of the output rows needs, or if that is all of them,
/// the middle row.
Halo halo_of(const Problem& problem, const Layer& layer, std::size_t input) {
  const Region& in = problem.graph.layer(layer.inputs[input]).output.box;
  Region middle = layer.output.box;
  const std::int64_t third = middle.row.size() / 3;
  middle.row = {third, middle.row.size() - third};
  Region need = required_input(layer, input, middle);
  if (need.row.size() == in.row.size()) {
    middle.row.begin += middle.row.size() / 2;
    middle.row.end = middle.row.begin + 1;
    need = required_input(layer, input, middle);
  }
  Halo halo;
  halo.everything = !need.empty() && need.row.size() == in.row.size();
  if (need.empty() || halo.everything) return halo;
  const double own = static_cast<double>(in.row.size() * middle.row.size()) /
                     static_cast<double>(layer.output.box.row.size());
  const double missing = std::max(static_cast<double>(need.row.size()) - own, 0.0);
  halo.rows = static_cast<std::int64_t>(std::ceil(missing / 2));
  halo.bytes = static_cast<double>(halo.rows * need.channel.size() * need.column.size()) *
               element_bytes(problem, layer.inputs[input]);
  return halo;
}

/// Bytes that go between one device and all, by how.
struct Exchange {
  enum class Way : std::uint8_t { kFromHub, kToHub, kAllToAll } way;
  DeviceId hub{};
  bool operator<(const Exchange& other) const {
    return std::tie(way, hub) < std::tie(other.way, other.hub);
  }
};

/// The linear program of the devices that take part.
class Division {
 public:
  Division(const Problem& problem, std::vector<DeviceId> devices)
      : problem_(problem),
        devices_(std::move(devices)),
        share_s_(devices_.size(), 0),
        fixed_s_(devices_.size(), 0) {
    const RowLayout layout = row_layout(problem, by_speed());
    for (std::size_t l = 1; l < problem.graph.size(); ++l) {
      const Layer& layer = problem.graph.layers()[l];
      if (!layout[l]) add_compute(layer);
      for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
        add_input(layer, i, layout[index(layer.inputs[i])], layout[l]);
      }
      if (problem.graph.consumers(layer_at(l)).empty() && !layout[l]) {
        exchanges_[{Exchange::Way::kToHub, problem.cluster.sink()}] +=
            output_bytes(problem, layer_at(l));
      }
    }
    for (const auto& [exchange, bytes] : exchanges_) add_messages(exchange, bytes);
  }

  /// Whether every device that takes part has the rows that its neighbours need. `weights` by
  /// device of the cluster.
  bool neighbours_suffice(std::span<const double> weights) const {
    return std::all_of(halo_rows_.begin(), halo_rows_.end(), [&](const auto& entry) {
      const auto [rows, halo] = entry;
      const std::vector<std::int64_t> boundaries = proportional_boundaries(rows, weights);
      return std::all_of(devices_.begin(), devices_.end(), [&, halo = halo](DeviceId d) {
        return boundaries[index(d) + 1] - boundaries[index(d)] >= halo;
      });
    });
  }

  /// By device that takes part; empty if the solver gave up.
  std::vector<double> shares() const {
    LinearProgram program;
    std::vector<LpTerm> sum;
    for (std::size_t d = 0; d < devices_.size(); ++d) {
      sum.push_back({program.add_variable(0, 1, 0), 1});
    }
    program.add_row(sum, 1, 1);
    const int time = program.add_variable(0, kLpInfinity, 1);
    std::vector<std::vector<LpTerm>> rows;
    for (std::size_t d = 0; d < devices_.size(); ++d) {
      rows.push_back({{time, 1}, {sum[d].variable, -share_s_[d]}});
    }
    for (const auto& [exchange, bytes] : exchanges_) {
      const int exchange_time = program.add_variable(0, kLpInfinity, 0);
      const bool all = exchange.way == Exchange::Way::kAllToAll;
      for (std::size_t d = 0; d < devices_.size(); ++d) {
        if (all || devices_[d] != exchange.hub) rows[d].push_back({exchange_time, -1});
      }
      for (const auto& [link, busy_s] : link_times_s(exchange, bytes)) {
        std::vector<LpTerm> row{{exchange_time, 1}};
        for (std::size_t d = 0; d < devices_.size(); ++d) {
          if (busy_s[d] > 0) row.push_back({sum[d].variable, -busy_s[d]});
        }
        program.add_row(row, 0, kLpInfinity);
      }
    }
    for (std::size_t d = 0; d < devices_.size(); ++d) {
      program.add_row(rows[d], fixed_s_[d], kLpInfinity);
    }
    std::vector<double> values = program.minimize().values;
    values.resize(std::min(values.size(), devices_.size()));
    return values;
  }

 private:
  std::vector<double> by_speed() const {
    const std::vector<double> speed = speeds(problem_.graph, problem_.cluster);
    std::vector<double> weights(speed.size(), 0);
    for (DeviceId d : devices_) weights[index(d)] = speed[index(d)];
    return weights;
  }

  void add_compute(const Layer& layer) {
    const Work whole = work(layer, layer.output.box);
    for (std::size_t d = 0; d < devices_.size(); ++d) {
      const ComputeProfile& profile = problem_.cluster.device(devices_[d]).compute;
      const double bare_s = compute_time_s(profile, whole, false);
      share_s_[d] += bare_s;
      fixed_s_[d] += compute_time_s(profile, whole) - bare_s;
    }
  }

  /// What the layer's input costs: `from` and `to` are who has producer and layer whole, if anyone.
  void add_input(const Layer& layer, std::size_t input, std::optional<DeviceId> from,
                 std::optional<DeviceId> to) {
    if (from && to) return;
    const double bytes = output_bytes(problem_, layer.inputs[input]);
    if (from) {
      exchanges_[{Exchange::Way::kFromHub, *from}] += bytes;
    } else if (to) {
      exchanges_[{Exchange::Way::kToHub, *to}] += bytes;
    } else {
      const Halo halo = halo_of(problem_, layer, input);
      if (halo.everything) exchanges_[{Exchange::Way::kAllToAll, DeviceId{}}] += bytes;
      if (halo.rows == 0) return;
      std::int64_t& most =
          halo_rows_[problem_.graph.layer(layer.inputs[input]).output.box.row.size()];
      most = std::max(most, halo.rows);
      add_halos(halo);
    }
  }

  /// Both ways between neighbours: all at once, each link for what it carries of them.
  void add_halos(const Halo& halo) {
    std::map<int, double> busy_s;
    double latency_s = 0;
    for (std::size_t d = 0; d + 1 < devices_.size(); ++d) {
      for (const auto& [a, b] : {std::pair(d, d + 1), std::pair(d + 1, d)}) {
        const Route route = problem_.cluster.route(devices_[a], devices_[b]);
        for (int link : route.links) busy_s[link] += halo.bytes * byte_s(route, link);
        latency_s = std::max(latency_s, route.latency_s);
        const double cpu_s = message_cpu_s(problem_, devices_[a], devices_[b], halo.bytes);
        fixed_s_[a] += cpu_s;
        fixed_s_[b] += cpu_s;
      }
    }
    double longest_s = 0;
    for (const auto& [link, time_s] : busy_s) longest_s = std::max(longest_s, time_s);
    for (double& time_s : fixed_s_) time_s += latency_s + longest_s;
  }

  double byte_s(const Route& route, int link) const {
    return route.crossings /
           problem_.cluster.network().links[static_cast<std::size_t>(link)].bandwidth_Bps;
  }

  /// Calls `visit` with sender, receiver and the index of the device whose share it is.
  template <typename Visit>
  void for_each_message(const Exchange& exchange, Visit visit) const {
    for (std::size_t d = 0; d < devices_.size(); ++d) {
      if (exchange.way == Exchange::Way::kAllToAll) {
        for (DeviceId to : devices_) {
          if (to != devices_[d]) visit(devices_[d], to, d);
        }
      } else if (devices_[d] != exchange.hub) {
        const bool out = exchange.way == Exchange::Way::kFromHub;
        visit(out ? exchange.hub : devices_[d], out ? devices_[d] : exchange.hub, d);
      }
    }
  }

  /// By link: time that it is taken, for each share of each device.
  std::map<int, std::vector<double>> link_times_s(const Exchange& exchange, double bytes) const {
    std::map<int, std::vector<double>> result;
    for_each_message(exchange, [&](DeviceId from, DeviceId to, std::size_t d) {
      const Route route = problem_.cluster.route(from, to);
      for (int link : route.links) {
        std::vector<double>& busy_s = result[link];
        busy_s.resize(devices_.size(), 0);
        busy_s[d] += bytes * byte_s(route, link);
      }
    });
    return result;
  }

  /// Latency and what messages cost processors.
  void add_messages(const Exchange& exchange, double bytes) {
    for_each_message(exchange, [&](DeviceId from, DeviceId to, std::size_t d) {
      const double cpu_s = message_cpu_s(problem_, from, to, 0);
      fixed_s_[d] += problem_.cluster.route(from, to).latency_s + cpu_s;
      share_s_[d] += message_cpu_s(problem_, from, to, bytes) - cpu_s;
    });
  }

  const Problem& problem_;
  const std::vector<DeviceId> devices_;
  std::vector<double> share_s_;  // A
  std::vector<double> fixed_s_;  // c
  std::map<Exchange, double> exchanges_;
  std::map<std::int64_t, std::int64_t> halo_rows_;  // the largest, by an input's rows
};

Plan plan(const Problem& problem, const OptionValues& /*options*/) {
  BestPlan best(problem);
  std::vector<DeviceId> left;
  for (std::size_t d = 0; d < problem.cluster.size(); ++d) left.push_back(device_at(d));
  best.offer_single_devices("coedge");
  while (left.size() > 1) {
    const Division division(problem, left);
    const std::vector<double> shares = division.shares();
    if (shares.empty()) break;
    const auto least = std::min_element(shares.begin(), shares.end());
    std::vector<double> weights(problem.cluster.size(), 0);
    for (std::size_t d = 0; d < left.size(); ++d) weights[index(left[d])] = shares[d];
    if (*least > 0 && division.neighbours_suffice(weights)) {
      best.offer(
          build_plan(problem.graph, problem.cluster, split_rows(problem, weights), "coedge"));
    }
    left.erase(left.begin() + (least - shares.begin()));
  }
  return best.take();
}

}  // namespace

extern const StrategyInfo kCoedge;  // as in strategies.hpp
constinit const StrategyInfo kCoedge{
    .name = "coedge",
    .summary = "one division of rows for all layers, halos exchanged between neighbours",
    .paper = "after CoEdge (Zeng et al., ToN 2021)",
    .objective = "latency",
    .options = {},
    .plan = plan,
};

}  // namespace edgeflow
