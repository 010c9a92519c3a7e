#include "experiments/scenario/uncertainty.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "workloads/input/random.hpp"

namespace edgeflow {
namespace {

constexpr double kLargestError = 10;

double error_at(const Yaml& yaml) {
  const double error = yaml.as_quantity(Quantity::kShare, /*zero_ok=*/true);
  if (error > kLargestError) yaml.fail_expected("an error of at most 1000%");
  return error;
}

/// Of devices of one type the largest.
std::map<std::string, double> known_errors(const Cluster& cluster) {
  std::map<std::string, double> errors;
  for (const Device& device : cluster.devices()) {
    double& error = errors[type_or_name(device)];
    if (device.compute.error) error = std::max(error, device.compute.error->median);
  }
  return errors;
}

void read_rates_errors(const Yaml& yaml, std::map<std::string, double>& errors) {
  if (!yaml.is_map()) {
    const double all = error_at(yaml);
    for (auto& [device, error] : errors) error = all;
    return;
  }
  std::vector<std::string_view> names;
  for (const auto& [device, error] : errors) names.push_back(device);
  yaml.expect_keys(names);
  for (const auto& [device, value] : yaml.entries()) errors[device] = error_at(value);
}

/// The numbers of one source of error, one draw after the other.
class Factors {
 public:
  Factors(double error, std::uint64_t seed, const std::string& of)
      : error_(error), random_(seed, "uncertainty of " + of) {}
  double next() { return error_factor(error_, normal_quantile(random_.uniform())); }

 private:
  double error_;
  Random random_;
};

std::shared_ptr<const LayerTimes> longer(const LayerTimes& times, double factor) {
  auto result = std::make_shared<LayerTimes>(times);
  for (auto& [model, layers] : result->models) {
    for (auto& [layer, time] : layers) time.time_s *= factor;
  }
  return result;
}

}  // namespace

const std::string& type_or_name(const Device& device) {
  return device.type.empty() ? device.name : device.type;
}

Uncertainty read_uncertainty(const Yaml& yaml, const Cluster& cluster) {
  yaml.expect_keys({"draws", "rates", "messages", "bandwidth"});
  Uncertainty uncertainty;
  uncertainty.draws = static_cast<std::int32_t>(yaml.at("draws").as_integer(1, kMostDraws));
  uncertainty.rates = known_errors(cluster);
  for (const Device& device : cluster.devices()) {
    uncertainty.messages = std::max(uncertainty.messages, device.compute.message_error.value_or(0));
  }
  if (const auto rates = yaml.find("rates")) read_rates_errors(*rates, uncertainty.rates);
  if (const auto messages = yaml.find("messages")) uncertainty.messages = error_at(*messages);
  if (const auto bandwidth = yaml.find("bandwidth")) uncertainty.bandwidth = error_at(*bandwidth);
  return uncertainty;
}

YamlTree uncertainty_node(const Uncertainty& uncertainty) {
  YamlTree node;
  node["draws"] = uncertainty.draws;
  for (const auto& [device, error] : uncertainty.rates) node["rates"][device] = share_text(error);
  node["messages"] = share_text(uncertainty.messages);
  node["bandwidth"] = share_text(uncertainty.bandwidth);
  return node;
}

std::string describe(const Uncertainty& uncertainty) {
  std::vector<std::string> within;
  std::vector<std::string> exact;
  const auto add = [&](const std::string& what, double error) {
    if (error == 0) exact.push_back(what);
    if (error > 0) within.push_back(fmt::format("{} {:.3g} %", what, error * 100));
  };
  for (const auto& [device, error] : uncertainty.rates) add("rates of " + device, error);
  add("messages", uncertainty.messages);
  add("bandwidth", uncertainty.bandwidth);
  std::string text = fmt::format("5-95 % is over {} draws", uncertainty.draws);
  if (!within.empty()) text += fmt::format("; median errors: {}", fmt::join(within, ", "));
  if (!exact.empty()) text += fmt::format("; taken as exact: {}", fmt::join(exact, ", "));
  return text;
}

double error_factor(double error, double z) {
  static const double kQuartile = normal_quantile(0.75);
  return portable_exp(portable_log(1 + error) / kQuartile * z);
}

std::vector<Draw> draws_of(const Uncertainty& uncertainty, std::uint64_t seed) {
  std::vector<Draw> draws(static_cast<std::size_t>(uncertainty.draws));
  for (const auto& [device, error] : uncertainty.rates) {
    Factors factors(error, seed, "rates of " + device);
    for (Draw& draw : draws) draw.computing[device] = factors.next();
  }
  Factors messages(uncertainty.messages, seed, "messages");
  Factors bandwidth(uncertainty.bandwidth, seed, "bandwidth");
  for (Draw& draw : draws) {
    draw.messages = messages.next();
    draw.bandwidth = bandwidth.next();
  }
  return draws;
}

Cluster drawn(const Cluster& cluster, const Draw& draw) {
  std::vector<Device> devices(cluster.devices().begin(), cluster.devices().end());
  for (Device& device : devices) {
    const double computing = draw.computing.at(type_or_name(device));
    ComputeProfile& compute = device.compute;
    compute.mac_rate /= computing;
    compute.byte_rate_Bps /= computing;
    compute.overhead_s *= computing;
    compute.task_overhead_s *= computing;
    if (compute.layer_times) compute.layer_times = longer(*compute.layer_times, computing);
    compute.message_overhead_s *= draw.messages;
    compute.serialization_rate_Bps /= draw.messages;
  }
  Network network = cluster.network();
  scale_bandwidths(network, draw.bandwidth);
  return {cluster.name(), std::move(devices), std::move(network), cluster.source(), cluster.sink()};
}

Disturbances drawn(Disturbances disturbances, const Draw& draw) {
  for (Trace& trace : disturbances.bandwidths) {
    for (Trace::Step& step : trace.steps) step.value *= draw.bandwidth;
  }
  return disturbances;
}

}  // namespace edgeflow
