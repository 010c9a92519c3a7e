#pragma once
// Who drew how much, and for which request. Knows no SimGrid.
//
// A device of idle power I draws I * makespan, and besides, for each of its units and for the CPU
// time of its messages, (busy - I) * time, for each message that it sends (transmit - I) * bytes *
// Network::transmit_s_per_byte, and likewise for what it receives. A link draws idle * makespan +
// (busy - idle) * bytes / bandwidth.
//
// A request is charged with what its own units and messages drew on top of idling, and with an
// equal part of what everything draws while idle: the requests' energies sum to the total.

#include <cstdint>
#include <span>
#include <vector>

#include "platforms/cluster.hpp"
#include "sim/result.hpp"
#include "sim/tables.hpp"

namespace edgeflow {

/// What one request draws on top of idling, on devices and links; NaN if the power of a device that
/// it uses is not known.
double request_energy_J(const PlanTables& tables, const Cluster& cluster);

/// Fills in the energies of a run. `tables` by stream. The other figures of devices and links, and
/// the makespan, must be there.
void account_energy(std::span<const PlanTables> tables, const Cluster& cluster,
                    SimulationResult& result);

}  // namespace edgeflow
