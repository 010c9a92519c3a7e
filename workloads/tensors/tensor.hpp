#pragma once
// Tensors: dimensions as frameworks print them, and the box that they are cut in.

#include <cstdint>
#include <vector>

#include "workloads/tensors/region.hpp"

namespace edgeflow {

/// Set of box axes, a bit per axis; and kUnordered, see Tensor.
using AxisSet = std::uint8_t;
constexpr AxisSet axis_bit(Axis axis) {
  return static_cast<AxisSet>(1U << static_cast<unsigned>(axis));
}
constexpr bool has_axis(AxisSet set, Axis axis) { return (set & axis_bit(axis)) != 0; }
constexpr AxisSet kUnordered = 8;

/// A tensor as the framework prints it, and as the box that it is cut in.
///
/// `dims` leaves out the batch dimension, which is 1. The box has the same elements in a fixed
/// order; `spans[i]` says which box axes dimension i runs along. A feature map [C,H,W] is the box
/// (C,H,W); tokens [T,F] are (F,T,1); a reshape keeps the box of its input, so a flattened [C*H*W]
/// is still the box (C,H,W) and its one dimension spans all three axes. It runs along them in the
/// order channel, row, column, unless kUnordered is in its span.
struct Tensor {
  std::vector<std::int64_t> dims;
  std::vector<AxisSet> spans;
  Region box;

  std::int64_t volume() const { return box.volume(); }
  /// The axis that dimension `dim` alone runs along, all of it, so that a range of the dimension is
  /// a range of the axis; false if there is none.
  bool axis_of(std::size_t dim, Axis& axis) const;
};

/// The tensor with these dims in its default box: [F] -> (F,1,1), [T,F] -> (F,T,1),
/// [C,H,W] -> (C,H,W), more dims -> the last two are rows and columns, the rest channels. Throws
/// std::invalid_argument unless every dim is positive, there are at most kMaxRank of them and at
/// most 2^40 elements.
inline constexpr std::size_t kMaxRank = 16;
Tensor make_tensor(std::vector<std::int64_t> dims);
/// The axis that dimension `dim` of `rank` lies along in the default box.
constexpr Axis default_axis(std::size_t dim, std::size_t rank) {
  if (rank > 2 && dim == rank - 1) return Axis::kColumn;
  const bool row = rank == 2 ? dim == 0 : rank > 2 && dim == rank - 2;
  return row ? Axis::kRow : Axis::kChannel;
}

}  // namespace edgeflow
