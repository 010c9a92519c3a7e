#include "platforms/cluster.hpp"

#include <algorithm>
#include <cassert>
#include <limits>

namespace edgeflow {
namespace {

std::size_t uplink(DeviceId device) { return 2 * index(device); }
std::size_t downlink(DeviceId device) { return 2 * index(device) + 1; }

}  // namespace

Cluster::Cluster(std::string name, std::vector<Device> devices, NetworkType type,
                 double bandwidth_Bps, double latency_s, DeviceId source, DeviceId sink,
                 std::span<const double> device_bandwidth_Bps)
    : name_(std::move(name)),
      devices_(std::move(devices)),
      network_{type, bandwidth_Bps, latency_s, {}},
      source_(source),
      sink_(sink) {
  assert(index(source) < devices_.size() && index(sink) < devices_.size());
  assert(device_bandwidth_Bps.empty() ||
         (device_bandwidth_Bps.size() == devices_.size() && type == NetworkType::kSwitch));
  if (type == NetworkType::kWifi) {
    network_.links.push_back({"wifi", bandwidth_Bps, latency_s});
    return;
  }
  for (std::size_t d = 0; d < devices_.size(); ++d) {
    const double own = device_bandwidth_Bps.empty() ? bandwidth_Bps : device_bandwidth_Bps[d];
    network_.links.push_back({devices_[d].name + ":up", own, latency_s / 2});
    network_.links.push_back({devices_[d].name + ":down", own, latency_s / 2});
  }
}

Route Cluster::route(DeviceId from, DeviceId to) const {
  assert(from != to);
  if (network_.type == NetworkType::kWifi) return {{0}, 2, network_.latency_s};
  return {{static_cast<int>(uplink(from)), static_cast<int>(downlink(to))}, 1, network_.latency_s};
}

double Cluster::route_bandwidth_Bps(DeviceId from, DeviceId to) const {
  return bandwidth_Bps(route(from, to));
}

double Cluster::bandwidth_Bps(const Route& route) const {
  double narrowest_Bps = std::numeric_limits<double>::infinity();
  for (const int link : route.links) {
    const auto times =
        static_cast<double>(std::count(route.links.begin(), route.links.end(), link));
    const Link& carrier = network_.links[static_cast<std::size_t>(link)];
    narrowest_Bps = std::min(narrowest_Bps, carrier.bandwidth_Bps / (times * route.crossings));
  }
  return narrowest_Bps;
}

}  // namespace edgeflow
