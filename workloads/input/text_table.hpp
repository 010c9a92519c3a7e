#pragma once
// Tables for people.

#include <string>
#include <string_view>
#include <vector>

namespace edgeflow {

/// Rows of cells as aligned columns, two blanks between them. `alignment` has an 'l' or 'r' per
/// column; the last 'l' column is not padded. The first row is the header.
std::string aligned(const std::vector<std::vector<std::string>>& rows, std::string_view alignment);

/// "12.3 k", "4.5 M", "6.7 G": three digits or four.
std::string with_prefix(double value);

}  // namespace edgeflow
