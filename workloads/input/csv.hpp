#pragma once
// Tables as CSV text (RFC 4180 with \n): the same bytes for the same numbers on every machine.

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace edgeflow {

/// The shortest text that reads back as the same double.
std::string number_text(double value);

/// The same; empty for nothing, infinities and NaN: not applicable.
std::string cell(std::optional<double> value);

/// A count, and 1 or 0 for yes or no; empty for nothing.
std::string count_cell(std::optional<std::int64_t> value);
std::string flag_cell(std::optional<bool> value);

/// Quotes `text` if it holds a comma, a quote or a line break.
std::string csv_quoted(std::string_view text);

/// One line of a table, cells quoted where they must be.
std::string csv_row(std::span<const std::string> cells);
std::string csv_row(std::initializer_list<std::string> cells);

/// The cells of a line of plain numbers and names, none of them quoted.
std::vector<std::string> csv_cells(const std::string& line);

/// A finite number that is all of `text`.
std::optional<double> parse_number(const std::string& text);

}  // namespace edgeflow
