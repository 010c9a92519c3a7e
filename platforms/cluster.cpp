#include "platforms/cluster.hpp"

#include <algorithm>
#include <cassert>
#include <limits>

namespace edgeflow {
namespace {

Network make_network(std::span<const Device> devices, NetworkType type, double bandwidth_Bps,
                     double latency_s, std::span<const double> device_bandwidth_Bps) {
  if (type == NetworkType::kWifi) return make_wifi(devices.size(), bandwidth_Bps, latency_s);
  if (type == NetworkType::kHub) return make_hub(devices.size(), bandwidth_Bps, latency_s);
  assert(type == NetworkType::kSwitch);
  std::vector<std::string> names;
  std::vector<Port> ports;
  for (std::size_t d = 0; d < devices.size(); ++d) {
    const double own = device_bandwidth_Bps.empty() ? bandwidth_Bps : device_bandwidth_Bps[d];
    names.push_back(devices[d].name);
    ports.push_back({own, own, latency_s / 2, 0});
  }
  Network network = make_switch(names, ports);
  network.bandwidth_Bps = bandwidth_Bps;
  network.latency_s = latency_s;
  return network;
}

}  // namespace

Cluster::Cluster(std::string name, std::vector<Device> devices, Network network, DeviceId source,
                 DeviceId sink)
    : name_(std::move(name)),
      devices_(std::move(devices)),
      network_(std::move(network)),
      source_(source),
      sink_(sink) {
  assert(index(source) < devices_.size() && index(sink) < devices_.size());
  assert(network_.devices == devices_.size());
}

Cluster::Cluster(std::string name, std::vector<Device> devices, NetworkType type,
                 double bandwidth_Bps, double latency_s, DeviceId source, DeviceId sink,
                 std::span<const double> device_bandwidth_Bps)
    : name_(std::move(name)),
      devices_(std::move(devices)),
      network_(make_network(devices_, type, bandwidth_Bps, latency_s, device_bandwidth_Bps)),
      source_(source),
      sink_(sink) {
  assert(index(source) < devices_.size() && index(sink) < devices_.size());
  assert(device_bandwidth_Bps.empty() ||
         (device_bandwidth_Bps.size() == devices_.size() && type == NetworkType::kSwitch));
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

bool Device::computes_in(Precision precision) const {
  return precisions.empty() ||
         std::any_of(precisions.begin(), precisions.end(),
                     [&](Precision can) { return can == precision || can == own_precision; });
}

std::optional<Cluster> Cluster::with_precision(Precision precision) const {
  std::optional<Cluster> result;
  for (std::size_t d = 0; d < size(); ++d) {
    const Device& device = devices_[d];
    const ComputeProfile* chosen = &device.usual_compute();
    for (const ComputeProfile& profile : device.in_precisions) {
      if (profile.precision == precision) chosen = &profile;
    }
    if (chosen->precision == device.compute.precision) continue;
    if (!result) result = *this;
    result->devices_[d].compute = *chosen;
  }
  return result;
}

Cluster Cluster::with_scheduling(Scheduling scheduling) const {
  Cluster result = *this;
  for (Device& device : result.devices_) {
    if (!device.own_scheduling) device.own_scheduling = scheduling;
  }
  return result;
}

}  // namespace edgeflow
