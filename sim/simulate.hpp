#pragma once
// Executes a plan on SimGrid.
//
// One simulation per child process: SimGrid's engine is a singleton that leaks from run to run, and
// a crash or an endless loop costs one run only. The calling process never creates an engine.
// A device has one runtime actor; a unit whose requirements are met queues for its device (first
// ready first, ties by request, then position in the plan), computes, and forwards; transfers
// overlap with computing. Deadlock, exception, crash, time limit and memory overflow are statuses.

#include <functional>
#include <vector>

#include "partition/plan.hpp"
#include "platforms/effects.hpp"
#include "sim/result.hpp"

namespace edgeflow {

/// How messages share links; plays no part when effects.contention is off.
enum class NetworkModel : std::uint8_t {
  kCm02,  // latency + size/bandwidth, max-min sharing; exact
  kLv08,  // SimGrid's default, fitted on TCP over wide areas: latency x13.01, bandwidth x0.97
};

struct SimulationOptions {
  NetworkModel network_model = NetworkModel::kCm02;
  Effects effects;
  /// When each request arrives, ascending. Empty is an error (status failed).
  std::vector<double> arrivals_s{0.0};
  /// Closed loop: request i arrives when request i-1 is done, arrivals_s only gives their number.
  bool closed_loop = false;
  bool record = false;     // fill units and transfers
  double timeout_s = 600;  // wall clock, then status timeout
};

/// Precondition: the plan is valid for the graph and the cluster.
SimulationResult simulate(const Plan& plan, const Graph& graph, const Cluster& cluster,
                          const ElementSize& size, const SimulationOptions& options);

/// Runs `job` in a child process and returns what it returned, or how it ended. Used by simulate;
/// apart so that crashes, hangs and exceptions can be tested.
SimulationResult run_in_child(const std::function<SimulationResult()>& job, double timeout_s);

}  // namespace edgeflow
