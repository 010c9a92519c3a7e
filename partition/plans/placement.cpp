#include "partition/plans/placement.hpp"

#include <algorithm>

namespace edgeflow {

std::vector<Share> on_one_device(const Layer& layer, DeviceId device) {
  return {{device, layer.output.box}};
}

bool splits_by_rows(const Layer& layer) { return has_axis(split_axes(layer), Axis::kRow); }

std::vector<std::vector<LayerId>> carried_into(const Graph& graph) {
  std::vector<std::vector<LayerId>> carried(graph.size());
  for (std::size_t p = 0; p < graph.size(); ++p) {
    std::size_t last = p;
    for (LayerId consumer : graph.consumers(layer_at(p))) last = std::max(last, index(consumer));
    for (std::size_t l = p + 1; l <= last; ++l) carried[l].push_back(layer_at(p));
  }
  return carried;
}

Plan plan_of_placement(const Problem& problem, std::span<const DeviceId> device_of,
                       std::string strategy) {
  Assignment assignment;
  for (std::size_t l = 0; l < problem.graph.size(); ++l) {
    assignment.push_back(on_one_device(problem.graph.layers()[l], device_of[l]));
  }
  return build_plan(problem.graph, problem.cluster, assignment, std::move(strategy));
}

}  // namespace edgeflow
