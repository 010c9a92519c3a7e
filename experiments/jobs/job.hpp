#pragma once
// A job: a scenario with one of its strategies, to be run.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "experiments/jobs/job_scenario.hpp"
#include "experiments/scenario/scenario.hpp"

namespace edgeflow {

/// Key path and value of a sweep's axes.
using Axes = std::vector<std::pair<std::string, std::string>>;

/// What to run, and its place among the other runs. There may be a million: small.
struct Job {
  std::size_t index = 0;  // from 0, in the order of results
  JobScenario scenario;
  std::shared_ptr<const StrategyChoice> strategy;
  std::shared_ptr<const Axes> point_axes{};  // null: not of a sweep
  int repetition = 0;                        // the scenario's seed is that of it
  std::optional<std::size_t> baseline;       // index of the run to compare with
  /// Given instead of asking the strategy, for a scenario with one workload; must be valid.
  std::shared_ptr<const Plan> plan;
  std::string config_hash;     // of scenario, strategy and given plan
  std::uint64_t plan_key = 0;  // equal for jobs whose plans are equal: they differ only in what
                               // problem_of leaves out
  std::string files;           // external_files() when the job was made
  /// Hashes of plugins, and of programs that are looked up in PATH: other machines have others, so
  /// config_hash does not know them.
  std::string programs;

  /// "7-1f0c93aa": the index and the first 8 digits of the hash.
  std::string run_id() const;
  const Axes& axes() const;
  /// What plans the workload: its own strategy, or the job's.
  const StrategyChoice& strategy_of(const Workload& workload) const;
};

/// Fills config_hash, plan_key, files and programs; `given_plan` is that of `plan`.
void identify(Job& job, const std::string& given_plan = "");

/// Hashes of the files of its external programs, as they are now.
std::string external_files(const Job& job);

}  // namespace edgeflow
