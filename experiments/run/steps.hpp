#pragma once
// The steps of a run: plan, validate, simulate, report. run.cpp takes them in their order.

#include <filesystem>
#include <string>

#include "experiments/jobs/job.hpp"
#include "experiments/jobs/report.hpp"

namespace edgeflow {

/// The plans, or the status that planning ended in.
struct PlanOutcome {
  Plans plans;  // of all workloads, or empty
  Status status = Status::kOk;
  std::string message;  // why, if not ok
  std::string log;      // what strategies said besides
  double wall_s = 0;
  double cpu_s = 0;
};

// All of these throw MachineError for what is no result of the run.

/// Asks the job's strategies, or takes the given plan. Whatever goes wrong is a status.
PlanOutcome plan(const Job& job);

/// A run with these plans, about to be validated and simulated.
Run begin_run(const Job& job, const PlanOutcome& planned);
/// A run that ended before it began, or by force.
Run ended_run(const Job& job, Status status, const std::string& message);

// Each of these does nothing if the run's status is not ok any more; whatever goes wrong becomes it.

/// Checks the plans, and the memory that they need together.
void validate(Run& run, const Job& job);

struct SimulationSetup {
  double timeout_s = 600;        // wall clock
  std::filesystem::path folder;  // created; for units.csv, transfers.csv, trace.json; empty: none
  bool trace = false;
};
void simulate(Run& run, const Job& job, const SimulationSetup& setup);
/// The requests of the scenario, served by these plans.
SimulationResult simulate_requests(const Plans& plans, const Scenario& scenario,
                                   const SimulationSetup& setup);

/// Fills the figures of plans that are valid, whatever came after, and of the simulation.
void report(Run& run, const Job& job);

/// Asks the strategy of a workload, or takes the given plan. Throws Infeasible or StrategyFailed,
/// and InputError for a mistake in the options.
Plan plan_of(const Job& job, const Workload& workload);

}  // namespace edgeflow
