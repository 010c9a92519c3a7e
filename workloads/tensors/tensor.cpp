#include <limits>
#include <stdexcept>

#include "workloads/tensors/tensor.hpp"

namespace edgeflow {

bool Tensor::axis_of(std::size_t dim, Axis& axis) const {
  for (Axis candidate : kAxes) {
    if (spans[dim] != axis_bit(candidate)) continue;
    for (std::size_t other = 0; other < spans.size(); ++other) {
      if (other != dim && dims[other] > 1 && has_axis(spans[other], candidate)) return false;
    }
    axis = candidate;
    return true;
  }
  return false;
}

Tensor make_tensor(std::vector<std::int64_t> dims) {
  // Positions and byte counts must fit 64 bits with room for sums.
  constexpr std::int64_t kMaxElements = std::int64_t{1} << 40;
  if (dims.size() > kMaxRank) throw std::invalid_argument("a tensor has more than 16 dimensions");
  std::int64_t volume = 1;
  for (std::int64_t dim : dims) {
    if (dim < 1) throw std::invalid_argument("every dimension must be at least 1");
    if (dim > kMaxElements / volume) {
      throw std::invalid_argument("a tensor has more than 2^40 elements");
    }
    volume *= dim;
  }
  Tensor tensor;
  std::array<std::int64_t, 3> extent{1, 1, 1};
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const Axis axis = default_axis(i, dims.size());
    extent[static_cast<std::size_t>(axis)] *= dims[i];
    tensor.spans.push_back(axis_bit(axis));
  }
  tensor.dims = std::move(dims);
  tensor.box = whole_region(extent[0], extent[1], extent[2]);
  return tensor;
}

}  // namespace edgeflow
