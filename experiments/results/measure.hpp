#pragma once
// The figures of a run. `edgeflow list columns` gives the formula of each.

#include <span>

#include "experiments/jobs/job.hpp"
#include "experiments/jobs/report.hpp"

namespace edgeflow {

/// What can be said before the simulation, of each stream and together. The plans need not be valid
/// as a whole, but their names must exist.
void measure_plans(const Plans& plans, const Scenario& scenario, RunReport& report);

/// Status, latencies, costs, and how often plans were made anew. Turns an ok that breaks an
/// invariant (bytes sent = bytes received = bytes planned, no latency below the lower bound,
/// Little's law) into `failed`.
void measure_result(const Plans& plans, const SimulationResult& result, const Scenario& scenario,
                    RunReport& report);

/// The smallest of the ascending values that at least `percent` % of them do not exceed (nearest
/// rank). Precondition: there are values.
double percentile(std::span<const double> ascending, int percent);

}  // namespace edgeflow
