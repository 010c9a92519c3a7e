// `edgeflow`: layers in topological order, each cut where it is done first.
//
// Problem, for layer l with all layers before it fixed: boundaries 0 = x_0 <= ... <= x_D = H that
// minimise
//   max_d T_d,   T_d = S_d + a_d*(x_{d+1} - x_d) + c_d,
// S_d the time when device d is free and all it needs of l's predecessors has arrived
// (layer_problem.hpp has it in full).
// Algorithm: per layer the LP of layer_lp.hpp, or with `solver: exact` the optimum of
// layer_oracle.hpp; the parts' exact finish times then become data of the layers behind.
// Ties: of splits that are done equally early, the one that moves fewer bytes, then the one whose
// parts are done earlier in sum (settle_ties in layer_problem.hpp).
// How layers are cut, and which are not: progressive.hpp. A layer that is a result is done when its
// parts are on the sink. Views follow their producer's split and cost nothing. Devices stand along
// the layer in the order of the cluster, or fastest first.
// With `lookahead: yes` a layer's split is, of its own optimum, a few standard layouts and small
// shifts of the best of these, the one with the least finish and cost to go: an estimate of what
// all layers behind it then take, transfers included (lookahead.hpp). There, the messages of a
// layer share links.
// Complexity: layers * (about 8 LPs of D variables); lookahead adds
// layers * (layouts + D log rows) costs to go.
// Source: after Hu and Li, "Distributed Inference with Deep Learning Models across Heterogeneous
// Edge Devices", INFOCOM 2022: progressive partitioning layer by layer in topological order, each
// layer's integer program relaxed to a linear one.
// Deviations: only that outline is the paper's; the formulation, the LP procedure, ties, what
// happens to layers that cannot be cut into rows, and lookahead are ours.
//
// What it does not see, without lookahead: it is myopic. Each layer minimises its own finish, and
// neither the work that is left nor the transfers that a split causes further on count; messages
// are priced as if each had the network to itself; rows that an earlier consumer brought to a
// device are paid for again. Where transfers are dear, the plan can be slower than the best single
// device.
// Strongest reading of the paper we could find; in its favour: ties, joins; against it: see above.

#include <algorithm>
#include <limits>
#include <optional>

#include "partition/layerwise/layer_lp.hpp"
#include "partition/layerwise/layer_oracle.hpp"
#include "partition/layerwise/lookahead.hpp"
#include "partition/plans/builder.hpp"
#include "partition/plans/problem.hpp"
#include "partition/prices/layers.hpp"
#include "partition/strategies/strategies.hpp"

namespace edgeflow {
namespace {

using Solver = LayerSplit (*)(const LayerProblem&);

std::vector<DeviceId> devices_in_order(const Problem& problem, bool by_speed) {
  std::vector<DeviceId> devices;
  for (std::size_t d = 0; d < problem.cluster.size(); ++d) devices.push_back(device_at(d));
  if (!by_speed) return devices;
  const std::vector<double> total_s = whole_model_times_s(problem.graph, problem.cluster);
  std::stable_sort(devices.begin(), devices.end(),
                   [&](DeviceId a, DeviceId b) { return total_s[index(a)] < total_s[index(b)]; });
  return devices;
}

class Planner {
 public:
  Planner(const Problem& problem, Solver solve, std::vector<DeviceId> devices, bool lookahead)
      : problem_(problem),
        solve_(solve),
        devices_(std::move(devices)),
        models_(layer_models(problem, devices_)),
        free_s_(devices_.size(), 0),
        loads_(problem.cluster, devices_) {
    if (lookahead) to_go_.emplace(problem, devices_, models_);
    for (DeviceId from : devices_) {
      for (DeviceId to : devices_) {
        const bool same = from == to;
        const double cpu_s = message_cpu_s(problem, from, to, 0);
        byte_s_.push_back(same ? 0
                               : 1 / problem.cluster.route_bandwidth_Bps(from, to) +
                                     message_cpu_s(problem, from, to, 1) - cpu_s);
        latency_s_.push_back(same ? 0 : problem.cluster.route(from, to).latency_s + cpu_s);
      }
    }
  }

  Assignment plan() {
    Assignment assignment(problem_.graph.size());
    for (std::size_t l = 0; l < problem_.graph.size(); ++l) {
      const Layer& layer = problem_.graph.layers()[l];
      if (l == 0) {
        place_input(models_[l]);
      } else if (models_[l].view) {
        parts_.push_back(parts_[index(layer.inputs[0])]);
      } else {
        split(layer, models_[l]);
      }
      assignment[l] = shares_of(layer, parts_.back());
    }
    return assignment;
  }

 private:
  void place_input(const LayerModel& model) {
    Parts parts{model.cut.axis, {0}, std::vector<double>(devices_.size(), 0)};
    for (DeviceId device : devices_) {
      parts.boundaries.push_back(device == problem_.cluster.source() ? model.rows
                                                                     : parts.boundaries.back());
    }
    parts_.push_back(std::move(parts));
  }

  void split(const Layer& layer, const LayerModel& model) {
    const LayerProblem layer_problem = problem_of(model);
    const LayerSplit earliest = settle_ties(layer_problem, solve_(layer_problem));
    if (to_go_) {
      parts_.push_back(best_in_the_long_run(layer, model, layer_problem, earliest.boundaries));
    } else {
      parts_.push_back(parts_of(layer, model, layer_problem, earliest.boundaries));
    }
    for (std::size_t d = 0; d < devices_.size(); ++d) {
      free_s_[d] = std::max(free_s_[d], parts_.back().finish_s[d]);
    }
  }

  /// `boundaries`: in units of what is cut.
  Parts parts_of(const Layer& layer, const LayerModel& model, const LayerProblem& layer_problem,
                 std::span<const std::int64_t> boundaries) {
    Parts parts{model.cut.axis, {0}, {}};
    if (to_go_) load_links(layer_problem, boundaries);
    for (std::size_t d = 0; d < devices_.size(); ++d) {
      const Range rows{boundaries[d], boundaries[d + 1]};
      parts.boundaries.push_back(rows.end * (model.rows / model.extent));
      double finish_s = free_s_[d];
      if (!rows.empty()) {
        const double start_s =
            to_go_ ? shared_start_s(layer_problem, d, rows) : start_time_s(layer_problem, d, rows);
        finish_s = start_s + compute_s(problem_, layer, part(layer, model.cut, rows), devices_[d]);
      }
      parts.finish_s.push_back(finish_s);
    }
    return parts;
  }

  /// Of the layer's own optimum, the standard layouts and small shifts of the best of them: the
  /// split with the least finish and cost to go.
  Parts best_in_the_long_run(const Layer& layer, const LayerModel& model,
                             const LayerProblem& layer_problem,
                             const std::vector<std::int64_t>& earliest) {
    const std::int64_t unit = model.rows / model.extent;
    Parts best;
    double best_s = std::numeric_limits<double>::infinity();
    std::vector<std::int64_t> chosen;
    const auto offer = [&](const std::vector<std::int64_t>& boundaries) {
      parts_.push_back(parts_of(layer, model, layer_problem, boundaries));
      double done_s = 0;
      for (std::size_t d = 0; d < devices_.size(); ++d) {
        if (boundaries[d] < boundaries[d + 1]) done_s = std::max(done_s, parts_.back().finish_s[d]);
      }
      const double total_s = done_s + to_go_->to_go_s(parts_);
      if (total_s < best_s) {
        best_s = total_s;
        best = std::move(parts_.back());
        chosen = boundaries;
      }
      parts_.pop_back();
    };
    for (std::vector<std::int64_t> layout : to_go_->layouts(parts_.size())) {
      for (std::int64_t& boundary : layout) boundary /= unit;
      offer(layout);
    }
    offer(earliest);
    for (std::int64_t by = model.extent / 8; by > 0; by /= 2) {
      for (std::size_t d = 1; d < devices_.size(); ++d) {
        for (const std::int64_t shift : {-by, by}) {
          std::vector<std::int64_t> shifted = chosen;
          shifted[d] += shift;
          if (shifted[d] >= shifted[d - 1] && shifted[d] <= shifted[d + 1]) offer(shifted);
        }
      }
    }
    return best;
  }

  /// All messages that a split of the layer causes.
  void load_links(const LayerProblem& layer_problem, std::span<const std::int64_t> boundaries) {
    loads_.clear();
    for (std::size_t d = 0; d < devices_.size(); ++d) {
      const Range rows{boundaries[d], boundaries[d + 1]};
      if (rows.empty()) continue;
      for (const Predecessor& m : layer_problem.predecessors) {
        for_each_overlap(m, rows, [&](std::size_t j, std::int64_t overlap) {
          if (j != d) loads_.add(j, d, static_cast<double>(overlap) * m.row_bytes);
        });
      }
    }
  }

  /// Like start_time_s, with all messages of the layer on the network at once.
  double shared_start_s(const LayerProblem& layer_problem, std::size_t d, const Range& rows) const {
    double start_s = free_s_[d];
    for (const Predecessor& m : layer_problem.predecessors) {
      for_each_overlap(m, rows, [&](std::size_t j, std::int64_t /*overlap*/) {
        start_s = std::max(start_s, m.finish_s[j] + (j == d ? 0 : loads_.through_s(j, d)));
      });
    }
    return start_s;
  }

  LayerProblem problem_of(const LayerModel& model) const {
    LayerProblem result{model.extent, model.devices, {}, byte_s_, latency_s_};
    for (std::size_t d = 0; d < devices_.size(); ++d) result.devices[d].free_s = free_s_[d];
    for (const LayerInput& input : model.inputs) {
      const Parts& parts = parts_[index(input.producer)];
      result.predecessors.push_back(
          {input.needs, parts.boundaries, parts.finish_s, input.row_bytes});
    }
    return result;
  }

  std::vector<Share> shares_of(const Layer& layer, const Parts& parts) const {
    std::vector<Share> shares = cut(layer.output.box, parts.axis, parts.boundaries);
    for (Share& share : shares) share.device = devices_[index(share.device)];
    return shares;
  }

  const Problem& problem_;
  Solver solve_;
  std::vector<DeviceId> devices_;
  std::vector<LayerModel> models_;
  std::vector<double> byte_s_;     // [from*D + to], by position
  std::vector<double> latency_s_;  // likewise
  std::vector<double> free_s_;     // by position
  std::vector<Parts> parts_;       // by layer
  LinkLoads loads_;
  std::optional<CostToGo> to_go_;
};

Plan plan(const Problem& problem, const OptionValues& options) {
  const Solver solver = options.word("solver") == "exact" ? solve_exactly : solve_by_lp;
  Planner planner(problem, solver, devices_in_order(problem, options.word("order") == "speed"),
                  options.flag("lookahead"));
  return build_plan(problem.graph, problem.cluster, planner.plan(), "edgeflow");
}

constexpr std::array kOptions{
    OptionInfo{.key = "solver",
               .words = {"lp", "exact"},
               .default_value = "lp",
               .meaning = "linear programs and rounding, or the layer's exact optimum"},
    OptionInfo{.key = "order",
               .words = {"cluster", "speed"},
               .default_value = "cluster",
               .meaning = "how the devices stand along a layer's rows"},
    OptionInfo{.key = "lookahead",
               .type = OptionType::kFlag,
               .default_value = "no",
               .meaning = "prices what a split costs the layers behind it; not in the paper"},
};

}  // namespace

constinit const StrategyInfo kEdgeflow{
    .name = "edgeflow",
    .summary = "layer by layer in topological order, each cut where it is done first",
    .paper = "after EdgeFlow (Hu and Li, INFOCOM 2022)",
    .objective = "latency, layer by layer",
    .options = kOptions,
    .plan = plan,
};

}  // namespace edgeflow
