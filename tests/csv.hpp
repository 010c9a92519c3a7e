#pragma once
// Reads the tables in tests/data: lines of '#' are comments, the first other line names the
// columns, cells hold no commas or quotes.

#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/paths.hpp"

namespace edgeflow::test {

using Row = std::map<std::string, std::string>;

inline std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::string part;
  for (std::istringstream in(text); std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

/// Fails the test if `file` (relative to tests/data) is missing, empty or has a line of another
/// length than its head.
inline std::vector<Row> read_csv(const std::string& file) {
  std::ifstream in(data_folder() + "/" + file);
  REQUIRE_MESSAGE(in, file);
  std::vector<std::string> columns;
  std::vector<Row> rows;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('#')) continue;
    std::vector<std::string> cells = split(line, ',');
    if (line.ends_with(',')) cells.emplace_back();
    if (columns.empty()) {
      columns = cells;
      continue;
    }
    REQUIRE_MESSAGE(cells.size() == columns.size(), file, ": ", line);
    Row& row = rows.emplace_back();
    for (std::size_t i = 0; i < cells.size(); ++i) row[columns[i]] = cells[i];
  }
  REQUIRE_MESSAGE(!rows.empty(), file);
  return rows;
}

}  // namespace edgeflow::test
