#pragma once
// Executes a plan on SimGrid.
//
// One simulation per child process: SimGrid's engine is a singleton that leaks from run to run, and
// a crash or an endless loop costs one run only. The calling process never creates an engine.
// Plans run by the rules of partition/plans/execution.hpp. Deadlock, exception, crash, time limit
// and memory overflow are statuses; faults of the machine are thrown (MachineError).
//
// So is overload: where the offered load (offered_load.hpp) is beyond 1 and more than
// kMostInFlight requests are in flight, or kMostMessages messages per device under way, the
// simulation ends. Latencies would only say how long it went on, and sharing a link among n
// messages costs time in proportion to n. Where messages of others at random are more than a link
// ever carries, it does not begin; where they are for a time, it ends when as many are under way.

#include <span>

#include "sim/records/result.hpp"
#include "sim/setup/stream.hpp"

namespace edgeflow {

/// Precondition: the plan is valid for the graph and the cluster. There being no other, failures
/// have the policy `fail`.
SimulationResult simulate(const Plan& plan, const Graph& graph, const Cluster& cluster,
                          const ElementSize& size, const SimulationOptions& options);

/// Several models at once. Arrivals and effects are those of the streams, not of `options`.
/// Precondition: at least one stream; each has a plan, and all plans have the same effects.
SimulationResult simulate(std::span<const Stream> streams, const SimulationOptions& options);

}  // namespace edgeflow
