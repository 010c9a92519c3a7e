#include "experiments/jobs/tasks.hpp"

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <utility>

#include "workloads/input/random.hpp"

namespace edgeflow {

std::vector<Task> tasks_of(const std::vector<Job>& jobs) {
  std::vector<Task> tasks;
  std::unordered_map<std::uint64_t, std::size_t> by_plan;
  for (const Job& job : jobs) {
    const auto [place, added] = by_plan.emplace(job.plan_key, tasks.size());
    if (added) tasks.emplace_back();
    tasks[place->second].push_back(job.index);
  }
  return tasks;
}

std::vector<Task> divided(const std::vector<Task>& tasks, std::size_t pieces) {
  if (tasks.empty() || tasks.size() >= pieces) return tasks;
  const std::size_t parts = (pieces + tasks.size() - 1) / tasks.size();
  std::vector<Task> smaller;
  for (const Task& task : tasks) {
    for (std::size_t p = 0; p < parts; ++p) {
      const auto begin = static_cast<std::ptrdiff_t>(task.size() * p / parts);
      const auto end = static_cast<std::ptrdiff_t>(task.size() * (p + 1) / parts);
      if (begin < end) smaller.emplace_back(task.begin() + begin, task.begin() + end);
    }
  }
  return smaller;
}

std::vector<Task> shard_of(const std::vector<Job>& jobs, std::size_t number, std::size_t shards) {
  const std::vector<Task> tasks = divided(tasks_of(jobs), shards);
  std::vector<std::pair<std::uint64_t, std::size_t>> dealt;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    dealt.emplace_back(fnv1a(jobs[tasks[i].front()].config_hash), i);
  }
  std::sort(dealt.begin(), dealt.end());
  std::vector<Task> shard;
  for (std::size_t i = number - 1; i < dealt.size(); i += shards) {
    shard.push_back(tasks[dealt[i].second]);
  }
  std::sort(shard.begin(), shard.end());
  return shard;
}

std::size_t runs_in(const std::vector<Task>& tasks) {
  std::size_t runs = 0;
  for (const Task& task : tasks) runs += task.size();
  return runs;
}

}  // namespace edgeflow
