#include "workloads/tensors/index_ranges.hpp"

#include <algorithm>

namespace edgeflow::rules {
namespace {

bool is_single(AxisSet span) { return (span & (span - 1)) == 0; }

/// Of the indices `part` of a dimension that runs in digits, those of the digit worth `inner`
/// (several digits of `size` values follow if `size` < extent).
Range leading(const Range& part, std::int64_t inner) {
  return {part.begin / inner, (part.end - 1) / inner + 1};
}

/// What is left for the digits below: exact if one leading value holds all of `part`.
Range trailing(const Range& part, std::int64_t inner) {
  if (part.begin / inner != (part.end - 1) / inner) return {0, inner};
  return {part.begin % inner, (part.end - 1) % inner + 1};
}

}  // namespace

IndexRanges::IndexRanges(const Tensor& tensor) : rank_(tensor.dims.size()), box_(tensor.box) {
  for (std::size_t i = 0; i < rank_; ++i) {
    dims_[i] = tensor.dims[i];
    spans_[i] = tensor.spans[i];
    ranges_[i] = {0, dims_[i]};
  }
}

IndexRanges::IndexRanges(std::span<const std::int64_t> dims) : rank_(dims.size()) {
  for (std::size_t i = 0; i < rank_; ++i) {
    dims_[i] = dims[i];
    ranges_[i] = {0, dims_[i]};
    spans_[i] = axis_bit(default_axis(i, rank_));
  }
  fit();
}

IndexRanges IndexRanges::in_default_box(std::size_t i, std::int64_t size) const {
  std::array<std::int64_t, kMaxRank> dims = dims_;
  dims[i] = size;
  return IndexRanges(std::span<const std::int64_t>(dims.data(), rank_));
}

void IndexRanges::resize(std::size_t i, std::int64_t size) {
  dims_[i] = size;
  ranges_[i] = {0, size};
  fit();
}

void IndexRanges::fit() {
  std::array<std::int64_t, 3> extent{1, 1, 1};
  for (std::size_t i = 0; i < rank_; ++i) {
    for (Axis axis : kAxes) {
      if (has_axis(spans_[i], axis)) extent[static_cast<std::size_t>(axis)] *= dims_[i];
    }
  }
  box_ = whole_region(extent[0], extent[1], extent[2]);
}

bool IndexRanges::single_axes() const {
  return std::all_of(spans_.begin(), spans_.begin() + static_cast<std::ptrdiff_t>(rank_),
                     is_single);
}

/// True if dimension `i` runs along several axes, in order, and no other dimension along these.
bool IndexRanges::counts_alone(std::size_t i) const {
  if ((spans_[i] & kUnordered) != 0) return false;
  for (std::size_t other = 0; other < rank_; ++other) {
    if (other != i && dims_[other] > 1 && (spans_[other] & spans_[i]) != 0) return false;
  }
  return true;
}

/// The axes that some dimension runs along together with others.
AxisSet IndexRanges::mixed_axes() const {
  AxisSet mixed = 0;
  for (std::size_t i = 0; i < rank_; ++i) {
    if (dims_[i] > 1 && !is_single(spans_[i])) mixed = static_cast<AxisSet>(mixed | spans_[i]);
  }
  return mixed;
}

void IndexRanges::select_single(Axis axis, Range part) {
  for (std::size_t i = rank_; i-- > 0;) {
    if (dims_[i] == 1 || spans_[i] != axis_bit(axis)) continue;
    ranges_[i] = trailing(part, dims_[i]);
    part = leading(part, dims_[i]);
  }
}

void IndexRanges::select_several(std::size_t i, const Region& part) {
  Range range{0, 1};
  for (Axis axis : kAxes) {
    if (!has_axis(spans_[i], axis)) continue;
    const std::int64_t extent = box_[axis].end;
    range = {range.begin * extent + part[axis].begin, (range.end - 1) * extent + part[axis].end};
  }
  ranges_[i] = range;
}

void IndexRanges::select(const Region& part) {
  const AxisSet mixed = mixed_axes();
  for (std::size_t i = 0; i < rank_; ++i) {
    ranges_[i] = {0, dims_[i]};
    if (dims_[i] > 1 && !is_single(spans_[i]) && counts_alone(i)) select_several(i, part);
  }
  for (Axis axis : kAxes) {
    if (!has_axis(mixed, axis)) select_single(axis, part[axis]);
  }
}

void IndexRanges::cover_several(std::size_t i, Region& box) const {
  std::int64_t inner = dims_[i];
  Range rest = ranges_[i];
  for (Axis axis : kAxes) {
    if (!has_axis(spans_[i], axis)) continue;
    inner /= box_[axis].end;
    box[axis] = leading(rest, inner);
    rest = trailing(rest, inner);
  }
}

Region IndexRanges::cover() const {
  Region box = box_;
  for (std::size_t i = 0; i < rank_; ++i) {
    if (ranges_[i].empty()) return {};
    if (dims_[i] > 1 && !is_single(spans_[i]) && counts_alone(i)) cover_several(i, box);
  }
  const AxisSet mixed = mixed_axes();
  for (Axis axis : kAxes) {
    if (has_axis(mixed, axis)) continue;
    Range range{0, 1};
    for (std::size_t i = 0; i < rank_; ++i) {
      if (dims_[i] == 1 || spans_[i] != axis_bit(axis)) continue;
      range = {range.begin * dims_[i] + ranges_[i].begin,
               (range.end - 1) * dims_[i] + ranges_[i].end};
    }
    box[axis] = range;
  }
  return box;
}

Tensor IndexRanges::tensor() const {
  Tensor result = make_tensor({dims_.begin(), dims_.begin() + static_cast<std::ptrdiff_t>(rank_)});
  result.spans.assign(spans_.begin(), spans_.begin() + static_cast<std::ptrdiff_t>(rank_));
  result.box = box_;
  return result;
}

}  // namespace edgeflow::rules
