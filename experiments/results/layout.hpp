#pragma once
// Where a results folder keeps what stays of a run. No folder holds more than a thousand entries:
//
//   runs/<run_id>/             of a sweep of at most a thousand runs
//   runs/12xxx/<run_id>/       of one of more: the runs with the indices 12000 to 12999
//   records/12xxx.jsonl        of runs without files: the log (run_log.hpp) of the same indices
//
// scripts/figures.py knows the same.

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace edgeflow {

inline constexpr std::size_t kThousand = 1000;
inline constexpr const char* kRunsFolder = "runs";
inline constexpr const char* kRecordsFolder = "records";

class Layout {
 public:
  /// Of a sweep of so many runs.
  Layout(std::filesystem::path folder, std::size_t runs)
      : folder_(std::move(folder)), runs_(runs) {}

  /// The folder of a run. `run_id` is that of the job with this index.
  std::filesystem::path run(std::size_t index, const std::string& run_id) const;
  /// The log of the runs from 1000 * thousand on.
  std::filesystem::path log(std::size_t thousand) const;

  /// All of the sweep's, and those that the folder has besides; ascending.
  std::set<std::size_t> thousands() const;
  /// The folders of the runs of a thousand by index, of those with a status.json. Throws InputError
  /// if there are two of an index.
  std::map<std::size_t, std::filesystem::path> runs_of(std::size_t thousand) const;

 private:
  std::filesystem::path folder_of(std::size_t thousand) const;

  std::filesystem::path folder_;
  std::size_t runs_;
};

/// The index that the name of a run's folder starts with; nothing for other names.
std::optional<std::size_t> index_of_run(const std::filesystem::path& run);

/// Calls `use` for every folder of a run in a results folder, of whatever number of runs. It may
/// move or remove that folder.
void for_each_run(const std::filesystem::path& folder,
                  const std::function<void(const std::filesystem::path& run)>& use);

}  // namespace edgeflow
