#include "partition/prices/layers.hpp"

#include <algorithm>

namespace edgeflow {

double compute_s(const Problem& problem, const Layer& layer, const Region& part, DeviceId device) {
  return compute_time_s(problem.cluster.device(device).compute, work(layer, part));
}

double element_bytes(const Problem& problem, LayerId layer) {
  return layer == problem.graph.input() ? problem.size.input_bytes : problem.size.activation_bytes;
}

double output_bytes(const Problem& problem, LayerId layer) {
  return element_bytes(problem, layer) *
         static_cast<double>(problem.graph.layer(layer).output.volume());
}

double message_cpu_s(const Problem& problem, DeviceId from, DeviceId to, double bytes) {
  return message_cpu_time_s(problem.cluster.device(from).compute, bytes) +
         message_cpu_time_s(problem.cluster.device(to).compute, bytes);
}

double send_s(const Problem& problem, DeviceId from, DeviceId to, double bytes) {
  if (from == to) return 0;
  return problem.cluster.route(from, to).latency_s +
         bytes / problem.cluster.route_bandwidth_Bps(from, to) +
         message_cpu_s(problem, from, to, bytes);
}

double sender_s(const Problem& problem, DeviceId from, DeviceId to, double bytes) {
  const ComputeProfile& compute = problem.cluster.device(from).compute;
  if (from == to || compute.sends == Sends::kOverlap) return 0;
  const double packed_s = message_cpu_time_s(compute, bytes);
  if (compute.sends != Sends::kBlock) return packed_s;
  return packed_s + problem.cluster.route(from, to).latency_s +
         bytes / problem.cluster.route_bandwidth_Bps(from, to);
}

double deliver_s(const Problem& problem, LayerId layer, DeviceId device) {
  if (!problem.graph.consumers(layer).empty()) return 0;
  return send_s(problem, device, problem.cluster.sink(), output_bytes(problem, layer));
}

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

std::vector<double> speeds(const Graph& graph, const Cluster& cluster) {
  std::vector<double> result = whole_model_times_s(graph, cluster);
  for (double& value : result) value = value > 0 ? 1 / value : 1;
  return result;
}

DeviceId fastest_device(const Graph& graph, const Cluster& cluster) {
  const std::vector<double> total_s = whole_model_times_s(graph, cluster);
  const auto best = std::min_element(total_s.begin(), total_s.end());
  return DeviceId{static_cast<std::int32_t>(best - total_s.begin())};
}

double weight_bytes(const Problem& problem, const Layer& layer) {
  return static_cast<double>(weights_of(layer, layer.output.box)) * problem.size.activation_bytes;
}

double working_bytes(const Problem& problem, const Layer& layer) {
  const Work all = work(layer, layer.output.box);
  return static_cast<double>(all.in_elements + all.out_elements) * problem.size.activation_bytes;
}

bool fits_memory(const Problem& problem, std::span<const DeviceId> device_of) {
  std::vector<double> weights(problem.cluster.size(), 0);
  std::vector<double> largest(problem.cluster.size(), 0);
  for (std::size_t l = 1; l < device_of.size(); ++l) {
    const Layer& layer = problem.graph.layers()[l];
    const std::size_t d = index(device_of[l]);
    weights[d] += weight_bytes(problem, layer);
    largest[d] = std::max(largest[d], working_bytes(problem, layer));
  }
  for (std::size_t d = 0; d < weights.size(); ++d) {
    if (weights[d] + largest[d] > problem.cluster.devices()[d].memory_bytes) return false;
  }
  return true;
}

}  // namespace edgeflow
