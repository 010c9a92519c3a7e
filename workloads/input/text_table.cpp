#include "workloads/input/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace edgeflow {
namespace {

/// Characters, not bytes: the names of users' files may hold any.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char letter) {
    return (static_cast<unsigned char>(letter) & 0xC0U) != 0x80U;
  }));
}

}  // namespace

std::string aligned(const std::vector<std::vector<std::string>>& rows, std::string_view alignment) {
  std::vector<std::size_t> widths(alignment.size(), 0);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - width(row[i]), ' ');
      line += alignment[i] == 'r' ? padding + row[i] : row[i] + padding;
      line += "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string with_prefix(double value) {
  constexpr std::array<const char*, 5> kPrefixes{"", " k", " M", " G", " T"};
  std::size_t prefix = 0;
  while (value >= 9999.5 && prefix + 1 < kPrefixes.size()) {
    value /= 1000;
    ++prefix;
  }
  return prefix == 0 ? fmt::format("{:g}", value)
                     : fmt::format("{:.4g}{}", value, kPrefixes[prefix]);
}

}  // namespace edgeflow
