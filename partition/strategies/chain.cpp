#include "partition/strategies/chain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "partition/estimate.hpp"
#include "partition/validate.hpp"

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

double deliver_s(const Problem& problem, LayerId layer, DeviceId device) {
  if (!problem.graph.consumers(layer).empty()) return 0;
  return send_s(problem, device, problem.cluster.sink(), output_bytes(problem, layer));
}

std::vector<std::vector<LayerId>> carried_into(const Graph& graph) {
  std::vector<std::vector<LayerId>> carried(graph.size());
  for (std::size_t p = 0; p < graph.size(); ++p) {
    std::size_t last = p;
    for (LayerId consumer : graph.consumers(layer_at(p))) last = std::max(last, index(consumer));
    for (std::size_t l = p + 1; l <= last; ++l) carried[l].push_back(layer_at(p));
  }
  return carried;
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

Plan plan_of_placement(const Problem& problem, std::span<const DeviceId> device_of,
                       std::string strategy) {
  Assignment assignment;
  for (std::size_t l = 0; l < problem.graph.size(); ++l) {
    assignment.push_back(on_one_device(problem.graph.layers()[l], device_of[l]));
  }
  return build_plan(problem.graph, problem.cluster, assignment, std::move(strategy));
}

std::int64_t whole_option(const Options& options, const std::string& key, std::int64_t least,
                          std::int64_t most) {
  const std::string& text = options.at(key);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most) {
    throw OptionError(
        key, fmt::format("got \"{}\", expected a whole number from {} to {}", text, least, most));
  }
  return value;
}

bool yes_option(const Options& options, const std::string& key) {
  const std::string& text = options.at(key);
  // As YAML writes them, too.
  if (text == "yes" || text == "true") return true;
  if (text == "no" || text == "false") return false;
  throw OptionError(key, fmt::format("got \"{}\", expected yes or no", text));
}

DeviceId device_option(const Problem& problem, const Options& options, const std::string& key,
                       std::string_view word, DeviceId meant) {
  const std::string& name = options.at(key);
  if (name == word) return meant;
  for (std::size_t d = 0; d < problem.cluster.size(); ++d) {
    if (problem.cluster.devices()[d].name == name) return device_at(d);
  }
  throw OptionError(key, fmt::format("the cluster has no device \"{}\"", name));
}

void BestPlan::offer(Plan plan) {
  const double latency_s =
      estimate(plan, problem_.graph, problem_.cluster, problem_.size, {}, Sharing::kMaxMin)
          .latency_s;
  const bool fits = !memory_shortage(plan, problem_.graph, problem_.cluster, problem_.size);
  if (!empty() && (fits == fits_ ? latency_s >= latency_s_ : fits_)) return;
  plan_ = std::move(plan);
  latency_s_ = latency_s;
  fits_ = fits;
}

}  // namespace edgeflow
