// `edgeflow`: layers in topological order, each cut where it is done first.
//
// Problem, for layer l with all layers before it fixed: boundaries 0 = x_0 <= ... <= x_D = H that
// minimise  max_d T_d,  T_d = S_d + a_d*(x_{d+1} - x_d) + c_d,  S_d the time when device d is free
// and all it needs of l's predecessors has arrived (layer_problem.hpp has it in full). Algorithm:
// per layer the LP of layer_lp.hpp, or with `solver: exact` the optimum of layer_oracle.hpp; the
// parts' exact finish times then become data of the layers behind.
//   - Layers are cut into rows where that makes parts need less, linear layers otherwise into
//   output
//     features; any other layer goes whole to the device that is done with it first.
//   - A layer that is a result is done when its parts are on the sink.
//   - Views follow their producer's split and cost nothing.
//   - Devices stand along the layer in the order of the cluster, or fastest first.
// Complexity: layers * (about 8 LPs of D variables).
// Source: after Hu and Li, "Distributed Inference with Deep Learning Models across Heterogeneous
// Edge Devices", INFOCOM 2022: progressive partitioning layer by layer in topological order, each
// layer's integer program relaxed to a linear one. Deviations: only that outline is the paper's;
// the formulation, the LP procedure, and what happens to layers that cannot be cut into rows are
// ours.
//
// What it does not see: it is myopic. Each layer minimises its own finish, and neither the work
// that is left nor the transfers that a split causes further on count; messages are priced as if
// each had the network to itself; rows that an earlier consumer brought to a device are paid for
// again. Where transfers are dear, the plan can be slower than the best single device.

#include <fmt/format.h>

#include <algorithm>

#include "partition/layer_lp.hpp"
#include "partition/layer_oracle.hpp"
#include "partition/strategies/strategies.hpp"
#include "workloads/operator_rules.hpp"

namespace edgeflow {
namespace {

using Solver = LayerSplit (*)(const LayerProblem&);

Solver solver_named(const std::string& name) {
  if (name == "lp") return solve_by_lp;
  if (name == "exact") return solve_exactly;
  throw OptionError("solver", fmt::format("got \"{}\", expected lp or exact", name));
}

std::vector<DeviceId> devices_in_order(const Problem& problem, const std::string& order) {
  std::vector<DeviceId> devices;
  for (std::size_t d = 0; d < problem.cluster.size(); ++d) {
    devices.push_back(DeviceId{static_cast<std::int32_t>(d)});
  }
  if (order == "cluster") return devices;
  if (order != "speed") {
    throw OptionError("order", fmt::format("got \"{}\", expected cluster or speed", order));
  }
  const std::vector<double> total_s = whole_model_times_s(problem.graph, problem.cluster);
  std::stable_sort(devices.begin(), devices.end(),
                   [&](DeviceId a, DeviceId b) { return total_s[index(a)] < total_s[index(b)]; });
  return devices;
}

/// How a layer is cut; a layer that stays whole counts as one "row".
struct Cut {
  bool whole = true;
  Axis axis = Axis::kRow;
};

Cut cut_of(const Layer& layer) {
  if (splits_by_rows(layer)) return {false, Axis::kRow};
  if (layer.op == Op::kLinear) {
    const Axis axis = rules::linear_feature_axis(layer);
    if (layer.output.box[axis].size() >= 2) return {false, axis};
  }
  return {};
}

class Planner {
 public:
  Planner(const Problem& problem, Solver solve, std::vector<DeviceId> devices)
      : problem_(problem), solve_(solve), devices_(std::move(devices)) {
    free_s_.assign(devices_.size(), 0);
    sink_ = static_cast<std::size_t>(
        std::find(devices_.begin(), devices_.end(), problem.cluster.sink()) - devices_.begin());
    for (DeviceId from : devices_) {
      for (DeviceId to : devices_) {
        const bool same = from == to;
        byte_s_.push_back(same ? 0 : 1 / problem.cluster.route_bandwidth_Bps(from, to));
        latency_s_.push_back(same ? 0 : problem.cluster.route(from, to).latency_s);
      }
    }
  }

  Assignment plan() {
    Assignment assignment(problem_.graph.size());
    for (std::size_t l = 0; l < problem_.graph.size(); ++l) {
      const Layer& layer = problem_.graph.layers()[l];
      if (l == 0) {
        place_input(layer);
      } else if (work(layer, layer.output.box).view) {
        parts_.push_back(parts_[index(layer.inputs[0])]);
      } else {
        split(layer);
      }
      assignment[l] = shares_of(layer, parts_.back());
    }
    return assignment;
  }

 private:
  /// Where a layer's output is, by position in devices_, and when.
  struct Parts {
    Axis axis = Axis::kRow;
    std::vector<std::int64_t> boundaries;
    std::vector<double> finish_s;
  };

  void place_input(const Layer& layer) {
    Parts parts{Axis::kRow, {0}, std::vector<double>(devices_.size(), 0)};
    const std::int64_t extent = layer.output.box.row.size();
    for (DeviceId device : devices_) {
      parts.boundaries.push_back(device == problem_.cluster.source() ? extent
                                                                     : parts.boundaries.back());
    }
    parts_.push_back(std::move(parts));
  }

  void split(const Layer& layer) {
    const Cut cut = cut_of(layer);
    const LayerProblem layer_problem = problem_of(layer, cut);
    Parts parts{cut.axis, solve_(layer_problem).boundaries, {}};
    for (std::size_t d = 0; d < devices_.size(); ++d) {
      const Range rows{parts.boundaries[d], parts.boundaries[d + 1]};
      if (!rows.empty()) {
        free_s_[d] =
            start_time_s(layer_problem, d, rows) + compute_s(layer, d, part(layer, cut, rows));
      }
      parts.finish_s.push_back(free_s_[d]);
    }
    if (cut.whole) {  // in the layer's own rows
      const std::int64_t extent = layer.output.box[cut.axis].size();
      for (std::int64_t& boundary : parts.boundaries) boundary *= extent;
    }
    parts_.push_back(std::move(parts));
  }

  /// The box of a range: of the cut axis, or of the single "row" of a layer that stays whole.
  static Region part(const Layer& layer, const Cut& cut, const Range& rows) {
    Region region = layer.output.box;
    if (!cut.whole) region[cut.axis] = rows;
    return region;
  }

  double compute_s(const Layer& layer, std::size_t d, const Region& region) const {
    return compute_time_s(problem_.cluster.device(devices_[d]).compute, work(layer, region));
  }

  LayerProblem problem_of(const Layer& layer, const Cut& cut) const {
    LayerProblem result;
    result.extent = cut.whole ? 1 : layer.output.box[cut.axis].size();
    for (std::size_t d = 0; d < devices_.size(); ++d) {
      result.devices.push_back(costs_of(layer, cut, d, result.extent));
    }
    for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
      if (std::find(layer.inputs.begin(), layer.inputs.begin() + static_cast<std::ptrdiff_t>(i),
                    layer.inputs[i]) == layer.inputs.begin() + static_cast<std::ptrdiff_t>(i)) {
        result.predecessors.push_back(predecessor_of(layer, cut, i, result.extent));
      }
    }
    result.byte_s = byte_s_;
    result.latency_s = latency_s_;
    return result;
  }

  /// The line through the times of two parts from the middle, away from the input's edges; for a
  /// result with the way to the sink.
  LayerDevice costs_of(const Layer& layer, const Cut& cut, std::size_t d,
                       std::int64_t extent) const {
    LayerDevice costs{0, 0, free_s_[d]};
    if (cut.whole) {
      costs.fixed_s = compute_s(layer, d, layer.output.box);
    } else {
      const std::int64_t few = std::max<std::int64_t>(extent / 4, 1);
      const std::int64_t many = std::max<std::int64_t>(extent / 2, few + 1);
      const std::int64_t from = std::min(few, extent - many);
      const double few_s = compute_s(layer, d, part(layer, cut, {from, from + few}));
      const double many_s = compute_s(layer, d, part(layer, cut, {from, from + many}));
      costs.row_s = (many_s - few_s) / static_cast<double>(many - few);
      costs.fixed_s = std::max(few_s - costs.row_s * static_cast<double>(few), 0.0);
    }
    if (d != sink_ && is_result(layer)) {
      const std::size_t pair = d * devices_.size() + sink_;
      const double row_bytes = problem_.size.activation_bytes *
                               static_cast<double>(layer.output.volume()) /
                               static_cast<double>(extent);
      costs.row_s += row_bytes * byte_s_[pair];
      costs.fixed_s += latency_s_[pair];
    }
    return costs;
  }

  /// True if nothing but views stands between the layer and the end of the model.
  bool is_result(const Layer& layer) const {
    const auto id = LayerId{static_cast<std::int32_t>(&layer - problem_.graph.layers().data())};
    const auto consumers = problem_.graph.consumers(id);
    return std::all_of(consumers.begin(), consumers.end(), [&](LayerId consumer) {
      const Layer& behind = problem_.graph.layer(consumer);
      return work(behind, behind.output.box).view && is_result(behind);
    });
  }

  /// All inputs of `layer` that are the same tensor as input `i`. Bytes per row are those that the
  /// whole output needs, more than a part does where producer and consumer are cut across.
  Predecessor predecessor_of(const Layer& layer, const Cut& cut, std::size_t i,
                             std::int64_t extent) const {
    const LayerId producer = layer.inputs[i];
    const Parts& parts = parts_[index(producer)];
    const Region& box = problem_.graph.layer(producer).output.box;
    const auto need = [&layer, cut, i, producer](const Range& rows) {
      Region all;
      for (std::size_t k = i; k < layer.inputs.size(); ++k) {
        if (layer.inputs[k] != producer) continue;
        all = hull(all, required_input(layer, k, part(layer, cut, rows)));
      }
      return all;
    };
    const Region whole = need({0, extent});
    const double element_bytes = producer == problem_.graph.input()
                                     ? problem_.size.input_bytes
                                     : problem_.size.activation_bytes;
    const double rows = static_cast<double>(std::max<std::int64_t>(whole[parts.axis].size(), 1));
    return {RowNeeds(extent, box[parts.axis].size(),
                     [need, axis = parts.axis](const Range& range) { return need(range)[axis]; }),
            parts.boundaries, parts.finish_s,
            element_bytes * static_cast<double>(whole.volume()) / rows};
  }

  std::vector<Share> shares_of(const Layer& layer, const Parts& parts) const {
    std::vector<Share> shares = cut(layer.output.box, parts.axis, parts.boundaries);
    for (Share& share : shares) share.device = devices_[index(share.device)];
    return shares;
  }

  const Problem& problem_;
  Solver solve_;
  std::vector<DeviceId> devices_;
  std::vector<double> byte_s_;     // [from*D + to], by position
  std::vector<double> latency_s_;  // likewise
  std::vector<double> free_s_;     // by position
  std::size_t sink_ = 0;           // position
  std::vector<Parts> parts_;       // by layer
};

}  // namespace

Plan plan_edgeflow(const Problem& problem, const Options& options) {
  Planner planner(problem, solver_named(options.at("solver")),
                  devices_in_order(problem, options.at("order")));
  return build_plan(problem.graph, problem.cluster, planner.plan(), "edgeflow");
}

}  // namespace edgeflow
