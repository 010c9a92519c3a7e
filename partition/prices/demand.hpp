#pragma once
// Service demand: how long one request needs each device and each link of its cluster. The largest
// is the bottleneck; requests follow each other at no shorter period.
//
// A device is needed for its units and the CPU work of its messages. One that serves requests
// exclusively is also held while it waits for others in between: at least for the longest chain of
// dependent units and messages, each with its time alone, that begins and ends with work of the
// device. A link is needed for bytes / bandwidth.

#include <vector>

#include "partition/plans/executable_plan.hpp"

namespace edgeflow {

struct Demand {
  IdVector<DeviceId, double> device_s;  // 0 without the effect of queueing
  std::vector<double> link_s;           // by link of the network; 0 without contention

  /// The shortest period at which requests can follow each other, in s.
  double period_s() const;
};

/// Complexity O(units + messages), times the exclusive devices.
Demand demand(const ExecutablePlan& plan);

}  // namespace edgeflow
