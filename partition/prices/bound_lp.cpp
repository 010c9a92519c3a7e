#include <algorithm>
#include <cmath>

#include "partition/prices/bound.hpp"
#include "partition/prices/lp.hpp"

namespace edgeflow {
namespace {

/// CLP's tolerances and rounding are far below this part of the bound.
constexpr double kSafety = 1e-6;

/// [first, end) of an input that each index of the output needs, along one axis.
std::vector<Range> needs_along(const Layer& layer, std::size_t input, Axis axis, bool& apart) {
  const Region& out = layer.output.box;
  const Region all = required_input(layer, input, out);
  std::vector<Range> needs;
  for (std::int64_t i = out[axis].begin; i < out[axis].end; ++i) {
    Region slab = out;
    slab[axis] = {i, i + 1};
    const Region need = required_input(layer, input, slab);
    for (Axis other : kAxes) {
      apart = apart && (need.empty() || other == axis || need[other] == all[other]);
    }
    needs.push_back(need.empty() ? Range{0, 0} : need[axis]);
  }
  return needs;
}

/// The largest length, at most `most`, such that disjoint intervals of it fit into the ranges.
double disjoint_length(const std::vector<Range>& ranges, double most) {
  const auto fits = [&](double length) {
    double taken = 0;
    for (const Range& range : ranges) {
      const double end = std::max(taken, static_cast<double>(range.begin)) + length;
      if (end > static_cast<double>(range.end)) return false;
      taken = end;
    }
    return true;
  };
  double low = 0;
  double high = most;
  if (fits(high)) return high;
  for (int i = 0; i < 40; ++i) {
    const double middle = (low + high) / 2;
    (fits(middle) ? low : high) = middle;
  }
  return low;
}

/// a of the edge; see bound.hpp.
double needed_ratio(const Layer& layer, std::size_t input) {
  bool apart = true;
  double ratio = 1;
  for (Axis axis : kAxes) {
    const auto extent = static_cast<double>(layer.input_tensors[input].box[axis].size());
    const std::vector<Range> needs = needs_along(layer, input, axis, apart);
    if (!apart) return 0;
    const auto out = static_cast<double>(needs.size());
    ratio *= disjoint_length(needs, extent / out) * out / extent;
  }
  return ratio;
}

class BoundProgram {
 public:
  BoundProgram(const Graph& graph, const Cluster& cluster, const ElementSize& size,
               const Effects& effects, double unit_s)
      : graph_(graph), cluster_(cluster), size_(size), devices_(cluster.size()), unit_s_(unit_s) {
    time_ = program_.add_variable(0, kLpInfinity, 1);
    const std::vector<double> shares = needed_shares(graph);
    for (std::size_t l = 0; l < graph.size(); ++l) add_layer(l, shares[l], effects);
    for (std::size_t d = 0; d < devices_; ++d) add_busy(computing_[d]);
    if (!effects.contention) return;  // then no message waits for another
    for (std::size_t l = 1; l < graph.size(); ++l) add_needs(l, shares[l]);
    for (LayerId output : graph.outputs()) add_delivery(output);
    for (std::size_t d = 0; d < devices_; ++d) add_occupied(d);
    for (std::size_t link = 0; link < cluster.network().links.size(); ++link) {
      for (const bool receiving : {false, true}) add_link(link, receiving);
    }
  }

  double solve_s() {
    const LpSolution solution = program_.minimize();
    return solution.status == LpStatus::kOptimal ? solution.objective * unit_s_ * (1 - kSafety) : 0;
  }

 private:
  int& variable(std::vector<int>& variables, std::size_t l, std::size_t d) {
    int& place = variables[l * devices_ + d];
    if (place < 0) place = program_.add_variable(0, kLpInfinity, 0);
    return place;
  }

  void add_layer(std::size_t l, double share, const Effects& effects) {
    const Layer& layer = graph_.layers()[l];
    Work whole = work(layer, layer.output.box);
    whole.in_elements = 0;  // parts may skip input that the whole needs
    const bool is_input = l == 0;
    std::vector<LpTerm> all;
    for (std::size_t d = 0; d < devices_; ++d) {
      const bool elsewhere = is_input && DeviceId{static_cast<int>(d)} != cluster_.source();
      x_.push_back(program_.add_variable(is_input && !elsewhere ? 1 : 0, elsewhere ? 0 : 1, 0));
      all.push_back({x_.back(), 1});
      const double time_s = compute_time_s(cluster_.devices()[d].compute, whole, effects.overheads);
      if (!is_input && time_s > 0) computing_[d].push_back({x_.back(), time_s / unit_s_});
    }
    if (!is_input) program_.add_row(all, share, kLpInfinity);
  }

  /// T >= the terms
  void add_busy(std::vector<LpTerm> terms) {
    if (terms.empty()) return;
    terms.push_back({time_, -1});
    program_.add_row(terms, -kLpInfinity, 0);
  }

  void add_needs(std::size_t l, double share) {
    const Layer& layer = graph_.layers()[l];
    for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
      const double a = needed_ratio(layer, i);
      if (a <= 0) continue;
      const std::size_t p = index(layer.inputs[i]);
      for (std::size_t d = 0; d < devices_; ++d) {
        // received[p, d] + x[p, d] >= a x[l, d]
        program_.add_row(std::vector<LpTerm>{{variable(received_, p, d), 1},
                                             {x_[p * devices_ + d], 1},
                                             {x_[l * devices_ + d], -a}},
                         0, kLpInfinity);
        // sent[p, d] + sum of x[p, e] over e != d >= a (share - x[l, d])
        std::vector<LpTerm> terms{{variable(sent_, p, d), 1}, {x_[l * devices_ + d], a}};
        for (std::size_t e = 0; e < devices_; ++e) {
          if (e != d) terms.push_back({x_[p * devices_ + e], 1});
        }
        program_.add_row(terms, a * share, kLpInfinity);
      }
    }
  }

  /// received[p, sink] + x[p, sink] >= 1 for a result p, and sent likewise.
  void add_delivery(LayerId output) {
    const std::size_t p = index(output);
    const std::size_t sink = index(cluster_.sink());
    const std::vector<LpTerm> terms{{variable(received_, p, sink), 1},
                                    {x_[p * devices_ + sink], 1}};
    program_.add_row(terms, 1, kLpInfinity);
    for (std::size_t s = 0; s < devices_; ++s) {
      if (s == sink) continue;
      std::vector<LpTerm> leaves{{variable(sent_, p, s), 1}};
      for (std::size_t e = 0; e < devices_; ++e) {
        if (e != s) leaves.push_back({x_[p * devices_ + e], 1});
      }
      program_.add_row(leaves, 1, kLpInfinity);
    }
  }

  /// Appends the time for what a device receives (or sends) at `byte_s`.
  void add_moved(std::vector<LpTerm>& terms, std::size_t d, bool receiving, double byte_s) const {
    if (byte_s == 0) return;
    const std::vector<int>& variables = receiving ? received_ : sent_;
    for (std::size_t p = 0; p < graph_.size(); ++p) {
      const int moved = variables[p * devices_ + d];
      if (moved < 0) continue;
      const double element_bytes = p == 0 ? size_.input_bytes : size_.activation_bytes;
      const auto elements = static_cast<double>(graph_.layers()[p].output.volume());
      terms.push_back({moved, elements * element_bytes * byte_s / unit_s_});
    }
  }

  /// Beside its computing a device, or its thread for messages, is occupied by the bytes of messages.
  void add_occupied(std::size_t d) {
    const ComputeProfile& compute = cluster_.devices()[d].compute;
    const double cpu_s = message_cpu_time_s(compute, 1, /*with_overhead=*/false);
    double wait_s = 0;  // until a byte that it sends has arrived
    if (compute.sends == Sends::kBlock) {
      wait_s = kLpInfinity;
      for (std::size_t e = 0; e < devices_; ++e) {
        if (e == d) continue;
        const double rate_Bps = cluster_.route_bandwidth_Bps(
            DeviceId{static_cast<std::int32_t>(d)}, DeviceId{static_cast<std::int32_t>(e)});
        wait_s = std::min(wait_s, 1 / rate_Bps);
      }
    }
    if (cpu_s == 0 && !(wait_s > 0 && std::isfinite(wait_s))) return;
    std::vector<LpTerm> terms;
    if (compute.sends != Sends::kOverlap) terms = computing_[d];
    add_moved(terms, d, /*receiving=*/true, cpu_s);
    add_moved(terms, d, /*receiving=*/false, cpu_s + wait_s);
    add_busy(std::move(terms));
  }

  /// The link is busy with all that its devices, whose every route uses it, receive (or send).
  void add_link(std::size_t link, bool receiving) {
    std::vector<LpTerm> load;
    for (std::size_t d = 0; d < devices_; ++d) {
      double crossings = kLpInfinity;
      for (std::size_t e = 0; e < devices_; ++e) {
        if (e == d) continue;
        const DeviceId here{static_cast<std::int32_t>(d)};
        const DeviceId there{static_cast<std::int32_t>(e)};
        const Route route = receiving ? cluster_.route(there, here) : cluster_.route(here, there);
        const auto times =
            std::count(route.links.begin(), route.links.end(), static_cast<int>(link));
        crossings = std::min(crossings, static_cast<double>(times) * route.crossings);
      }
      if (!std::isfinite(crossings) || crossings == 0) continue;
      const double byte_s = crossings / cluster_.network().links[link].bandwidth_Bps;
      add_moved(load, d, receiving, byte_s);
    }
    add_busy(std::move(load));
  }

  const Graph& graph_;
  const Cluster& cluster_;
  const ElementSize size_;
  std::size_t devices_;
  double unit_s_;
  LinearProgram program_;
  int time_ = 0;
  std::vector<int> x_;  // [layer * D + device]
  std::vector<int> received_ = std::vector<int>(graph_.size() * devices_, -1);  // likewise
  std::vector<int> sent_ = received_;                                           // likewise
  std::vector<std::vector<LpTerm>> computing_ = std::vector<std::vector<LpTerm>>(devices_);
};

}  // namespace

double lp_lower_bound_s(const Graph& graph, const Cluster& cluster, const ElementSize& size,
                        const Effects& effects) {
  const double simple_s = lower_bound_s(graph, cluster, effects);
  if (simple_s <= 0) return simple_s;
  return std::max(simple_s, BoundProgram(graph, cluster, size, effects, simple_s).solve_s());
}

}  // namespace edgeflow
