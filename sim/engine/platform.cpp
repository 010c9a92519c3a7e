#include "sim/engine/platform.hpp"

#include <fmt/format.h>
#include <xbt/log.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <string>

#include "partition/plans/execution.hpp"
#include "sim/engine/simgrid_versions.hpp"

namespace edgeflow {
namespace sg4 = simgrid::s4u;
using namespace simgrid_versions;

double bytes_scale(NetworkModel model) { return model == NetworkModel::kCm02 ? 1 << 24 : 1; }

sg4::Engine& create_engine(NetworkModel model) {
  static sg4::Engine engine("edgeflow");
  // What SimGrid would do on Ctrl-C: list all actors and run the parent's exit handlers.
  std::signal(SIGINT, SIG_DFL);
  // Deadlocks are reported by us, with units instead of actors.
  xbt_log_control_set("root.thresh:critical ker_engine.app:file:/dev/null ker_engine.add:0");
  sg4::Engine::set_config(simgrid_versions::kTimingPrecision, kTimePrecision_s);
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

namespace {

/// For the energy plugin: watts when idle, with the least load, and with full load.
std::string wattage(double idle_W, double busy_W) {
  return fmt::format("{}:{}:{}", idle_W, busy_W, busy_W);
}

void add_links(const Network& network, bool latency, const Disturbances& disturbances,
               sg4::NetZone& zone, Platform& platform) {
  std::vector<double> most_Bps;
  for (const Link& link : network.links) most_Bps.push_back(link.bandwidth_Bps);
  std::set<std::size_t> changing;
  for (const Trace& trace : disturbances.bandwidths) {
    for (const int link : trace.of) {
      double& most = most_Bps[*changing.insert(index(link)).first];
      for (const auto& step : trace.steps) most = std::max(most, step.value);
    }
  }
  platform.shares = std::make_shared<std::vector<double>>();
  for (std::size_t l = 0; l < network.links.size(); ++l) {
    sg4::Link* link =
        add_link(zone, "link" + std::to_string(l), most_Bps[l] * platform.bytes_scale);
    platform.shares->push_back(network.links[l].bandwidth_Bps / most_Bps[l]);
    if (changing.contains(l)) {
      link->set_sharing_policy(
          sg4::Link::SharingPolicy::NONLINEAR,
          [shares = platform.shares, l](double all_Bps, int) { return all_Bps * (*shares)[l]; });
    }
    platform.links.push_back(link->set_latency(latency ? network.links[l].latency_s : 0)->seal());
  }
}

/// The speeds that a device's host has, the whole one first; notes which is which.
std::vector<double> speeds_of(std::size_t device, const Disturbances& disturbances,
                              Platform& platform) {
  std::map<double, unsigned long>& states = platform.speeds.emplace_back();  // NOLINT
  std::vector<double> speeds{kHostSpeed};
  states[1] = 0;
  for (const Trace& trace : disturbances.speeds) {
    if (std::ranges::find(trace.of, static_cast<int>(device)) == trace.of.end()) continue;
    for (const Trace::Step& step : trace.steps) {
      if (states.try_emplace(step.value, speeds.size()).second) {
        speeds.push_back(kHostSpeed * step.value);
      }
    }
  }
  return speeds;
}

/// Two hosts for traffic that uses the links of `cluster` between two devices.
void add_background(const BackgroundTraffic& traffic, const Cluster& cluster, NetworkModel model,
                    sg4::NetZone& zone, Platform& platform) {
  const std::string name = "background" + std::to_string(platform.hosts.size());
  const std::array ends{add_host(zone, name + "from", {kHostSpeed}),
                        add_host(zone, name + "to", {kHostSpeed})};
  for (sg4::Host* host : ends) {
    host->set_property("wattage_per_state", wattage(0, 0));
    platform.hosts.push_back(host->seal());
  }
  const std::array devices{DeviceId{traffic.from}, DeviceId{traffic.to}};
  for (const std::size_t way : {0U, 1U}) {  // and back, for LV08's acknowledgements
    const Route route = cluster.route(devices[way], devices[1 - way]);
    std::vector<sg4::LinkInRoute> links;
    for (const int link : route.links) {
      links.emplace_back(platform.links[index(link)]);
    }
    if (way == 0 && traffic.rate_Bps > 0) {
      links.emplace_back(
          add_link(zone, name, traffic.rate_Bps * route.crossings * bytes_scale(model))->seal());
    }
    add_route(zone, ends[way]->get_netpoint(), ends[1 - way]->get_netpoint(), links);
  }
}

void add_routing(const Routing& routing, sg4::NetZone& zone, Platform& platform) {
  const bool first = platform.ends.empty();
  constexpr HostId kNone{-1};
  IdVector<DeviceId, HostId>& ends = platform.ends.emplace_back(routing.cluster->size(), kNone);
  const auto end_of = [&](DeviceId device) {
    HostId& end = ends[device];
    if (end == kNone && first) end = host_of(device);
    if (end == kNone) {
      end = id_at<HostId>(platform.hosts.size());
      sg4::Host* host = add_host(zone, "end" + std::to_string(number(end)), {kHostSpeed});
      host->set_property("wattage_per_state", wattage(0, 0));
      platform.hosts.push_back(host->seal());
    }
    return platform.hosts[end]->get_netpoint();
  };
  for (const auto& [from, to] : routing.pairs) {
    std::vector<sg4::LinkInRoute> route;
    for (const int link : routing.cluster->route(from, to).links) {
      route.emplace_back(platform.links[index(link)]);
    }
    add_route(zone, end_of(from), end_of(to), route);
  }
}

}  // namespace

void Platform::set_bandwidth(int link, double bandwidth_Bps) const {
  sg4::Link* changed = links[index(link)];
  (*shares)[index(link)] = bandwidth_Bps * bytes_scale / changed->get_bandwidth();
  changed->set_bandwidth(changed->get_bandwidth());  // so that it is shared anew
}

void Platform::set_speed(DeviceId device, double share) const {
  hosts[host_of(device)]->set_pstate(speeds[index(device)].at(share));
}

Platform build_platform(std::span<const Routing> routings, const Effects& effects,
                        NetworkModel model, const Disturbances& disturbances) {
  const bool latency = effects.latency && model != NetworkModel::kCm02;
  const Cluster& cluster = *routings.front().cluster;
  sg4::NetZone* zone = add_full_zone(*sg4::Engine::get_instance(), "cluster");
  Platform platform;
  platform.bytes_scale = bytes_scale(model);
  for (std::size_t d = 0; d < cluster.size(); ++d) {
    const std::vector<double> speeds = speeds_of(d, disturbances, platform);
    sg4::Host* host = add_host(*zone, "device" + std::to_string(d), speeds);
    const Device& device = cluster.devices()[d];
    const std::vector<std::string> watts(speeds.size(), wattage(device.idle_W, device.busy_W));
    host->set_property("wattage_per_state", fmt::format("{}", fmt::join(watts, ",")));
    platform.hosts.push_back(host->seal());
  }
  add_links(cluster.network(), latency, disturbances, *zone, platform);
  for (const BackgroundTraffic& traffic : disturbances.background) {
    add_background(traffic, cluster, model, *zone, platform);
  }
  for (const Routing& routing : routings) add_routing(routing, *zone, platform);
  zone->seal();
  return platform;
}

}  // namespace edgeflow
