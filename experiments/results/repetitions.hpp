#pragma once
// The runs of a point of a sweep, which differ in nothing but the repetition, and summary.csv, which
// has a row per point.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/results/record.hpp"
#include "experiments/results/statistics.hpp"
#include "experiments/results/table.hpp"

namespace edgeflow {

/// Those of one point, compared with their baselines, in the order of the repetitions. Not empty.
struct Repetitions {
  std::vector<Record> runs;

  const Record& first() const { return runs.front(); }
  std::size_t ok() const;
  /// What runs that ended ok have in a column of runs.csv, as far as they have something there.
  std::vector<double> values(std::string_view column) const;
  /// The same of a stream by position, in a column of streams.csv.
  std::vector<double> stream_values(std::size_t stream, std::string_view column) const;
};

/// The first line of summary.csv, and that of a point; axes and units as those of runs.csv.
std::string summary_header(std::span<const std::string> axes, std::span<const std::string> units);
std::string summary_row(const Repetitions& point, std::span<const std::string> units);

/// What its columns mean.
TableInfo summary_table();

}  // namespace edgeflow
