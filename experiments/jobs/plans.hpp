#pragma once
// The plans of a job, by stream.

#include <memory>
#include <string>
#include <vector>

#include "experiments/scenario/scenario.hpp"
#include "partition/plans/executable_plan.hpp"
#include "partition/prices/loading.hpp"
#include "sim/setup/stream.hpp"

namespace edgeflow {

/// A plan by itself, and where it runs.
struct MadePlan {
  std::shared_ptr<const Plan> plan;
  std::shared_ptr<const Cluster> cluster;  // all devices, with the routes of this plan
  std::shared_ptr<const Cluster> left;     // what it was made for; ids are not those of `plan`
  /// The plan on `cluster` with the effects of a scenario, see make_executable.
  std::shared_ptr<const ExecutablePlan> executable = nullptr;
};

/// What a change of plans is for, and what the new plan's devices have to load before.
struct ChangeCause {
  std::string because;
  Load load = {};
};

/// The plans of a stream, and when each is in use.
struct StreamPlans {
  std::vector<MadePlan> made;       // the first one is in use from the start
  std::vector<PlanChange> changes;  // see sim/setup/stream.hpp
  std::vector<ChangeCause> causes;  // by change
  std::vector<double> begun_s;      // when planning anew began, ascending; also in vain

  const ExecutablePlan& first() const { return *made.front().executable; }
};

/// By workload of the scenario.
using Plans = std::vector<StreamPlans>;

/// Makes all plans executable, once for all that follows: checks, simulation, figures and tables.
/// The scenario's model must outlive that. Precondition: units name layers, devices and units that
/// exist.
void make_executable(Plans& plans, const Scenario& scenario);

}  // namespace edgeflow
