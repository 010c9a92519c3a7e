#pragma once
// The columns of a sweep's axes in tables over all runs: of each its values as they are written, and
// of those that are quantities, such as 100Mbps, also as numbers in SI units.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/jobs/job.hpp"
#include "experiments/results/table.hpp"

namespace edgeflow {

/// Axes get a column each after this one, named by their key path, unless the table has a column of
/// that name. At the table's end are the numbers: `cluster.network.bandwidth_Bps`.
inline constexpr std::string_view kColumnBeforeAxes = "strategy_options";

/// What tells the numbers of an axis: "Bps" if those of its texts that are quantities are all
/// bandwidths (quantity.hpp); "" if there are none, or of several kinds.
std::string unit_of_axis(std::span<const std::string> texts);

/// A line of a table with these columns: the first one, if `cells` are their names; or that of a run
/// with its `axes`. `units` are those of the axes by position; fewer, of before there were units.
std::string header_with_axes(std::span<const ColumnInfo> columns, std::span<const std::string> axes,
                             std::span<const std::string> units);
std::string line_with_axes(std::span<const ColumnInfo> columns, std::span<const std::string> cells,
                           const Axes& axes, std::span<const std::string> units);

}  // namespace edgeflow
