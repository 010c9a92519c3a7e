#include "platforms/remaining.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace edgeflow {
namespace {

/// Who reaches whom, and by which routes.
class Reach {
 public:
  Reach(const Network& network, const Losses& losses) : network_(network), losses_(losses) {
    if (network.type == NetworkType::kMesh) draw_mesh();
    if (!network_.paths.empty()) reroute();
  }

  /// Whether both devices, neither of which is lost, can send to each other.
  bool between(std::size_t a, std::size_t b) const {
    if (!network_.paths.empty()) {
      return !lost_[a * network_.devices + b] && !lost_[b * network_.devices + a];
    }
    if (network_.ports.empty()) {  // one medium
      return !lost(0) &&
             (!network_.access_point ||
              !losses_.devices.contains(static_cast<std::int32_t>(*network_.access_point)));
    }
    const auto all_there = [&](const Route& route) {
      return std::none_of(route.links.begin(), route.links.end(),
                          [&](int link) { return lost(link); });
    };
    return all_there(network_.route(a, b)) && all_there(network_.route(b, a));
  }

  /// Whether devices that reach a third one reach each other.
  bool transitive() const { return network_.paths.empty(); }

  bool rerouted() const { return rerouted_; }
  /// As given, but for the routes that had to change.
  const Network& network() const { return network_; }

 private:
  bool lost(int link) const { return losses_.links.contains(link); }

  /// A mesh as the graph that it is, so that devices may forward.
  void draw_mesh() {
    network_.type = NetworkType::kGraph;
    network_.nodes = network_.devices;
    network_.paths.resize(network_.devices * network_.devices);
    for (std::size_t a = 0; a < network_.devices; ++a) {
      for (std::size_t b = 0; b < network_.devices; ++b) {
        if (a == b) continue;
        const std::size_t link = mesh_link(network_.devices, a, b);
        network_.paths[a * network_.devices + b] = {static_cast<int>(link)};
        network_.links[link].devices = {static_cast<std::int32_t>(a), static_cast<std::int32_t>(b)};
        if (a > b) continue;
        const std::size_t back = mesh_link(network_.devices, b, a);
        network_.edges.push_back({a, b, static_cast<int>(link), static_cast<int>(back)});
      }
    }
  }

  bool ends_at_lost_device(int link) const {
    const auto& ends = network_.links[static_cast<std::size_t>(link)].devices;
    return losses_.devices.contains(ends[0]) || losses_.devices.contains(ends[1]);
  }

  void reroute() {
    std::vector<Edge> left;
    for (const Edge& edge : network_.edges) {
      const bool whole = !lost(edge.forth) && !lost(edge.back) && !ends_at_lost_device(edge.forth);
      if (whole) left.push_back(edge);
    }
    std::vector<std::vector<int>> others(network_.paths.size());
    if (!left.empty()) others = shortest_paths(network_.devices, network_.nodes, left);
    lost_.resize(network_.paths.size());
    for (std::size_t pair = 0; pair < network_.paths.size(); ++pair) {
      std::vector<int>& path = network_.paths[pair];
      const bool broken = std::any_of(path.begin(), path.end(), [&](int link) {
        return lost(link) || ends_at_lost_device(link);
      });
      if (!broken) continue;
      lost_[pair] = others[pair].empty();
      if (lost_[pair]) continue;  // the old path stays, for nobody
      path = others[pair];
      rerouted_ = true;
    }
  }

  Network network_;
  const Losses& losses_;
  std::vector<bool> lost_;  // by pair, where there are paths
  bool rerouted_ = false;
};

std::optional<std::vector<std::size_t>> devices_left(const Cluster& cluster, const Losses& losses,
                                                     const Reach& reach) {
  std::vector<std::size_t> left;
  const auto add = [&](std::size_t device) {
    if (std::find(left.begin(), left.end(), device) != left.end()) return true;
    if (losses.devices.contains(static_cast<std::int32_t>(device))) return false;
    const auto end = reach.transitive() && !left.empty() ? left.begin() + 1 : left.end();
    const bool there =
        std::all_of(left.begin(), end, [&](auto d) { return reach.between(d, device); });
    if (there) left.push_back(device);
    return there;
  };
  if (!add(index(cluster.source())) || !add(index(cluster.sink()))) return std::nullopt;
  for (std::size_t d = 0; d < cluster.size(); ++d) add(d);
  std::sort(left.begin(), left.end());
  return left;
}

/// The ports of a switch or of sites, and their links, of some devices.
Network ports_of(const Network& network, const std::vector<std::size_t>& devices) {
  std::vector<std::string> names(devices.size());
  std::vector<Port> ports;
  for (const std::size_t d : devices) ports.push_back(network.ports[d]);
  Network part = make_switch(names, std::move(ports), network.sites);
  for (std::size_t l = 0; l < part.links.size(); ++l) {
    const std::size_t port = l / 2;
    const std::size_t before =
        port < devices.size() ? devices[port] : network.devices + port - devices.size();
    part.links[l] = network.links[2 * before + l % 2];
  }
  part.bandwidth_Bps = network.bandwidth_Bps;
  part.latency_s = network.latency_s;
  return part;
}

/// The network between some of its devices. Links of others stay where there are paths or a medium.
Network part_of(const Network& network, const std::vector<std::size_t>& devices) {
  if (!network.ports.empty()) return ports_of(network, devices);
  Network part = network;
  part.devices = devices.size();
  part.edges.clear();  // only its paths are as they were
  part.nodes = 0;
  if (network.access_point) {
    const auto at = std::find(devices.begin(), devices.end(), *network.access_point);
    part.access_point.reset();
    if (at != devices.end()) {
      part.access_point = static_cast<std::size_t>(at - devices.begin());
    }
  }
  if (!network.rates_Bps.empty()) part.rates_Bps.clear();
  if (!network.paths.empty()) part.paths.assign(devices.size() * devices.size(), {});
  for (std::size_t i = 0; i < devices.size(); ++i) {
    if (!network.rates_Bps.empty()) part.rates_Bps.push_back(network.rates_Bps[devices[i]]);
    for (std::size_t j = 0; j < devices.size() && !network.paths.empty(); ++j) {
      part.paths[i * devices.size() + j] = network.paths[devices[i] * network.devices + devices[j]];
    }
  }
  return part;
}

}  // namespace

std::optional<Remainder> remaining(const Cluster& cluster, const Losses& losses) {
  const Reach reach(cluster.network(), losses);
  const auto left = devices_left(cluster, losses, reach);
  if (!left) return std::nullopt;
  std::vector<Device> devices;
  std::vector<DeviceId> original;
  DeviceId source{};
  DeviceId sink{};
  for (const std::size_t d : *left) {
    const DeviceId id{static_cast<std::int32_t>(d)};
    const DeviceId here{static_cast<std::int32_t>(devices.size())};
    if (id == cluster.source()) source = here;
    if (id == cluster.sink()) sink = here;
    devices.push_back(cluster.device(id));
    original.push_back(id);
  }
  Remainder remainder{
      Cluster(cluster.name(), std::move(devices), part_of(reach.network(), *left), source, sink),
      std::move(original), std::nullopt};
  if (reach.rerouted()) {
    remainder.rerouted.emplace(cluster.name(),
                               std::vector(cluster.devices().begin(), cluster.devices().end()),
                               reach.network(), cluster.source(), cluster.sink());
  }
  return remainder;
}

}  // namespace edgeflow
