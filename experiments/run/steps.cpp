#include "experiments/run/steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>

#include "experiments/results/event_tables.hpp"
#include "experiments/results/measure.hpp"
#include "experiments/results/trace.hpp"
#include "experiments/run/replan.hpp"
#include "partition/plans/validate.hpp"
#include "workloads/input/error.hpp"
#include "workloads/input/files.hpp"
#include "workloads/input/machine_error.hpp"
#include "workloads/operators/operators.hpp"

namespace edgeflow {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// "a+b": each text once, in order.
std::string joined(const std::vector<std::string>& texts) {
  std::vector<std::string> different;
  for (const std::string& text : texts) {
    const bool new_one = std::find(different.begin(), different.end(), text) == different.end();
    if (new_one) different.push_back(text);
  }
  return fmt::format("{}", fmt::join(different, "+"));
}

/// Which models there are, and which streams.
void name_workloads(const Job& job, RunReport& report) {
  std::vector<std::string> models;
  for (const Workload& workload : job.scenario->workloads) {
    models.push_back(workload.model->graph.name());
    if (!job.scenario->has_streams()) continue;
    const StrategyChoice& strategy = job.strategy_of(workload);
    RunReport& stream = report.streams.emplace_back();
    stream.name = workload.name;
    stream.model = models.back();
    stream.strategy = strategy.name;
    stream.strategy_options = options_text(strategy);
    stream.label = label_of(strategy);
    stream.assumed_rate = workload.assumed_rates();
  }
  report.model = joined(models);
}

RunReport introduce(const Job& job) {
  const Scenario& scenario = *job.scenario;
  RunReport report;
  report.index = job.index;
  report.name = scenario.name;
  name_workloads(job, report);
  report.cluster = scenario.cluster->name();
  report.strategy = job.strategy->name;
  report.strategy_options = options_text(*job.strategy);
  report.label = label_of(*job.strategy);
  report.axes = job.axes();
  report.seed = scenario.seed;
  report.repetition = job.repetition;
  report.devices = scenario.cluster->size();
  report.run_id = job.run_id();
  report.config_hash = job.config_hash;
  report.baseline = job.baseline;
  report.assumed_rate = scenario.assumed_rates();
  report.draws = scenario.uncertainty.draws;
  return report;
}

void end(Run& run, Status status, const std::string& message) {
  run.report.status = status;
  run.report.message = message;
}

/// Takes the step; an exception becomes the run's status, unless it is the machine's fault.
template <typename Step>
void guarded(Run& run, Step step) {
  try {
    step();
  } catch (const std::exception& error) {
    rethrow_machines_fault();
    end(run, Status::kFailed, error.what());
  }
}

/// What is wrong with the first plan that is not valid; empty if nothing.
std::string violation(const Plans& plans, const Scenario& scenario) {
  for (std::size_t w = 0; w < plans.size(); ++w) {
    const Workload& workload = scenario.workloads[w];
    for (std::size_t p = 0; p < plans[w].made.size(); ++p) {
      const MadePlan& made = plans[w].made[p];
      const auto violations = validate(*made.plan, workload.model->graph, *made.cluster, 1);
      if (violations.empty()) continue;
      return fmt::format("{}{} is not valid: unit {}: {}", workload.label(),
                         p == 0 ? "the plan" : fmt::format("plan {}", p), violations[0].unit,
                         violations[0].message);
    }
  }
  return "";
}

/// Why there is no latency to find out: no unit of a stream takes time, and nothing is moved. Empty
/// if there is one.
std::string nothing_to_do(const Plans& plans, const Scenario& scenario) {
  for (std::size_t w = 0; w < plans.size(); ++w) {
    const ExecutablePlan& plan = plans[w].first();
    const bool computes = std::ranges::any_of(
        plan.units, [](const ExecutableUnit& unit) { return unit.duration_s > 0; });
    if (computes || !plan.messages.empty()) continue;
    const bool idle_model = std::ranges::all_of(plan.graph.layers(), [](const Layer& layer) {
      return layer.op == Op::kInput || operator_of(layer.op).view;
    });
    return fmt::format(
        "{}there is nothing to do: model {} {}, and its result is wanted where its input is",
        scenario.workloads[w].label(), in_quotes(plan.graph.name()),
        idle_model ? "has no layer that computes"
                   : "takes the devices no time (byte_rate or overhead would give it some)");
  }
  return "";
}

std::optional<std::string> shortage(const Plans& plans) {
  std::vector<const ExecutablePlan*> first;
  for (const StreamPlans& stream : plans) first.push_back(&stream.first());
  return memory_shortage(first);
}

Stream stream_of(const StreamPlans& plans, const Workload& workload, std::uint64_t seed) {
  const Requests& requests = workload.requests;
  Stream stream;
  for (const MadePlan& made : plans.made) stream.plans.push_back(made.executable);
  stream.changes = plans.changes;
  stream.arrivals_s = workload.arrivals_s(seed);
  stream.closed_loop = requests.closed();
  stream.max_in_flight = requests.closed() ? requests.concurrency : requests.max_in_flight;
  return stream;
}

/// Asks the strategy of a workload for a plan on some cluster. `log` gets what it says besides.
Plan ask(const Job& job, const Workload& workload, const Cluster& cluster, std::string* log) {
  const StrategyChoice& strategy = job.strategy_of(workload);
  try {
    return make_plan(*strategy.info, {workload.model->graph, cluster, workload.element_size(), log},
                     strategy.resolved_options());
  } catch (const OptionError& error) {
    throw strategy.error(error);
  }
}

StreamPlans plans_of(const Job& job, const Workload& workload, std::string& log) {
  const Scenario& scenario = *job.scenario;
  const auto& cluster = workload.cluster;
  StreamPlans plans;
  plans.made.push_back(
      {job.plan ? job.plan : std::make_shared<const Plan>(ask(job, workload, *cluster, &log)),
       cluster, cluster});
  if (scenario.plans_change()) {
    const Loading loading{scenario.weights, workload.model->graph,
                          workload.element_size().activation_bytes};
    plan_anew(plans, scenario.replans() ? scenario.disturbances : Disturbances{}, loading,
              [&](const Cluster& left) { return ask(job, workload, left, &log); });
  }
  return plans;
}

}  // namespace

PlanOutcome plan(const Job& job) {
  PlanOutcome planned;
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t cpu_start = std::clock();
  Plans plans;
  const std::vector<Workload>& workloads = job.scenario->workloads;
  const auto end = [&](Status status, const std::exception& error) {
    planned.status = status;
    planned.message = workloads[plans.size()].label() + error.what();
  };
  try {
    for (const Workload& workload : workloads)
      plans.push_back(plans_of(job, workload, planned.log));
    planned.plans = std::move(plans);
  } catch (const Infeasible& error) {
    end(Status::kInfeasible, error);
  } catch (const std::exception& error) {
    rethrow_machines_fault();
    end(Status::kFailed, error);
  }
  planned.wall_s = seconds_since(start);
  planned.cpu_s = static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC;
  return planned;
}

Run begin_run(const Job& job, const PlanOutcome& planned) {
  Run run = ended_run(job, planned.status, planned.message);
  run.report.plan_wall_s = planned.wall_s;
  run.report.plan_cpu_s = planned.cpu_s;
  run.plans = planned.plans;
  run.strategy_log = planned.log;
  return run;
}

Run ended_run(const Job& job, Status status, const std::string& message) {
  Run run;
  run.report = introduce(job);
  end(run, status, message);
  return run;
}

void validate(Run& run, const Job& job) {
  if (run.report.status != Status::kOk) return;
  guarded(run, [&] {
    const std::string invalid = violation(run.plans, *job.scenario);
    if (!invalid.empty()) return end(run, Status::kFailed, invalid);
    make_executable(run.plans, *job.scenario);
    const std::string idle = nothing_to_do(run.plans, *job.scenario);
    if (!idle.empty()) return end(run, Status::kInfeasible, idle);
    run.plans_are_valid = true;
    if (const auto missing = shortage(run.plans)) {
      end(run, Status::kOutOfMemory, *missing);
    }
  });
}

void simulate(Run& run, const Job& job, const SimulationSetup& setup) {
  if (run.report.status != Status::kOk) return;
  guarded(run, [&] {
    run.result = simulate_requests(run.plans, *job.scenario, setup);
    run.simulated = true;
  });
}

SimulationResult simulate_requests(const Plans& plans, const Scenario& scenario,
                                   const SimulationSetup& setup) {
  SimulationOptions simulation;
  simulation.network_model = scenario.network_model;
  simulation.disturbances = scenario.disturbances;
  simulation.disturbances.seed = scenario.seed;
  simulation.timeout_s = setup.timeout_s;
  std::vector<std::unique_ptr<Recorder>> recorders;
  if (!setup.folder.empty()) {
    create_folders(setup.folder);
    recorders.push_back(make_event_tables(setup.folder, plans, scenario));
    if (setup.trace) recorders.push_back(make_trace(setup.folder, plans, scenario));
  }
  for (const auto& recorder : recorders) simulation.recorders.push_back(recorder.get());
  std::vector<Stream> streams;
  for (std::size_t w = 0; w < plans.size(); ++w) {
    streams.push_back(stream_of(plans[w], scenario.workloads[w], scenario.seed));
  }
  SimulationResult result = simulate(streams, simulation);
  const bool killed = result.status == Status::kTimeout || result.status == Status::kCrashed;
  if (killed && !setup.folder.empty()) drop_half_lines(setup.folder);
  return result;
}

void report(Run& run, const Job& job) {
  if (!run.plans_are_valid) return;
  guarded(run, [&] {
    measure_plans(run.plans, *job.scenario, run.report);
    if (run.simulated) measure_result(run.plans, run.result, *job.scenario, run.report);
  });
}

Plan plan_of(const Job& job, const Workload& workload) {
  return job.plan ? *job.plan : ask(job, workload, *workload.cluster, nullptr);
}

}  // namespace edgeflow
