#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "experiments/commands/inspect.hpp"
#include "experiments/commands/inspect_device.hpp"
#include "experiments/results/network_json.hpp"
#include "experiments/results/summary.hpp"
#include "sim/files/platform_file.hpp"
#include "workloads/input/csv.hpp"
#include "workloads/input/ids.hpp"
#include "workloads/input/text_table.hpp"

namespace edgeflow {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxRoutes = 2000;  // as text

/// The rates that a device of the cluster says something of, and the three that any has.
std::vector<Rate> rates_shown(const Cluster& cluster) {
  constexpr std::array kAlways{&ComputeProfile::mac_rate, &ComputeProfile::byte_rate_Bps,
                               &ComputeProfile::overhead_s};
  std::vector<Rate> shown;
  for (const Rate& rate : rates()) {
    const double none = ComputeProfile().*rate.member;
    const auto devices = cluster.devices();
    const bool said = std::any_of(devices.begin(), devices.end(), [&](const Device& device) {
      return device.compute.*rate.member != none;
    });
    if (said || std::find(kAlways.begin(), kAlways.end(), rate.member) != kAlways.end()) {
      shown.push_back(rate);
    }
  }
  return shown;
}

/// Idle and busy, and the states in which any device draws more than when idle.
std::vector<Power> powers_shown(const Cluster& cluster) {
  std::vector<Power> shown;
  for (const Power& power : powers()) {
    const auto devices = cluster.devices();
    const bool said = std::any_of(devices.begin(), devices.end(), [&](const Device& device) {
      return device.*power.member > device.idle_W;
    });
    if (said || power.needed) shown.push_back(power);
  }
  return shown;
}

DeviceId device_id(std::size_t d) { return DeviceId{static_cast<std::int32_t>(d)}; }

std::string role(const Cluster& cluster, DeviceId id) {
  const bool source = id == cluster.source();
  const bool sink = id == cluster.sink();
  return source && sink ? "source, sink" : source ? "source" : sink ? "sink" : "";
}

/// Calls `use(from, to)` for all pairs of different devices.
template <typename Use>
void for_each_pair(const Cluster& cluster, Use use) {
  for (std::size_t from = 0; from < cluster.size(); ++from) {
    for (std::size_t to = 0; to < cluster.size(); ++to) {
      if (from != to) use(device_id(from), device_id(to));
    }
  }
}

std::string link_names(const Cluster& cluster, const Route& route) {
  std::vector<std::string> names;
  for (const int link : route.links) {
    names.push_back(cluster.network().links[index(link)].name);
  }
  return fmt::format("{}", fmt::join(names, " "));
}

std::string device_table(const Cluster& cluster) {
  const std::vector<Rate> rates = rates_shown(cluster);
  const std::vector<Power> powers = powers_shown(cluster);
  std::vector<std::vector<std::string>> rows{
      {"device", "type", "framework", "threads", "precision"}};
  for (const Rate& rate : rates) rows[0].emplace_back(rate.heading);
  rows[0].emplace_back("memory");
  for (const Power& power : powers) rows[0].emplace_back(power.key);
  const bool messaging = std::ranges::any_of(cluster.devices(), [](const Device& device) {
    return !device.compute.messaging.empty() || device.compute.sends != Sends::kHold;
  });
  if (messaging) rows[0].insert(rows[0].end(), {"messaging", "sends"});
  rows[0].emplace_back("role");
  for (std::size_t d = 0; d < cluster.size(); ++d) {
    const Device& device = cluster.devices()[d];
    const ComputeProfile& compute = device.compute;
    std::vector<std::string>& row = rows.emplace_back();
    row = {device.name, device.type.empty() ? "-" : device.type,
           compute.framework.empty() ? "-" : compute.framework, std::to_string(compute.threads),
           compute.precision ? std::string(to_string(*compute.precision)) : "-"};
    for (const Rate& rate : rates) row.push_back(rate_text(rate, compute.*rate.member));
    row.push_back(or_dash(device.memory_bytes, 1.0 / (1024 * 1024), "MiB"));
    for (const Power& power : powers) row.push_back(or_dash(device.*power.member, 1, "W"));
    if (messaging) {
      row.push_back(compute.messaging.empty() ? "-" : compute.messaging);
      row.emplace_back(to_string(compute.sends));
    }
    row.push_back(role(cluster, device_id(d)));
  }
  return aligned(rows, "lllrl" + std::string(rates.size() + 1 + powers.size(), 'r') + "lll");
}

std::string as_text(const Cluster& cluster) {
  const Network& network = cluster.network();
  std::vector<std::vector<std::string>> links{{"link", "bandwidth", "latency"}};
  for (const Link& link : network.links) {
    links.push_back({link.name, fmt::format("{:g} Mbit/s", link.bandwidth_Bps * 8e-6),
                     fmt::format("{:g} ms", link.latency_s * 1e3)});
  }
  std::vector<std::vector<std::string>> routes{{"from", "to", "bandwidth", "latency", "links"}};
  for_each_pair(cluster, [&](DeviceId from, DeviceId to) {
    if (routes.size() > kMaxRoutes) return;
    const Route route = cluster.route(from, to);
    routes.push_back({cluster.device(from).name, cluster.device(to).name,
                      fmt::format("{:g} Mbit/s", cluster.route_bandwidth_Bps(from, to) * 8e-6),
                      fmt::format("{:g} ms", route.latency_s * 1e3), link_names(cluster, route)});
  });
  const std::string latency =
      network.bandwidth_Bps > 0 ? fmt::format(", latency {:g} ms", network.latency_s * 1e3) : "";
  return fmt::format("{}: {} devices, {}{}\n\n{}\n{}\n{}{}", cluster.name(), cluster.size(),
                     headline(network), latency, device_table(cluster), aligned(links, "lrr"),
                     aligned(routes, "llrrl"),
                     routes.size() > kMaxRoutes ? "... --json has all routes\n" : "");
}

std::string as_csv(const Cluster& cluster) {
  std::vector<std::string> header{"name", "type", "framework", "threads"};
  for (const Rate& rate : rates()) header.emplace_back(rate.name);
  header.emplace_back("memory_bytes");
  for (const Power& power : powers()) header.emplace_back(power.name);
  header.insert(header.end(), {"role", "precision", "messaging", "sends"});
  std::string text = csv_row(header);
  for (std::size_t d = 0; d < cluster.size(); ++d) {
    const Device& device = cluster.devices()[d];
    const ComputeProfile& compute = device.compute;
    std::vector<std::string> row{device.name, device.type, compute.framework,
                                 std::to_string(compute.threads)};
    for (const Rate& rate : rates()) row.push_back(cell(compute.*rate.member));
    row.push_back(cell(device.memory_bytes));
    for (const Power& power : powers()) row.push_back(cell(device.*power.member));
    row.push_back(role(cluster, device_id(d)));
    row.emplace_back(compute.precision ? to_string(*compute.precision) : "");
    row.push_back(compute.messaging);
    row.emplace_back(to_string(compute.sends));
    text += csv_row(row);
  }
  return text;
}

Json device_json(const Device& device) {
  Json json{{"name", device.name}, {"type", device.type}};
  json.update(compute_json(device.compute));
  json["memory_bytes"] = number_json(device.memory_bytes);
  for (const Power& power : powers()) {
    json[std::string(power.name)] = number_json(device.*power.member);
  }
  return json;
}

std::string as_json(const Cluster& cluster) {
  const Network& network = cluster.network();
  Json json;
  json["name"] = cluster.name();
  json["network"] = network_json(network, cluster.devices());
  json["source"] = cluster.device(cluster.source()).name;
  json["sink"] = cluster.device(cluster.sink()).name;
  json["devices"] = Json::array();
  for (const Device& device : cluster.devices()) json["devices"].push_back(device_json(device));
  json["links"] = Json::array();
  for (const Link& link : network.links) {
    json["links"].push_back({{"name", link.name},
                             {"bandwidth_Bps", number_json(link.bandwidth_Bps)},
                             {"latency_s", number_json(link.latency_s)},
                             {"idle_W", number_json(link.idle_W)},
                             {"busy_W", number_json(link.busy_W)}});
  }
  json["routes"] = Json::array();
  for_each_pair(cluster, [&](DeviceId from, DeviceId to) {
    const Route route = cluster.route(from, to);
    Json links = Json::array();
    for (const int link : route.links) {
      links.push_back(network.links[index(link)].name);
    }
    json["routes"].push_back({{"from", cluster.device(from).name},
                              {"to", cluster.device(to).name},
                              {"links", links},
                              {"crossings", number_json(route.crossings)},
                              {"latency_s", number_json(route.latency_s)}});
  });
  return json.dump(2) + "\n";
}

std::string megabits(double bandwidth_Bps) {
  return fmt::format("{:g} Mbit/s", bandwidth_Bps * 8e-6);
}

std::string edge_label(const Network& network, const Edge& edge) {
  if (edge.forth < 0 || edge.a == network.access_point) return "";
  const auto [forth_Bps, back_Bps] = rates_of(network, edge);
  if (forth_Bps == back_Bps) return megabits(forth_Bps);
  return fmt::format("{}, back {}", megabits(forth_Bps), megabits(back_Bps));
}

std::string as_dot(const Cluster& cluster) {
  const Network& network = cluster.network();
  const Drawing picture = drawing(network);
  std::string text = fmt::format(
      "graph \"{}\" {{\n  node [shape=box, fontname=sans, fontsize=10];\n", cluster.name());
  const auto id = [&](std::size_t node) {
    return node < cluster.size() ? fmt::format("d{}", node)
                                 : fmt::format("n{}", node - cluster.size());
  };
  for (std::size_t d = 0; d < cluster.size(); ++d) {
    const std::string roles = role(cluster, device_id(d));
    text += fmt::format("  {} [label=\"{}{}{}\"];\n", id(d), cluster.devices()[d].name,
                        roles.empty() ? "" : "\\n", roles);
  }
  for (std::size_t n = 0; n < picture.nodes.size(); ++n) {
    const Drawing::Node& node = picture.nodes[n];
    const auto link = static_cast<std::size_t>(node.link);
    text +=
        fmt::format("  {} [shape=ellipse, label=\"{}{}\"];\n", id(cluster.size() + n), node.name,
                    node.link < 0 ? "" : "\\n" + megabits(network.links[link].bandwidth_Bps));
  }
  for (const Edge& edge : picture.edges) {
    const std::string label = edge_label(network, edge);
    text += fmt::format("  {} -- {}{};\n", id(edge.a), id(edge.b),
                        label.empty() ? "" : fmt::format(" [label=\"{}\"]", label));
  }
  return text + "}\n";
}

}  // namespace

std::string inspect_cluster(const Cluster& cluster, InspectFormat format) {
  switch (format) {
    case InspectFormat::kText:
      return as_text(cluster);
    case InspectFormat::kCsv:
      return as_csv(cluster);
    case InspectFormat::kJson:
      return as_json(cluster);
    case InspectFormat::kDot:
      return as_dot(cluster);
    case InspectFormat::kXml:
      return write_platform_file(cluster);
  }
  return "";
}

}  // namespace edgeflow
