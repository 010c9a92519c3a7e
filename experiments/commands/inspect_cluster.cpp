#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "experiments/commands/inspect.hpp"
#include "experiments/results/summary.hpp"
#include "sim/files/platform_file.hpp"
#include "workloads/input/csv.hpp"
#include "workloads/input/ids.hpp"
#include "workloads/input/text_table.hpp"

namespace edgeflow {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxRoutes = 2000;  // as text

std::string or_dash(double value, double scale, const char* unit) {
  return std::isfinite(value) ? fmt::format("{:g} {}", value * scale, unit) : "-";
}

/// Infinities and NaN have no place in JSON.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

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

std::string as_text(const Cluster& cluster) {
  const Network& network = cluster.network();
  std::vector<std::vector<std::string>> devices{{"device", "type", "framework", "threads",
                                                 "MAC rate", "byte rate", "overhead", "memory",
                                                 "idle", "busy", "role"}};
  for (std::size_t d = 0; d < cluster.size(); ++d) {
    const Device& device = cluster.devices()[d];
    const ComputeProfile& compute = device.compute;
    devices.push_back(
        {device.name, device.type.empty() ? "-" : device.type,
         compute.framework.empty() ? "-" : compute.framework, std::to_string(compute.threads),
         or_dash(compute.mac_rate, 1e-9, "GMAC/s"), or_dash(compute.byte_rate_Bps, 1e-9, "GB/s"),
         or_dash(compute.overhead_s, 1e6, "us"),
         or_dash(device.memory_bytes, 1.0 / (1024 * 1024), "MiB"), or_dash(device.idle_W, 1, "W"),
         or_dash(device.busy_W, 1, "W"), role(cluster, device_id(d))});
  }
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
                     headline(network), latency, aligned(devices, "lllrrrrrrrl"),
                     aligned(links, "lrr"), aligned(routes, "llrrl"),
                     routes.size() > kMaxRoutes ? "... --json has all routes\n" : "");
}

std::string as_csv(const Cluster& cluster) {
  std::string text = csv_row({"name", "type", "framework", "threads", "mac_rate", "byte_rate_Bps",
                              "overhead_s", "memory_bytes", "idle_W", "busy_W", "role"});
  for (std::size_t d = 0; d < cluster.size(); ++d) {
    const Device& device = cluster.devices()[d];
    const ComputeProfile& compute = device.compute;
    text += csv_row({device.name, device.type, compute.framework, std::to_string(compute.threads),
                     cell(compute.mac_rate), cell(compute.byte_rate_Bps), cell(compute.overhead_s),
                     cell(device.memory_bytes), cell(device.idle_W), cell(device.busy_W),
                     role(cluster, device_id(d))});
  }
  return text;
}

Json device_json(const Device& device) {
  const ComputeProfile& compute = device.compute;
  Json json;
  json["name"] = device.name;
  json["type"] = device.type;
  json["framework"] = compute.framework;
  json["threads"] = compute.threads;
  json["mac_rate"] = number(compute.mac_rate);
  json["byte_rate_Bps"] = number(compute.byte_rate_Bps);
  json["overhead_s"] = number(compute.overhead_s);
  json["winograd_factor"] = number(compute.winograd_factor);
  json["winograd_byte_factor"] = number(compute.winograd_byte_factor);
  json["spatial_factor"] = number(compute.spatial_factor);
  json["matrix_factor"] = number(compute.matrix_factor);
  json["fully_connected_factor"] = number(compute.fully_connected_factor);
  json["message_overhead_s"] = number(compute.message_overhead_s);
  json["serialization_rate_Bps"] = number(compute.serialization_rate_Bps);
  json["memory_bytes"] = number(device.memory_bytes);
  json["idle_W"] = number(device.idle_W);
  json["busy_W"] = number(device.busy_W);
  json["source"] = compute.source;
  return json;
}

std::string as_json(const Cluster& cluster) {
  const Network& network = cluster.network();
  Json json;
  json["name"] = cluster.name();
  json["network"] = {{"type", std::string(to_string(network.type))},
                     {"bandwidth_Bps", number(network.bandwidth_Bps)},
                     {"latency_s", number(network.latency_s)}};
  json["source"] = cluster.device(cluster.source()).name;
  json["sink"] = cluster.device(cluster.sink()).name;
  json["devices"] = Json::array();
  for (const Device& device : cluster.devices()) json["devices"].push_back(device_json(device));
  json["links"] = Json::array();
  for (const Link& link : network.links) {
    json["links"].push_back({{"name", link.name},
                             {"bandwidth_Bps", number(link.bandwidth_Bps)},
                             {"latency_s", number(link.latency_s)}});
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
                              {"crossings", number(route.crossings)},
                              {"latency_s", number(route.latency_s)}});
  });
  return json.dump(2) + "\n";
}

std::string as_dot(const Cluster& cluster) {
  const Network& network = cluster.network();
  std::string text = fmt::format(
      "graph \"{}\" {{\n  node [shape=box, fontname=sans, fontsize=10];\n"
      "  network [shape=ellipse, label=\"{}\"];\n",
      cluster.name(), to_string(network.type));
  for (std::size_t d = 0; d < cluster.size(); ++d) {
    const double bandwidth_Bps =
        network.ports.empty() ? network.bandwidth_Bps : network.ports[d].up_Bps;
    const std::string rate =
        bandwidth_Bps > 0 ? fmt::format("{:g} Mbit/s", bandwidth_Bps * 8e-6) : "";
    const std::string roles = role(cluster, device_id(d));
    text += fmt::format("  d{} [label=\"{}{}{}\"];\n  d{} -- network [label=\"{}\"];\n", d,
                        cluster.devices()[d].name, roles.empty() ? "" : "\\n", roles, d, rate);
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
