#include "experiments/run.hpp"

#include <fmt/format.h>

#include <chrono>

#include "experiments/measure.hpp"
#include "experiments/resolve.hpp"
#include "partition/validate.hpp"

namespace edgeflow {
namespace {

/// Ends a run early.
struct Stop {
  Status status;
  std::string message;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

RunReport introduce(const Job& job) {
  const Scenario& scenario = *job.scenario;
  RunReport report;
  report.index = job.index;
  report.name = scenario.name;
  report.model = scenario.model->graph.name();
  report.cluster = scenario.cluster->name();
  report.strategy = job.strategy.name;
  report.strategy_options = options_text(job.strategy);
  report.axes = job.axes;
  report.seed = scenario.seed;
  report.devices = scenario.cluster->size();
  report.config_hash = config_hash(scenario, job.strategy, job.plan_text);
  report.baseline = job.baseline;
  return report;
}

Plan timed_plan(const Job& job, RunReport& report) {
  const auto start = std::chrono::steady_clock::now();
  try {
    Plan plan = plan_of(job);
    report.plan_wall_s = seconds_since(start);
    return plan;
  } catch (const Infeasible& error) {
    throw Stop{Status::kInfeasible, error.what()};
  }
}

void check(const Plan& plan, const Scenario& scenario) {
  const auto violations = validate(plan, scenario.model->graph, *scenario.cluster, 1);
  if (!violations.empty()) {
    throw Stop{Status::kFailed, fmt::format("the plan is not valid: unit {}: {}",
                                            violations[0].unit, violations[0].message)};
  }
  const auto shortage =
      memory_shortage(plan, scenario.model->graph, *scenario.cluster, scenario.element_size());
  if (shortage) throw Stop{Status::kOutOfMemory, *shortage};
}

SimulationResult simulate_requests(const Plan& plan, const Scenario& scenario, double timeout_s) {
  SimulationOptions options;
  options.network_model = scenario.network_model;
  options.effects = scenario.effects;
  options.arrivals_s = scenario.arrivals_s();
  options.closed_loop = scenario.requests.process == ArrivalProcess::kClosed;
  options.record = true;
  options.timeout_s = timeout_s;
  return simulate(plan, scenario.model->graph, *scenario.cluster, scenario.element_size(), options);
}

}  // namespace

Run run(const Job& job, double timeout_s) {
  const Scenario& scenario = *job.scenario;
  Run run{introduce(job), {}, {}};
  try {
    run.plan = timed_plan(job, run.report);
    measure_plan(*run.plan, scenario, run.report);
    check(*run.plan, scenario);
    run.result = simulate_requests(*run.plan, scenario, timeout_s);
    measure_result(*run.plan, run.result, scenario, run.report);
  } catch (const Stop& stop) {
    run.report.status = stop.status;
    run.report.message = stop.message;
  } catch (const InputError&) {
    throw;
  } catch (const std::exception& error) {
    run.report.status = Status::kFailed;
    run.report.message = error.what();
  }
  return run;
}

Plan plan_of(const Job& job) {
  if (job.plan) return *job.plan;
  const Scenario& scenario = *job.scenario;
  const Problem problem{scenario.model->graph, *scenario.cluster, scenario.element_size()};
  try {
    return make_plan(*job.strategy.info, problem, job.strategy.options);
  } catch (const OptionError& error) {
    throw job.strategy.error(error);
  }
}

std::string RunReport::run_id() const { return fmt::format("{}-{:.8}", index, config_hash); }

void compare_with_baselines(std::vector<RunReport>& reports) {
  for (RunReport& report : reports) {
    if (!report.baseline || !report.latency_s) continue;
    const RunReport& baseline = reports.at(*report.baseline);
    if (baseline.latency_s) {
      report.speedup_over_baseline = *baseline.latency_s / *report.latency_s;
    }
  }
}

}  // namespace edgeflow
