#pragma once
// What a run gave: its plans, its figures, and what happened.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "experiments/jobs/job.hpp"
#include "experiments/jobs/plans.hpp"
#include "sim/records/result.hpp"

namespace edgeflow {

/// The figures of one run, as in a row of runs.csv. Nothing where a figure does not apply.
struct RunReport {
  std::size_t index = 0;
  std::string name, model, cluster, strategy, strategy_options, label;
  Axes axes;
  std::uint64_t seed = 0;
  int repetition = 0;
  std::size_t devices = 0;
  std::string run_id, config_hash;
  std::optional<std::size_t> baseline;
  std::int64_t assumed_rate = 0;  // devices

  Status status = Status::kOk;
  std::string message;  // why, if not ok

  // Of the plan.
  std::optional<double> estimated_latency_s, lower_bound_s, redundant_macs_ratio;
  std::optional<std::int64_t> units, messages, devices_used;
  std::optional<double> capacity_rps;
  // Of the simulation; means over requests unless said otherwise.
  std::optional<double> latency_s, latency_p50_s, latency_p95_s, latency_p99_s, latency_max_s;
  std::optional<double> throughput_rps, estimate_gap, optimality_gap, speedup_over_baseline;
  std::optional<double> compute_s, transfer_s, queue_s, wait_s;
  std::optional<double> bytes_moved, energy_J, peak_memory_bytes;
  std::optional<std::int64_t> requests;
  std::optional<double> deadline_miss_ratio, mean_in_flight;
  std::optional<double> offered_load, queue_growth_rps;
  std::optional<bool> overloaded;
  std::optional<double> link_energy_J, energy_per_request_J;
  // With the policy `replan` only:
  std::optional<std::int64_t> replans, aborted;
  std::optional<double> outage_s;

  // With uncertainty only:
  std::int64_t draws = 0;
  std::vector<double> draws_s;  // latency by draw, infinite where a run does not end ok
  std::optional<double> latency_low_s, latency_high_s;
  // Of other runs, too:
  std::optional<double> speedup_low, speedup_high, fastest_share;

  /// The same of each stream, where the scenario has some: `name` is its own, the figures are those
  /// of its requests.
  std::vector<RunReport> streams;

  // Of the machine that simulated; in timing.csv only.
  double plan_wall_s = 0, plan_cpu_s = 0;
  std::optional<double> sim_wall_s, sim_cpu_s;
  std::optional<std::int64_t> max_rss_kB;
};

struct Run {
  RunReport report;
  Plans plans;               // empty if a strategy gave none
  std::string strategy_log;  // what strategies said besides
  bool plans_are_valid = false;
  SimulationResult result;
  bool simulated = false;
};

}  // namespace edgeflow
