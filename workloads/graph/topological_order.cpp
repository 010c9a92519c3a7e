#include "workloads/graph/topological_order.hpp"

#include <functional>
#include <queue>

namespace edgeflow {

TopologicalOrder topological_order(const std::vector<std::vector<std::size_t>>& inputs) {
  std::vector<std::vector<std::size_t>> consumers(inputs.size());
  std::vector<std::size_t> missing(inputs.size());
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    missing[i] = inputs[i].size();
    for (const std::size_t input : inputs[i]) consumers[input].push_back(i);
    if (missing[i] == 0) ready.push(i);
  }
  TopologicalOrder order;
  while (!ready.empty()) {
    const std::size_t next = ready.top();
    ready.pop();
    order.nodes.push_back(next);
    for (const std::size_t consumer : consumers[next]) {
      if (--missing[consumer] == 0) ready.push(consumer);
    }
  }
  for (std::size_t i = 0; i < inputs.size() && !order.cyclic; ++i) {
    if (missing[i] > 0) order.cyclic = i;
  }
  return order;
}

}  // namespace edgeflow
