#pragma once
// What stays of a run when it is done: its row of runs.csv, kept in its status.json.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "experiments/jobs/job.hpp"
#include "experiments/jobs/report.hpp"

namespace edgeflow {

struct Record {
  std::size_t index = 0;
  std::string config_hash;
  std::vector<std::pair<std::string, std::string>> axes;
  std::optional<std::size_t> baseline;
  std::vector<std::string> cells;  // in the order of columns()
  /// Of each stream, if the scenario has some, in the order of stream_columns().
  std::vector<std::vector<std::string>> streams{};
  std::string program{};  // that made it, see program_of

  /// The cell of a column of runs.csv.
  const std::string& at(std::string_view column) const;
};

Record record_of(const RunReport& report);

/// The text of status.json, and back; nothing if `text` is not one.
std::string status_text(const Record& record);
std::optional<Record> read_status(const std::string& text);

/// Fills speedup_over_baseline. Records stand at their indices.
void compare_with_baselines(std::vector<Record>& records);

}  // namespace edgeflow
