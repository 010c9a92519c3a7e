#pragma once
// The tables over all runs: runs.csv, streams.csv and timing.csv.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/jobs/job.hpp"
#include "experiments/jobs/report.hpp"
#include "experiments/results/axis_columns.hpp"
#include "experiments/results/record.hpp"
#include "experiments/results/table.hpp"

namespace edgeflow {

/// In the order of the file. New columns are only ever appended.
std::span<const Column<RunReport>> columns();

/// Of runs.csv and summary.csv: raised when a column changes its meaning, not when one is added.
inline constexpr std::string_view kTableSchema = "1";
inline constexpr ColumnInfo kSchema{"schema", "",
                                    "version of the table's format; after it, of each axis of "
                                    "quantities its values as numbers in SI "
                                    "units, such as cluster.network.bandwidth_Bps (byte/s; also "
                                    "_s, _bytes, _rps, _MACps, _W, _ratio)"};

/// The first line of runs.csv for a sweep along `axes` with these units (axis_columns.hpp), and a
/// run's line.
std::string runs_header(std::span<const std::string> axes, std::span<const std::string> units);
std::string runs_row(const Record& record, std::span<const std::string> units);

/// The columns of streams.csv by name: "stream", then some of columns() with the figures of the
/// requests of one stream.
std::span<const std::string_view> stream_columns();
/// The position of one of them.
std::size_t stream_column(std::string_view name);
/// The cells of a stream's report in that order.
std::vector<std::string> stream_cells(const RunReport& stream);
/// The first line of streams.csv, and the lines of a run: the streams' after its index and id.
std::string streams_header();
std::string streams_rows(const Record& record);

/// The first line of timing.csv, and a run's line.
std::string timing_header();
std::string timing_row(const RunReport& report);

/// What their columns mean.
std::vector<TableInfo> report_tables();

}  // namespace edgeflow
