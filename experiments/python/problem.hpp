#pragma once
// A planning problem that Python holds: all that plans of a scenario's model and cluster need.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "experiments/scenario/scenario.hpp"
#include "partition/external/shares.hpp"

namespace edgeflow::python {

/// What the estimator says of a plan, or of its first layers.
struct Finish {
  double latency_s = 0;           // when the results are there, or else all that is planned is done
  std::vector<double> devices_s;  // by device: when its last unit is done, 0 if it has none
};

class PlanningProblem {
 public:
  /// Of a scenario with one workload: `text` is YAML or JSON, `name` stands for its file in errors,
  /// and relative paths count from where that would lie. Throws InputError.
  PlanningProblem(const std::string& text, const std::string& name);
  explicit PlanningProblem(const std::string& file);

  Problem problem() const { return problem_of(workload()); }
  const Scenario& scenario() const { return scenario_; }
  /// JSON of partition/external/problem_json.hpp.
  std::string description() const;

  /// Shares as SharesPlanner has them. Throws InputError for what are none.
  Plan plan_of(std::span<const double> shares) const;
  /// Throws InputError for a name or options that are wrong, and Infeasible.
  Plan plan_by(const std::string& strategy, const Options& options) const;
  /// Throws InputError for what is no valid plan of this problem.
  Plan read(const std::string& text) const;

  /// By the estimator, with the scenario's effects: `estimated_latency_s` of runs.csv.
  /// Precondition: the plan is valid, or the first layers of one.
  Finish finish_of(const Plan& plan) const;

 private:
  const Workload& workload() const { return scenario_.workloads.front(); }
  void expect_shares(std::span<const double> shares) const;

  Scenario scenario_;
  SharesPlanner planner_;
};

}  // namespace edgeflow::python
