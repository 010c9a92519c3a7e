#include "sim/platform.hpp"

#include <fmt/format.h>
#include <xbt/log.h>

#include <csignal>
#include <string>

#include "partition/estimate.hpp"

namespace edgeflow {
namespace sg4 = simgrid::s4u;

double bytes_scale(NetworkModel model) { return model == NetworkModel::kCm02 ? 1 << 24 : 1; }

sg4::Engine& create_engine(NetworkModel model) {
  static sg4::Engine engine("edgeflow");
  // What SimGrid would do on Ctrl-C: list all actors and run the parent's exit handlers.
  std::signal(SIGINT, SIG_DFL);
  // Deadlocks are reported by us, with units instead of actors.
  xbt_log_control_set("root.thresh:critical ker_engine.app:file:/dev/null ker_engine.add:0");
  sg4::Engine::set_config("surf/precision", kTimePrecision_s);
  if (model == NetworkModel::kCm02) {
    // Without these, a flow takes 5 % of the way back and is capped by a TCP window. (A gamma of 0
    // would switch the cap off too, but also limits that are set per message.)
    sg4::Engine::set_config("network/model", std::string("CM02"));
    sg4::Engine::set_config("network/crosstraffic", false);
    sg4::Engine::set_config("network/TCP-gamma", 1e15);
  } else {
    sg4::Engine::set_config("network/model", std::string("LV08"));
  }
  return engine;
}

std::vector<sg4::Host*> build_platform(const Cluster& cluster, const Effects& effects,
                                       NetworkModel model, const std::set<DevicePair>& pairs) {
  const bool latency = effects.latency && model != NetworkModel::kCm02;
  sg4::NetZone* zone = sg4::create_full_zone("cluster");
  std::vector<sg4::Host*> hosts;
  for (std::size_t d = 0; d < cluster.size(); ++d) {
    sg4::Host* host = zone->create_host("device" + std::to_string(d), kHostSpeed);
    // For the energy plugin: watts when idle, with the least load, and with full load.
    const Device& device = cluster.devices()[d];
    host->set_property("wattage_per_state",
                       fmt::format("{}:{}:{}", device.idle_W, device.busy_W, device.busy_W));
    hosts.push_back(host->seal());
  }
  std::vector<sg4::Link*> links;
  for (const Link& link : cluster.network().links) {
    links.push_back(zone->create_link("link" + std::to_string(links.size()),
                                      link.bandwidth_Bps * bytes_scale(model)));
    links.back()->set_latency(latency ? link.latency_s : 0)->seal();
  }
  for (const auto& [from, to] : pairs) {
    std::vector<sg4::LinkInRoute> route;
    for (const int link : cluster.route(DeviceId{from}, DeviceId{to}).links) {
      route.emplace_back(links[static_cast<std::size_t>(link)]);
    }
    zone->add_route(hosts[static_cast<std::size_t>(from)]->get_netpoint(),
                    hosts[static_cast<std::size_t>(to)]->get_netpoint(), nullptr, nullptr, route,
                    false);
  }
  zone->seal();
  return hosts;
}

}  // namespace edgeflow
