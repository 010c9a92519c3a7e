// `modnn`: every layer cut in proportion to speed, gathered on the hub and dealt out again.
//
// Problem: layer by layer, strips of its longer side for all devices, widths w_d with
//   w_d = W * c_d / sum_d c_d,   c_d = speed of device d = 1 / time of the whole model on it.
// The hub (the source) sends each device its strip of the input with halo, the devices send back
// their strips, the next layer starts when all are there.
// Algorithm: proportions, rounded by largest remainder. Complexity O(L * D).
// Options:
//   strips: even      strips of ceil(W / D), the last one smaller;
//   exchange: halo    strips stay where they are: only what a device lacks of its next input
//                     travels, through the hub, as in the implementation that DeepThings (TCAD
//                     2018) compares with.
// Paper: MoDNN (Mao et al., DATE 2017), BODP for convolutions; bandwidth is ignored, as there.
// Deviations: fully connected layers are dense here, so that the paper's clustering of sparse
// weights (MSCC, FGCP) comes down to output features in proportion to speed. Layers that neither
// rows, columns nor features divide run on the hub. A DAG is served in topological order, skip
// tensors wait on the hub.

#include <algorithm>

#include "partition/blocks/roles.hpp"
#include "partition/plans/placement.hpp"
#include "partition/prices/layers.hpp"
#include "partition/strategies/strategies.hpp"
#include "workloads/operators/rules.hpp"

namespace edgeflow {
namespace {

/// The longer of the sides that the layer can be cut along; nothing if there is none.
std::optional<Axis> axis_to_cut(const Layer& layer) {
  if (layer.op == Op::kInput || work(layer, layer.output.box).view) return std::nullopt;
  if (layer.op == Op::kLinear) return rules::linear_feature_axis(layer);
  const AxisSet axes = split_axes(layer);
  std::optional<Axis> best;
  for (Axis axis : {Axis::kRow, Axis::kColumn}) {
    if (!has_axis(axes, axis)) continue;
    if (!best || layer.output.box[axis].size() > layer.output.box[*best].size()) best = axis;
  }
  return best;
}

/// ceil(extent / parts) for each part as long as there is any.
std::vector<std::int64_t> even_boundaries(std::int64_t extent, std::span<const double> speed) {
  const auto parts = std::count_if(speed.begin(), speed.end(), [](double s) { return s > 0; });
  const std::int64_t wide = (extent + parts - 1) / parts;
  std::vector<std::int64_t> boundaries{0};
  for (double s : speed) {
    boundaries.push_back(std::min(extent, boundaries.back() + (s > 0 ? wide : 0)));
  }
  return boundaries;
}

/// Sends whatever goes from one device to another, neither being the hub, through a relay there.
Plan through_hub(const Plan& direct, DeviceId hub) {
  Plan plan = direct;
  plan.units.clear();
  std::vector<UnitId> renamed;
  const auto next = [&] { return UnitId{static_cast<std::int32_t>(plan.units.size())}; };
  for (const ExecutionUnit& unit : direct.units) {
    ExecutionUnit moved = unit;
    for (Requirement& r : moved.requirements) {
      const ExecutionUnit& provider = direct.unit(r.provider);
      r.provider = renamed[index(r.provider)];
      if (provider.device == unit.device || provider.device == hub || unit.device == hub) continue;
      const UnitId relay = next();
      plan.units.push_back({UnitKind::kRelay, provider.layer, hub, r.region, {r}, {}});
      r.provider = relay;
    }
    renamed.push_back(next());
    plan.units.push_back(std::move(moved));
  }
  fill_forwarding(plan);
  return plan;
}

Plan plan(const Problem& problem, const OptionValues& options) {
  const Roles roles = roles_of(problem, options);
  const bool by_speed = options.word("strips") == "speed";
  const bool gather = options.word("exchange") == "gather";
  const std::vector<double> times_s = whole_model_times_s(problem.graph, problem.cluster);
  std::vector<double> speed(problem.cluster.size(), 0);
  for (DeviceId worker : roles.workers) {
    const double time_s = times_s[index(worker)];
    speed[index(worker)] = time_s > 0 ? 1 / time_s : 1;
  }
  Assignment assignment;
  Hubs hubs;
  for (const Layer& layer : problem.graph.layers()) {
    const std::optional<Axis> axis = axis_to_cut(layer);
    if (axis) {
      const std::int64_t extent = layer.output.box[*axis].size();
      assignment.push_back(
          cut(layer.output.box, *axis,
              by_speed ? proportional_boundaries(extent, speed) : even_boundaries(extent, speed)));
    } else {
      assignment.push_back(on_one_device(layer, roles.hub));
    }
    const bool elsewhere =
        axis && !(assignment.back().size() == 1 && assignment.back()[0].device == roles.hub);
    hubs.push_back(elsewhere && gather ? std::optional(roles.hub) : std::nullopt);
  }
  if (roles.hub != problem.cluster.source()) hubs[index(problem.graph.input())] = roles.hub;
  const Plan plan = build_plan(problem.graph, problem.cluster, assignment, "modnn", hubs);
  return gather ? plan : through_hub(plan, roles.hub);
}

constexpr std::array kOptions{
    OptionInfo{.key = "strips",
               .words = {"speed", "even"},
               .default_value = "speed",
               .meaning = "how wide the strips are"},
    OptionInfo{
        .key = "exchange",
        .words = {"gather", "halo"},
        .default_value = "gather",
        .meaning = "whole outputs through the hub, or only what the next layer's strips lack"},
    kHub,
    kHubComputes,
    kIdle,
};

}  // namespace

constinit const StrategyInfo kModnn{
    .name = "modnn",
    .summary = "each layer cut in proportion to speed, gathered on the hub after every layer",
    .paper = "MoDNN (Mao et al., DATE 2017)",
    .options = kOptions,
    .plan = plan,
    .check = check_roles,
};

}  // namespace edgeflow
