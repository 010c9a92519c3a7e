#pragma once
// What stays of a run when it is done: its row of runs.csv, kept in its status.json or, of a run
// without files, as a line of a log.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/jobs/job.hpp"
#include "experiments/jobs/report.hpp"

namespace edgeflow {

/// Columns of runs.csv that need other runs: comparison.hpp.
inline constexpr std::string_view kSpeedup = "speedup_over_baseline";
inline constexpr std::string_view kSpeedupLow = "speedup_low";
inline constexpr std::string_view kSpeedupHigh = "speedup_high";
inline constexpr std::string_view kFastestShare = "fastest_share";

struct Record {
  std::size_t index = 0;
  std::string config_hash;
  Axes axes;
  std::optional<std::size_t> baseline;
  std::vector<std::string> cells;  // in the order of columns()
  /// Of each stream, if the scenario has some, in the order of stream_columns().
  std::vector<std::vector<std::string>> streams{};
  std::string program{};          // that made it, see program_of
  std::string timing{};           // its line of timing.csv
  std::vector<double> draws_s{};  // latency by draw; infinite where a run did not end ok

  /// The cell of a column of runs.csv.
  const std::string& at(std::string_view column) const;
  std::string& at(std::string_view column);
};

Record record_of(const RunReport& report);

/// The text of status.json, which has no timing, and back; nothing if `text` is not one.
std::string status_text(const Record& record);
std::optional<Record> read_status(const std::string& text);

/// What a line of a log says.
struct LogEntry {
  std::size_t run = 0;           // its index
  std::optional<Record> record;  // nothing: there is none any more
};
std::string log_line(const Record& record);
std::string cancelling_line(std::size_t run);
/// Nothing if `line` is not one of these.
std::optional<LogEntry> read_log_line(std::string_view line);

}  // namespace edgeflow
