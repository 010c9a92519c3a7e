#include "experiments/run/resume.hpp"

namespace edgeflow {

std::vector<Task> left_of(std::vector<Task> tasks, std::span<const Job> jobs,
                          const Results& results) {
  for (Task& task : tasks) {
    std::erase_if(task, [&](std::size_t i) { return results.has(jobs[i]); });
  }
  std::erase_if(tasks, [](const Task& task) { return task.empty(); });
  return tasks;
}

}  // namespace edgeflow
