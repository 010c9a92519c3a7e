#include "partition/prices/loading.hpp"

#include <algorithm>
#include <numeric>

#include "partition/prices/flows.hpp"

namespace edgeflow {
namespace {

/// A flow over the route to a device.
struct Way {
  Route route;
  double start_s = 0;
  double bytes = 0;  // on each link
};

double from_source_s(const std::vector<double>& bytes, const Cluster& cluster) {
  std::vector<Way> ways;
  for (std::size_t d = 0; d < bytes.size(); ++d) {
    const DeviceId to{static_cast<std::int32_t>(d)};
    if (bytes[d] == 0) continue;
    Route route = cluster.route(cluster.source(), to);
    const double start_s = route.latency_s;
    const double on_links = bytes[d] * route.crossings;
    ways.push_back({std::move(route), start_s, on_links});
  }
  std::stable_sort(ways.begin(), ways.end(),
                   [](const Way& a, const Way& b) { return a.start_s < b.start_s; });
  std::vector<double> bandwidths_Bps;
  for (const Link& link : cluster.network().links) bandwidths_Bps.push_back(link.bandwidth_Bps);
  Flows flows(bandwidths_Bps);
  std::vector<std::int32_t> ended;
  double now_s = 0;
  for (std::size_t next = 0; next < ways.size() || flows.size() > 0;) {
    const bool starts = next < ways.size() && ways[next].start_s <= flows.next_end_s();
    now_s = starts ? ways[next].start_s : flows.next_end_s();
    if (starts) {
      const Way& way = ways[next];
      flows.start(now_s, static_cast<std::int32_t>(next++), way.route.links, way.bytes);
    } else {
      flows.end(now_s, 0, ended);
    }
  }
  return now_s;
}

}  // namespace

std::vector<double> missing_weight_bytes(const Plan& plan, const HeldWeights& held,
                                         const Graph& graph, const Cluster& cluster,
                                         double element_bytes) {
  // What both need together, less what is there.
  Plan there;
  if (held.plan) {
    for (const ExecutionUnit& unit : held.plan->units) {
      if (!held.emptied.contains(number(unit.device))) there.units.push_back(unit);
    }
  }
  Plan both = plan;
  both.units.insert(both.units.end(), there.units.begin(), there.units.end());
  const std::vector<std::int64_t> wanted = weight_elements(both, graph, cluster);
  const std::vector<std::int64_t> has = weight_elements(there, graph, cluster);
  std::vector<double> bytes;
  for (std::size_t d = 0; d < wanted.size(); ++d) {
    bytes.push_back(static_cast<double>(wanted[d] - has[d]) * element_bytes);
  }
  return bytes;
}

Load load_of(std::vector<double> missing_bytes, const Cluster& cluster, const WeightStore& store) {
  const bool sent = store.from == WeightsFrom::kSource;
  if (sent) missing_bytes[index(cluster.source())] = 0;
  const double all = std::accumulate(missing_bytes.begin(), missing_bytes.end(), 0.0);
  const double most = *std::max_element(missing_bytes.begin(), missing_bytes.end());
  return {all, sent ? from_source_s(missing_bytes, cluster) : most / store.disk_Bps};
}

}  // namespace edgeflow
