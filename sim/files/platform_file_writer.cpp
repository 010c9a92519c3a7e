#include <fmt/format.h>

#include <cmath>
#include <map>
#include <string_view>

#include "workloads/input/ids.hpp"

#include "sim/files/platform_file.hpp"

namespace edgeflow {
namespace {

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char letter : text) {
    if (letter == '&' || letter == '<' || letter == '>' || letter == '"') {
      safe += fmt::format("&#{};", static_cast<int>(letter));
    } else {
      safe += letter;
    }
  }
  return safe;
}

std::string host_xml(const Cluster& cluster, std::size_t d) {
  const Device& device = cluster.devices()[d];
  const Network& network = cluster.network();
  std::string text = fmt::format("    <host id=\"{}\" speed=\"{:.17g}f\">\n", escaped(device.name),
                                 device.compute.mac_rate);
  const auto property = [&](const char* name, const std::string& value) {
    text += fmt::format("      <prop id=\"{}\" value=\"{}\"/>\n", name, value);
  };
  if (std::isfinite(device.memory_bytes)) {
    property("memory", fmt::format("{:.17g}", device.memory_bytes));
  }
  if (std::isfinite(device.idle_W) && std::isfinite(device.busy_W)) {
    property("wattage_per_state",
             fmt::format("{:.17g}:{:.17g}:{:.17g}", device.idle_W, device.busy_W, device.busy_W));
  }
  if (network.access_point == d) {
    property(kWifiRate, kAccessPoint);
  } else if (!network.rates_Bps.empty()) {
    property(kWifiRate, fmt::format("{:.17g}", network.rates_Bps[d] * network.efficiency));
  } else if (network.access_point) {
    property(kWifiRate, fmt::format("{:.17g}", network.bandwidth_Bps * network.efficiency));
  }
  return text + "    </host>\n";
}

}  // namespace

std::string write_platform_file(const Cluster& cluster) {
  const Network& network = cluster.network();
  std::string text =
      "<?xml version=\"1.0\"?>\n"
      "<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n";
  if (!network.rates_Bps.empty()) {
    text += fmt::format(
        "<!-- Programs other than edgeflow do not know {}: for them every station "
        "has the rate of the medium. -->\n",
        kWifiRate);
  }
  text += "<platform version=\"4.1\">\n  <zone id=\"zone of all devices\" routing=\"Full\">\n";
  for (std::size_t d = 0; d < cluster.size(); ++d) text += host_xml(cluster, d);
  std::vector<std::string> ids;
  std::map<std::string, int> uses;
  for (const Link& link : network.links) {
    const int use = uses[link.name]++;  // a device and a site may have the same name
    ids.push_back(escaped(use == 0 ? link.name : fmt::format("{} ({})", link.name, use + 1)));
    text += fmt::format("    <link id=\"{}\" bandwidth=\"{:.17g}Bps\" latency=\"{:.17g}s\"",
                        ids.back(), link.bandwidth_Bps, link.latency_s);
    text += link.busy_W > 0 ? fmt::format(
                                  "><prop id=\"wattage_range\" value=\"{:.17g}:{:.17g}\"/>"
                                  "</link>\n",
                                  link.idle_W, link.busy_W)
                            : "/>\n";
  }
  for (std::size_t from = 0; from < cluster.size(); ++from) {
    for (std::size_t to = 0; to < cluster.size(); ++to) {
      if (from == to) continue;
      text +=
          fmt::format("    <route src=\"{}\" dst=\"{}\" symmetrical=\"NO\">",
                      escaped(cluster.devices()[from].name), escaped(cluster.devices()[to].name));
      for (const int link : network.route(from, to).links) {
        text += fmt::format("<link_ctn id=\"{}\"/>", ids[index(link)]);
      }
      text += "</route>\n";
    }
  }
  return text + "  </zone>\n</platform>\n";
}

}  // namespace edgeflow
