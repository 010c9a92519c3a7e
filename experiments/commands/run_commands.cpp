// The commands that simulate, run and sweep, and merge, which joins what they leave.

#include <fmt/format.h>
#include <sched.h>

#include <charconv>

#include "experiments/commands/commands.hpp"
#include "experiments/commands/file_kind.hpp"
#include "experiments/jobs/sweep.hpp"
#include "experiments/results/axis_columns.hpp"
#include "experiments/results/layout.hpp"
#include "experiments/results/merge.hpp"
#include "experiments/results/summary.hpp"
#include "experiments/run/run.hpp"
#include "partition/plans/plan_yaml.hpp"
#include "workloads/model_yaml.hpp"

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

std::string absolute_path(const std::string& file) {
  return fs::absolute(file).lexically_normal().string();
}

/// Processor cores that this process may use.
std::size_t cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(0, sizeof set, &set) == 0 ? static_cast<std::size_t>(CPU_COUNT(&set))
                                                     : 1;
}

struct Shard {
  std::size_t number = 1;
  std::size_t shards = 1;
};

Shard read_shard(const std::string& text) {
  Shard shard;
  if (text.empty()) return shard;
  const char* end = text.data() + text.size();
  const auto number = std::from_chars(text.data(), end, shard.number);
  if (number.ec == std::errc{} && number.ptr != end && *number.ptr == '/') {
    const auto shards = std::from_chars(number.ptr + 1, end, shard.shards);
    if (shards.ec == std::errc{} && shards.ptr == end && shard.number >= 1 &&
        shard.number <= shard.shards) {
      return shard;
    }
  }
  throw InputError({"--shard " + text, 0, 0}, "", "expected K/N with K from 1 to N, such as 2/8");
}

int exit_code_of(std::size_t bad, std::size_t runs) {
  if (bad == 0) return kExitOk;
  fmt::print(stderr, "{} of {} run{} did not end ok\n", bad, runs, runs == 1 ? "" : "s");
  return kExitNotAllOk;
}

/// Writes and prints the tables over all runs, below them `notes`, or those that hold for all.
int conclude(const std::filesystem::path& folder, const std::string& head,
             std::vector<std::string> notes = {}) {
  const Summary summary = merge_results(folder);
  const bool streams = summary.has_streams();
  if (notes.empty()) notes = summary.notes();
  print(head + summary.runs() + (streams ? "\n" + summary.streams() : "") + note_lines(notes));
  std::error_code error;
  fmt::print(stderr, "wrote {}: runs.csv, summary.csv, {}timing.csv{}\n", folder.string(),
             streams ? "streams.csv, " : "",
             fs::exists(folder / kRunsFolder, error) ? ", runs/" : "");
  return exit_code_of(summary.not_ok(), summary.count());
}

/// What the same command does after an end before all runs were done.
const char* way_on(const Study& study) {
  if (!study.resume) return "the same command begins anew";
  return study.mode.force ? "the same command without --force goes on from there"
                          : "the same command goes on from there";
}

/// After an end before all runs were done.
int conclude_early(const StudyOutcome& outcome) {
  struct End {
    std::string why;
    int exit_code;
  };
  const auto [why, exit_code] =
      outcome.end == PoolEnd::kInterrupted ? End{"interrupted", kExitInterrupted}
      : outcome.end == PoolEnd::kMachine   ? End{outcome.fault, kExitMachine}
                                           : End{"stopped by --fail-fast", kExitNotAllOk};
  fmt::print(stderr, "{}: {} of {} runs are done; {}\n", why, outcome.done, outcome.runs,
             way_on(outcome.study));
  return exit_code;
}

/// The one job that replays a plan instead of asking the scenario's strategies.
Job replay(const Scenario& scenario, const std::string& plan_file) {
  if (scenario.replans()) {
    throw InputError({plan_file, 0, 0}, "", "a plan from a file cannot be made anew after failures",
                     "--set disturbances.policy=fail lets the run end there");
  }
  const Plan plan = read_plan_file(plan_file, scenario);
  const Graph& graph = scenario.workloads.front().model->graph;
  Job job;
  job.scenario = std::make_shared<const Scenario>(scenario);
  job.plan = std::make_shared<const Plan>(plan);
  StrategyChoice strategy;
  strategy.name = job.plan->strategy;
  job.strategy = std::make_shared<const StrategyChoice>(std::move(strategy));
  identify(job, write_plan(*job.plan, graph, *scenario.cluster));
  return job;
}

Study load_scenario(const RunArguments& arguments) {
  const Scenario scenario = read_scenario_file(arguments.scenario);
  Study study;
  study.jobs = arguments.plan.empty() ? jobs_of(scenario)
                                      : std::vector<Job>{replay(scenario, arguments.plan)};
  study.tasks = tasks_of(study.jobs);
  study.manifest.name = scenario.name;
  study.manifest.file = absolute_path(arguments.scenario.file);
  study.manifest.text = Document(fs::path(arguments.scenario.file)).canonical_text();
  study.manifest.arguments = arguments.command_line;
  study.manifest.runs = study.jobs.size();
  study.manifest.notes = scenario.notes();
  study.folder = folder_for(arguments.output, scenario.name);
  study.mode.force = arguments.force;
  study.mode.lock = !arguments.no_lock;
  study.headline = headline(scenario);
  return study;
}

Study load_sweep(const SweepArguments& arguments) {
  const Shard shard = read_shard(arguments.shard);
  expect_kind(Document(fs::path(arguments.file)), FileKind::kSweep);
  Sweep sweep = read_sweep(arguments.file);
  const bool sharded = shard.shards > 1;
  Study study;
  study.manifest.kind = Manifest::Kind::kSweep;
  study.manifest.name = sweep.name;
  study.manifest.file = absolute_path(arguments.file);
  study.manifest.text = sweep.text;
  study.manifest.base_text = sweep.base_text;
  study.manifest.arguments = arguments.command_line;
  study.manifest.axes = sweep.axes;
  for (const auto& texts : sweep.texts) study.manifest.units.push_back(unit_of_axis(texts));
  study.manifest.runs = sweep.jobs.size();
  study.tasks = sharded ? shard_of(sweep.jobs, shard.number, shard.shards) : tasks_of(sweep.jobs);
  study.jobs = std::move(sweep.jobs);
  study.folder = folder_for(arguments.output, sweep.name);
  study.mode = {.shard = sharded, .force = arguments.force, .lock = !arguments.no_lock};
  study.mode.retry = {arguments.retry.begin(), arguments.retry.end()};
  study.mode.run_files = sweep.run_files;
  study.resume = true;
  return study;
}

}  // namespace

int run_scenario(const RunArguments& arguments) {
  PoolOptions options;
  options.timeout_s = read_timeout_s(arguments.timeout);
  options.trace = arguments.trace;
  const StudyOutcome outcome = run_study([&] { return load_scenario(arguments); }, options);
  if (outcome.end != PoolEnd::kAllDone) return conclude_early(outcome);
  return conclude(outcome.study.folder, outcome.study.headline + "\n\n",
                  outcome.study.manifest.notes);
}

int run_sweep(const SweepArguments& arguments) {
  PoolOptions options;
  options.timeout_s = read_timeout_s(arguments.timeout);
  options.workers = arguments.workers > 0 ? arguments.workers : cores();
  options.fail_fast = arguments.fail_fast;
  if (arguments.dry_run) {
    for (const Job& job : load_sweep(arguments).jobs) {
      print(fmt::format("{:4}  {}\n", job.index, label_of(job)));
    }
    return kExitOk;
  }
  const StudyOutcome outcome = run_study([&] { return load_sweep(arguments); }, options);
  if (outcome.end != PoolEnd::kAllDone) return conclude_early(outcome);
  const Study& study = outcome.study;
  if (!study.mode.shard) return conclude(study.folder, "");
  fmt::print(stderr, "shard {} is done: {} of {} runs; when all shards are: edgeflow merge {}\n",
             arguments.shard, outcome.runs, study.jobs.size(), study.folder.string());
  return exit_code_of(outcome.bad, outcome.runs);
}

int merge(const std::string& folder) {
  if (std::error_code error; !fs::is_directory(folder, error)) {
    throw InputError({folder, 0, 0}, "", "is not a folder");
  }
  return conclude(folder, "");
}

}  // namespace edgeflow
