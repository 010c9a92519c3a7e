#include "experiments/run/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>

#include "experiments/results/event_tables.hpp"
#include "experiments/results/measure.hpp"
#include "experiments/results/trace.hpp"
#include "experiments/run/replan.hpp"
#include "partition/plans/validate.hpp"
#include "workloads/input/files.hpp"

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
void name_streams(const Job& job, RunReport& report) {
  std::vector<std::string> models;
  const auto streams = job.scenario->all_streams();
  for (std::size_t s = 0; s < streams.size(); ++s) {
    const StrategyChoice& strategy = job.strategy_of(s);
    models.push_back(streams[s].model->graph.name());
    if (job.scenario->streams.empty()) continue;
    RunReport& stream = report.streams.emplace_back();
    stream.name = streams[s].name;
    stream.model = models.back();
    stream.strategy = strategy.name;
    stream.strategy_options = options_text(strategy);
  }
  report.model = joined(models);
}

RunReport introduce(const Job& job) {
  const Scenario& scenario = *job.scenario;
  RunReport report;
  report.index = job.index;
  report.name = scenario.name;
  name_streams(job, report);
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

void check(const Plans& plans, const Scenario& scenario) {
  const auto streams = scenario.all_streams();
  std::vector<const ExecutablePlan*> first;
  for (std::size_t s = 0; s < streams.size(); ++s) {
    const Graph& graph = streams[s].model->graph;
    for (std::size_t p = 0; p < plans[s].made.size(); ++p) {
      const MadePlan& made = plans[s].made[p];
      const auto violations = validate(*made.plan, graph, *made.cluster, 1);
      if (violations.empty()) continue;
      throw Stop{Status::kFailed, fmt::format("{}{} is not valid: unit {}: {}", scenario.label(s),
                                              p == 0 ? "the plan" : fmt::format("plan {}", p),
                                              violations[0].unit, violations[0].message)};
    }
    first.push_back(&plans[s].first());
  }
  const auto shortage = memory_shortage(first);
  if (shortage) throw Stop{Status::kOutOfMemory, *shortage};
}

Stream stream_of(const StreamPlans& plans, const Scenario& scenario) {
  const Requests& requests = scenario.requests;
  Stream stream;
  for (const MadePlan& made : plans.made) stream.plans.push_back(made.executable);
  stream.changes = plans.changes;
  stream.arrivals_s = scenario.arrivals_s();
  stream.closed_loop = requests.closed();
  stream.max_in_flight = requests.closed() ? requests.concurrency : requests.max_in_flight;
  return stream;
}

SimulationResult simulate_requests(const Plans& plans, const Scenario& scenario,
                                   const RunOptions& options) {
  SimulationOptions simulation;
  simulation.network_model = scenario.network_model;
  simulation.disturbances = scenario.disturbances;
  simulation.disturbances.seed = scenario.seed;
  simulation.timeout_s = options.timeout_s;
  std::vector<std::unique_ptr<Recorder>> recorders;
  if (!options.folder.empty()) {
    create_folders(options.folder);
    recorders.push_back(make_event_tables(options.folder, plans, scenario));
    if (options.trace) recorders.push_back(make_trace(options.folder, plans, scenario));
  }
  for (const auto& recorder : recorders) simulation.recorders.push_back(recorder.get());
  std::vector<Stream> streams;
  const auto shared = scenario.all_streams();
  for (std::size_t s = 0; s < shared.size(); ++s) {
    streams.push_back(stream_of(plans[s], shared[s]));
  }
  return simulate(streams, simulation);
}

/// Asks the strategy of a stream for a plan on some cluster.
Plan ask(const Job& job, std::size_t stream, const Cluster& cluster) {
  const StrategyChoice& strategy = job.strategy_of(stream);
  const Scenario& asks = job.scenario->all_streams()[stream];
  try {
    return make_plan(*strategy.info, {asks.model->graph, cluster, asks.element_size()},
                     strategy.resolved_options());
  } catch (const OptionError& error) {
    throw strategy.error(error);
  }
}

StreamPlans plans_of(const Job& job, std::size_t stream) {
  const Scenario& scenario = *job.scenario;
  const auto& cluster = scenario.all_streams()[stream].cluster;
  StreamPlans plans;
  plans.made.push_back(
      {job.plan ? job.plan : std::make_shared<const Plan>(ask(job, stream, *cluster)), cluster,
       cluster});
  if (!job.plan && scenario.replans()) {
    plan_anew(plans, scenario.disturbances,
              [&](const Cluster& left) { return ask(job, stream, left); });
  }
  return plans;
}

}  // namespace

PlanOutcome plan(const Job& job) {
  PlanOutcome planned;
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t cpu_start = std::clock();
  Plans plans;
  const std::size_t streams = job.scenario->all_streams().size();
  try {
    while (plans.size() < streams) plans.push_back(plans_of(job, plans.size()));
    planned.plans = std::move(plans);
  } catch (const Infeasible& error) {
    planned.status = Status::kInfeasible;
    planned.message = job.scenario->label(plans.size()) + error.what();
  } catch (const std::exception& error) {
    planned.status = Status::kFailed;
    planned.message = job.scenario->label(plans.size()) + error.what();
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
  if (planned.plans.empty()) return run;
  run.plans = planned.plans;
  try {
    make_executable(run.plans, scenario);
    measure_plans(run.plans, scenario, run.report);
    check(run.plans, scenario);
    run.result = simulate_requests(run.plans, scenario, options);
    measure_result(run.plans, run.result, scenario, run.report);
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

Plan plan_of(const Job& job, std::size_t stream) {
  if (job.plan) return *job.plan;
  return ask(job, stream, *job.scenario->all_streams()[stream].cluster);
}

}  // namespace edgeflow
