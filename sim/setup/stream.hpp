#pragma once
// What a simulation is given: streams of requests, the plans that serve them, and what is modelled.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "partition/plans/executable_plan.hpp"
#include "sim/records/ids.hpp"
#include "sim/records/recorder.hpp"
#include "sim/setup/disturbances.hpp"

namespace edgeflow {

/// How messages share links; plays no part when effects.contention is off.
enum class NetworkModel : std::uint8_t {
  kCm02,  // latency + size/bandwidth, max-min sharing; exact
  kLv08,  // SimGrid's default, fitted on TCP over wide areas: latency x13.01, bandwidth x0.97
};

/// When the requests of a stream arrive.
struct Arrivals {
  /// When each request arrives, ascending. Empty is an error (status failed).
  std::vector<double> arrivals_s{0.0};
  /// Closed loop: a request arrives as soon as fewer than `max_in_flight` (at least one) are in
  /// flight; arrivals_s only gives their number.
  bool closed_loop = false;
  /// More requests than this wait before their first unit (RequestRecord::wait_s); 0: no limit.
  std::int32_t max_in_flight = 0;
};

inline constexpr std::size_t kMostInFlight = 10'000;
inline constexpr std::size_t kMostMessages = 500;

/// From `at_s` on requests begin by another plan; those in flight go on by theirs.
struct PlanChange {
  double at_s = 0;
  PlanId plan = kNoPlan;  // requests wait
  std::string why_none;   // if not empty there will be none: who needs one ends the run
};

/// Requests for one model; several streams may share a cluster.
struct Stream : Arrivals {
  /// The first one is there from the start. Their clusters have everybody's devices and links, own
  /// source, sink and routes; the effects are those of the simulation.
  IdVector<PlanId, std::shared_ptr<const ExecutablePlan>> plans;
  /// Ascending. With the policy `replan`, those that failures cause: no plan that has begun to use
  /// what is not there. A request in flight whose plan uses what fails loses all that was done for
  /// it, and begins again when there is a plan: its source still holds the input.
  std::vector<PlanChange> changes = {};

  const ExecutablePlan& first() const { return *plans.front(); }
};

/// Arrivals and effects are for simulations of one plan; streams have their own.
struct SimulationOptions : Arrivals {
  NetworkModel network_model = NetworkModel::kCm02;
  Effects effects = {};
  /// Without `effects.contention`, bandwidths do not change and others' traffic is not there;
  /// without `effects.latency` there is no jitter.
  Disturbances disturbances = {};
  bool record = false;                    // fill units and transfers
  std::vector<Recorder*> recorders = {};  // called in the child process
  bool energy_plugin = false;             // fill DeviceRecord::plugin_energy_J, as a check
  double timeout_s = 600;                 // wall clock, then status timeout
};

}  // namespace edgeflow
