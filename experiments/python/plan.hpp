#pragma once
// A plan that Python holds.

#include <memory>
#include <string>
#include <vector>

#include "experiments/python/problem.hpp"

namespace edgeflow::python {

struct HeldPlan {
  std::shared_ptr<const PlanningProblem> problem;
  Plan plan;

  double latency_s() const { return problem->finish_of(plan).latency_s; }
  std::string to_yaml() const;
  /// What is wrong with it, and the first device that cannot hold it; empty if nothing is.
  std::vector<std::string> validate() const;
};

}  // namespace edgeflow::python
