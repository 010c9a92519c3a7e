#pragma once
// What arrivals that do not wait for the cluster ask of it. Knows no SimGrid.
//
// A stream that is no closed loop brings lambda = (requests - 1) / (last - first arrival) requests
// per second. The offered load of a device or link is the sum over these streams of lambda times
// what a request demands of it (partition/prices/demand.hpp); beyond 1 no order of execution keeps
// up, and requests pile up as long as they arrive.

#include <span>

#include "sim/records/result.hpp"
#include "sim/setup/stream.hpp"

namespace edgeflow {

/// The first plan of each stream counts. Streams whose requests arrive all at one instant have no
/// rate and do not count. Precondition: at least one stream.
OfferedLoad offered_load(std::span<const Stream> streams);

}  // namespace edgeflow
