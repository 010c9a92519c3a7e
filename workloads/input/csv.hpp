#pragma once
// Tables as CSV text (RFC 4180), written with \n: the same bytes for the same numbers on every
// machine.

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "workloads/input/error.hpp"
#include "workloads/input/number.hpp"

namespace edgeflow {

/// number_text, but empty for nothing, infinities and NaN: not applicable.
std::string cell(std::optional<double> value);

/// A count, and 1 or 0 for yes or no; empty for nothing.
std::string count_cell(std::optional<std::int64_t> value);
std::string flag_cell(std::optional<bool> value);

/// Quotes `text` if it holds a comma, a quote or a line break.
std::string csv_quoted(std::string_view text);

/// One line of a table, cells quoted where they must be.
std::string csv_row(std::span<const std::string> cells);
std::string csv_row(std::initializer_list<std::string> cells);

/// Reads a table row by row. The first row names the columns. Lines end in \n or \r\n; those that
/// are empty or start with # are skipped. A cell in double quotes may hold commas, line breaks and,
/// written twice, quotes; quotes inside a cell without them stand for themselves.
class CsvReader {
 public:
  /// Reads the names of the columns. Throws InputError, as read_input does.
  explicit CsvReader(const std::filesystem::path& file);

  /// Where the column of this name stands, if there is one.
  std::optional<std::size_t> column(std::string_view name) const;
  std::size_t columns() const { return names_.size(); }

  /// Goes to the next row; false if there is none. Throws InputError at a quote that does not end
  /// or is followed by more than the cell's end.
  bool next();
  std::size_t cells() const { return cells_.size(); }
  /// Of this row; empty beyond its cells.
  const std::string& text(std::size_t cell) const;

  /// Of this row (after the constructor: of the names), and of one of its cells.
  Position position() const { return {file_, row_line_, 1}; }
  Position position(std::size_t cell) const;

 private:
  struct Cell {
    std::string text;
    int line = 0;
    int column = 0;
  };

  bool read_line();
  void read_cells();
  /// Reads a quoted cell that starts at `at`, and returns where it ends.
  std::size_t read_quoted(std::size_t at, Cell& cell);

  std::string file_;
  std::istringstream stream_;
  std::string line_;
  int line_number_ = 0;
  int row_line_ = 1;
  std::vector<std::string> names_;
  std::vector<Cell> cells_;
};

}  // namespace edgeflow
