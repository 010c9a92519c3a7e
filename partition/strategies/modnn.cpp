// `modnn`: each convolution cut in proportion to speed, strips exchanged through the hub.
//
// Problem: layer by layer, strips of its longer side for all devices, widths w_d with
//   w_d = W * c_d / sum_d c_d,   c_d = speed of device d = 1 / time of the whole model on it.
// Convolutions (BODP) and fully connected layers are dealt out; the next layer starts on a device
// when it has its input. `exchange`:
//   halo     strips stay where they are: only what a device lacks of its next input travels,
//            through the hub (the source). Layers without weights stay with the strips of their
//            inputs;
//   gather   the hub sends each strip of the input with halo and gets all strips of the output back
//            after every layer, and does the layers without weights itself.
// Algorithm: proportions, rounded by largest remainder; `strips: even` makes strips of ceil(W / D),
// the last one smaller. Complexity O(L * D).
// Paper: MoDNN (Mao et al., DATE 2017); bandwidth is ignored, as there.
// Deviations: fully connected layers are dense here, so that the paper's clustering of sparse
// weights (MSCC, FGCP) comes down to output features in proportion to speed. Layers that neither
// rows, columns nor features divide run on the hub. A DAG is served in topological order; what a
// layer skips waits on the hub, with `halo` where it was computed.
//
// Which exchange is the paper's is not clear from what is published:
//   - the bytes that DeepThings (TCAD 2018, figure 12) counts for MoDNN are those of `halo`, within
//     0.1 % on 1 to 6 devices, with `strips: even`;
//   - VGG-16 on 2, 3, 4 devices of 0.66 GMAC/s, as EdgeLD's (2020) virtual machines, at 100 Mbit/s:
//     EdgeLD quotes speedups of 1.53, 1.67, 2.03; `gather` gives 1.52, 1.87, 2.04, `halo` 1.99,
//     2.85, 3.70;
//   - the paper's own range, 2.17 to 4.28 on 2 to 4 phones, is above the number of devices, which
//     neither explains; only `halo` comes near.
// Strongest reading of the paper we could find; differs from it in its favour: `halo` instead of a
// gather after every layer, layers without weights stay distributed, speeds are those of the very
// model; against it: nothing is gained from sparse weights, and it never leaves a device out, as
// its shares know nothing of the network.

#include <algorithm>

#include "partition/blocks/roles.hpp"
#include "partition/options/strategy_info.hpp"
#include "partition/plans/placement.hpp"
#include "partition/prices/layers.hpp"
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

/// By layer, the axis that it is cut along, if any: convolutions and fully connected layers their
/// longest; with `follow`, others that of their inputs where these agree.
std::vector<std::optional<Axis>> axes_to_cut(const Graph& graph, bool follow) {
  std::vector<std::optional<Axis>> axes(graph.size());
  for (std::size_t l = 1; l < graph.size(); ++l) {
    const Layer& layer = graph.layers()[l];
    if (layer.op == Op::kConv || layer.op == Op::kConvTranspose || layer.op == Op::kLinear) {
      axes[l] = axis_to_cut(layer);
    } else if (follow) {
      const std::optional<Axis> axis = axes[index(layer.inputs[0])];
      const bool agree = std::all_of(layer.inputs.begin(), layer.inputs.end(),
                                     [&](LayerId input) { return axes[index(input)] == axis; });
      if (axis && agree && has_axis(split_axes(layer), *axis)) axes[l] = axis;
    }
  }
  return axes;
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
  const std::vector<double> all_speeds = speeds(problem.graph, problem.cluster);
  std::vector<double> speed(problem.cluster.size(), 0);
  for (DeviceId worker : roles.workers) speed[index(worker)] = all_speeds[index(worker)];
  Assignment assignment;
  Hubs hubs;
  const auto axes = axes_to_cut(problem.graph, !gather);
  for (std::size_t l = 0; l < problem.graph.size(); ++l) {
    const Layer& layer = problem.graph.layers()[l];
    const std::optional<Axis> axis = axes[l];
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
        .words = {"halo", "gather"},
        .default_value = "halo",
        .meaning =
            "through the hub goes only what the next layer's strips lack, or every whole output"},
    kHub,
    kHubComputes,
    kIdle,
};

}  // namespace

extern const StrategyInfo kModnn;  // as in strategies.hpp
constinit const StrategyInfo kModnn{
    .name = "modnn",
    .summary = "each convolution cut in proportion to speed, strips exchanged through the hub",
    .paper = "MoDNN (Mao et al., DATE 2017)",
    .objective = "latency, network ignored",
    .options = kOptions,
    .plan = plan,
    .check = check_roles,
};

}  // namespace edgeflow
