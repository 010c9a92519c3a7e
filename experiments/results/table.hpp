#pragma once
// Tables of results: what each column is called, means and holds stands in one place, from which come
// the header, the rows and `edgeflow list columns`.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "workloads/input/csv.hpp"

namespace edgeflow {

struct ColumnInfo {
  std::string_view name;
  std::string_view unit;     // "" for none
  std::string_view meaning;  // a formula where there is one
};

template <typename Row>
struct Column {
  ColumnInfo info;
  std::string (*cell)(const Row& row);
};

/// A table of the results folder as `edgeflow list columns` explains it.
struct TableInfo {
  std::string_view file;
  std::string_view row;  // what one stands for
  std::vector<ColumnInfo> columns;
};

template <typename Row>
std::vector<ColumnInfo> infos(std::span<const Column<Row>> columns) {
  std::vector<ColumnInfo> all;
  for (const Column<Row>& column : columns) all.push_back(column.info);
  return all;
}

/// The first line of a table.
template <typename Row>
std::string header(std::span<const Column<Row>> columns) {
  std::vector<std::string> cells;
  for (const Column<Row>& column : columns) cells.emplace_back(column.info.name);
  return csv_row(cells);
}

/// The line of a row.
template <typename Row>
std::string line(std::span<const Column<Row>> columns, const Row& row) {
  std::vector<std::string> cells;
  for (const Column<Row>& column : columns) cells.push_back(column.cell(row));
  return csv_row(cells);
}

/// All tables that runs and sweeps write, in the order of explanation.
std::vector<TableInfo> result_tables();

}  // namespace edgeflow
