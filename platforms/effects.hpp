#pragma once
// Effects of reality that estimate and simulation can both leave out (`simulation.ablate`).

namespace edgeflow {

struct Effects {
  bool contention = true;  // messages share links
  bool latency = true;     // messages take the route's latency
  bool overheads = true;   // every unit pays its device's overhead per layer
  bool queueing = true;    // a device computes one unit at a time
};

}  // namespace edgeflow
