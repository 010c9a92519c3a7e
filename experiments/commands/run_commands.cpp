// The commands that simulate, run and sweep, and what is done with their results: merge and report.

#include <fmt/format.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <system_error>

#include "experiments/commands/check.hpp"
#include "experiments/commands/commands.hpp"
#include "experiments/jobs/sweep.hpp"
#include "experiments/results/results.hpp"
#include "experiments/results/summary.hpp"
#include "experiments/run/pool.hpp"
#include "experiments/run/progress.hpp"
#include "experiments/scenario/resolve.hpp"
#include "partition/plans/plan_yaml.hpp"
#include "workloads/input/home.hpp"
#include "workloads/model_yaml.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;

constexpr double kDefaultTimeout_s = 600;
constexpr const char* kPython = "/usr/bin/python3";  // Debian's, which has the modules

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

/// Those whose results are not there.
std::vector<Task> left_of(const std::vector<Task>& tasks, const std::vector<Job>& jobs,
                          const Results& results) {
  std::vector<Task> left;
  for (Task task : tasks) {
    std::erase_if(task, [&](std::size_t i) { return results.has(jobs[i]); });
    if (!task.empty()) left.push_back(std::move(task));
  }
  return left;
}

std::size_t runs_in(const std::vector<Task>& tasks) {
  std::size_t runs = 0;
  for (const Task& task : tasks) runs += task.size();
  return runs;
}

/// What became of the runs of one call.
struct Tally {
  PoolEnd end = PoolEnd::kAllDone;
  std::size_t done = 0;
  std::size_t bad = 0;
};

Tally run_all(const std::vector<Job>& jobs, const std::vector<Task>& tasks, const Results& results,
              const PoolOptions& options, bool resume) {
  const std::vector<Task> left = resume ? left_of(tasks, jobs, results) : tasks;
  const std::size_t runs = runs_in(tasks);
  Tally tally;
  tally.done = runs - runs_in(left);
  if (tally.done > 0) {
    fmt::print(stderr, "{} of {} runs are done already (--force runs them again)\n", tally.done,
               runs);
  }
  Progress progress(runs, tally.done);
  tally.end = run_tasks(jobs, divided(left, options.workers), results, options,
                        [&](const Outcome& outcome) {
                          ++tally.done;
                          if (outcome.status != to_string(Status::kOk)) ++tally.bad;
                          progress.done(label_of(jobs[outcome.index]), outcome);
                        });
  return tally;
}

int exit_code_of(std::size_t bad, std::size_t runs) {
  if (bad == 0) return kExitOk;
  fmt::print(stderr, "{} of {} run{} did not end ok\n", bad, runs, runs == 1 ? "" : "s");
  return kExitNotAllOk;
}

/// Writes and prints the tables over all runs.
int conclude(const std::filesystem::path& folder, const std::string& head) {
  const std::vector<Record> records = merge_results(folder);
  const bool streams = std::any_of(records.begin(), records.end(),
                                   [](const Record& record) { return !record.streams.empty(); });
  print(head + summary(records) + (streams ? "\n" + streams_summary(records) : ""));
  fmt::print(stderr, "wrote {}: runs.csv, {}timing.csv, runs/\n", folder.string(),
             streams ? "streams.csv, " : "");
  std::size_t bad = 0;
  for (const Record& record : records) bad += record.at("status") == "ok" ? 0 : 1;
  return exit_code_of(bad, records.size());
}

/// After an end before all runs were done.
int conclude_early(const Tally& tally, std::size_t runs) {
  fmt::print(stderr, "{}: {} of {} runs are done; the same command goes on from there\n",
             tally.end == PoolEnd::kInterrupted ? "interrupted" : "stopped by --fail-fast",
             tally.done, runs);
  return tally.end == PoolEnd::kInterrupted ? kExitInterrupted : kExitNotAllOk;
}

/// The one job that replays a plan instead of asking the scenario's strategies.
Job replay(const Scenario& scenario, const std::string& plan_file) {
  if (scenario.replans()) {
    throw InputError({plan_file, 0, 0}, "", "a plan from a file cannot be made anew after failures",
                     "--set disturbances.policy=fail lets the run end there");
  }
  const Plan plan = read_plan_file(plan_file, scenario);
  const Graph& graph = scenario.model->graph;
  Job job;
  job.scenario = std::make_shared<const Scenario>(scenario);
  job.plan = std::make_shared<const Plan>(plan);
  job.strategy.name = job.plan->strategy;
  job.config_hash =
      config_hash(scenario, job.strategy, write_plan(*job.plan, graph, *scenario.cluster));
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
  const Results results(folder_for(arguments.output, scenario.name), manifest, jobs, {});
  PoolOptions options;
  options.timeout_s = timeout_s;
  options.trace = arguments.trace;
  const Tally tally = run_all(jobs, tasks_of(jobs), results, options, /*resume=*/false);
  if (tally.end != PoolEnd::kAllDone) return conclude_early(tally, jobs.size());
  return conclude(results.folder(), headline(scenario) + "\n\n");
}

int run_sweep(const SweepArguments& arguments) {
  PoolOptions options;
  options.timeout_s = read_timeout_s(arguments.timeout);
  options.workers = arguments.workers > 0 ? arguments.workers : cores();
  options.fail_fast = arguments.fail_fast;
  const Shard shard = read_shard(arguments.shard);
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
  const Results results(
      folder_for(arguments.output, sweep.name), manifest, sweep.jobs,
      {.resume = !arguments.force || shard.shards > 1, .shard = shard.shards > 1});
  const std::vector<Task> tasks =
      shard.shards > 1 ? shard_of(sweep.jobs, shard.number, shard.shards) : tasks_of(sweep.jobs);
  const Tally tally = run_all(sweep.jobs, tasks, results, options, !arguments.force);
  if (tally.end != PoolEnd::kAllDone) return conclude_early(tally, runs_in(tasks));
  if (shard.shards == 1) return conclude(results.folder(), "");
  fmt::print(stderr, "shard {} is done: {} of {} runs; when all shards are: edgeflow merge {}\n",
             arguments.shard, runs_in(tasks), sweep.jobs.size(), results.folder().string());
  return exit_code_of(tally.bad, runs_in(tasks));
}

int merge(const std::string& folder) {
  if (std::error_code error; !fs::is_directory(folder, error)) {
    throw InputError({folder, 0, 0}, "", "is not a folder");
  }
  return conclude(folder, "");
}

int report(const std::string& folder) {
  const fs::path table = fs::path(folder) / "runs.csv";
  if (std::error_code error; !fs::exists(table, error)) {
    throw InputError({table.string(), 0, 0}, "", "no such file",
                     "a finished sweep or 'edgeflow merge' writes it");
  }
  // An absolute path cannot be taken for an option.
  const std::string absolute = fs::absolute(folder).string();
  const std::string script = (home_folder() / "scripts" / "report.py").string();
  std::array<const char*, 4> words{kPython, script.c_str(), absolute.c_str(), nullptr};
  pid_t child = 0;
  const int error = posix_spawn(&child, kPython, nullptr, nullptr,
                                const_cast<char**>(words.data()),  // NOLINT: it does not write
                                environ);
  if (error != 0) {
    throw InputError({kPython, 0, 0}, "", std::generic_category().message(error),
                     "scripts/setup installs what is missing");
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? kExitOk : kExitUsage;
}

}  // namespace edgeflow
