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
// A join without MACs may be an epilogue of the layer that completes it: the layer is then cut for
// both, its own inputs gate its start and the join's other inputs its end. It is wherever the join is
// done earlier that way than by a problem of its own.
// With `guard: single`, whichever of the plan and the best single device is done earlier, by the
// estimate.
// Complexity: layers * (an LP of D variables and its improvement); lookahead adds
// layers * (layouts + D log rows) costs to go.
// Source: after Hu and Li, "Distributed Inference with Deep Learning Models across Heterogeneous
// Edge Devices", INFOCOM 2022: progressive partitioning layer by layer in topological order, each
// layer's integer program relaxed to a linear one.
// Deviations: only that outline is the paper's; the formulation, the LP procedure, ties, what
// happens to layers that cannot be cut into rows, lookahead and guard are ours.
// Strongest reading of the paper we could find ("near-optimal" for each layer given those before).
// In its favour: a finish counts what earlier layers sent and left on the ways into and out of
// devices, messages of a layer share the way into a device, and rows that are on a device are not
// paid for twice (progress.hpp); joins are epilogues where they are then done earlier. Against it:
// its own formulation may have had more in it that we could not read.
//
// What it does not see, without lookahead: it is myopic. Each layer minimises its own finish, and
// neither the work that is left nor the transfers that a split causes further on count. Where
// transfers are dear, the plan can be slower than the best single device.

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "partition/layerwise/layer_lp.hpp"
#include "partition/layerwise/layer_oracle.hpp"
#include "partition/layerwise/lookahead.hpp"
#include "partition/layerwise/progress.hpp"
#include "partition/options/strategy_info.hpp"
#include "partition/plans/builder.hpp"
#include "partition/plans/problem.hpp"
#include "partition/prices/best_plan.hpp"
#include "partition/prices/layers.hpp"

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
        progress_(problem, devices_),
        loads_(problem.cluster, devices_) {
    if (lookahead) to_go_.emplace(problem, devices_, models_);
  }

  Assignment plan() {
    Assignment assignment(problem_.graph.size());
    for (std::size_t l = 0; l < problem_.graph.size(); ++l) {
      const Layer& layer = problem_.graph.layers()[l];
      if (l == 0) {
        progress_.add_input(models_[l]);
      } else if (models_[l].view) {
        progress_.add_view(layer.inputs[0]);
      } else {
        progress_.add(models_[l], split(l));
      }
      assignment[l] = shares_of(layer, progress_.parts().back());
    }
    return assignment;
  }

 private:
  Parts split(std::size_t l) {
    const Layer& layer = problem_.graph.layers()[l];
    const LayerModel& model = models_[l];
    const LayerProblem layer_problem = progress_.problem_of(model);
    if (!followed_.empty()) {  // the join behind the layer that was cut for both
      return parts_of(layer, model, layer_problem, std::exchange(followed_, {}));
    }
    const LayerSplit earliest = settle_ties(layer_problem, solve_(layer_problem));
    if (to_go_) return best_in_the_long_run(layer, model, layer_problem, earliest.boundaries);
    Parts alone = parts_of(layer, model, layer_problem, earliest.boundaries);
    if (!completes_join(l)) return alone;
    const LayerProblem both = with_epilogue(layer_problem, models_[l + 1], layer_at(l));
    const LayerSplit together = settle_ties(both, solve_(both));
    if (together.finish_s >= join_finish_s(l, alone)) return alone;
    followed_ = together.boundaries;
    return parts_of(layer, model, layer_problem, together.boundaries);
  }

  /// Whether the next layer is a join without MACs that is cut as layer l is, and needs nothing that
  /// is not done by then.
  bool completes_join(std::size_t l) const {
    if (l + 1 >= problem_.graph.size()) return false;
    const Layer& join = problem_.graph.layers()[l + 1];
    const LayerModel& model = models_[l + 1];
    const bool follows = std::ranges::find(join.inputs, layer_at(l)) != join.inputs.end();
    return follows && model.inputs.size() > 1 && !model.view && !model.cut.whole &&
           !models_[l].cut.whole && model.cut.axis == models_[l].cut.axis &&
           model.extent == models_[l].extent && work(join, join.output.box).macs == 0;
  }

  /// The layer's problem with the join behind it as its epilogue.
  LayerProblem with_epilogue(LayerProblem both, const LayerModel& join, LayerId layer) const {
    for (std::size_t d = 0; d < devices_.size(); ++d) {
      LayerDevice& device = both.devices[d];
      device.epilogue_row_s = join.devices[d].row_s;
      device.epilogue_fixed_s = join.devices[d].fixed_s;
      device.row_s += device.epilogue_row_s;
      device.fixed_s += device.epilogue_fixed_s;
    }
    for (const LayerInput& input : join.inputs) {
      if (input.producer == layer) continue;
      both.predecessors.push_back(progress_.predecessor(input));
      both.predecessors.back().of_epilogue = true;
    }
    return both;
  }

  /// When the join behind layer l is done as early as it can be if that is cut into `parts`.
  double join_finish_s(std::size_t l, const Parts& parts) const {
    Progress then = progress_;
    then.add(models_[l], parts);
    return solve_(then.problem_of(models_[l + 1])).finish_s;
  }

  /// `boundaries`: in units of what is cut.
  Parts parts_of(const Layer& layer, const LayerModel& model, const LayerProblem& layer_problem,
                 const std::vector<std::int64_t>& boundaries) {
    Parts parts{model.cut.axis, {0}, {}};
    if (to_go_) load_links(layer_problem, boundaries);
    for (std::size_t d = 0; d < devices_.size(); ++d) {
      const Range rows{boundaries[d], boundaries[d + 1]};
      parts.boundaries.push_back(rows.end * (model.rows / model.extent));
      double finish_s = progress_.free_s(d);
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
    std::vector<Parts> parts = progress_.parts();
    const auto offer = [&](const std::vector<std::int64_t>& boundaries) {
      parts.push_back(parts_of(layer, model, layer_problem, boundaries));
      double done_s = 0;
      for (std::size_t d = 0; d < devices_.size(); ++d) {
        if (boundaries[d] < boundaries[d + 1]) done_s = std::max(done_s, parts.back().finish_s[d]);
      }
      const double total_s = done_s + to_go_->to_go_s(parts);
      if (total_s < best_s) {
        best_s = total_s;
        best = std::move(parts.back());
        chosen = boundaries;
      }
      parts.pop_back();
    };
    for (std::vector<std::int64_t> layout : to_go_->layouts(parts.size())) {
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
        for_each_overlap(m, d, rows, [&](std::size_t j, std::int64_t missing) {
          if (missing > 0) loads_.add(j, d, static_cast<double>(missing) * m.row_bytes);
        });
      }
    }
  }

  /// Like start_time_s, with all messages of the layer on the network at once.
  double shared_start_s(const LayerProblem& layer_problem, std::size_t d, const Range& rows) const {
    double start_s = progress_.free_s(d);
    for (const Predecessor& m : layer_problem.predecessors) {
      for_each_overlap(m, d, rows, [&](std::size_t j, std::int64_t missing) {
        start_s = std::max(start_s, m.finish_s[j] + (missing == 0 ? 0 : loads_.through_s(j, d)));
      });
    }
    return start_s;
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
  Progress progress_;
  std::vector<std::int64_t> followed_;  // boundaries that the next layer takes over; empty: none
  LinkLoads loads_;
  std::optional<CostToGo> to_go_;
};

Plan plan(const Problem& problem, const OptionValues& options) {
  const Solver solver = options.word("solver") == "exact" ? solve_exactly : solve_by_lp;
  Planner planner(problem, solver, devices_in_order(problem, options.word("order") == "speed"),
                  options.flag("lookahead"));
  BestPlan best(problem);
  best.offer(build_plan(problem.graph, problem.cluster, planner.plan(), "edgeflow"));
  if (options.word("guard") == "single") best.offer_single_devices("edgeflow");
  return best.take();
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
    OptionInfo{
        .key = "guard",
        .words = {"none", "single"},
        .default_value = "none",
        .meaning = "single: the best single device's plan if that is faster; not in the paper"},
};

}  // namespace

extern const StrategyInfo kEdgeflow;  // as in strategies.hpp
constinit const StrategyInfo kEdgeflow{
    .name = "edgeflow",
    .summary = "layer by layer in topological order, each cut where it is done first",
    .paper = "after EdgeFlow (Hu and Li, INFOCOM 2022)",
    .objective = "latency, layer by layer",
    .options = kOptions,
    .plan = plan,
};

}  // namespace edgeflow
