#pragma once
// Evaluates the parts of an ONNX graph that depend on no input: shape arithmetic, indices, weights
// that are moved about before use.

#include <optional>
#include <span>
#include <vector>

#include "workloads/onnx/file.hpp"

namespace edgeflow::onnx_reader {

/// How many elements may still be evaluated; beyond that only dims are.
struct Budget {
  std::int64_t elements = std::int64_t{1} << 22;
};

/// Outputs of `node` if it is an operator that can be evaluated. Inputs that are not given are
/// nullptr. Throws std::invalid_argument if they make no sense.
std::optional<std::vector<Constant>> evaluate(const Node& node,
                                              std::span<const Constant* const> inputs, int opset,
                                              Budget& budget);

// Shape rules that constants and activations share. All throw std::invalid_argument.

/// Index of a dimension; negative ones count from the end.
std::size_t to_axis(std::int64_t axis, std::size_t rank);
Dims broadcast(const Dims& a, const Dims& b);
/// The dims that Reshape with these numbers gives: 0 copies, -1 is what is left.
Dims reshaped(const Dims& from, const Dims& target, bool allow_zero);
Dims flattened(const Dims& from, std::int64_t axis);
Dims squeezed(const Dims& from, const std::optional<Dims>& axes);
Dims unsqueezed(const Dims& from, const Dims& axes);

/// A list that older operator sets have as attribute `key` and newer ones as input `place`.
std::optional<Dims> list_of(const Node& node, std::string_view key,
                            std::span<const Constant* const> inputs, std::size_t place);

/// One dimension of a Slice, normalised: indices start, start + step, ... below stop.
struct SliceRange {
  std::size_t axis = 0;
  std::int64_t start = 0, stop = 0, step = 1;
  std::int64_t size() const;
};
std::vector<SliceRange> slice_ranges(const Node& node, const Dims& dims,
                                     std::span<const Constant* const> inputs);

/// The order of dimensions that a Transpose gives, reversed unless it says which.
Dims permutation_of(const Node& node, std::size_t rank);

/// Extents of the parts of a Split.
Dims split_sizes(const Node& node, std::int64_t extent, std::span<const Constant* const> inputs);

}  // namespace edgeflow::onnx_reader
