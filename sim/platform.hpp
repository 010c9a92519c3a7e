#pragma once
// A Cluster as a SimGrid platform.
//
// One star zone. Switch: an up link and a down link per device, each with half the latency, so that
// a message between two devices takes exactly the network's. Wi-Fi: one shared link on everyone's
// route, which SimGrid counts once per message. All links have the same latency because SimGrid
// weighs flows by it when it shares a link. There are no loopbacks: hand-over within a device is
// not a transfer.

#include <simgrid/s4u.hpp>
#include <vector>

#include "platforms/cluster.hpp"
#include "platforms/effects.hpp"
#include "sim/simulate.hpp"

namespace edgeflow {

/// Every host computes at this rate, so that a unit of t seconds is t * kHostSpeed flops.
inline constexpr double kHostSpeed = 1e9;

/// Creates SimGrid's engine (once per process) with the settings of `model`.
simgrid::s4u::Engine& create_engine(NetworkModel model);

/// Builds and seals the platform; the hosts are in the order of the cluster's devices.
std::vector<simgrid::s4u::Host*> build_platform(const Cluster& cluster, const Effects& effects);

}  // namespace edgeflow
