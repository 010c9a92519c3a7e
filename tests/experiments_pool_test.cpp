// Tasks, shards and the worker processes that run them.

#include <doctest/doctest.h>

#include <sys/resource.h>

#include <csignal>
#include <map>
#include <set>

#include "experiments/jobs/sweep.hpp"
#include "experiments/results/merge.hpp"
#include "experiments/results/results.hpp"
#include "experiments/run/pool.hpp"
#include "experiments/run/run.hpp"
#include "tests/support/csv_table.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/refuse.hpp"
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

/// Plans by another function from now on.
void change_planner(Job& job, const StrategyInfo& info) {
  StrategyChoice strategy = *job.strategy;
  strategy.info = &info;
  job.strategy = std::make_shared<const StrategyChoice>(std::move(strategy));
}

/// The jobs of the sweep, planned by `plan`.
std::vector<Job> jobs_planned_by(const Scratch& scratch, const StrategyInfo& info) {
  std::vector<Job> jobs = some_jobs(scratch);
  for (Job& job : jobs) change_planner(job, info);
  return jobs;
}

struct Ran {
  PoolEnd end = PoolEnd::kAllDone;
  std::map<std::size_t, Outcome> outcomes;
};

Ran run(const Scratch& scratch, const std::vector<Job>& jobs, const PoolOptions& options) {
  Manifest manifest;
  manifest.runs = jobs.size();
  for (const auto& [key, value] : jobs.front().axes()) manifest.axes.push_back(key);
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

/// As a mistake of its own ends a process: without its handlers, and without a core file.
void crash() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  std::signal(SIGSEGV, SIG_DFL);
  std::raise(SIGSEGV);
}

Plan crash_planning(const Problem&, const OptionValues&) {
  crash();
  return {};
}

Plan plan_without_end(const Problem&, const OptionValues&) {
  while (true) pause();
}

/// Calls `before` with each run and reports it as ok; writes nothing.
TaskWork reporting_work(const std::function<void(std::size_t)>& before) {
  TaskWork work;
  work.run = [before](const Task& task, const TaskProgress& progress) {
    progress.planned();
    for (const std::size_t i : task) {
      before(i);
      RunReport report;
      report.index = i;
      progress.done(report);
    }
  };
  work.give_up = [](std::size_t i, Status, const std::string& message) {
    FAIL_CHECK("run " << i << " has a status: " << message);
  };
  return work;
}

/// What the machine did to the tasks, and which runs were done in spite of it.
std::string fault_of(const std::vector<Task>& tasks, const TaskWork& work,
                     std::set<std::size_t>& done) {
  try {
    run_tasks(tasks, work, {}, [&](const Outcome& run) { done.insert(run.index); });
  } catch (const MachineError& error) {
    return error.what();
  }
  return "none";
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
      CHECK(jobs[i].strategy->name == jobs[task[0]].strategy->name);
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
  const StrategyInfo info{"crash", "", "", "", {}, crash_planning};
  std::vector<Job> jobs = some_jobs(scratch);
  for (Job& job : jobs) {
    if (job.strategy->name == "even") change_planner(job, info);
  }
  const Ran ran = run(scratch, jobs, {.workers = 2});
  REQUIRE(ran.outcomes.size() == jobs.size());
  for (const auto& [index, outcome] : ran.outcomes) {
    CHECK(outcome.status == (jobs[index].strategy->name == "even" ? "crashed" : "ok"));
  }
  merge_results(scratch.folder() / "out");
  const auto row = test::read_table(scratch.folder() / "out/runs.csv")[6];
  CHECK(row.at("status") == "crashed");
  CHECK(row.at("message") == "the planning process died by SIGSEGV (Segmentation fault)");
}

TEST_CASE("a run that crashes has that as its status, and its task goes on behind it") {
  TaskWork work;
  work.run = [](const Task& task, const TaskProgress& progress) {
    progress.planned();
    for (const std::size_t i : task) {
      if (i == 1) crash();
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
  CHECK(given_up == "1 crashed: the running process died by SIGSEGV (Segmentation fault)");
  CHECK(statuses ==
        std::map<std::size_t, std::string>{{0, "ok"}, {1, "crashed"}, {2, "ok"}, {3, "ok"}});
}

TEST_CASE("a run whose process was ended from outside is tried again behind the others") {
  const Scratch scratch;
  const fs::path tried = scratch.folder() / "tried";
  TaskWork work = reporting_work([&](std::size_t i) {
    if (i != 1 || fs::exists(tried)) return;
    std::ofstream(tried) << "once";
    std::raise(SIGKILL);
  });
  std::vector<std::size_t> order;
  const PoolEnd end = run_tasks({{0, 1, 2}, {3}}, work, {},
                                [&](const Outcome& run) { order.push_back(run.index); });
  CHECK(end == PoolEnd::kAllDone);
  CHECK(order == std::vector<std::size_t>{0, 3, 1, 2});
}

TEST_CASE("a run that is ended from outside every time has no status, the others have theirs") {
  TaskWork work = reporting_work([](std::size_t i) {
    if (i == 1) std::raise(SIGKILL);
  });
  std::set<std::size_t> done;
  CHECK(fault_of({{0, 1, 2}, {3}}, work, done) ==
        "run 1, tried 3 times: the running process was ended from outside by SIGKILL (Killed)");
  CHECK(done == std::set<std::size_t>{0, 2, 3});
}

TEST_CASE("a planner that is ended from outside every time leaves its task undone") {
  TaskWork work = reporting_work([](std::size_t) {});
  const auto run = work.run;
  work.run = [run](const Task& task, const TaskProgress& progress) {
    if (task.front() == 0) throw MachineError("no memory", MachineError::Remedy::kTryAgain);
    run(task, progress);
  };
  std::set<std::size_t> done;
  CHECK(fault_of({{0, 1, 2}, {3}}, work, done) == "run 0, tried 3 times: no memory");
  CHECK(done == std::set<std::size_t>{3});
}

TEST_CASE("a full disk stops all runs at once") {
  const TaskWork work = reporting_work([](std::size_t i) {
    if (i == 1) throw MachineError("disk: No space left on device");
  });
  std::set<std::size_t> done;
  CHECK(fault_of({{0, 1, 2}, {3}}, work, done) == "disk: No space left on device");
  CHECK(done == std::set<std::size_t>{0});
}

TEST_CASE("a process that the machine refuses is no failure of a run") {
  const Scratch scratch;
  // Only the worker is refused processes: that of the simulation.
  static const auto refused_plan = [](const Problem& problem, const OptionValues& options) {
    test::refuse(SYS_clone, EAGAIN);
    return find_strategy("even")->plan(problem, options);
  };
  const StrategyInfo info{"refused", "", "", "", {}, refused_plan};
  std::string fault;
  try {
    (void)run(scratch, jobs_planned_by(scratch, info), {});
  } catch (const MachineError& error) {
    fault = error.what();
  }
  CHECK(fault == "no process: Resource temporarily unavailable");
  for (const auto& entry : fs::recursive_directory_iterator(scratch.folder())) {
    CHECK(entry.path().filename() != "status.json");
  }
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
  const StrategyInfo info{"crash", "", "", "", {}, crash_planning};
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
