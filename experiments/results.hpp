#pragma once
// The folder that results are written to:
//
//   manifest.json          what was run by which program where; counts of statuses when it is done
//   runs.csv               a row per run (columns.hpp); the same bytes whenever the same runs are
//   run timing.csv             wall-clock figures runs/<run_id>/         scenario.resolved.yaml,
//   plan.yaml, requests.csv, units.csv,
//                          transfers.csv, devices.csv, links.csv; status.json comes last, so that a
//                          run with a status.json is whole

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "experiments/run.hpp"

namespace edgeflow {

/// What a manifest says about its results.
struct Manifest {
  std::string name;
  std::string file;                    // the scenario or sweep
  std::string text;                    // of it, canonical
  std::string base_text;               // of the sweep's base, if that is a file of its own
  std::vector<std::string> arguments;  // of the program
  std::vector<std::string> axes;
  std::size_t runs = 0;
};

class Results {
 public:
  /// Creates the folder, or replaces earlier results in it. Throws InputError if that cannot be
  /// done, or if there are files of somebody else.
  Results(std::filesystem::path folder, Manifest manifest);

  /// Writes the folder of a run.
  void add(const Job& job, const Run& run);

  /// Writes the tables over all runs.
  void finish(std::span<const RunReport> reports);

  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
  Manifest manifest_;
};

}  // namespace edgeflow
