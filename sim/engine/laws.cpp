#include "sim/engine/laws.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "partition/plans/execution.hpp"

namespace edgeflow {
namespace {

constexpr double kRounding = 1e-9;
/// LV08's messages are of whole bytes; CM02's are as good as exact.
constexpr double kWholeByte = 0.5;

std::string too_long(const std::string& what, const char* does, double takes_s, double time_s) {
  return fmt::format("bug: {} {} for {:.12g} s of {:.12g} s; please report it", what, does, takes_s,
                     time_s);
}

/// Links that a device's messages leave and come by.
struct Ports {
  std::set<int> out;
  std::set<int> in;
};

IdVector<DeviceId, Ports> ports_of(std::span<const Stream> streams) {
  IdVector<DeviceId, Ports> ports(streams.front().first().cluster.size(), Ports{});
  for (const Stream& stream : streams) {
    for (const auto& plan : stream.plans) {
      for (const ExecutableMessage& message : plan->messages) {
        const std::vector<int>& links = plan->route_of(message).links;
        ports[message.from_device].out.insert(links.front());
        ports[message.to].in.insert(links.back());
      }
    }
  }
  return ports;
}

/// By link, the least bandwidth that it ever has.
std::vector<double> least_Bps(const Network& network, const Disturbances& disturbances) {
  std::vector<double> least;
  for (const Link& link : network.links) least.push_back(link.bandwidth_Bps);
  for (const Trace& trace : disturbances.bandwidths) {
    for (const int link : trace.of) {
      for (const auto& step : trace.steps) {
        least[index(link)] = std::min(least[index(link)], step.value);
      }
    }
  }
  return least;
}

}  // namespace

std::string broken_law(std::span<const Stream> streams, NetworkModel model,
                       const Disturbances& disturbances, double end_s,
                       const SimulationResult& result) {
  const Cluster& cluster = streams.front().first().cluster;
  const Effects& effects = streams.front().first().effects;
  const auto activities = static_cast<double>(result.activities);
  const double time_s = end_s * (1 + kRounding) + activities * kTimePrecision_s;
  const std::vector<Link>& links = cluster.network().links;
  std::vector<double> times_s;  // by link
  for (const double least : least_Bps(cluster.network(), disturbances)) {
    const double rounding_s = model == NetworkModel::kLv08 ? activities * kWholeByte / least : 0;
    times_s.push_back(time_s + rounding_s);
  }
  for (std::size_t l = 0; effects.contention && l < links.size(); ++l) {
    const double busy_s = result.links[l].busy_s;
    if (!(busy_s <= times_s[l])) return too_long("link " + links[l].name, "is busy", busy_s, end_s);
  }
  const auto times_of = [&](const std::set<int>& some) {
    double sum_s = 0;
    for (const int link : some) sum_s += times_s[index(link)];
    return sum_s;
  };
  const IdVector<DeviceId, Ports> ports = ports_of(streams);
  for (const DeviceId d : ports.ids()) {
    const Device& device = cluster.device(d);
    const DeviceRecord& record = result.devices[index(d)];
    if (effects.queueing && !(record.busy_s <= time_s)) {
      return too_long(device.name, "is busy", record.busy_s, end_s);
    }
    const double send_s = times_of(ports[d].out);
    if (effects.contention && !(record.transmit_s <= send_s)) {
      return too_long(device.name, "transmits", record.transmit_s, send_s);
    }
    const double receive_s = times_of(ports[d].in);
    if (effects.contention && !(record.receive_s <= receive_s)) {
      return too_long(device.name, "receives", record.receive_s, receive_s);
    }
    const double idle_J = device.idle_W * result.makespan_s;
    if (record.energy_J < idle_J * (1 - kRounding) && device.busy_W >= device.idle_W) {
      return fmt::format("bug: {} draws {:.12g} J and would idle at {:.12g} J; please report it",
                         device.name, record.energy_J, idle_J);
    }
  }
  return "";
}

}  // namespace edgeflow
