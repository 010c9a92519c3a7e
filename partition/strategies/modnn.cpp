// `modnn`: every layer cut in proportion to speed, gathered on the hub and dealt out again.
//
// Problem: layer by layer, strips of its longer side for all devices, widths w_d with
//   w_d = W * c_d / sum_d c_d,   c_d = speed of device d = 1 / time of the whole model on it.
// The hub (the source) sends each device its strip of the input with halo, the devices send back
// their strips, the next layer starts when all are there.
// Algorithm: proportions, rounded by largest remainder. Complexity O(L * D).
// Paper: MoDNN (Mao et al., DATE 2017), BODP for convolutions; bandwidth is ignored, as there.
// Deviations: fully connected layers are dense here, so that the paper's clustering of sparse
// weights (MSCC, FGCP) comes down to output features in proportion to speed. Layers that neither
// rows, columns nor features divide run on the hub. A DAG is served in topological order, skip
// tensors wait on the hub.

#include "partition/strategies/chain.hpp"
#include "workloads/operator_rules.hpp"

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

}  // namespace

Plan plan_modnn(const Problem& problem, const Options& /*options*/) {
  const DeviceId hub = problem.cluster.source();
  std::vector<double> speed;
  for (double time_s : whole_model_times_s(problem.graph, problem.cluster)) {
    speed.push_back(time_s > 0 ? 1 / time_s : 1);
  }
  Assignment assignment;
  Hubs hubs;
  for (const Layer& layer : problem.graph.layers()) {
    const std::optional<Axis> axis = axis_to_cut(layer);
    if (axis) {
      const std::int64_t extent = layer.output.box[*axis].size();
      assignment.push_back(cut(layer.output.box, *axis, proportional_boundaries(extent, speed)));
    } else {
      assignment.push_back(on_one_device(layer, hub));
    }
    const bool elsewhere =
        axis && !(assignment.back().size() == 1 && assignment.back()[0].device == hub);
    hubs.push_back(elsewhere ? std::optional(hub) : std::nullopt);
  }
  return build_plan(problem.graph, problem.cluster, assignment, "modnn", hubs);
}

}  // namespace edgeflow
