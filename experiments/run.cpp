#include "experiments/run.hpp"

#include <fmt/format.h>

#include <chrono>
#include <ctime>

#include "experiments/event_tables.hpp"
#include "experiments/files.hpp"
#include "experiments/measure.hpp"
#include "experiments/resolve.hpp"
#include "experiments/trace.hpp"
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
  report.repetition = job.repetition;
  report.devices = scenario.cluster->size();
  report.run_id = job.run_id();
  report.config_hash = job.config_hash;
  report.baseline = job.baseline;
  return report;
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

SimulationResult simulate_requests(const Plan& plan, const Scenario& scenario,
                                   const RunOptions& options) {
  SimulationOptions simulation;
  simulation.network_model = scenario.network_model;
  simulation.effects = scenario.effects;
  simulation.disturbances = scenario.disturbances;
  simulation.disturbances.seed = scenario.seed;
  simulation.arrivals_s = scenario.arrivals_s();
  simulation.closed_loop = scenario.requests.closed();
  simulation.max_in_flight =
      scenario.requests.closed() ? scenario.requests.concurrency : scenario.requests.max_in_flight;
  simulation.timeout_s = options.timeout_s;
  std::vector<std::unique_ptr<Recorder>> recorders;
  if (!options.folder.empty()) {
    create_folders(options.folder);
    recorders.push_back(make_event_tables(options.folder, plan, scenario));
    if (options.trace) recorders.push_back(make_trace(options.folder, plan, scenario));
  }
  for (const auto& recorder : recorders) simulation.recorders.push_back(recorder.get());
  return simulate(plan, scenario.model->graph, *scenario.cluster, scenario.element_size(),
                  simulation);
}

}  // namespace

PlanOutcome plan(const Job& job) {
  PlanOutcome planned;
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t cpu_start = std::clock();
  try {
    planned.plan = job.plan ? job.plan : std::make_shared<const Plan>(plan_of(job));
  } catch (const Infeasible& error) {
    planned.status = Status::kInfeasible;
    planned.message = error.what();
  } catch (const std::exception& error) {
    planned.status = Status::kFailed;
    planned.message = error.what();
  }
  planned.wall_s = seconds_since(start);
  planned.cpu_s = static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC;
  return planned;
}

Run run(const Job& job, const PlanOutcome& planned, const RunOptions& options) {
  const Scenario& scenario = *job.scenario;
  Run run = ended_run(job, planned.status, planned.message);
  run.report.plan_wall_s = planned.wall_s;
  run.report.plan_cpu_s = planned.cpu_s;
  if (!planned.plan) return run;
  run.plan = planned.plan;
  try {
    measure_plan(*run.plan, scenario, run.report);
    check(*run.plan, scenario);
    run.result = simulate_requests(*run.plan, scenario, options);
    measure_result(*run.plan, run.result, scenario, run.report);
  } catch (const Stop& stop) {
    run.report.status = stop.status;
    run.report.message = stop.message;
  } catch (const std::exception& error) {
    run.report.status = Status::kFailed;
    run.report.message = error.what();
  }
  return run;
}

Run ended_run(const Job& job, Status status, const std::string& message) {
  Run run{introduce(job), {}, {}};
  run.report.status = status;
  run.report.message = message;
  return run;
}

Problem problem_of(const Scenario& scenario) {
  return {scenario.model->graph, *scenario.cluster, scenario.element_size()};
}

Plan plan_of(const Job& job) {
  if (job.plan) return *job.plan;
  try {
    return make_plan(*job.strategy.info, problem_of(*job.scenario),
                     job.strategy.resolved_options());
  } catch (const OptionError& error) {
    throw job.strategy.error(error);
  }
}

std::string plan_key(const Job& job) {
  // Everything else is left at its default.
  Scenario seen;
  seen.model = job.scenario->model;
  seen.cluster = job.scenario->cluster;
  seen.disturbances.traces = job.scenario->disturbances.traces;  // at t = 0
  seen.precision = job.scenario->precision;
  seen.input_precision = job.scenario->input_precision;
  return config_hash(seen, job.strategy);
}

std::string Job::run_id() const { return fmt::format("{}-{:.8}", index, config_hash); }

}  // namespace edgeflow
