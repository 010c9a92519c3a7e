#include "partition/layerwise/split_rows.hpp"

#include "partition/plans/placement.hpp"
#include "partition/prices/layers.hpp"

namespace edgeflow {

Assignment split_rows(const Problem& problem, std::span<const double> weights) {
  const DeviceId fastest = fastest_device(problem.graph, problem.cluster);
  Assignment assignment;
  for (const Layer& layer : problem.graph.layers()) {
    const Region& whole = layer.output.box;
    assignment.push_back(
        splits_by_rows(layer)
            ? cut(whole, Axis::kRow, proportional_boundaries(whole.row.size(), weights))
            : on_one_device(layer, fastest));
  }
  return assignment;
}

}  // namespace edgeflow
