#pragma once
// The plans of a job, by stream.

#include <memory>
#include <string>
#include <vector>

#include "platforms/cluster.hpp"
#include "sim/setup/stream.hpp"

namespace edgeflow {

/// A plan by itself, and where it runs.
struct MadePlan {
  std::shared_ptr<const Plan> plan;
  std::shared_ptr<const Cluster> cluster;  // all devices, with the routes of this plan
  std::shared_ptr<const Cluster> left;     // what it was made for; ids are not those of `plan`
};

/// The plans of a stream, and when each is in use.
struct StreamPlans {
  std::vector<MadePlan> made;        // the first one is in use from the start
  std::vector<PlanChange> changes;   // see simulate.hpp
  std::vector<std::string> because;  // by change: of what
  std::vector<double> begun_s;       // when planning anew began, ascending; also in vain

  const Plan& first() const { return *made.front().plan; }
  Stream placed() const;  // with its plans and changes, and nothing else
};

/// By workload of the scenario.
using Plans = std::vector<StreamPlans>;

}  // namespace edgeflow
