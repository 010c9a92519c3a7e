#pragma once
// Tasks: jobs that share a plan, to be run by one process one after the other.

#include <cstddef>
#include <vector>

#include "experiments/jobs/job.hpp"

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

/// How many runs there are in all tasks.
std::size_t runs_in(const std::vector<Task>& tasks);

}  // namespace edgeflow
