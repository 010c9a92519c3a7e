#pragma once
// Executes a plan on SimGrid.
//
// One simulation per child process: SimGrid's engine is a singleton that leaks from run to run, and
// a crash or an endless loop costs one run only. The calling process never creates an engine.
// A unit whose requirements are met queues for its device (first ready first, ties by arrival of
// the request, then position in the plan), computes, and forwards; transfers overlap with
// computing. Deadlock, exception, crash, time limit and memory overflow are statuses.
//
// So is overload: where the offered load (offered_load.hpp) is beyond 1 and more than
// kMostInFlight requests are in flight, or kMostMessages messages per device under way, the
// simulation ends. Latencies would only say how long it went on, and sharing a link among n
// messages costs time in proportion to n.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "partition/plan.hpp"
#include "platforms/effects.hpp"
#include "sim/disturbances.hpp"
#include "sim/recorder.hpp"
#include "sim/result.hpp"

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

/// A plan where it runs.
struct PlacedPlan {
  const Plan* plan = nullptr;
  /// Everybody's devices and links, own source, sink and routes.
  const Cluster* cluster = nullptr;
};

/// From `at_s` on requests begin by another plan; those in flight go on by theirs.
struct PlanChange {
  double at_s = 0;
  std::int32_t plan = -1;  // of Stream::plans; -1: none, requests wait
  std::string why_none;    // if not empty there will be none: who needs one ends the run
};

/// Requests for one model; several streams may share a cluster.
struct Stream : Arrivals {
  std::vector<PlacedPlan> plans;  // the first one is there from the start
  const Graph* graph = nullptr;
  ElementSize size;
  /// Ascending. With the policy `replan`, those that failures cause: no plan that has begun to use
  /// what is not there. A request in flight whose plan uses what fails loses all that was done for
  /// it, and begins again when there is a plan: its source still holds the input.
  std::vector<PlanChange> changes = {};

  const Cluster& cluster() const { return *plans.front().cluster; }
};

struct SimulationOptions : Arrivals {  // arrivals: of the only stream
  NetworkModel network_model = NetworkModel::kCm02;
  Effects effects;
  /// Without `effects.contention`, bandwidths do not change and others' traffic is not there;
  /// without `effects.latency` there is no jitter.
  Disturbances disturbances = {};
  bool record = false;                    // fill units and transfers
  std::vector<Recorder*> recorders = {};  // called in the child process
  bool energy_plugin = false;             // fill DeviceRecord::plugin_energy_J, as a check
  double timeout_s = 600;                 // wall clock, then status timeout
};

/// Precondition: the plan is valid for the graph and the cluster. There being no other, failures
/// have the policy `fail`.
SimulationResult simulate(const Plan& plan, const Graph& graph, const Cluster& cluster,
                          const ElementSize& size, const SimulationOptions& options);

/// Several models at once. Ignores the arrivals of `options`. Precondition: at least one stream.
SimulationResult simulate(std::span<const Stream> streams, const SimulationOptions& options);

/// Runs `job` in a child process and returns what it returned, or how it ended. Used by simulate;
/// apart so that crashes, hangs and exceptions can be tested.
SimulationResult run_in_child(const std::function<SimulationResult()>& job, double timeout_s);

}  // namespace edgeflow
