// Tasks, shards and the worker processes that run them.

#include <doctest/doctest.h>

#include <csignal>
#include <map>
#include <set>

#include "experiments/jobs/sweep.hpp"
#include "experiments/results/results.hpp"
#include "experiments/run/pool.hpp"
#include "experiments/run/run.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/run_job.hpp"
#include "tests/support/scratch.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;
using test::read_text;
using test::Scratch;

/// Two bandwidths, two strategies, two rates of requests, three repetitions.
std::vector<Job> some_jobs(const Scratch& scratch) {
  return read_sweep(
             scratch.write("sweep.yaml", "schema: 1\nname: sweep\nbase: " + test::data_folder() +
                                             "/cli/tiny_scenario.yaml\n"
                                             "axes:\n"
                                             "  cluster.network.bandwidth: [1kB/s, 4kB/s]\n"
                                             "  strategy: [single, even]\n"
                                             "  requests:\n"
                                             "    - {count: 2, arrivals: {process: poisson, rate: "
                                             "1/s}}\n"
                                             "    - {count: 3}\n"
                                             "repeat: 3\n"))
      .jobs;
}

/// The jobs of the sweep, planned by `plan`.
std::vector<Job> jobs_planned_by(const Scratch& scratch, const StrategyInfo& info) {
  std::vector<Job> jobs = some_jobs(scratch);
  for (Job& job : jobs) job.strategy.info = &info;
  return jobs;
}

struct Ran {
  PoolEnd end = PoolEnd::kAllDone;
  std::map<std::size_t, Outcome> outcomes;
};

Ran run(const Scratch& scratch, const std::vector<Job>& jobs, const PoolOptions& options) {
  Manifest manifest;
  manifest.runs = jobs.size();
  const Results results(scratch.folder() / "out", manifest, jobs, {});
  Ran ran;
  TaskWork work;
  work.run = [&](const Task& task, const TaskProgress& progress) {
    const PlanOutcome planned = plan(jobs[task.front()]);
    progress.planned();
    for (const std::size_t i : task) {
      results.begin(jobs[i]);
      const Run run =
          test::run_job(jobs[i], planned, {options.timeout_s, results.folder_of(jobs[i])});
      results.add(jobs[i], run);
      progress.done(run.report);
    }
  };
  work.give_up = [&](std::size_t i, Status status, const std::string& message) {
    results.add(jobs[i], ended_run(jobs[i], status, message));
  };
  ran.end = run_tasks(tasks_of(jobs), work, options, [&](const Outcome& outcome) {
    CHECK_MESSAGE(ran.outcomes.emplace(outcome.index, outcome).second, "a run was run twice");
  });
  // The pool obeys the signals that the tests get, and leaves the runs undone.
  REQUIRE_MESSAGE(ran.end != PoolEnd::kInterrupted, "the tests were stopped by SIGINT or SIGTERM");
  return ran;
}

/// Plans as `even` does and leaves a line in a file for each time it is asked.
std::string plan_count_file;
Plan counted_even(const Problem& problem, const OptionValues& options) {
  std::ofstream(plan_count_file, std::ios::app) << "planned\n";
  return find_strategy("even")->plan(problem, options);
}

Plan abort_planning(const Problem&, const OptionValues&) {
  std::raise(SIGKILL);
  return {};
}

Plan plan_without_end(const Problem&, const OptionValues&) {
  while (true) pause();
}

}  // namespace

TEST_CASE("runs that differ in what planning does not see share a plan") {
  const Scratch scratch;
  const std::vector<Job> jobs = some_jobs(scratch);
  REQUIRE(jobs.size() == 2 * 2 * 2 * 3);
  const std::vector<Task> tasks = tasks_of(jobs);
  REQUIRE(tasks.size() == 2 * 2);  // bandwidths and strategies
  for (const Task& task : tasks) {
    CHECK(task.size() == 2 * 3);
    for (const std::size_t i : task) {
      CHECK(jobs[i].strategy.name == jobs[task[0]].strategy.name);
      CHECK(jobs[i].scenario->cluster == jobs[task[0]].scenario->cluster);
    }
  }
}

TEST_CASE("runs whose bandwidths begin differently are planned apart") {
  const Scratch scratch;
  const std::string head = "schema: 1\nname: sweep\nbase: " + test::data_folder() +
                           "/cli/tiny_scenario.yaml\naxes:\n  strategy: [even]\n"
                           "  disturbances:\n";
  const auto from = [](const std::string& bandwidth) {
    return "    - {bandwidth: [{links: all, steps: [{at: 0s, bandwidth: " + bandwidth + "}]}]}\n";
  };
  const Sweep sweep =
      read_sweep(scratch.write("sweep.yaml", head + from("500B/s") + from("100B/s")));
  CHECK(tasks_of(sweep.jobs) == std::vector<Task>{{0}, {1}});
}

TEST_CASE("a shared plan is made once") {
  const Scratch scratch;
  plan_count_file = (scratch.folder() / "plans").string();
  const StrategyInfo info{"counted", "", "", "", {}, counted_even};
  const Ran ran = run(scratch, jobs_planned_by(scratch, info), {.workers = 2});
  CHECK(ran.end == PoolEnd::kAllDone);
  CHECK(ran.outcomes.size() == 24);
  // Two bandwidths; the names of the two strategies differ still.
  CHECK(read_text(plan_count_file) == "planned\nplanned\nplanned\nplanned\n");
}

TEST_CASE("shards hold every run once, and equal shards are equal") {
  const Scratch scratch;
  const std::vector<Job> jobs = some_jobs(scratch);
  for (const std::size_t shards : {1U, 3U, 7U, 40U}) {
    std::set<std::size_t> seen;
    std::size_t runs = 0;
    for (std::size_t k = 1; k <= shards; ++k) {
      const std::vector<Task> shard = shard_of(jobs, k, shards);
      CHECK(shard == shard_of(jobs, k, shards));
      for (const Task& task : shard) {
        runs += task.size();
        seen.insert(task.begin(), task.end());
      }
    }
    CHECK(runs == jobs.size());
    CHECK(seen.size() == jobs.size());
  }
}

TEST_CASE("fewer tasks than workers are divided, with every run in one part") {
  CHECK(divided({{0, 1, 2}, {3}}, 2) == std::vector<Task>{{0, 1, 2}, {3}});
  CHECK(divided({{0, 1, 2}, {3}}, 4) == std::vector<Task>{{0}, {1, 2}, {3}});
  CHECK(divided({}, 4).empty());
}

TEST_CASE("a planner that crashes is the status of the runs that wanted its plan, the rest go on") {
  const Scratch scratch;
  const StrategyInfo info{"crash", "", "", "", {}, abort_planning};
  std::vector<Job> jobs = some_jobs(scratch);
  for (Job& job : jobs) {
    if (job.strategy.name == "even") job.strategy.info = &info;
  }
  const Ran ran = run(scratch, jobs, {.workers = 2});
  REQUIRE(ran.outcomes.size() == jobs.size());
  for (const auto& [index, outcome] : ran.outcomes) {
    CHECK(outcome.status == (jobs[index].strategy.name == "even" ? "crashed" : "ok"));
  }
  const std::vector<Record> records = merge_results(scratch.folder() / "out");
  CHECK(records[6].at("status") == "crashed");
  CHECK(records[6].at("message") == "the planning process died by SIGKILL (Killed)");
}

TEST_CASE("a run that crashes has that as its status, and its task goes on behind it") {
  TaskWork work;
  work.run = [](const Task& task, const TaskProgress& progress) {
    progress.planned();
    for (const std::size_t i : task) {
      if (i == 1) std::raise(SIGKILL);
      RunReport report;
      report.index = i;
      progress.done(report);
    }
  };
  std::string given_up;
  work.give_up = [&](std::size_t i, Status status, const std::string& message) {
    given_up += std::to_string(i) + " " + std::string(to_string(status)) + ": " + message;
  };
  std::map<std::size_t, std::string> statuses;
  const PoolEnd end = run_tasks({{0, 1, 2, 3}}, work, {},
                                [&](const Outcome& run) { statuses[run.index] = run.status; });
  CHECK(end == PoolEnd::kAllDone);
  CHECK(given_up == "1 crashed: the running process died by SIGKILL (Killed)");
  CHECK(statuses ==
        std::map<std::size_t, std::string>{{0, "ok"}, {1, "crashed"}, {2, "ok"}, {3, "ok"}});
}

TEST_CASE("a planner without end is a timeout") {
  const Scratch scratch;
  const StrategyInfo info{"endless", "", "", "", {}, plan_without_end};
  const Ran ran = run(scratch, jobs_planned_by(scratch, info), {.timeout_s = 0.01});
  CHECK(ran.outcomes.size() == 24);
  for (const auto& [index, outcome] : ran.outcomes) CHECK(outcome.status == "timeout");
}

TEST_CASE("failing fast leaves the later runs undone") {
  const Scratch scratch;
  const StrategyInfo info{"crash", "", "", "", {}, abort_planning};
  const Ran ran = run(scratch, jobs_planned_by(scratch, info), {.fail_fast = true});
  CHECK(ran.end == PoolEnd::kFailedFast);
  CHECK(ran.outcomes.size() == 6);  // of one plan
}

TEST_CASE("repetitions have random numbers of their own, shared by the strategies") {
  const Scratch scratch;
  const std::vector<Job> jobs = some_jobs(scratch);
  // [bandwidth][strategy][requests][repetition]
  const auto arrivals = [&](std::size_t i) {
    return jobs[i].scenario->workloads[0].arrivals_s(jobs[i].scenario->seed);
  };
  CHECK(arrivals(0) != arrivals(1));
  CHECK(arrivals(1) != arrivals(2));
  CHECK(arrivals(1) == arrivals(1 + 6));
  CHECK(arrivals(1) == arrivals(1 + 12));
  CHECK(jobs[0].scenario->seed == 0);
  CHECK(jobs[4].repetition == 1);
}

}  // namespace edgeflow
