#include "sim/engine/offered_load.hpp"

#include <vector>

#include "partition/prices/demand.hpp"

namespace edgeflow {
namespace {

double rate_per_s(const Arrivals& arrivals) {
  if (arrivals.closed_loop) return 0;
  const double time_s = arrivals.arrivals_s.back() - arrivals.arrivals_s.front();
  return time_s > 0 ? static_cast<double>(arrivals.arrivals_s.size() - 1) / time_s : 0;
}

}  // namespace

OfferedLoad offered_load(std::span<const Stream> streams) {
  const Cluster& cluster = streams.front().first().cluster;
  const std::vector<Link>& links = cluster.network().links;
  IdVector<DeviceId, double> devices(cluster.size(), 0.0);
  std::vector<double> link_loads(links.size(), 0.0);
  for (const Stream& stream : streams) {
    const double rate = rate_per_s(stream);
    if (rate == 0) continue;
    const Demand request = demand(stream.first());
    for (const DeviceId d : devices.ids()) devices[d] += rate * request.device_s[d];
    for (std::size_t l = 0; l < links.size(); ++l) link_loads[l] += rate * request.link_s[l];
  }
  OfferedLoad busiest;
  const auto consider = [&](double load, const std::string& name) {
    if (load > busiest.load) busiest = {load, name};
  };
  for (const DeviceId d : devices.ids()) consider(devices[d], cluster.device(d).name);
  for (std::size_t l = 0; l < links.size(); ++l) consider(link_loads[l], "link " + links[l].name);
  return busiest;
}

}  // namespace edgeflow
