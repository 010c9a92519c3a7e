// The commands that simulate: run and sweep.

#include <fmt/format.h>

#include "experiments/check.hpp"
#include "experiments/commands.hpp"
#include "experiments/progress.hpp"
#include "experiments/results.hpp"
#include "experiments/summary.hpp"
#include "experiments/sweep.hpp"
#include "partition/plan_yaml.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;

constexpr double kDefaultTimeout_s = 600;

double read_timeout_s(const std::string& text) {
  if (text.empty()) return kDefaultTimeout_s;
  const auto value_s = parse_quantity(text, Quantity::kDuration);
  if (!value_s || *value_s == 0) {
    throw InputError({"--timeout " + text, 0, 0}, "",
                     fmt::format("expected {}, more than zero", describe(Quantity::kDuration)));
  }
  return *value_s;
}

fs::path folder_for(const std::string& output, const std::string& name) {
  return output.empty() ? fs::path("results") / name : fs::path(output);
}

std::vector<RunReport> run_all(const std::vector<Job>& jobs, Results& results, double timeout_s) {
  Progress progress(jobs.size());
  std::vector<RunReport> reports;
  for (const Job& job : jobs) {
    const std::string label = label_of(job);
    progress.starts(label);
    const Run run = edgeflow::run(job, timeout_s);
    results.add(job, run);
    progress.done(label, run.report);
    reports.push_back(run.report);
  }
  compare_with_baselines(reports);
  results.finish(reports);
  return reports;
}

int conclude(const std::vector<RunReport>& reports, const Results& results) {
  std::size_t bad = 0;
  for (const RunReport& report : reports) bad += report.status == Status::kOk ? 0 : 1;
  print(summary(reports));
  fmt::print(stderr, "wrote {}: runs.csv, timing.csv, runs/\n", results.folder().string());
  if (bad == 0) return kExitOk;
  fmt::print(stderr, "{} of {} run{} did not end ok\n", bad, reports.size(),
             reports.size() == 1 ? "" : "s");
  return kExitNotAllOk;
}

/// The one job that replays a plan instead of asking the scenario's strategies.
Job replay(const Scenario& scenario, const std::string& plan_file) {
  const Document document{fs::path(plan_file)};
  const Graph& graph = scenario.model->graph;
  Job job;
  job.scenario = std::make_shared<const Scenario>(scenario);
  job.plan = std::make_shared<const Plan>(read_plan(document, graph, *scenario.cluster));
  job.plan_text = write_plan(*job.plan, graph, *scenario.cluster);
  job.strategy.name = job.plan->strategy;
  return job;
}

}  // namespace

int run_scenario(const RunArguments& arguments) {
  const double timeout_s = read_timeout_s(arguments.timeout);
  const Scenario scenario = read_scenario_file(arguments.scenario);
  const std::vector<Job> jobs = arguments.plan.empty()
                                    ? jobs_of(scenario)
                                    : std::vector<Job>{replay(scenario, arguments.plan)};
  Manifest manifest;
  manifest.name = scenario.name;
  manifest.file = arguments.scenario.file;
  manifest.text = Document(fs::path(arguments.scenario.file)).canonical_text();
  manifest.arguments = arguments.command_line;
  manifest.runs = jobs.size();
  Results results(folder_for(arguments.output, scenario.name), manifest);
  const std::vector<RunReport> reports = run_all(jobs, results, timeout_s);
  print(headline(scenario) + "\n\n");
  return conclude(reports, results);
}

int run_sweep(const SweepArguments& arguments) {
  const double timeout_s = read_timeout_s(arguments.timeout);
  expect_kind(Document(fs::path(arguments.file)), FileKind::kSweep);
  const Sweep sweep = read_sweep(arguments.file);
  if (arguments.dry_run) {
    for (const Job& job : sweep.jobs) print(fmt::format("{:4}  {}\n", job.index, label_of(job)));
    return kExitOk;
  }
  Manifest manifest;
  manifest.name = sweep.name;
  manifest.file = arguments.file;
  manifest.text = sweep.text;
  manifest.base_text = sweep.base_text;
  manifest.arguments = arguments.command_line;
  manifest.axes = sweep.axes;
  manifest.runs = sweep.jobs.size();
  Results results(folder_for(arguments.output, sweep.name), manifest);
  return conclude(run_all(sweep.jobs, results, timeout_s), results);
}

}  // namespace edgeflow
