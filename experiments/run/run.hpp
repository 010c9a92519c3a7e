#pragma once
// One run: a scenario with one of its strategies, from plan to figures.

#include <filesystem>
#include <string>

#include "experiments/jobs/job.hpp"
#include "experiments/jobs/report.hpp"

namespace edgeflow {

/// The plans, or the status that planning ended in.
struct PlanOutcome {
  Plans plans;  // of all streams, or empty
  Status status = Status::kOk;
  std::string message;  // why, if not ok
  double wall_s = 0;
  double cpu_s = 0;
};

/// Asks the job's strategies, or takes the given plan. Whatever goes wrong is a status.
PlanOutcome plan(const Job& job);

struct RunOptions {
  double timeout_s = 600;  // wall clock, of the simulation
  std::filesystem::path
      folder;  // created; for units.csv, transfers.csv and trace.json; empty: none
  bool trace = false;
};

/// Simulates a planned job. Whatever goes wrong is a status of the report.
Run run(const Job& job, const PlanOutcome& planned, const RunOptions& options = {});

/// A run that ended before it began, or by force.
Run ended_run(const Job& job, Status status, const std::string& message);

/// Asks the strategy of a stream, or takes the given plan. Throws Infeasible, and InputError for a
/// mistake in the options.
Plan plan_of(const Job& job, std::size_t stream = 0);

}  // namespace edgeflow
