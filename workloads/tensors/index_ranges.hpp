#pragma once
// Boxes as ranges of a tensor's dimensions and back: how operators that think in dimensions
// (matmul, concat, reduce, ...) find the box of an input that they need.

#include <array>
#include <span>

#include "workloads/tensors/tensor.hpp"

namespace edgeflow::rules {

/// Dimensions, the axes they run along, and a range of each. On the stack: planners ask millions of
/// times.
class IndexRanges {
 public:
  /// All indices of a tensor.
  explicit IndexRanges(const Tensor& tensor);
  /// All indices of the tensor make_tensor(dims).
  explicit IndexRanges(std::span<const std::int64_t> dims);

  /// All indices of the tensor with these dims but for dimension `i`, in its default box.
  IndexRanges in_default_box(std::size_t i, std::int64_t size) const;

  std::size_t rank() const { return rank_; }
  std::int64_t dim(std::size_t i) const { return dims_[i]; }
  Range& operator[](std::size_t i) { return ranges_[i]; }
  const Range& operator[](std::size_t i) const { return ranges_[i]; }

  /// Changes the size of a dimension, and the box with it.
  /// Precondition: single_axes().
  void resize(std::size_t i, std::int64_t size);
  /// Changes what dimension `i` runs along; call fit() after the last change.
  void set_span(std::size_t i, AxisSet span) { spans_[i] = span; }
  /// Recomputes the box. Precondition: single_axes().
  void fit();
  /// True if every dimension runs along one axis only.
  bool single_axes() const;

  /// Takes the smallest ranges that hold all elements of `part`, a box of the tensor.
  void select(const Region& part);
  /// The smallest box that holds the elements with these indices; empty if a range is.
  Region cover() const;
  const Region& box() const { return box_; }
  Tensor tensor() const;

 private:
  bool counts_alone(std::size_t i) const;
  AxisSet mixed_axes() const;
  void select_single(Axis axis, Range part);
  void select_several(std::size_t i, const Region& part);
  void cover_several(std::size_t i, Region& box) const;

  std::size_t rank_ = 0;
  std::array<std::int64_t, kMaxRank> dims_{};
  std::array<AxisSet, kMaxRank> spans_{};
  std::array<Range, kMaxRank> ranges_{};
  Region box_;
};

}  // namespace edgeflow::rules
