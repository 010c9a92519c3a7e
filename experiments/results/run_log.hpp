#pragma once
// Records of runs that leave no files of their own: a line of JSON each, in a log that they share.
//
// Lines are only ever appended, and of those about a run the last one counts. What a kill or a full
// disk left of a line is passed over: the run is made again. Nothing is synced, so that a power
// failure may cost the runs of the last seconds.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "experiments/results/record.hpp"

namespace edgeflow {

class RunLog {
 public:
  /// Locked while a line is appended if `locks`: needed where several processes write.
  RunLog(std::filesystem::path file, bool locks) : file_(std::move(file)), locks_(locks) {}

  /// Both throw InputError or MachineError; the log is then as it was, as far as that can be done.
  void append(const Record& record) const;
  /// From now on there is no record of the run.
  void cancel(std::size_t run) const;

  /// The lines that have been added since the last call, by whichever process.
  std::vector<LogEntry> read_new();

 private:
  void append_line(std::string line) const;

  std::filesystem::path file_;
  bool locks_;
  std::uintmax_t read_ = 0;  // bytes
};

/// The records in a log by index of their runs, whatever was appended before; none if there is no
/// such file.
std::map<std::size_t, Record> read_log(const std::filesystem::path& file);

}  // namespace edgeflow
