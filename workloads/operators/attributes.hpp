#pragma once
// The attributes of operators, as model files have them. Adding one: a member of Attributes
// (layer.hpp), a row here, and its key in the rows of the operators that have it.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "workloads/operators/layer.hpp"

namespace edgeflow {

inline constexpr std::int64_t kMaxExtent = std::int64_t{1} << 31;

/// Its default is that of the member.
struct Attribute {
  using Number = std::int64_t Attributes::*;
  using Pair = std::array<std::int64_t, 2> Attributes::*;  // one number, or [rows, columns]
  using Pad = std::array<std::int64_t, 4> Attributes::*;   // or [top, left, bottom, right]
  using List = std::vector<std::int64_t> Attributes::*;
  using Flag = bool Attributes::*;
  using Choice = std::string Attributes::*;

  std::string_view key;
  std::variant<Number, Pair, Pad, List, Flag, Choice> member;
  std::string_view meaning;
  std::int64_t min = 0;  // of every number
  std::int64_t max = kMaxExtent;
  bool needed = false;   // by operators that have it
  bool written = false;  // even where it is the default
  std::span<const std::string_view> choices = {};
};

/// All of them.
std::span<const Attribute> attribute_table();

/// Precondition: there is one of this key.
const Attribute& attribute_of(std::string_view key);

}  // namespace edgeflow
