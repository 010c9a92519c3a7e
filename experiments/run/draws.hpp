#pragma once
// A run's plans on the clusters that its scenario's uncertainty draws.

#include <functional>

#include "experiments/jobs/job.hpp"
#include "experiments/jobs/report.hpp"

namespace edgeflow {

/// Keeps the latency of each draw, and the interval of most of them, in the report of a run that ended
/// ok; `drawn` is called after each. The plans stay as they are: they were made for the cluster as the
/// scenario says it. A draw that takes more than `timeout_s` of wall-clock time does not end ok.
/// Throws MachineError.
void draw(Run& run, const Job& job, double timeout_s, const std::function<void()>& drawn);

}  // namespace edgeflow
