#pragma once
// Going on where an earlier command stopped: what is left of a study.
//
// A run is done when its status.json stands in the results folder with the hash of its
// configuration (Results::has); it is written last.

#include <span>
#include <vector>

#include "experiments/jobs/tasks.hpp"
#include "experiments/results/results.hpp"

namespace edgeflow {

/// `tasks` without the runs whose results are there; tasks of which nothing is left are dropped.
std::vector<Task> left_of(std::vector<Task> tasks, std::span<const Job> jobs,
                          const Results& results);

}  // namespace edgeflow
