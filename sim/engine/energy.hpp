#pragma once
// Who drew how much, and for which request. Knows no SimGrid.
//
// A device of idle power I draws I * makespan, and besides, for each of its units and for the CPU
// time of its messages, (busy - I) * time, for each message that it sends (transmit - I) * bytes *
// Network::transmit_s_per_byte, and likewise for what it receives. CPU time of messages that overlaps
// with computing (platforms/messaging.hpp) draws nothing of its own. A link draws idle * makespan +
// (busy - idle) * bytes / bandwidth.
//
// Where bandwidths change, each part of a message counts by those that held while it was carried: a
// link's time is the integral of the rate that it carries over the bandwidth that it has, that of
// an interface goes by the first (sending) or last (receiving) link of the route.
//
// Where speeds change, units and CPU time of messages count for as long as they take: a device draws
// its busy power whatever speed it has.
//
// A request is charged with what its own units and messages drew on top of idling, also those that
// failures made worthless, and with an equal part of what everything draws while idle: the
// requests' energies sum to the total. What has failed goes on drawing its idle power.

#include <span>
#include <vector>

#include "partition/plans/executable_plan.hpp"
#include "sim/records/result.hpp"

namespace edgeflow {

/// How much of a request's work was done.
struct WorkDone {
  IdVector<UnitId, double> units_s;       // its device's time
  IdVector<MessageId, double> send_s;     // CPU time of the sender
  IdVector<MessageId, double> receive_s;  // CPU time of the receiver
  IdVector<MessageId, double> carried;    // the part of it that got through, 0 to 1
};
WorkDone whole_request(const ExecutablePlan& plan);

/// What it draws on top of idling, on devices and links; NaN if the power of a device that it uses
/// is not known.
double energy_J(const WorkDone& work, const ExecutablePlan& plan);

/// How long what carries messages was at work.
struct CarryingTimes {
  std::vector<double> links_s;
  IdVector<DeviceId, double> transmit_s;
  IdVector<DeviceId, double> receive_s;
};
/// Adds what a part (0 to 1) of a message takes while the links have these bandwidths. Returns what
/// that draws on top of idling, in J.
double carry(const ExecutablePlan& plan, MessageId message, double part,
             std::span<const double> bandwidths_Bps, CarryingTimes& times);

/// Fills in the energies of devices and links, and adds to those of requests, which must hold what
/// they draw themselves, their part of what idles. The other figures, and the makespan, must be
/// there.
void account_energy(const Cluster& cluster, SimulationResult& result);

}  // namespace edgeflow
