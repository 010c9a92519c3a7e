#include "sim/engine/energy.hpp"

#include <cmath>

namespace edgeflow {
namespace {

/// Watts on top of idling; none if they are not known.
double extra_W(const Device& device, double active_W) {
  return std::fmax(active_W - device.idle_W, 0);
}

double link_extra_W(const Link& link) { return link.busy_W - link.idle_W; }

}  // namespace

WorkDone whole_request(const ExecutablePlan& plan) {
  WorkDone work;
  for (const ExecutableUnit& unit : plan.units) work.units_s.push_back(unit.duration_s);
  for (const ExecutableMessage& message : plan.messages) {
    work.send_s.push_back(message.send_s);
    work.receive_s.push_back(message.receive_s);
  }
  work.carried.assign(plan.messages.size(), 1);
  return work;
}

double energy_J(const WorkDone& work, const ExecutablePlan& plan) {
  double energy_J = 0;
  for (const UnitId unit : plan.units.ids()) {
    const Device& device = plan.cluster.device(plan.units[unit].device);
    energy_J += (device.busy_W - device.idle_W) * work.units_s[unit];
  }
  for (const MessageId m : plan.messages.ids()) {
    const ExecutableMessage& message = plan.messages[m];
    const double carried = work.carried[m];
    const Device& from = plan.cluster.device(message.from_device);
    const Device& to = plan.cluster.device(message.to);
    if (!message.send_overlaps) energy_J += (from.busy_W - from.idle_W) * work.send_s[m];
    if (!message.receive_overlaps) energy_J += (to.busy_W - to.idle_W) * work.receive_s[m];
    energy_J += extra_W(from, from.transmit_W) * message.transmitting_s * carried;
    energy_J += extra_W(to, to.receive_W) * message.receiving_s * carried;
    for (const int l : plan.route_of(message).links) {
      const Link& link = plan.cluster.network().links[index(l)];
      energy_J += link_extra_W(link) * carried * message.link_bytes / link.bandwidth_Bps;
    }
  }
  return energy_J;
}

void account_energy(const Cluster& cluster, SimulationResult& result) {
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
  const double idle_J = idle_W * result.makespan_s / static_cast<double>(result.requests.size());
  for (RequestRecord& request : result.requests) request.energy_J += idle_J;
}

}  // namespace edgeflow
