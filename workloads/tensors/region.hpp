#pragma once
// A Region is a box of a tensor: what is computed, kept and moved. Volumes, intersections and
// differences are its only arithmetic.

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace edgeflow {

/// The axes of a box. A feature map is (channel, row, column); a token sequence is
/// (feature, token, 1).
enum class Axis : std::uint8_t { kChannel = 0, kRow = 1, kColumn = 2 };
inline constexpr std::array<Axis, 3> kAxes{Axis::kChannel, Axis::kRow, Axis::kColumn};

/// Half-open range [begin, end) of indices along one axis.
struct Range {
  std::int64_t begin = 0;
  std::int64_t end = 0;

  std::int64_t size() const { return end > begin ? end - begin : 0; }
  bool empty() const { return end <= begin; }
  bool contains(const Range& other) const {
    return other.empty() || (begin <= other.begin && other.end <= end);
  }
  friend bool operator==(const Range&, const Range&) = default;
};

inline Range intersect(const Range& a, const Range& b) {
  return {std::max(a.begin, b.begin), std::min(a.end, b.end)};
}

/// A box: one range per axis. Empty if any range is empty.
struct Region {
  Range channel;
  Range row;
  Range column;

  const Range& operator[](Axis axis) const {
    return axis == Axis::kChannel ? channel : axis == Axis::kRow ? row : column;
  }
  Range& operator[](Axis axis) {
    return axis == Axis::kChannel ? channel : axis == Axis::kRow ? row : column;
  }
  bool empty() const { return channel.empty() || row.empty() || column.empty(); }
  /// Number of elements.
  std::int64_t volume() const { return empty() ? 0 : channel.size() * row.size() * column.size(); }
  bool contains(const Region& other) const {
    return other.empty() || (channel.contains(other.channel) && row.contains(other.row) &&
                             column.contains(other.column));
  }
  friend bool operator==(const Region&, const Region&) = default;
};

/// The whole box of a tensor with these extents.
inline Region whole_region(std::int64_t channels, std::int64_t rows, std::int64_t columns) {
  return {{0, channels}, {0, rows}, {0, columns}};
}

/// The box that both contain; empty if they do not meet.
inline Region intersect(const Region& a, const Region& b) {
  return {intersect(a.channel, b.channel), intersect(a.row, b.row), intersect(a.column, b.column)};
}

/// The smallest box that contains both; an empty one does not count.
Region hull(const Region& a, const Region& b);

/// `from` without `minus`: at most six disjoint boxes, none empty, appended to `out`.
void subtract(const Region& from, const Region& minus, std::vector<Region>& out);

/// What of `target` the boxes of `cover` leave uncovered, as disjoint boxes.
std::vector<Region> uncovered(const Region& target, std::span<const Region> cover);

/// Number of elements in the union of boxes, each counted once.
std::int64_t union_volume(std::span<const Region> boxes);

/// "c0:64 r0:56 w0:56", for messages and tables.
std::string to_string(const Region& region);

}  // namespace edgeflow
