#pragma once
// What no run can break, however its messages and units fell. Knows no SimGrid.
//
// Until the last instant of a run,
//  - a device computes one thing at a time: busy <= time (unless the effect `queueing` is off);
//  - a link carries no more than its bandwidth, whatever that was: busy <= time, and as an interface
//    goes by the first or last link of each route, transmit and receive <= time * such links of the
//    device (unless `contention` is off);
//  - what is on draws no less than when idle: energy >= idle power * makespan.
// This holds for LV08 too, whose flows get 97 % of a link at most.

#include <span>
#include <string>

#include "sim/records/result.hpp"
#include "sim/setup/disturbances.hpp"
#include "sim/setup/stream.hpp"

namespace edgeflow {

/// Which law `result` breaks, with the device or link and both numbers; empty if none. Sums may be
/// off by rounding: 1e-9 relative, and for each activity what SimGrid takes for the same instant and
/// rounds of its bytes. `disturbances` are those of the run, `end_s` is its last instant.
std::string broken_law(std::span<const Stream> streams, NetworkModel model,
                       const Disturbances& disturbances, double end_s,
                       const SimulationResult& result);

}  // namespace edgeflow
