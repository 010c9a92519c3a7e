#include "partition/layerwise/split_rows.hpp"

#include "partition/layerwise/row_layout.hpp"
#include "partition/plans/placement.hpp"

namespace edgeflow {

Assignment split_rows(const Problem& problem, std::span<const double> weights) {
  const RowLayout layout = row_layout(problem, weights);
  Assignment assignment;
  for (std::size_t l = 0; l < layout.size(); ++l) {
    const Layer& layer = problem.graph.layers()[l];
    const Region& whole = layer.output.box;
    assignment.push_back(
        layout[l] ? on_one_device(layer, *layout[l])
                  : cut(whole, Axis::kRow, proportional_boundaries(whole.row.size(), weights)));
  }
  return assignment;
}

}  // namespace edgeflow
