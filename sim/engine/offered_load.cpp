#include "sim/engine/offered_load.hpp"

#include <vector>

namespace edgeflow {
namespace {

double rate_per_s(const Arrivals& arrivals) {
  if (arrivals.closed_loop) return 0;
  const double time_s = arrivals.arrivals_s.back() - arrivals.arrivals_s.front();
  return time_s > 0 ? static_cast<double>(arrivals.arrivals_s.size() - 1) / time_s : 0;
}

/// By device, and by link of the network.
struct Loads {
  IdVector<DeviceId, double> devices;
  std::vector<double> links;
};

/// Adds the load of one stream.
void add_load(const ExecutablePlan& plan, double rate_per_s, Loads& loads) {
  const std::vector<Link>& links = plan.cluster.network().links;
  for (const ExecutableUnit& unit : plan.units) {
    loads.devices[unit.device] += rate_per_s * unit.duration_s;
  }
  for (const ExecutableMessage& message : plan.messages) {
    loads.devices[message.from_device] += rate_per_s * message.send_s;
    loads.devices[message.to] += rate_per_s * message.receive_s;
    for (const int link : plan.route_of(message).links) {
      const std::size_t l = index(link);
      loads.links[l] += rate_per_s * message.link_bytes / links[l].bandwidth_Bps;
    }
  }
}

}  // namespace

OfferedLoad offered_load(std::span<const Stream> streams) {
  const Cluster& cluster = streams.front().first().cluster;
  const Effects& effects = streams.front().first().effects;
  const std::vector<Link>& links = cluster.network().links;
  Loads loads{IdVector<DeviceId, double>(cluster.size()), std::vector<double>(links.size())};
  for (const Stream& stream : streams) {
    const double rate = rate_per_s(stream);
    if (rate > 0) add_load(stream.first(), rate, loads);
  }
  OfferedLoad busiest;
  const auto consider = [&](double load, const std::string& name) {
    if (load > busiest.load) busiest = {load, name};
  };
  for (const DeviceId d : loads.devices.ids()) {
    if (effects.queueing) consider(loads.devices[d], cluster.device(d).name);
  }
  for (std::size_t l = 0; effects.contention && l < links.size(); ++l) {
    consider(loads.links[l], "link " + links[l].name);
  }
  return busiest;
}

}  // namespace edgeflow
