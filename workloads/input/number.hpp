#pragma once
// Numbers as text: the same bytes for the same numbers on every machine.

#include <charconv>
#include <cmath>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>

namespace edgeflow {

/// The shortest text that reads back as the same double.
std::string number_text(double value);

/// The same with a unit of quantity.hpp behind.
inline std::string with_unit(double value, std::string_view unit) {
  return number_text(value).append(unit);
}

/// A finite number that is all of `text`.
template <typename Number = double>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
  if constexpr (std::floating_point<Number>) {
    if (!std::isfinite(value)) return std::nullopt;
  }
  return value;
}

}  // namespace edgeflow
