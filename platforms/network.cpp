#include "platforms/network.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace edgeflow {

std::string_view to_string(NetworkType type) {
  switch (type) {
    case NetworkType::kSwitch:
      return "switch";
    case NetworkType::kWifi:
      return "wifi";
    case NetworkType::kHub:
      return "hub";
    case NetworkType::kMesh:
      return "mesh";
    case NetworkType::kStarOfStars:
      return "star-of-stars";
    case NetworkType::kGraph:
      return "graph";
    case NetworkType::kSimgrid:
      return "simgrid";
  }
  return "";
}

Route Network::route(std::size_t from, std::size_t to) const {
  assert(from != to && from < devices && to < devices);
  Route route;
  switch (type) {
    case NetworkType::kSwitch:
    case NetworkType::kStarOfStars:
      route = by_ports(from, to);
      break;
    case NetworkType::kWifi:
      route = over_the_air(from, to);
      break;
    case NetworkType::kHub:
      route.links = {0};
      break;
    case NetworkType::kMesh:
      route.links = {static_cast<int>(mesh_link(devices, from, to))};
      break;
    case NetworkType::kGraph:
    case NetworkType::kSimgrid:
      route.links = paths[from * devices + to];
      break;
  }
  for (const int link : route.links) {
    route.latency_s += links[static_cast<std::size_t>(link)].latency_s;
  }
  return route;
}

double Network::transmit_s_per_byte(std::size_t from, std::size_t to) const {
  if (type != NetworkType::kWifi) {
    return 1 / links[static_cast<std::size_t>(route(from, to).links.front())].bandwidth_Bps;
  }
  const std::size_t station = from == access_point ? to : from;
  return 1 / (rates_Bps.empty() ? bandwidth_Bps : rates_Bps[station]);
}

double Network::receive_s_per_byte(std::size_t from, std::size_t to) const {
  if (type == NetworkType::kWifi) return transmit_s_per_byte(to, from);
  return 1 / links[static_cast<std::size_t>(route(from, to).links.back())].bandwidth_Bps;
}

Route Network::by_ports(std::size_t from, std::size_t to) const {
  Route route;
  const auto site_link = [&](std::size_t device, int direction) {
    return static_cast<int>(2 * devices + 2 * static_cast<std::size_t>(ports[device].site)) +
           direction;
  };
  route.links.push_back(static_cast<int>(2 * from));
  if (ports[from].site != ports[to].site) {
    route.links.push_back(site_link(from, 0));
    route.links.push_back(site_link(to, 1));
  }
  route.links.push_back(static_cast<int>(2 * to + 1));
  return route;
}

Route Network::over_the_air(std::size_t from, std::size_t to) const {
  const auto air = [&](std::size_t device) {
    if (device == access_point) return 0.0;
    return rates_Bps.empty() ? 1.0 : bandwidth_Bps / rates_Bps[device];
  };
  Route route;
  if (from == access_point || to == access_point) {
    route.links = {0};
    route.crossings = air(from) + air(to);
  } else {
    route.links = {0, 0};
    route.crossings = (air(from) + air(to)) / 2;
  }
  return route;
}

Network make_switch(std::span<const std::string> names, std::vector<Port> ports,
                    std::vector<Site> sites) {
  assert(names.size() == ports.size());
  Network network;
  network.type = sites.empty() ? NetworkType::kSwitch : NetworkType::kStarOfStars;
  network.devices = names.size();
  const auto add = [&](const std::string& name, const Port& port) {
    network.links.push_back({name + ":up", port.up_Bps, port.latency_s, 0, 0});
    network.links.push_back({name + ":down", port.down_Bps, port.latency_s, 0, 0});
  };
  for (std::size_t d = 0; d < names.size(); ++d) add(names[d], ports[d]);
  for (const Site& site : sites) add(site.name, site.uplink);
  network.ports = std::move(ports);
  network.sites = std::move(sites);
  return network;
}

Network make_wifi(std::size_t devices, double bandwidth_Bps, double latency_s,
                  std::vector<double> rates_Bps, std::optional<std::size_t> access_point) {
  Network network;
  network.type = NetworkType::kWifi;
  network.devices = devices;
  network.bandwidth_Bps = bandwidth_Bps;
  network.latency_s = latency_s;
  network.links.push_back({"wifi", bandwidth_Bps, latency_s / 2, 0, 0});
  network.rates_Bps = std::move(rates_Bps);
  network.access_point = access_point;
  return network;
}

Network make_hub(std::size_t devices, double bandwidth_Bps, double latency_s) {
  Network network;
  network.type = NetworkType::kHub;
  network.devices = devices;
  network.bandwidth_Bps = bandwidth_Bps;
  network.latency_s = latency_s;
  network.links.push_back({"hub", bandwidth_Bps, latency_s, 0, 0});
  return network;
}

Network make_mesh(std::span<const std::string> names, double bandwidth_Bps, double latency_s) {
  Network network;
  network.type = NetworkType::kMesh;
  network.devices = names.size();
  network.bandwidth_Bps = bandwidth_Bps;
  network.latency_s = latency_s;
  for (const std::string& from : names) {
    for (const std::string& to : names) {
      if (from == to) continue;
      std::string name = from;
      name.append(":").append(to);
      network.links.push_back({std::move(name), bandwidth_Bps, latency_s, 0, 0});
    }
  }
  return network;
}

std::size_t mesh_link(std::size_t devices, std::size_t from, std::size_t to) {
  return from * (devices - 1) + (to < from ? to : to - 1);
}

std::vector<std::vector<int>> shortest_paths(std::size_t devices, std::size_t nodes,
                                             std::span<const Edge> edges) {
  struct Way {
    std::size_t node;
    int link;      // to that node
    int opposite;  // from it
  };
  std::vector<std::vector<Way>> ways(nodes);
  for (const Edge& edge : edges) {
    ways[edge.a].push_back({edge.b, edge.forth, edge.back});
    ways[edge.b].push_back({edge.a, edge.back, edge.forth});
  }
  std::vector<std::vector<int>> paths(devices * devices);
  const auto search = [&](std::size_t from, bool devices_forward) {
    std::vector<Way> back(nodes, {nodes, -1, -1});  // by node: where it was reached from, and how
    std::vector<std::size_t> queue{from};
    for (std::size_t i = 0; i < queue.size(); ++i) {
      if (queue[i] < devices && queue[i] != from && !devices_forward) continue;
      for (const Way& way : ways[queue[i]]) {
        if (way.node == from || back[way.node].node != nodes) continue;
        back[way.node] = {queue[i], way.link, way.opposite};
        queue.push_back(way.node);
      }
    }
    for (std::size_t to = from + 1; to < devices; ++to) {
      std::vector<int>& forth = paths[from * devices + to];
      if (back[to].node == nodes || !forth.empty()) continue;
      for (std::size_t at = to; at != from; at = back[at].node) {
        forth.push_back(back[at].link);
        paths[to * devices + from].push_back(back[at].opposite);
      }
      std::reverse(forth.begin(), forth.end());
    }
  };
  for (std::size_t from = 0; from < devices; ++from) {
    search(from, /*devices_forward=*/false);
    search(from, /*devices_forward=*/true);
  }
  return paths;
}

}  // namespace edgeflow
