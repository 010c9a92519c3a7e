#include "partition/plans/plan.hpp"

#include <algorithm>
#include <map>

namespace edgeflow {

std::vector<Message> messages_of(const Plan& plan, const ElementSize& size) {
  std::vector<Message> messages;
  std::vector<std::vector<Region>> regions;  // by message of the current unit
  for (std::size_t u = 0; u < plan.units.size(); ++u) {
    const ExecutionUnit& unit = plan.units[u];
    const std::size_t first = messages.size();
    regions.clear();
    for (const Forward& forward : unit.forwarding) {
      const DeviceId to = plan.unit(forward.consumer).device;
      if (to == unit.device) continue;
      const bool token = forward.region.empty();
      std::size_t m = first;
      while (m < messages.size() &&
             (messages[m].to != to || regions[m - first].front().empty() != token)) {
        ++m;
      }
      if (m == messages.size()) {
        messages.push_back({id_at<UnitId>(u), to, 0, 0, {}});
        regions.emplace_back();
      }
      auto& consumers = messages[m].consumers;
      if (std::find(consumers.begin(), consumers.end(), forward.consumer) == consumers.end()) {
        consumers.push_back(forward.consumer);
      }
      regions[m - first].push_back(forward.region);
    }
    const double bytes = index(unit.layer) == 0 ? size.input_bytes : size.activation_bytes;
    for (std::size_t m = first; m < messages.size(); ++m) {
      messages[m].elements = union_volume(regions[m - first]);
      messages[m].bytes = static_cast<double>(messages[m].elements) * bytes;
    }
  }
  return messages;
}

Work work_of(const ExecutionUnit& unit, const Graph& graph) {
  if (unit.kind != UnitKind::kCompute) return Work{.view = true};
  return work(graph.layer(unit.layer), unit.output);
}

bool is_result(const ExecutionUnit& unit, const Graph& graph, const Cluster& cluster) {
  const auto outputs = graph.outputs();
  return unit.kind == UnitKind::kRelay && unit.device == cluster.sink() &&
         std::find(outputs.begin(), outputs.end(), unit.layer) != outputs.end();
}

double unit_time_s(const ExecutionUnit& unit, const Graph& graph, const Cluster& cluster,
                   bool with_overhead) {
  return unit_time_s(unit, work_of(unit, graph), cluster, with_overhead);
}

double unit_time_s(const ExecutionUnit& unit, const Work& work, const Cluster& cluster,
                   bool with_overhead) {
  const ComputeProfile& compute = cluster.device(unit.device).compute;
  return compute_time_s(compute, work, with_overhead) +
         (unit.starts_task && with_overhead ? compute.task_overhead_s : 0);
}

std::vector<std::int64_t> weight_elements(const Plan& plan, const Graph& graph,
                                          const Cluster& cluster) {
  std::map<std::pair<LayerId, DeviceId>, std::vector<Region>> parts;
  for (const ExecutionUnit& unit : plan.units) {
    const Layer& layer = graph.layer(unit.layer);
    if (unit.kind != UnitKind::kCompute || layer.params + layer.tied_params == 0) continue;
    Region part = layer.output.box;  // only the range along the weight axis matters
    part[weight_axis(layer)] = unit.output[weight_axis(layer)];
    parts[{unit.layer, unit.device}].push_back(part);
  }
  std::vector<std::int64_t> elements(cluster.size(), 0);
  for (const auto& [where, regions] : parts) {
    const Layer& layer = graph.layer(where.first);
    const std::int64_t volume = layer.output.volume();
    const std::int64_t per_index = volume / layer.output.box[weight_axis(layer)].end;
    Region covered = layer.output.box;
    covered[weight_axis(layer)] = {0, union_volume(regions) / per_index};
    elements[index(where.second)] += weights_of(layer, covered);
  }
  return elements;
}

}  // namespace edgeflow
