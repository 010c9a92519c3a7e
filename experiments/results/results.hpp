#pragma once
// The folder that results are written to:
//
//   manifest.json          what was run by which program where; counts of statuses when it is done
//   runs.csv               a row per run (sweep_tables.hpp); the same bytes whenever the same runs are
//                          run, by however many processes, in however many goes
//   summary.csv            a row per point, with statistics over its repetitions (repetitions.hpp)
//   streams.csv            a row per stream of each run, if there are scenarios with streams
//   timing.csv             wall-clock figures
//   runs/<run_id>/         (or deeper, see layout.hpp) scenario.resolved.yaml, plan.yaml (of streams:
//                          plan-<name>.yaml; made anew: plan@1.yaml, ... and plans.csv),
//                          requests.csv, units.csv, transfers.csv, devices.csv, links.csv,
//                          network.json (network_json.hpp), timing.csv, trace.json if wanted,
//                          streams.csv and draws.csv if there are some, strategy.log if an external program wrote
//                          to stderr; status.json comes last, so that a run with one is whole
//   records/               instead of runs/, if nothing is wanted but the tables above: run_log.hpp
//
// These tables are made of what the runs left, when all of them are there: merge.hpp.
// Finished runs are never deleted, except to be replaced by the same run: aside.hpp.

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "experiments/jobs/job.hpp"
#include "experiments/jobs/report.hpp"
#include "experiments/jobs/tasks.hpp"
#include "experiments/results/aside.hpp"
#include "experiments/results/layout.hpp"
#include "experiments/results/lock.hpp"
#include "experiments/results/manifest.hpp"
#include "experiments/results/record.hpp"
#include "experiments/results/run_log.hpp"

namespace edgeflow {

class Results {
 public:
  struct Mode {
    bool shard = false;             // others write other runs of the same sweep into the folder
    bool force = false;             // take over the folder of another study
    bool lock = true;               // false: the file system has no locks
    std::set<std::string> retry{};  // runs with these statuses are not done
    bool run_files = true;          // false: runs leave a record and no files
  };

  /// Creates the folder or takes it over; finished runs that are none of `jobs`, or not of this
  /// program, are set aside, which is said on stderr. Throws InputError if that cannot be done, if
  /// there are results of another study or files of somebody else, or if another sweep is writing
  /// there. Precondition: `jobs`, which must outlive this, stand at their indices.
  Results(std::filesystem::path folder, const Manifest& manifest, std::span<const Job> jobs,
          const Mode& mode);

  /// Sets aside what is there of these runs.
  void set_aside(std::span<const Task> tasks, std::span<const Job> jobs) const;

  /// Whether the folder holds the whole run, with files if these are wanted, made by this program.
  bool has(const Job& job) const;

  /// False if another process is making the run; else none will, until it is released.
  bool claim(const Job& job) const { return run_locks_.lock(job.index); }
  void release(const Job& job) const { run_locks_.unlock(job.index); }

  /// Where the run's files are, empty if it leaves none; the simulation itself writes units.csv,
  /// transfers.csv and trace.json.
  std::filesystem::path folder_of(const Job& job) const;

  /// To be called before anything is written to the run's folder: from now on it is not whole.
  /// Throws InputError.
  void begin(const Job& job) const;

  /// Writes the rest of a run's folder, or its record. Throws InputError.
  void add(const Job& job, const Run& run) const;

  const std::filesystem::path& folder() const { return folder_; }

 private:
  void prepare(const Manifest& manifest) const;
  void set_others_aside(const Manifest& old, const Manifest& now) const;
  void move_other_runs(Aside& aside) const;
  void move_records(Aside& aside, const std::function<bool(const Record&)>& which) const;
  bool is_wanted(const Record& record) const;
  bool counts(const Record& record) const;
  RunLog& log_of(std::size_t run) const;
  bool has_record(std::size_t run) const;
  std::filesystem::path place_of(const Job& job) const;
  void write_files(const Job& job, const Run& run, const Record& record) const;

  std::filesystem::path folder_;
  Layout layout_;
  std::span<const Job> jobs_;
  FolderLock lock_;
  RunLocks run_locks_;
  Mode mode_;
  mutable std::map<std::size_t, RunLog> logs_;  // by thousand
  mutable std::vector<bool> recorded_;          // by run: as far as the logs have been read
};

}  // namespace edgeflow
