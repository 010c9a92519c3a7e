#include "sim/engine/offered_load.hpp"

#include <fmt/format.h>

#include <algorithm>

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

OfferedLoad background_load(const Disturbances& disturbances, const Cluster& cluster,
                            std::span<const double> bandwidths_Bps) {
  std::vector<double> loads(bandwidths_Bps.size(), 0.0);
  for (const BackgroundTraffic& traffic : disturbances.background) {
    const Route route = cluster.route(DeviceId{traffic.from}, DeviceId{traffic.to});
    const double rate_Bps = traffic.messages_per_s * traffic.size_bytes * route.crossings;
    for (const int link : route.links) loads[index(link)] += rate_Bps / bandwidths_Bps[index(link)];
  }
  const auto busiest = std::ranges::max_element(loads);
  return {*busiest, "link " + cluster.network().links[index(busiest - loads.begin())].name};
}

std::vector<double> bandwidths_Bps(const Cluster& cluster) {
  std::vector<double> bandwidths;
  for (const Link& link : cluster.network().links) bandwidths.push_back(link.bandwidth_Bps);
  return bandwidths;
}

std::vector<double> most_bandwidths_Bps(const Cluster& cluster, const Disturbances& disturbances) {
  std::vector<double> most = bandwidths_Bps(cluster);
  for (const Trace& trace : disturbances.bandwidths) {
    for (const int link : trace.of) {
      for (const auto& step : trace.steps) {
        most[index(link)] = std::max(most[index(link)], step.value);
      }
    }
  }
  return most;
}

std::string background_overload(const OfferedLoad& load) {
  return fmt::format("{} is asked by background traffic for {:.3g} times what it can do",
                     load.resource, load.load);
}

}  // namespace edgeflow
