#include "sim/engine/lv08_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace edgeflow {
namespace {

/// SimGrid stops itself where a flow's share of a slower link is lost in rounding (seen at 0.125
/// byte/s, not at 1.25).
constexpr double kSlowest_Bps = 10;
/// And when the latencies that its flows begin with are lost in the rounding of its clock (seen from
/// 1e10 s on).
constexpr double kLongest_s = 1e9;

}  // namespace

void check_lv08_rates(std::set<int> links, const Cluster& cluster,
                      const Disturbances& disturbances) {
  double slowest_Bps = std::numeric_limits<double>::infinity();
  for (const BackgroundTraffic& traffic : disturbances.background) {
    const Route route = cluster.route(DeviceId{traffic.from}, DeviceId{traffic.to});
    links.insert(route.links.begin(), route.links.end());
    if (traffic.rate_Bps > 0) slowest_Bps = std::min(slowest_Bps, traffic.rate_Bps);
  }
  for (const int link : links) {
    slowest_Bps = std::min(slowest_Bps, cluster.network().links[index(link)].bandwidth_Bps);
  }
  for (const Trace& trace : disturbances.bandwidths) {
    if (std::ranges::none_of(trace.of, [&](int link) { return links.contains(link); })) continue;
    for (const Trace::Step& step : trace.steps) slowest_Bps = std::min(slowest_Bps, step.value);
  }
  if (slowest_Bps >= kSlowest_Bps) return;
  throw std::runtime_error(
      fmt::format("{:.3g} byte/s are less than the {:g} that can be simulated: is a rate too low? "
                  "(of lv08; with cm02 they can)",
                  slowest_Bps, kSlowest_Bps));
}

void check_lv08_time(double alone_s) {
  if (alone_s <= kLongest_s) return;
  throw std::runtime_error(
      fmt::format("a message takes {:.3g} s, more than the {:.3g} that can be simulated: is a rate "
                  "too low? (of lv08; with cm02 it can)",
                  alone_s, kLongest_s));
}

}  // namespace edgeflow
