#include "experiments/jobs/job.hpp"

#include <fmt/format.h>

#include "experiments/scenario/resolve.hpp"

namespace edgeflow {
namespace {

std::uint64_t plan_key_of(const Job& job) {
  // Everything else is left at its default.
  Scenario seen;
  seen.cluster = job.scenario->cluster;
  const Disturbances& disturbances = job.scenario->disturbances;
  seen.disturbances.bandwidths = disturbances.bandwidths;  // at t = 0
  if (job.scenario->replans()) {
    seen.disturbances.failures = disturbances.failures;
    seen.disturbances.policy = disturbances.policy;
    seen.disturbances.planning_time_s = disturbances.planning_time_s;
  }
  if (job.scenario->plans_change()) seen.weights = job.scenario->weights;
  for (const Workload& workload : job.scenario->workloads) {
    seen.workloads.push_back(workload);
    seen.workloads.back().requests = {};
  }
  return std::stoull(config_hash(seen, *job.strategy), nullptr, 16);
}

}  // namespace

void identify(Job& job, const std::string& given_plan) {
  job.config_hash = config_hash(*job.scenario, *job.strategy, given_plan);
  job.plan_key = plan_key_of(job);
  job.files = external_files(job);
  job.programs.clear();
  for (const Workload& workload : job.scenario->workloads) {
    job.programs += job.strategy_of(workload).found_program();
  }
}

std::string external_files(const Job& job) {
  std::string hashes;
  for (const Workload& workload : job.scenario->workloads) {
    const StrategyChoice& strategy = job.strategy_of(workload);
    hashes += strategy.named_files() + strategy.found_program();
  }
  return hashes;
}

const StrategyChoice& Job::strategy_of(const Workload& workload) const {
  return workload.strategy ? *workload.strategy : *strategy;
}

const Axes& Job::axes() const {
  static const Axes kNone;
  return point_axes ? *point_axes : kNone;
}

std::string Job::run_id() const { return fmt::format("{}-{:.8}", index, config_hash); }

}  // namespace edgeflow
