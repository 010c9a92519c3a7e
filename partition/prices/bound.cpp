#include "partition/prices/bound.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

namespace edgeflow {

namespace {

/// Which indices of each axis of a layer's output every valid plan computes.
using Needed = std::array<std::vector<char>, 3>;

std::size_t number(Axis axis) { return static_cast<std::size_t>(axis); }

Needed none_of(const Region& box) {
  Needed needed;
  for (Axis axis : kAxes) needed[number(axis)].assign(index(box[axis].end), 0);
  return needed;
}

void mark(Needed& needed, Axis axis, const Range& range) {
  auto& flags = needed[number(axis)];
  std::fill(flags.begin() + range.begin, flags.begin() + range.end, 1);
}

double share_of(const Needed& needed) {
  double share = 1;
  for (const auto& flags : needed) {
    share *= static_cast<double>(std::count(flags.begin(), flags.end(), 1)) /
             static_cast<double>(flags.size());
  }
  return share;
}

/// The smallest box around what is needed; empty if nothing is.
Region hull_of(const Needed& needed) {
  Region box;
  for (Axis axis : kAxes) {
    const auto& flags = needed[number(axis)];
    const auto first = std::find(flags.begin(), flags.end(), 1) - flags.begin();
    const auto last = std::find(flags.rbegin(), flags.rend(), 1) - flags.rbegin();
    box[axis] = {first, static_cast<std::int64_t>(flags.size()) - last};
  }
  return box;
}

/// What `layer` needs of an input. Slab by slab along each axis, which is exact where an input
/// range along an axis follows from the output range along that axis; elsewhere, what its first
/// element needs.
Needed needed_input(const Layer& layer, std::size_t input, const Needed& needed) {
  const Region out = hull_of(needed);
  Needed result = none_of(layer.input_tensors[input].box);
  if (out.empty()) return result;
  const Region all = required_input(layer, input, out);
  bool apart = true;
  for (Axis axis : kAxes) {
    for (std::int64_t i = out[axis].begin; i < out[axis].end; ++i) {
      if (needed[number(axis)][index(i)] == 0) continue;
      Region slab = out;
      slab[axis] = {i, i + 1};
      const Region need = required_input(layer, input, slab);
      if (need.empty()) continue;
      for (Axis other : kAxes) apart = apart && (other == axis || need[other] == all[other]);
      mark(result, axis, need[axis]);
    }
  }
  if (apart) return result;
  Region first;
  for (Axis axis : kAxes) first[axis] = {out[axis].begin, out[axis].begin + 1};
  result = none_of(layer.input_tensors[input].box);
  const Region need = required_input(layer, input, first);
  if (need.empty()) return result;
  for (Axis axis : kAxes) mark(result, axis, need[axis]);
  return result;
}

}  // namespace

std::vector<double> needed_shares(const Graph& graph) {
  std::vector<Needed> needed;
  for (const Layer& layer : graph.layers()) needed.push_back(none_of(layer.output.box));
  for (LayerId output : graph.outputs()) {
    for (auto& flags : needed[index(output)]) std::fill(flags.begin(), flags.end(), 1);
  }
  std::vector<double> shares(graph.size());
  for (std::size_t l = graph.size(); l-- > 0;) {
    const Layer& layer = graph.layers()[l];
    shares[l] = share_of(needed[l]);
    for (std::size_t k = 0; k < layer.inputs.size(); ++k) {
      Needed by_layer = needed_input(layer, k, needed[l]);
      Needed& known = needed[index(layer.inputs[k])];
      if (share_of(by_layer) > share_of(known)) known = std::move(by_layer);
    }
  }
  return shares;
}

double lower_bound_s(const Graph& graph, const Cluster& cluster, const Effects& effects) {
  if (!effects.queueing) return 0;  // units of one device run at once: its busy time bounds nothing
  std::vector<std::vector<double>> time_s(graph.size());  // t[l][d]
  std::vector<double> total_s(cluster.size(), 0);
  for (std::size_t l = 0; l < graph.size(); ++l) {
    const Layer& layer = graph.layers()[l];
    Work whole = work(layer, layer.output.box);
    whole.in_elements = 0;
    for (std::size_t d = 0; d < cluster.size(); ++d) {
      time_s[l].push_back(compute_time_s(cluster.devices()[d].compute, whole, effects.overheads));
      total_s[d] += time_s[l][d];
    }
  }
  double sum_of_speeds = 0;
  for (double total : total_s) {
    if (total <= 0) return 0;
    sum_of_speeds += 1 / total;
  }
  const std::vector<double> shares = needed_shares(graph);
  double bound = 0;
  for (std::size_t l = 0; l < time_s.size(); ++l) {
    const std::vector<double>& layer = time_s[l];
    double cheapest = std::numeric_limits<double>::infinity();
    for (std::size_t d = 0; d < layer.size(); ++d) {
      cheapest = std::min(cheapest, layer[d] / total_s[d] / sum_of_speeds);
    }
    bound += shares[l] * cheapest;
  }
  return bound;
}

}  // namespace edgeflow
