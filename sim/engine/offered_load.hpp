#pragma once
// What arrivals that do not wait for the cluster ask of it. Knows no SimGrid.
//
// A stream that is no closed loop brings lambda = (requests - 1) / (last - first arrival) requests
// per second. The offered load of a device or link is the sum over these streams of lambda times
// what a request demands of it (partition/prices/demand.hpp); beyond 1 no order of execution keeps
// up, and requests pile up as long as they arrive. So it is with the traffic of others.

#include <span>
#include <vector>

#include "sim/records/result.hpp"
#include "sim/setup/stream.hpp"

namespace edgeflow {

/// The first plan of each stream counts. Streams whose requests arrive all at one instant have no
/// rate and do not count. Precondition: at least one stream.
OfferedLoad offered_load(std::span<const Stream> streams);

/// What the messages of others at random, bytes per second times crossings, ask of the busiest link
/// at these bandwidths, by link. A constant stream does with what it gets, and counts nothing.
OfferedLoad background_load(const Disturbances& disturbances, const Cluster& cluster,
                            std::span<const double> bandwidths_Bps);

/// The bandwidth of each link at t = 0, and the most that it ever has.
std::vector<double> bandwidths_Bps(const Cluster& cluster);
std::vector<double> most_bandwidths_Bps(const Cluster& cluster, const Disturbances& disturbances);

/// "link x is asked by background traffic for 2 times what it can do"
std::string background_overload(const OfferedLoad& load);

}  // namespace edgeflow
