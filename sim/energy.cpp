#include "sim/energy.hpp"

#include <cmath>

namespace edgeflow {
namespace {

/// Watts on top of idling; none if they are not known.
double extra_W(const Device& device, double active_W) {
  return std::fmax(active_W - device.idle_W, 0);
}

double link_extra_W(const Link& link) { return link.busy_W - link.idle_W; }

}  // namespace

double request_energy_J(const PlanTables& tables, const Cluster& cluster) {
  double energy_J = 0;
  for (const UnitRow& unit : tables.units) {
    const Device& device = cluster.device(DeviceId{unit.device});
    energy_J += (device.busy_W - device.idle_W) * unit.duration_s;
  }
  for (const MessageRow& message : tables.messages) {
    const Device& from = cluster.device(DeviceId{message.from_device});
    const Device& to = cluster.device(DeviceId{message.to_device});
    energy_J += (from.busy_W - from.idle_W) * message.send_s;
    energy_J += (to.busy_W - to.idle_W) * message.receive_s;
    energy_J += extra_W(from, from.transmit_W) * message.tx_s;
    energy_J += extra_W(to, to.receive_W) * message.rx_s;
    const Route route = cluster.route(DeviceId{message.from_device}, DeviceId{message.to_device});
    for (const int l : route.links) {
      const Link& link = cluster.network().links[static_cast<std::size_t>(l)];
      energy_J += link_extra_W(link) * message.link_bytes / link.bandwidth_Bps;
    }
  }
  return energy_J;
}

void account_energy(std::span<const PlanTables> tables, const Cluster& cluster,
                    SimulationResult& result) {
  double idle_W = 0;
  for (std::size_t d = 0; d < cluster.size(); ++d) {
    const Device& device = cluster.devices()[d];
    DeviceRecord& record = result.devices[d];
    record.energy_J = device.idle_W * result.makespan_s +
                      (device.busy_W - device.idle_W) * record.busy_s +
                      extra_W(device, device.transmit_W) * record.transmit_s +
                      extra_W(device, device.receive_W) * record.receive_s;
    idle_W += device.idle_W;
  }
  for (std::size_t l = 0; l < result.links.size(); ++l) {
    const Link& link = cluster.network().links[l];
    LinkRecord& record = result.links[l];
    record.energy_J = link.idle_W * result.makespan_s + link_extra_W(link) * record.busy_s;
    idle_W += link.idle_W;
  }
  std::vector<double> own_J;
  for (const PlanTables& table : tables) own_J.push_back(request_energy_J(table, cluster));
  const double idle_J = idle_W * result.makespan_s / static_cast<double>(result.requests.size());
  for (RequestRecord& request : result.requests) {
    request.energy_J = idle_J + own_J[static_cast<std::size_t>(request.stream)];
  }
}

}  // namespace edgeflow
