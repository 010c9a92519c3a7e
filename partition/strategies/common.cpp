// Pieces that several strategies share; see strategies.hpp.

#include <algorithm>

#include "partition/strategies/strategies.hpp"

namespace edgeflow {

std::vector<double> whole_model_times_s(const Graph& graph, const Cluster& cluster) {
  std::vector<double> total_s(cluster.size(), 0);
  for (const Layer& layer : graph.layers()) {
    const Work whole = work(layer, layer.output.box);
    for (std::size_t d = 0; d < cluster.size(); ++d) {
      total_s[d] += compute_time_s(cluster.devices()[d].compute, whole);
    }
  }
  return total_s;
}

DeviceId fastest_device(const Graph& graph, const Cluster& cluster) {
  const std::vector<double> total_s = whole_model_times_s(graph, cluster);
  const auto best = std::min_element(total_s.begin(), total_s.end());
  return DeviceId{static_cast<std::int32_t>(best - total_s.begin())};
}

std::vector<Share> on_one_device(const Layer& layer, DeviceId device) {
  return {{device, layer.output.box}};
}

bool splits_by_rows(const Layer& layer) { return has_axis(split_axes(layer), Axis::kRow); }

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
