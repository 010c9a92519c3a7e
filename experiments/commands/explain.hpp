#pragma once
// A plan for people and programs: where its time goes, who computes how much of each layer, what
// moves, what it waits for.

#include <nlohmann/json.hpp>
#include <string>

#include "experiments/scenario/scenario.hpp"

namespace edgeflow {

/// First what devices and links do, the five longest waits on the critical path and redundant work.
/// Then a line per layer: rows (or percent) per device, bytes received and sent, when the estimator
/// sees it start and finish, and what its last unit waited for: its device, or one of its inputs. Of
/// several messages that may have been the last, the one that takes longest alone is named.
/// Precondition: the plan is valid.
std::string explain(const Plan& plan, const Scenario& scenario, const Workload& workload);

/// The same for programs, in SI units.
nlohmann::ordered_json explain_json(const Plan& plan, const Scenario& scenario,
                                    const Workload& workload);

struct NamedPlan {
  std::string name;
  Plan plan;
};

/// Why the second plan is faster or slower than the first, in five lines.
std::string explain_difference(const NamedPlan& first, const NamedPlan& second,
                               const Scenario& scenario, const Workload& workload);

}  // namespace edgeflow
