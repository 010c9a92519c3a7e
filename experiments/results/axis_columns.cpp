#include "experiments/results/axis_columns.hpp"

#include <algorithm>

#include "workloads/input/csv.hpp"
#include "workloads/input/quantity.hpp"

namespace edgeflow {
namespace {

/// Puts the cells of axes in their places; of axes beyond `units` there are no numbers.
std::string with_axes(std::span<const ColumnInfo> columns, std::span<const std::string> cells,
                      const Axes& axes, std::span<const std::string> units,
                      std::string (*number)(const std::pair<std::string, std::string>& axis,
                                            const std::string& unit)) {
  const auto is_new = [&](const auto& axis) {
    return std::ranges::find(columns, axis.first, &ColumnInfo::name) == columns.end();
  };
  std::vector<std::string> row;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    row.push_back(cells[c]);
    if (columns[c].name != kColumnBeforeAxes) continue;
    for (const auto& axis : axes) {
      if (is_new(axis)) row.push_back(axis.second);
    }
  }
  for (std::size_t a = 0; a < std::min(axes.size(), units.size()); ++a) {
    if (is_new(axes[a]) && !units[a].empty()) row.push_back(number(axes[a], units[a]));
  }
  return csv_row(row);
}

}  // namespace

std::string unit_of_axis(std::span<const std::string> texts) {
  std::string_view unit;
  for (const std::string& text : texts) {
    const auto kind = quantity_kind(text);
    if (!kind) continue;
    if (!unit.empty() && unit != column_suffix(*kind)) return "";
    unit = column_suffix(*kind);
  }
  return std::string(unit);
}

std::string header_with_axes(std::span<const ColumnInfo> columns, std::span<const std::string> axes,
                             std::span<const std::string> units) {
  std::vector<std::string> names;
  for (const ColumnInfo& column : columns) names.emplace_back(column.name);
  Axes named;
  for (const std::string& axis : axes) named.emplace_back(axis, axis);
  return with_axes(columns, names, named, units,
                   [](const auto& axis, const auto& unit) { return axis.first + "_" + unit; });
}

std::string line_with_axes(std::span<const ColumnInfo> columns, std::span<const std::string> cells,
                           const Axes& axes, std::span<const std::string> units) {
  return with_axes(columns, cells, axes, units, [](const auto& axis, const auto&) {
    const auto kind = quantity_kind(axis.second);
    return kind ? cell(parse_quantity(axis.second, *kind)) : std::string();
  });
}

}  // namespace edgeflow
