#pragma once
// Runs tasks in worker processes, several at a time.
//
// A task is jobs that share a plan: a process of its own plans once, then simulates and writes the
// results of one job after the other. Nothing that a run leaks or breaks outlives its task, and a
// planner that crashes or does not end is a status of the runs that wanted its plan.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "experiments/jobs/report.hpp"
#include "experiments/jobs/tasks.hpp"
#include "workloads/input/error.hpp"
#include "workloads/input/machine_error.hpp"

namespace edgeflow {

/// How a run ended, for people.
struct Outcome {
  std::size_t index = 0;
  std::string status;
  double latency_s = 0;  // if ok
  std::string message;   // if not
};

/// By which a worker tells the pool how far it is.
class TaskProgress {
 public:
  explicit TaskProgress(int out) : out_(out) {}
  void planned() const;
  /// One of the run's draws is done: each has its own time.
  void drawn() const;
  /// The results of the task's next run are written.
  void done(const RunReport& report) const;
  /// Results cannot be written.
  void failed(const InputError& error) const;
  /// The machine cannot go on with the task.
  void failed(const MachineError& error) const;

 private:
  int out_;
};

/// What is done for a task.
struct TaskWork {
  /// In a process of its own: plans, then runs the task's jobs in their order. Throws InputError if
  /// results cannot be written, MachineError for what is no fault of the run.
  std::function<void(const Task& task, const TaskProgress& progress)> run;
  /// In the calling process, before a task is run: what is left of it, now that nobody else will run
  /// it until `release`; nothing if somebody else is at it. Null: the task, always.
  std::function<std::optional<Task>(const Task& task)> claim;
  std::function<void(const Task& task)> release;
  /// In the calling process, for a job whose worker died or took too long: writes what became of it.
  std::function<void(std::size_t index, Status status, const std::string& message)> give_up;
};

struct PoolOptions {
  std::size_t workers = 1;
  double timeout_s = 600;  // in which a worker could run, of planning and of each simulation
  bool trace = false;      // write trace.json
  bool fail_fast = false;
};

enum class PoolEnd : std::uint8_t {
  kAllDone,
  kFailedFast,   // a run did not end ok
  kInterrupted,  // by SIGINT or SIGTERM
  kMachine,      // the machine was at fault
};

/// Runs the tasks, calling `done` after each run; those that somebody else is at come last. Runs that were under way at an early end leave no
/// results. A task whose process was ended from outside, or had too little memory, is tried again
/// when the others are done, kTries times in all. Throws InputError if results cannot be written,
/// MachineError if the machine is at fault: at once, or when everything else is done.
inline constexpr int kTries = 3;
PoolEnd run_tasks(std::vector<Task> tasks, const TaskWork& work, const PoolOptions& options,
                  const std::function<void(const Outcome&)>& done);

}  // namespace edgeflow
