#include "experiments/scenario/resolve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/scenario/disturbances.hpp"
#include "workloads/input/csv.hpp"
#include "workloads/input/home.hpp"
#include "workloads/input/random.hpp"
#include "workloads/model_yaml.hpp"

namespace edgeflow {
namespace {

/// What a device says of its place in the network.
void add_port(YamlTree& node, const Network& network, std::size_t device) {
  if (!network.rates_Bps.empty() && network.rates_Bps[device] != network.bandwidth_Bps) {
    node["bandwidth"] = with_unit(network.rates_Bps[device], "B/s");
  }
  if (network.ports.empty()) return;
  const Port& port = network.ports[device];
  if (port.up_Bps == port.down_Bps) {
    node["bandwidth"] = with_unit(port.up_Bps, "B/s");
  } else {
    node["up"] = with_unit(port.up_Bps, "B/s");
    node["down"] = with_unit(port.down_Bps, "B/s");
  }
  if (port.latency_s != network.latency_s / 2) node["latency"] = with_unit(port.latency_s, "s");
  if (!network.sites.empty()) {
    node["site"] = network.sites[static_cast<std::size_t>(port.site)].name;
  }
}

/// A messaging profile by which nothing is told that does not stand beside it: of a file of the
/// user's, which may be elsewhere later, all that counts does.
std::string shipped_or_none(const std::string& messaging) {
  const std::vector<std::string> shipped = catalogue_names("platforms/messaging");
  return std::ranges::find(shipped, messaging) != shipped.end() ? messaging : "none";
}

/// Adds the profile's rates and layer times; those that say nothing only where `than` has others.
void add_rates(YamlTree& node, const ComputeProfile& compute, const ComputeProfile& than) {
  for (const Rate& rate : rates()) {
    const double value = compute.*rate.member;
    if (!rate.resolved && value == than.*rate.member) continue;
    node[rate.key] =
        with_unit(std::min(value, kLargestQuantity), rate.unit ? si_unit(*rate.unit) : "");
  }
  if (!compute.layer_times) return;
  for (const auto& [model, layers] : compute.layer_times->models) {
    for (const auto& [layer, time] : layers) {
      node["layer_time"][model][layer] = with_unit(time.time_s, "s");
    }
  }
}

/// The usual profile of the device, and those of workloads in other precisions.
void add_compute(YamlTree& node, const Scenario& scenario, DeviceId id) {
  const Device& device = scenario.cluster->device(id);
  const ComputeProfile& compute = device.usual_compute();
  if (!compute.framework.empty()) node["framework"] = compute.framework;
  node["threads"] = compute.threads;
  if (compute.precision) node["precision"] = std::string(to_string(*compute.precision));
  add_rates(node, compute, ComputeProfile());
  if (!compute.messaging.empty()) {
    node["messaging"] = shipped_or_none(compute.messaging);
    node["message_overhead"] = with_unit(compute.message_overhead_s, "s");  // maybe not its own
  }
  if (!compute.messaging.empty() || compute.sends != Sends::kHold) {
    node["sends"] = std::string(to_string(compute.sends));
  }
  for (const Workload& workload : scenario.workloads) {
    const ComputeProfile& other = workload.cluster->device(id).compute;
    if (!other.precision || other.precision == compute.precision) continue;
    YamlTree rates;
    add_rates(rates, other, compute);
    node["rates_in"][to_string(*other.precision)] = rates;
  }
  for (const Precision precision : device.precisions) {
    node["precisions"].push_back(std::string(to_string(precision)));
  }
}

YamlTree device_node(const Scenario& scenario, DeviceId id,
                     const std::vector<std::string>& catalogue) {
  const Cluster& cluster = *scenario.cluster;
  const Device& device = cluster.device(id);
  YamlTree node;
  node["name"] = device.name;
  if (std::find(catalogue.begin(), catalogue.end(), device.type) != catalogue.end()) {
    node["type"] = device.type;
  }
  add_compute(node, scenario, id);
  if (std::isfinite(device.memory_bytes)) node["memory"] = with_unit(device.memory_bytes, "B");
  if (!std::isnan(device.idle_W) && !std::isnan(device.busy_W)) {
    for (const Power& power : powers()) {
      const double watts = device.*power.member;
      if (power.needed || watts > device.idle_W) {
        node["power"][power.key] = with_unit(watts, si_unit(Quantity::kPower));
      }
    }
  }
  if (device.scheduling() != scenario.scheduling)
    node["scheduling"] = std::string(to_string(device.scheduling()));
  add_port(node, cluster.network(), index(id));
  return node;
}

/// Tells a network of another file from it, wherever the file is.
std::string contents_of(const Network& network) {
  std::string text;
  for (const Link& link : network.links) {
    text += fmt::format("{} {} {} {} {}\n", link.name, link.bandwidth_Bps, link.latency_s,
                        link.idle_W, link.busy_W);
  }
  for (const auto& path : network.paths) text += fmt::format("{}\n", fmt::join(path, " "));
  return fmt::format("{:016x}", fnv1a(text));
}

YamlTree network_node(const Cluster& cluster, bool portable) {
  const Network& network = cluster.network();
  if (portable && network.from_file) return YamlTree(contents_of(network));
  if (!network.description.empty()) return Document(network.description, "").root().node();
  YamlTree node;
  node["type"] = std::string(to_string(network.type));
  node["bandwidth"] = with_unit(network.bandwidth_Bps, "B/s");
  if (network.efficiency < 1) node["efficiency"] = number_text(network.efficiency);
  node["latency"] = with_unit(network.latency_s, "s");
  if (network.links.front().busy_W > 0) {
    node["link_power"]["idle"] = with_unit(network.links.front().idle_W, "W");
    node["link_power"]["busy"] = with_unit(network.links.front().busy_W, "W");
  }
  if (network.access_point) {
    node["access_point"] = cluster.devices()[*network.access_point].name;
  }
  return node;
}

YamlTree cluster_node(const Scenario& scenario, bool portable) {
  const Cluster& cluster = *scenario.cluster;
  YamlTree node;
  node["name"] = cluster.name();
  node["network"] = network_node(cluster, portable);
  static const std::vector<std::string> catalogue = catalogue_names("platforms/devices");
  for (std::size_t d = 0; d < cluster.size(); ++d) {
    const DeviceId id{static_cast<std::int32_t>(d)};
    node["devices"].push_back(device_node(scenario, id, catalogue));
  }
  node["source"] = cluster.device(cluster.source()).name;
  node["sink"] = cluster.device(cluster.sink()).name;
  return node;
}

YamlTree simulation_node(const Scenario& scenario) {
  YamlTree node;
  node["network_model"] = std::string(to_string(scenario.network_model));
  node["scheduling"] = std::string(to_string(scenario.scheduling));
  node["ablate"] = YamlTree::list();
  for (const Effect& effect : kEffects) {
    if (!(scenario.effects.*effect.member)) node["ablate"].push_back(std::string(effect.name));
  }
  return node;
}

/// For reading again, or for comparing: then without paths, and the model by its contents.
enum class TextOf : std::uint8_t { kReading, kComparing };

const StrategyChoice& strategy_of(const Workload& workload, const StrategyChoice& otherwise) {
  return workload.strategy ? *workload.strategy : otherwise;
}

/// Adds what a scenario or stream says of its workload.
void add_workload(YamlTree& tree, const Workload& workload, const StrategyChoice& otherwise,
                  TextOf purpose) {
  const bool reading = purpose == TextOf::kReading;
  const Model& model = *workload.model;
  const StrategyChoice& strategy = strategy_of(workload, otherwise);
  tree["model"] = reading ? model.reference : fmt::format("{:016x}", model.hash);
  tree["strategy"]["name"] = strategy.name;
  if (reading && !strategy.label.empty()) tree["strategy"]["label"] = strategy.label;
  for (const auto& [key, value] : reading ? strategy.resolved_options() : strategy.options) {
    tree["strategy"]["options"][key] = value;
  }
  tree["precision"] = std::string(to_string(workload.precision()));
  tree["input_precision"] = std::string(to_string(workload.input_precision()));
  tree["requests"] = requests_node(workload.requests);
}

YamlTree stream_node(const Workload& stream, const StrategyChoice& otherwise, TextOf purpose) {
  YamlTree tree;
  tree["name"] = stream.name;
  add_workload(tree, stream, otherwise, purpose);
  tree["source"] = stream.cluster->device(stream.cluster->source()).name;
  tree["sink"] = stream.cluster->device(stream.cluster->sink()).name;
  return tree;
}

std::string text_of(const Scenario& scenario, const StrategyChoice& strategy, TextOf purpose) {
  YamlTree tree;
  tree["schema"] = 1;
  tree["name"] = scenario.name;
  tree["cluster"] = cluster_node(scenario, purpose == TextOf::kComparing);
  if (scenario.has_streams()) {
    for (const Workload& stream : scenario.workloads) {
      tree["streams"].push_back(stream_node(stream, strategy, purpose));
    }
  } else {
    add_workload(tree, scenario.workloads.front(), strategy, purpose);
  }
  tree["simulation"] = simulation_node(scenario);
  if (const YamlTree node = disturbances_node(scenario.disturbances, *scenario.cluster);
      node.kind() == YamlTree::Kind::kMap) {
    tree["disturbances"] = node;
  }
  if (scenario.uncertainty.draws > 0) {
    tree["uncertainty"] = uncertainty_node(scenario.uncertainty);
  }
  if (scenario.plans_change()) tree["weights"] = weight_loading_node(scenario.weights);
  tree["bound"] = std::string(to_string(scenario.bound));
  tree["seed"] = scenario.seed;
  return canonical_text(tree);
}

}  // namespace

std::string resolved_text(const Scenario& scenario, const StrategyChoice& strategy) {
  return text_of(scenario, strategy, TextOf::kReading);
}

std::string config_hash(const Scenario& scenario, const StrategyChoice& strategy,
                        const std::string& extra) {
  std::string text = text_of(scenario, strategy, TextOf::kComparing);
  for (const Workload& workload : scenario.workloads) {
    text += strategy_of(workload, strategy).named_files();
  }
  return fmt::format("{:016x}", fnv1a(text + extra));
}

}  // namespace edgeflow
