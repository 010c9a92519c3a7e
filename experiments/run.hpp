#pragma once
// One run: a scenario with one of its strategies, from plan to figures.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "experiments/replan.hpp"
#include "experiments/scenario.hpp"

namespace edgeflow {

/// What to run, and its place among the other runs.
struct Job {
  std::size_t index = 0;  // from 0, in the order of results
  std::shared_ptr<const Scenario> scenario;
  StrategyChoice strategy;
  std::vector<std::pair<std::string, std::string>> axes;  // key path and value of a sweep's axes
  int repetition = 0;                                     // the scenario's seed is that of it
  std::optional<std::size_t> baseline;                    // index of the run to compare with
  /// Given instead of asking the strategy, for a scenario without streams; must be valid.
  std::shared_ptr<const Plan> plan;
  std::string config_hash;  // of scenario, strategy and given plan

  /// "7-1f0c93aa": the index and the first 8 digits of the hash.
  std::string run_id() const;
  /// What plans that stream of the scenario: its own strategy, or the job's.
  const StrategyChoice& strategy_of(std::size_t stream) const;
};

/// By stream; one for a scenario without streams.
using Plans = std::vector<StreamPlans>;

/// The plans, or the status that planning ended in.
struct PlanOutcome {
  Plans plans;  // of all streams, or empty
  Status status = Status::kOk;
  std::string message;  // why, if not ok
  double wall_s = 0;
  double cpu_s = 0;
};

/// The figures of one run, as in a row of runs.csv. Nothing where a figure does not apply.
struct RunReport {
  std::size_t index = 0;
  std::string name, model, cluster, strategy, strategy_options;
  std::vector<std::pair<std::string, std::string>> axes;
  std::uint64_t seed = 0;
  int repetition = 0;
  std::size_t devices = 0;
  std::string run_id, config_hash;
  std::optional<std::size_t> baseline;

  Status status = Status::kOk;
  std::string message;  // why, if not ok

  // Of the plan.
  std::optional<double> predicted_latency_s, lower_bound_s, redundant_macs_ratio;
  std::optional<double> units, messages, devices_used;
  // Of the simulation; means over requests unless said otherwise.
  std::optional<double> latency_s, latency_p50_s, latency_p95_s, latency_p99_s, latency_max_s;
  std::optional<double> throughput_rps, prediction_error, optimality_gap, speedup_over_baseline;
  std::optional<double> compute_s, transfer_s, queue_s, wait_s;
  std::optional<double> bytes_moved, energy_J, peak_memory_bytes;
  std::optional<double> requests, deadline_miss_ratio, mean_in_flight;
  std::optional<double> offered_load, queue_growth_rps, overloaded;
  std::optional<double> link_energy_J, energy_per_request_J;
  std::optional<double> replans, outage_s, aborted;  // with the policy `replan` only

  /// The same of each stream, where the scenario has some: `name` is its own, the figures are those
  /// of its requests.
  std::vector<RunReport> streams;

  // Of the machine that simulated; in timing.csv only.
  double plan_wall_s = 0, plan_cpu_s = 0;
  std::optional<double> sim_wall_s, sim_cpu_s, max_rss_kB;
};

struct Run {
  RunReport report;
  Plans plans;  // empty if a strategy gave none
  SimulationResult result;
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

/// What a strategy sees of a scenario without streams, or of one stream.
Problem problem_of(const Scenario& stream);

/// Equal for jobs whose plans are equal: they differ only in what problem_of leaves out.
std::string plan_key(const Job& job);

}  // namespace edgeflow
