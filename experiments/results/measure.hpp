#pragma once
// The figures of a run. `edgeflow list columns` gives the formula of each.

#include <optional>
#include <span>
#include <vector>

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

/// The mean over all requests, but for warm-ups, as latency_s is. Precondition: the result is ok.
double mean_latency_s(const SimulationResult& result, const Scenario& scenario);

/// What 90 % of values are within: the least that 5 % of them do not exceed, and the least that 95 %
/// do not; nothing for what is not finite.
struct Interval {
  std::optional<double> low, high;
};
Interval interval_of(std::vector<double> values);

/// The smallest of the ascending values that at least `percent` % of them do not exceed (nearest
/// rank). Precondition: there are values.
double percentile(std::span<const double> ascending, int percent);

}  // namespace edgeflow
