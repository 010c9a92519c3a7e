#include "sim/platform.hpp"

#include <xbt/log.h>

#include <csignal>
#include <string>

#include "partition/estimate.hpp"

namespace edgeflow {
namespace {

namespace sg4 = simgrid::s4u;

sg4::Link* add_link(sg4::NetZone& zone, const std::string& name, double bandwidth_Bps,
                    double latency_s) {
  sg4::Link* link = zone.create_link(name, bandwidth_Bps);
  link->set_latency(latency_s);
  link->seal();
  return link;
}

void connect_switch(sg4::NetZone& zone, const Network& network, double latency_s,
                    const std::vector<sg4::Host*>& hosts) {
  for (std::size_t d = 0; d < hosts.size(); ++d) {
    const std::string name = hosts[d]->get_name();
    sg4::Link* up = add_link(zone, name + "-up", network.links[2 * d].bandwidth_Bps, latency_s / 2);
    sg4::Link* down =
        add_link(zone, name + "-down", network.links[2 * d + 1].bandwidth_Bps, latency_s / 2);
    auto* point = hosts[d]->get_netpoint();
    zone.add_route(point, nullptr, nullptr, nullptr, {sg4::LinkInRoute(up)}, false);
    zone.add_route(nullptr, point, nullptr, nullptr, {sg4::LinkInRoute(down)}, false);
  }
}

void connect_wifi(sg4::NetZone& zone, const Network& network, double latency_s,
                  const std::vector<sg4::Host*>& hosts) {
  sg4::Link* air = add_link(zone, "air", network.links[0].bandwidth_Bps, latency_s);
  for (sg4::Host* host : hosts) {
    zone.add_route(host->get_netpoint(), nullptr, nullptr, nullptr, {sg4::LinkInRoute(air)}, true);
  }
}

}  // namespace

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

std::vector<sg4::Host*> build_platform(const Cluster& cluster, const Effects& effects) {
  const Network& network = cluster.network();
  const double latency_s = effects.latency ? network.latency_s : 0;
  sg4::NetZone* zone = sg4::create_star_zone("cluster");
  std::vector<sg4::Host*> hosts;
  for (std::size_t d = 0; d < cluster.size(); ++d) {
    hosts.push_back(zone->create_host("device" + std::to_string(d), kHostSpeed)->seal());
  }
  switch (network.type) {
    case NetworkType::kSwitch:
      connect_switch(*zone, network, latency_s, hosts);
      break;
    case NetworkType::kWifi:
      connect_wifi(*zone, network, latency_s, hosts);
      break;
  }
  zone->seal();
  return hosts;
}

}  // namespace edgeflow
