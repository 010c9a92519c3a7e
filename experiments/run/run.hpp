#pragma once
// The one way through the program: load, plan, validate, simulate, report.

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "experiments/jobs/tasks.hpp"
#include "experiments/results/results.hpp"
#include "experiments/run/pool.hpp"

namespace edgeflow {

/// A loaded scenario or sweep: which runs there are, and where their results go.
struct Study {
  Manifest manifest;
  std::vector<Job> jobs;
  std::vector<Task> tasks;  // those to be run now
  std::filesystem::path folder;
  Results::Mode mode;
  bool resume = false;   // leave out those that are done
  std::string headline;  // what they have in common, for people
};

/// What became of the runs of one call.
struct StudyOutcome {
  PoolEnd end = PoolEnd::kAllDone;
  std::size_t runs = 0;  // of the study's tasks
  std::size_t done = 0;  // of these, earlier ones that are kept included
  std::size_t bad = 0;   // not ok, of those run now
  std::string fault;     // of the machine
  Study study;
};

/// Runs what `load` gives, in processes of their own, with progress on stderr. Throws InputError if
/// something cannot be read or written.
StudyOutcome run_study(const std::function<Study()>& load, const PoolOptions& options);

}  // namespace edgeflow
