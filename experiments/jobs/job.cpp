#include "experiments/jobs/job.hpp"

#include <fmt/format.h>

#include "experiments/scenario/resolve.hpp"

namespace edgeflow {

std::string plan_key(const Job& job) {
  // Everything else is left at its default.
  const auto seen_of = [](const Scenario& scenario) {
    Scenario seen;
    seen.model = scenario.model;
    seen.cluster = scenario.cluster;
    seen.disturbances.traces = scenario.disturbances.traces;  // at t = 0
    seen.precision = scenario.precision;
    seen.input_precision = scenario.input_precision;
    return seen;
  };
  Scenario seen = seen_of(*job.scenario);
  if (job.scenario->replans()) {
    seen.disturbances.failures = job.scenario->disturbances.failures;
    seen.disturbances.policy = job.scenario->disturbances.policy;
    seen.disturbances.planning_time_s = job.scenario->disturbances.planning_time_s;
  }
  for (const Scenario& stream : job.scenario->streams) {
    seen.streams.push_back(seen_of(stream));
    seen.streams.back().strategies = stream.strategies;
  }
  return config_hash(seen, job.strategy);
}

const StrategyChoice& Job::strategy_of(std::size_t stream) const {
  const auto& streams = scenario->streams;
  const bool own = !streams.empty() && !streams[stream].strategies.empty();
  return own ? streams[stream].strategies.front() : strategy;
}

std::string Job::run_id() const { return fmt::format("{}-{:.8}", index, config_hash); }

}  // namespace edgeflow
