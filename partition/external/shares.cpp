#include "partition/external/shares.hpp"

#include <algorithm>

#include "partition/plans/placement.hpp"

namespace edgeflow {

SharesPlanner::SharesPlanner(const Problem& problem) : problem_(problem) {
  for (const Layer& layer : problem.graph.layers()) {
    divided_.push_back(layer.op != Op::kInput && splits_by_rows(layer));
  }
}

Plan SharesPlanner::plan(std::span<const double> shares, std::string strategy) const {
  const std::size_t devices = problem_.cluster.size();
  Assignment assignment(shares.size() / devices);
  for (std::size_t l = 1; l < assignment.size(); ++l) {
    const Layer& layer = problem_.graph.layers()[l];
    const Region& box = layer.output.box;
    const std::span<const double> own = shares.subspan(l * devices, devices);
    if (divided_[l]) {
      assignment[l] = cut(box, Axis::kRow, proportional_boundaries(box.row.size(), own));
    } else {
      const auto most = std::max_element(own.begin(), own.end()) - own.begin();
      assignment[l] = on_one_device(layer, device_at(static_cast<std::size_t>(most)));
    }
  }
  return build_plan(problem_.graph, problem_.cluster, assignment, std::move(strategy));
}

}  // namespace edgeflow
