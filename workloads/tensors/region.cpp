#include "workloads/tensors/region.hpp"

#include <fmt/format.h>

namespace edgeflow {

Region hull(const Region& a, const Region& b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  Region both;
  for (Axis axis : kAxes) {
    both[axis] = {std::min(a[axis].begin, b[axis].begin), std::max(a[axis].end, b[axis].end)};
  }
  return both;
}

void subtract(const Region& from, const Region& minus, std::vector<Region>& out) {
  const Region common = intersect(from, minus);
  if (common.empty()) {
    if (!from.empty()) out.push_back(from);
    return;
  }
  Region rest = from;  // shrinks to `common`, one side at a time
  for (Axis axis : kAxes) {
    Region before = rest;
    before[axis].end = common[axis].begin;
    if (!before.empty()) out.push_back(before);
    Region after = rest;
    after[axis].begin = common[axis].end;
    if (!after.empty()) out.push_back(after);
    rest[axis] = common[axis];
  }
}

std::vector<Region> uncovered(const Region& target, std::span<const Region> cover) {
  std::vector<Region> rest;
  if (!target.empty()) rest.push_back(target);
  std::vector<Region> next;
  for (const Region& box : cover) {
    if (rest.empty()) break;
    next.clear();
    for (const Region& piece : rest) subtract(piece, box, next);
    rest.swap(next);
  }
  return rest;
}

std::int64_t union_volume(std::span<const Region> boxes) {
  std::int64_t volume = 0;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    for (const Region& piece : uncovered(boxes[i], boxes.first(i))) volume += piece.volume();
  }
  return volume;
}

std::string to_string(const Region& region) {
  return fmt::format("c{}:{} r{}:{} w{}:{}", region.channel.begin, region.channel.end,
                     region.row.begin, region.row.end, region.column.begin, region.column.end);
}

}  // namespace edgeflow
