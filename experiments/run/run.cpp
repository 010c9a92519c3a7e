#include "experiments/run/run.hpp"

#include <fmt/format.h>
#include <malloc.h>

#include <utility>

#include "experiments/jobs/sweep.hpp"
#include "experiments/run/draws.hpp"
#include "experiments/run/progress.hpp"
#include "experiments/run/resume.hpp"
#include "experiments/run/steps.hpp"

namespace edgeflow {
namespace {

struct Claim {
  std::optional<Task> left;  // nothing: another process is at some of it
  std::size_t done_by_others = 0;
};

Claim claim_task(const Task& task, const Study& study, const Results& results) {
  Task left;
  for (const std::size_t i : task) {
    if (!results.claim(study.jobs[i])) {
      for (const std::size_t claimed : left) results.release(study.jobs[claimed]);
      return {};
    }
    left.push_back(i);
  }
  if (!study.resume) return {left, 0};
  const std::size_t all = left.size();
  std::erase_if(left, [&](std::size_t i) {
    const bool done = results.has(study.jobs[i]);
    if (done) results.release(study.jobs[i]);
    return done;
  });
  return {left, all - left.size()};
}

/// Gives the work to a pool of processes.
StudyOutcome run_in_pool(const Study& study, const Results& results, TaskWork work,
                         const PoolOptions& options) {
  const std::vector<Task> left =
      study.resume ? left_of(study.tasks, study.jobs, results) : study.tasks;
  StudyOutcome outcome;
  outcome.runs = runs_in(study.tasks);
  outcome.done = outcome.runs - runs_in(left);
  if (outcome.done > 0) {
    fmt::print(stderr, "{} of {} runs are done already (--force runs them again)\n", outcome.done,
               outcome.runs);
  }
  ProgressBar progress(outcome.runs, outcome.done);
  const auto count = [&](const Outcome& run) {
    ++outcome.done;
    if (run.status != to_string(Status::kOk)) ++outcome.bad;
    progress.done(label_of(study.jobs[run.index]), run);
  };
  bool waiting = false;
  work.claim = [&](const Task& task) -> std::optional<Task> {
    const Claim claim = claim_task(task, study, results);
    outcome.done += claim.done_by_others;
    if (!claim.left && !std::exchange(waiting, true)) {
      fmt::print(stderr, "another process is making some of these runs: waiting for it\n");
    }
    return claim.left;
  };
  work.release = [&](const Task& task) {
    for (const std::size_t i : task) results.release(study.jobs[i]);
  };
  try {
    outcome.end = run_tasks(divided(left, options.workers), work, options, count);
  } catch (const MachineError& error) {
    outcome.end = PoolEnd::kMachine;
    outcome.fault = error.what();
  }
  return outcome;
}

/// A file that was edited while the study runs would make runs of two kinds.
void expect_unchanged(const Job& job) {
  Job now = job;
  if (job.scenario.is_read_anew()) identify(now);
  const bool same_files = external_files(job) == job.files;
  if (same_files && now.config_hash == job.config_hash) return;
  throw InputError({}, "",
                   fmt::format("a file of {} was changed while this ran: no run is made of it",
                               same_files ? "the scenario" : "an external program"),
                   "the same command begins anew with what there is now");
}

}  // namespace

StudyOutcome run_study(const std::function<Study()>& load, const PoolOptions& options) {
  Study study = load();
  malloc_trim(0);  // every process that makes a run copies what this one holds
  const Results results(study.folder, study.manifest, study.jobs, study.mode);
  if (study.mode.force) results.set_aside(study.tasks, study.jobs);
  TaskWork work;
  work.run = [&](const Task& task, const TaskProgress& progress) {
    const PlanOutcome planned = plan(study.jobs[task.front()]);
    progress.planned();
    for (const std::size_t i : task) {
      const Job& job = study.jobs[i];
      expect_unchanged(job);
      results.begin(job);
      Run run = begin_run(job, planned);
      validate(run, job);
      simulate(run, job, {options.timeout_s, results.folder_of(job), options.trace});
      report(run, job);
      draw(run, job, options.timeout_s, [&] { progress.drawn(); });
      results.add(job, run);
      progress.done(run.report);
    }
  };
  work.give_up = [&](std::size_t i, Status status, const std::string& message) {
    results.add(study.jobs[i], ended_run(study.jobs[i], status, message));
  };
  StudyOutcome outcome = run_in_pool(study, results, std::move(work), options);
  outcome.study = std::move(study);
  return outcome;
}

}  // namespace edgeflow
