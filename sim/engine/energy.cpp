#include "sim/engine/energy.hpp"

#include <cmath>

namespace edgeflow {
namespace {

/// Watts on top of idling; none if they are not known.
double extra_W(const Device& device, double active_W) {
  return std::fmax(active_W - device.idle_W, 0);
}

double link_extra_W(const Link& link) { return link.busy_W - link.idle_W; }

/// For a part of a message on its way, while its links have the bandwidths of `bandwidth_Bps(link)`
/// and its interfaces take so long for all of it.
template <typename Bandwidth>
void add_carrying_J(const ExecutablePlan& plan, const ExecutableMessage& message, double part,
                    double transmitting_s, double receiving_s, Bandwidth bandwidth_Bps,
                    double& energy_J) {
  const Device& from = plan.cluster.device(message.from_device);
  const Device& to = plan.cluster.device(message.to);
  energy_J += extra_W(from, from.transmit_W) * transmitting_s * part;
  energy_J += extra_W(to, to.receive_W) * receiving_s * part;
  for (const int l : plan.route_of(message).links) {
    const Link& link = plan.cluster.network().links[index(l)];
    energy_J += link_extra_W(link) * part * message.link_bytes / bandwidth_Bps(l);
  }
}

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
    const Device& from = plan.cluster.device(message.from_device);
    const Device& to = plan.cluster.device(message.to);
    if (!message.send_overlaps) energy_J += (from.busy_W - from.idle_W) * work.send_s[m];
    if (!message.receive_overlaps) energy_J += (to.busy_W - to.idle_W) * work.receive_s[m];
    add_carrying_J(
        plan, message, work.carried[m], message.transmitting_s, message.receiving_s,
        [&](int link) { return plan.cluster.network().links[index(link)].bandwidth_Bps; },
        energy_J);
  }
  return energy_J;
}

double carry(const ExecutablePlan& plan, MessageId id, double part,
             std::span<const double> bandwidths_Bps, CarryingTimes& times) {
  const ExecutableMessage& message = plan.messages[id];
  const std::vector<int>& links = plan.route_of(message).links;
  const auto slower = [&](int link) {  // than what the plan's times are for
    return plan.cluster.network().links[index(link)].bandwidth_Bps / bandwidths_Bps[index(link)];
  };
  const double transmitting_s = message.transmitting_s * slower(links.front());
  const double receiving_s = message.receiving_s * slower(links.back());
  times.transmit_s[message.from_device] += part * transmitting_s;
  times.receive_s[message.to] += part * receiving_s;
  for (const int link : links) {
    times.links_s[index(link)] += part * message.link_bytes / bandwidths_Bps[index(link)];
  }
  double energy_J = 0;
  add_carrying_J(
      plan, message, part, transmitting_s, receiving_s,
      [&](int link) { return bandwidths_Bps[index(link)]; }, energy_J);
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
