#include "experiments/run/draws.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "experiments/results/measure.hpp"
#include "experiments/run/steps.hpp"
#include "partition/prices/estimate.hpp"

namespace edgeflow {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The same plans where devices and links are as drawn. Of the clusters that they were made for
/// nothing is changed: no plan is made anew.
Plans on_drawn(Plans plans, const Scenario& scenario, const Draw& draw) {
  for (StreamPlans& stream : plans) {
    for (MadePlan& made : stream.made) {
      made.cluster = std::make_shared<const Cluster>(drawn(*made.cluster, draw));
    }
  }
  make_executable(plans, scenario);
  return plans;
}

/// Whether the estimator says what the simulation does: each request has the cluster to itself, and
/// nothing changes.
bool is_estimated(const Scenario& scenario, const RunReport& report) {
  const Disturbances disturbances = effective(scenario.disturbances, scenario.effects);
  return scenario.network_model == NetworkModel::kCm02 && disturbances.bandwidths.empty() &&
         disturbances.speeds.empty() && disturbances.background.empty() &&
         disturbances.failures.empty() &&
         disturbances.jitter.distribution == JitterDistribution::kNone &&
         std::abs(report.estimate_gap.value_or(1)) < 1e-9;
}

double simulated_s(const Plans& plans, const Scenario& scenario, double timeout_s) {
  const SimulationResult result = simulate_requests(plans, scenario, {timeout_s, {}, false});
  return result.status == Status::kOk ? mean_latency_s(result, scenario) : kInfinity;
}

}  // namespace

void draw(Run& run, const Job& job, double timeout_s, const std::function<void()>& drawn) {
  RunReport& report = run.report;
  if (report.status != Status::kOk) return;
  Scenario scenario = *job.scenario;
  const Disturbances disturbances = scenario.disturbances;
  const bool estimated = is_estimated(scenario, report);
  for (const Draw& draw : draws_of(scenario.uncertainty, scenario.seed)) {
    scenario.disturbances = edgeflow::drawn(disturbances, draw);
    const Plans plans = on_drawn(run.plans, scenario, draw);
    report.draws_s.push_back(estimated ? estimate(plans.front().first(), Sharing::kMaxMin).latency_s
                                       : simulated_s(plans, scenario, timeout_s));
    drawn();
  }
  const Interval interval = interval_of(report.draws_s);
  report.latency_low_s = interval.low;
  report.latency_high_s = interval.high;
}

}  // namespace edgeflow
