#include "platforms/network.hpp"

#include <algorithm>
#include <cassert>
#include <set>
#include <utility>

namespace edgeflow {
namespace {

double link_s_per_byte(const Network& network, int link) {
  return 1 / network.links[static_cast<std::size_t>(link)].bandwidth_Bps;
}

double over_first_link(const Network& network, std::size_t from, std::size_t to) {
  return link_s_per_byte(network, network.route(from, to).links.front());
}

double over_last_link(const Network& network, std::size_t from, std::size_t to) {
  return link_s_per_byte(network, network.route(from, to).links.back());
}

Route route_by_ports(const Network& network, std::size_t from, std::size_t to) {
  const auto site_link = [&](std::size_t device, int direction) {
    const auto site = static_cast<std::size_t>(network.ports[device].site);
    return static_cast<int>(2 * network.devices + 2 * site) + direction;
  };
  Route route;
  route.links.push_back(static_cast<int>(2 * from));
  if (network.ports[from].site != network.ports[to].site) {
    route.links.push_back(site_link(from, 0));
    route.links.push_back(site_link(to, 1));
  }
  route.links.push_back(static_cast<int>(2 * to + 1));
  return route;
}

/// The edge of a port: links 2*port up and 2*port + 1 down.
Edge port_edge(std::size_t a, std::size_t b, std::size_t port) {
  return {a, b, static_cast<int>(2 * port), static_cast<int>(2 * port + 1)};
}

Drawing draw_switch(const Network& network) {
  Drawing drawing{{{"switch"}}, {}};
  for (std::size_t d = 0; d < network.devices; ++d) {
    drawing.edges.push_back(port_edge(d, network.devices, d));
  }
  return drawing;
}

Drawing draw_sites(const Network& network) {
  Drawing drawing;
  const std::size_t wide_area = network.devices + network.sites.size();
  for (std::size_t d = 0; d < network.devices; ++d) {
    const auto site = static_cast<std::size_t>(network.ports[d].site);
    drawing.edges.push_back(port_edge(d, network.devices + site, d));
  }
  for (std::size_t s = 0; s < network.sites.size(); ++s) {
    drawing.nodes.push_back({network.sites[s].name});
    drawing.edges.push_back(port_edge(network.devices + s, wide_area, network.devices + s));
  }
  drawing.nodes.push_back({"wide area"});
  return drawing;
}

Route route_over_the_air(const Network& network, std::size_t from, std::size_t to) {
  const auto air = [&](std::size_t device) {
    if (device == network.access_point) return 0.0;
    return network.rates_Bps.empty() ? 1.0 : network.bandwidth_Bps / network.rates_Bps[device];
  };
  Route route;
  if (from == network.access_point || to == network.access_point) {
    route.links = {0};
    route.crossings = air(from) + air(to);
  } else {
    route.links = {0, 0};
    route.crossings = (air(from) + air(to)) / 2;
  }
  return route;
}

double station_sends(const Network& network, std::size_t from, std::size_t to) {
  const std::size_t station = from == network.access_point ? to : from;
  const double rate_Bps =
      network.rates_Bps.empty() ? network.bandwidth_Bps : network.rates_Bps[station];
  return network.bandwidth_Bps / network.links.front().bandwidth_Bps / rate_Bps;  // of the air, now
}

double station_receives(const Network& network, std::size_t from, std::size_t to) {
  return station_sends(network, to, from);
}

Route route_over_medium(const Network& /*network*/, std::size_t /*from*/, std::size_t /*to*/) {
  Route route;
  route.links = {0};
  return route;
}

Drawing draw_medium(const Network& network) {
  Drawing drawing{{{std::string(to_string(network.type))}}, {}};
  for (std::size_t d = 0; d < network.devices; ++d) {
    drawing.edges.push_back({d, network.devices, 0, 0});
  }
  return drawing;
}

Route route_by_pair(const Network& network, std::size_t from, std::size_t to) {
  Route route;
  route.links = {static_cast<int>(mesh_link(network.devices, from, to))};
  return route;
}

Drawing draw_pairs(const Network& network) {
  Drawing drawing;
  for (std::size_t a = 0; a < network.devices; ++a) {
    for (std::size_t b = a + 1; b < network.devices; ++b) {
      drawing.edges.push_back({a, b, static_cast<int>(mesh_link(network.devices, a, b)),
                               static_cast<int>(mesh_link(network.devices, b, a))});
    }
  }
  return drawing;
}

Route route_by_path(const Network& network, std::size_t from, std::size_t to) {
  Route route;
  route.links = network.paths[from * network.devices + to];
  return route;
}

Drawing draw_graph(const Network& network) {
  Drawing drawing{{}, network.edges};
  for (const std::string& name : network.switches) drawing.nodes.push_back({name});
  return drawing;
}

/// Every link as a node, as the file does not tell what lies between: joined to the devices and
/// links that follow one another on a route.
Drawing draw_routes(const Network& network) {
  Drawing drawing;
  for (std::size_t l = 0; l < network.links.size(); ++l) {
    drawing.nodes.push_back({network.links[l].name, static_cast<int>(l)});
  }
  std::set<std::pair<std::size_t, std::size_t>> joined;
  for (std::size_t from = 0; from < network.devices; ++from) {
    for (std::size_t to = 0; to < network.devices; ++to) {
      if (from == to) continue;
      std::size_t at = from;
      for (const int link : network.paths[from * network.devices + to]) {
        const std::size_t next = network.devices + static_cast<std::size_t>(link);
        joined.insert(std::minmax(at, next));
        at = next;
      }
      joined.insert(std::minmax(at, to));
    }
  }
  for (const auto& [a, b] : joined) drawing.edges.push_back({a, b, -1, -1});
  return drawing;
}

/// What tells one type from another, but for reading.
struct Traits {
  std::string_view name;
  std::string_view meaning;
  Route (*route)(const Network& network, std::size_t from, std::size_t to);  // but for latency
  Drawing (*draw)(const Network& network);
  double (*transmit_s_per_byte)(const Network&, std::size_t from, std::size_t to) = over_first_link;
  double (*receive_s_per_byte)(const Network&, std::size_t from, std::size_t to) = over_last_link;
};

constexpr Traits traits(NetworkType type) {
  switch (type) {
    case NetworkType::kSwitch:
      return {"switch", "a full-duplex link per device", route_by_ports, draw_switch};
    case NetworkType::kWifi:
      return {"wifi",
              "one shared medium that a message between two stations crosses twice",
              route_over_the_air,
              draw_medium,
              station_sends,
              station_receives};
    case NetworkType::kHub:
      return {"hub", "one shared medium that a message crosses once", route_over_medium,
              draw_medium};
    case NetworkType::kMesh:
      return {"mesh", "a full-duplex link per pair of devices", route_by_pair, draw_pairs};
    case NetworkType::kStarOfStars:
      return {"star-of-stars", "a switch per site, and an uplink from each to a wide area",
              route_by_ports, draw_sites};
    case NetworkType::kGraph:
      return {"graph", "any links between devices and switches, and routes over them",
              route_by_path, draw_graph};
    case NetworkType::kSimgrid:
      return {"simgrid", "the links and routes of a platform file of SimGrid's", route_by_path,
              draw_routes};
  }
  return {};
}

}  // namespace

std::string_view to_string(NetworkType type) { return traits(type).name; }

std::string_view meaning(NetworkType type) { return traits(type).meaning; }

Drawing drawing(const Network& network) { return traits(network.type).draw(network); }

Route Network::route(std::size_t from, std::size_t to) const {
  assert(from != to && from < devices && to < devices);
  Route route = traits(type).route(*this, from, to);
  for (const int link : route.links) {
    route.latency_s += links[static_cast<std::size_t>(link)].latency_s;
  }
  return route;
}

double Network::transmit_s_per_byte(std::size_t from, std::size_t to) const {
  return traits(type).transmit_s_per_byte(*this, from, to);
}

double Network::receive_s_per_byte(std::size_t from, std::size_t to) const {
  return traits(type).receive_s_per_byte(*this, from, to);
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

void set_efficiency(Network& network, double efficiency) {
  assert(efficiency > 0 && efficiency <= 1 && network.links.size() == 1);
  network.efficiency = efficiency;
  network.links.front().bandwidth_Bps = network.bandwidth_Bps * efficiency;
}

void scale_bandwidths(Network& network, double factor) {
  network.bandwidth_Bps *= factor;
  for (Link& link : network.links) link.bandwidth_Bps *= factor;
  for (double& rate_Bps : network.rates_Bps) rate_Bps *= factor;
  const auto scale = [&](Port& port) {
    port.up_Bps *= factor;
    port.down_Bps *= factor;
  };
  for (Port& port : network.ports) scale(port);
  for (Site& site : network.sites) scale(site.uplink);
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
