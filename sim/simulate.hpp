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

/// Requests for one plan; several streams may share a cluster.
struct Stream : Arrivals {
  const Plan* plan = nullptr;
  const Graph* graph = nullptr;
  const Cluster* cluster = nullptr;  // everybody's devices and network, own source and sink
  ElementSize size;
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

/// Precondition: the plan is valid for the graph and the cluster.
SimulationResult simulate(const Plan& plan, const Graph& graph, const Cluster& cluster,
                          const ElementSize& size, const SimulationOptions& options);

/// Several models at once. Ignores the arrivals of `options`. Precondition: at least one stream.
SimulationResult simulate(std::span<const Stream> streams, const SimulationOptions& options);

/// Runs `job` in a child process and returns what it returned, or how it ended. Used by simulate;
/// apart so that crashes, hangs and exceptions can be tested.
SimulationResult run_in_child(const std::function<SimulationResult()>& job, double timeout_s);

}  // namespace edgeflow
