#pragma once
// The tables over all runs: runs.csv, streams.csv and timing.csv.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/jobs/job.hpp"
#include "experiments/jobs/report.hpp"
#include "experiments/results/record.hpp"
#include "experiments/results/table.hpp"

namespace edgeflow {

/// In the order of the file. New columns are only ever appended.
std::span<const Column<RunReport>> columns();

/// Sweep axes get a column each after this one, named by their key path, unless a column of the
/// table has that name already.
inline constexpr std::string_view kColumnBeforeAxes = "strategy_options";

std::string runs_csv(std::span<const Record> records, std::span<const std::string> axes);

/// The columns of streams.csv by name: "stream", then some of columns() with the figures of the
/// requests of one stream.
std::span<const std::string_view> stream_columns();
/// The cells of a stream's report in that order.
std::vector<std::string> stream_cells(const RunReport& stream);
/// A row per stream of the runs, after the index and id of the run. Empty if none has streams.
std::string streams_csv(std::span<const Record> records);

/// Wall-clock figures of a run as a table of one row, and its header.
std::string timing_csv(const RunReport& report);
std::string timing_header();

/// What their columns mean.
std::vector<TableInfo> report_tables();

}  // namespace edgeflow
