#include "platforms/cluster.hpp"

#include <algorithm>
#include <cassert>

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
    network_.links.push_back({"wifi", bandwidth_Bps});
    return;
  }
  for (std::size_t d = 0; d < devices_.size(); ++d) {
    const double own = device_bandwidth_Bps.empty() ? bandwidth_Bps : device_bandwidth_Bps[d];
    network_.links.push_back({devices_[d].name + ":up", own});
    network_.links.push_back({devices_[d].name + ":down", own});
  }
}

Route Cluster::route(DeviceId from, DeviceId to) const {
  assert(from != to);
  if (network_.type == NetworkType::kWifi) return {{0}, 2, network_.latency_s};
  return {{static_cast<int>(uplink(from)), static_cast<int>(downlink(to))}, 1, network_.latency_s};
}

double Cluster::route_bandwidth_Bps(DeviceId from, DeviceId to) const {
  assert(from != to);
  if (network_.type == NetworkType::kWifi) return network_.links[0].bandwidth_Bps / 2;
  return std::min(network_.links[uplink(from)].bandwidth_Bps,
                  network_.links[downlink(to)].bandwidth_Bps);
}

}  // namespace edgeflow
