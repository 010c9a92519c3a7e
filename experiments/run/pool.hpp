#pragma once
// Runs jobs in worker processes, several at a time.
//
// A task is jobs that share a plan: a process of its own plans once, then simulates and writes the
// results of one job after the other. Nothing that a run leaks or breaks outlives its task, and a
// planner that crashes or does not end is a status of the runs that wanted its plan.

#include <functional>
#include <string>
#include <vector>

#include "experiments/results/results.hpp"

namespace edgeflow {

/// Indices of jobs that share a plan, ascending.
using Task = std::vector<std::size_t>;

/// The tasks of all jobs, in the order of their first ones.
std::vector<Task> tasks_of(const std::vector<Job>& jobs);

/// Where there are fewer tasks than `pieces`, they are divided, and plan once per part.
std::vector<Task> divided(const std::vector<Task>& tasks, std::size_t pieces);

/// Shard `number` (from 1) of `shards`: every task is in one shard. The same on every machine, and
/// mixed, so that no shard gets all runs of the slowest strategy.
std::vector<Task> shard_of(const std::vector<Job>& jobs, std::size_t number, std::size_t shards);

/// How a run ended, for people.
struct Outcome {
  std::size_t index = 0;
  std::string status;
  double latency_s = 0;  // if ok
  std::string message;   // if not
};

struct PoolOptions {
  std::size_t workers = 1;
  double timeout_s = 600;  // wall clock, of planning and of each simulation
  bool trace = false;      // write trace.json
  bool fail_fast = false;
};

enum class PoolEnd : std::uint8_t {
  kAllDone,
  kFailedFast,   // a run did not end ok
  kInterrupted,  // by SIGINT or SIGTERM
};

/// Runs the tasks and adds their results, calling `done` after each run. Runs that were under way
/// at an early end leave no results. Throws InputError if results cannot be written.
PoolEnd run_tasks(const std::vector<Job>& jobs, std::vector<Task> tasks, const Results& results,
                  const PoolOptions& options, const std::function<void(const Outcome&)>& done);

}  // namespace edgeflow
