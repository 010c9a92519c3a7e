#include "sim/engine/offered_load.hpp"

#include <vector>

namespace edgeflow {
namespace {

double rate_per_s(const Arrivals& arrivals) {
  if (arrivals.closed_loop) return 0;
  const double time_s = arrivals.arrivals_s.back() - arrivals.arrivals_s.front();
  return time_s > 0 ? static_cast<double>(arrivals.arrivals_s.size() - 1) / time_s : 0;
}

/// Adds the load of one stream to that of devices and links.
void add_load(const PlanTables& tables, const Cluster& cluster, double rate_per_s,
              std::vector<double>& devices, std::vector<double>& links) {
  for (const UnitRow& unit : tables.units) {
    devices[static_cast<std::size_t>(unit.device)] += rate_per_s * unit.duration_s;
  }
  for (const MessageRow& message : tables.messages) {
    devices[static_cast<std::size_t>(message.from_device)] += rate_per_s * message.send_s;
    devices[static_cast<std::size_t>(message.to_device)] += rate_per_s * message.receive_s;
    const Route route = cluster.route(DeviceId(message.from_device), DeviceId(message.to_device));
    for (const int link : route.links) {
      const auto l = static_cast<std::size_t>(link);
      links[l] += rate_per_s * message.link_bytes / cluster.network().links[l].bandwidth_Bps;
    }
  }
}

}  // namespace

OfferedLoad offered_load(std::span<const Stream> streams,
                         std::span<const std::vector<PlanTables>> tables, const Effects& effects) {
  const Cluster& cluster = streams.front().cluster();
  std::vector<double> devices(cluster.size(), 0);
  std::vector<double> links(cluster.network().links.size(), 0);
  for (std::size_t s = 0; s < streams.size(); ++s) {
    const double rate = rate_per_s(streams[s]);
    if (rate > 0) add_load(tables[s].front(), cluster, rate, devices, links);
  }
  OfferedLoad busiest;
  const auto consider = [&](double load, const std::string& name) {
    if (load > busiest.load) busiest = {load, name};
  };
  for (std::size_t d = 0; effects.queueing && d < devices.size(); ++d) {
    consider(devices[d], cluster.devices()[d].name);
  }
  for (std::size_t l = 0; effects.contention && l < links.size(); ++l) {
    consider(links[l], "link " + cluster.network().links[l].name);
  }
  return busiest;
}

}  // namespace edgeflow
