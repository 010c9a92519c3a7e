#include "partition/bound.hpp"

#include <algorithm>
#include <limits>
#include <vector>

namespace edgeflow {

double lower_bound_s(const Graph& graph, const Cluster& cluster, const Effects& effects) {
  if (!effects.queueing) return 0;  // units of one device run at once: its busy time bounds nothing
  std::vector<std::vector<double>> time_s(graph.size());  // t[l][d]
  std::vector<double> total_s(cluster.size(), 0);
  for (std::size_t l = 0; l < graph.size(); ++l) {
    const Layer& layer = graph.layers()[l];
    Work whole = work(layer, layer.output.box);
    whole.in_elements = 0;
    for (std::size_t d = 0; d < cluster.size(); ++d) {
      time_s[l].push_back(compute_time_s(cluster.devices()[d].compute, whole, effects.overheads));
      total_s[d] += time_s[l][d];
    }
  }
  double sum_of_speeds = 0;
  for (double total : total_s) {
    if (total <= 0) return 0;
    sum_of_speeds += 1 / total;
  }
  double bound = 0;
  for (const std::vector<double>& layer : time_s) {
    double cheapest = std::numeric_limits<double>::infinity();
    for (std::size_t d = 0; d < layer.size(); ++d) {
      cheapest = std::min(cheapest, layer[d] / total_s[d] / sum_of_speeds);
    }
    bound += cheapest;
  }
  return bound;
}

}  // namespace edgeflow
