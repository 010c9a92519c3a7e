#pragma once
// Effects of reality that estimate and simulation can both leave out (`simulation.ablate`).

namespace edgeflow {

struct Effects {
  bool contention = true;  // messages share links
  bool latency = true;     // messages take the route's latency
  bool overheads = true;   // devices pay their overhead per layer, and that per message
  bool queueing = true;    // a device computes one unit at a time
  bool disturbances =
      true;  // what changes, contends or fails during a run; has no part in estimates
};

}  // namespace edgeflow
