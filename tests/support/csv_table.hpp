#pragma once
// Reads tables that the program wrote.

#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/scratch.hpp"

namespace edgeflow::test {

/// Rows as cells by column.
using Table = std::vector<std::map<std::string, std::string>>;

/// Of cells without commas and quotes.
inline Table read_table(const std::filesystem::path& file) {
  std::istringstream text(read_text(file));
  std::vector<std::string> header;
  Table table;
  for (std::string line; std::getline(text, line);) {
    std::vector<std::string> cells;
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, ',');) cells.push_back(cell);
    if (header.empty()) {
      header = cells;
      continue;
    }
    cells.resize(header.size());
    auto& entry = table.emplace_back();
    for (std::size_t i = 0; i < cells.size(); ++i) entry[header[i]] = cells[i];
  }
  return table;
}

inline double sum_of(const Table& table, const std::string& column) {
  double sum = 0;
  for (const auto& row : table) sum += std::stod(row.at(column));
  return sum;
}

}  // namespace edgeflow::test
