#pragma once
// A plan for people: who computes how much of each layer, what moves, what it waits for.

#include <string>

#include "experiments/scenario/scenario.hpp"

namespace edgeflow {

/// A line per layer: rows (or percent) per device, bytes received and sent, when the estimator sees
/// it start and finish, and what its last unit waited for: its device, or one of its inputs. Of
/// several messages that may have been the last, the one that takes longest alone is named.
/// Precondition: the plan is valid.
std::string explain(const Plan& plan, const Scenario& scenario, const Workload& workload);

}  // namespace edgeflow
