// Shape rules that constants and activations share, after the ONNX operator definitions.

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "workloads/onnx/constants.hpp"
#include "workloads/operators/layer.hpp"

namespace edgeflow::onnx_reader {

std::int64_t volume_of(const Dims& dims) {
  constexpr std::int64_t kMaxElements = std::int64_t{1} << 40;
  if (dims.size() > kMaxRank) throw std::invalid_argument("more than 16 dimensions");
  std::int64_t volume = 1;
  bool empty = false;
  for (std::int64_t dim : dims) {
    if (dim < 0) throw std::invalid_argument("a dimension is negative");
    if (dim == 0) empty = true;
    if (dim > kMaxElements / volume) throw std::invalid_argument("more than 2^40 elements");
    volume *= std::max<std::int64_t>(dim, 1);
  }
  return empty ? 0 : volume;
}

std::size_t to_axis(std::int64_t axis, std::size_t rank) {
  const auto count = static_cast<std::int64_t>(rank);
  if (axis < -count || axis >= count) {
    throw std::invalid_argument(
        fmt::format("axis {} is not one of the tensor's {} dimensions", axis, rank));
  }
  return static_cast<std::size_t>(axis < 0 ? axis + count : axis);
}

Dims broadcast(const Dims& a, const Dims& b) {
  Dims result = a.size() >= b.size() ? a : b;
  const Dims& other = a.size() >= b.size() ? b : a;
  const std::size_t shift = result.size() - other.size();
  for (std::size_t i = 0; i < other.size(); ++i) {
    std::int64_t& dim = result[i + shift];
    if (dim != other[i] && dim != 1 && other[i] != 1) {
      throw std::invalid_argument(fmt::format("shapes [{}] and [{}] do not broadcast",
                                              fmt::join(a, ","), fmt::join(b, ",")));
    }
    if (dim == 1) dim = other[i];
  }
  volume_of(result);
  return result;
}

Dims reshaped(const Dims& from, const Dims& target, bool allow_zero) {
  const std::int64_t volume = volume_of(from);
  Dims dims = target;
  std::int64_t rest = 1;
  std::ptrdiff_t open = -1;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 0 && !allow_zero) {
      if (i >= from.size()) throw std::invalid_argument("a 0 in the shape copies no dimension");
      dims[i] = from[i];
    }
    if (dims[i] == -1) {
      if (open >= 0) throw std::invalid_argument("the shape has two dimensions of -1");
      open = static_cast<std::ptrdiff_t>(i);
      dims[i] = 1;
    }
  }
  rest = volume_of(dims);
  if (open >= 0 && rest > 0) dims[static_cast<std::size_t>(open)] = volume / rest;
  if (volume_of(dims) != volume) {
    throw std::invalid_argument(fmt::format("[{}] cannot be reshaped to [{}]", fmt::join(from, ","),
                                            fmt::join(target, ",")));
  }
  return dims;
}

Dims flattened(const Dims& from, std::int64_t axis) {
  const auto rank = static_cast<std::int64_t>(from.size());
  const std::size_t cut = axis == rank ? from.size() : to_axis(axis, from.size());
  const auto middle = from.begin() + static_cast<std::ptrdiff_t>(cut);
  return {volume_of({from.begin(), middle}), volume_of({middle, from.end()})};
}

Dims squeezed(const Dims& from, const std::optional<Dims>& axes) {
  std::vector<bool> gone(from.size(), false);
  if (!axes) {
    for (std::size_t i = 0; i < from.size(); ++i) gone[i] = from[i] == 1;
  } else {
    for (std::int64_t axis : *axes) {
      const std::size_t i = to_axis(axis, from.size());
      if (from[i] != 1) {
        throw std::invalid_argument(
            fmt::format("dimension {} of [{}] is not 1", i, fmt::join(from, ",")));
      }
      gone[i] = true;
    }
  }
  Dims dims;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (!gone[i]) dims.push_back(from[i]);
  }
  return dims;
}

Dims unsqueezed(const Dims& from, const Dims& axes) {
  const std::size_t rank = from.size() + axes.size();
  if (rank > kMaxRank) throw std::invalid_argument("more than 16 dimensions");
  std::vector<bool> added(rank, false);
  for (std::int64_t axis : axes) {
    const std::size_t i = to_axis(axis, rank);
    if (added[i]) throw std::invalid_argument("an axis is named twice");
    added[i] = true;
  }
  Dims dims;
  std::size_t next = 0;
  for (std::size_t i = 0; i < rank; ++i) dims.push_back(added[i] ? 1 : from[next++]);
  return dims;
}

std::optional<Dims> list_of(const Node& node, std::string_view key,
                            std::span<const Constant* const> inputs, std::size_t place) {
  if (const Dims* attribute = node.integers(key)) return *attribute;
  if (place < node.inputs.size() && !node.inputs[place].empty()) {
    if (place >= inputs.size() || inputs[place] == nullptr) {
      throw std::invalid_argument(fmt::format("its {} depend on the model's input", key));
    }
    return inputs[place]->integers();
  }
  return std::nullopt;
}

std::int64_t SliceRange::size() const {
  return step > 0 ? std::max<std::int64_t>((stop - start + step - 1) / step, 0)
                  : std::max<std::int64_t>((start - stop - step - 1) / -step, 0);
}

std::vector<SliceRange> slice_ranges(const Node& node, const Dims& dims,
                                     std::span<const Constant* const> inputs) {
  const Dims starts = list_of(node, "starts", inputs, 1).value_or(Dims{});
  const Dims ends = list_of(node, "ends", inputs, 2).value_or(Dims{});
  Dims axes;
  for (std::size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  axes = list_of(node, "axes", inputs, 3).value_or(axes);
  const Dims steps = list_of(node, "steps", inputs, 4).value_or(Dims(starts.size(), 1));
  if (ends.size() != starts.size() || axes.size() != starts.size() ||
      steps.size() != starts.size()) {
    throw std::invalid_argument("starts, ends, axes and steps have different lengths");
  }
  std::vector<SliceRange> ranges;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    constexpr std::int64_t kFar = std::int64_t{1} << 40;
    const std::size_t axis = to_axis(axes[i], dims.size());
    const std::int64_t extent = dims[axis];
    const std::int64_t step = std::clamp(steps[i], -kFar, kFar);
    if (step == 0) throw std::invalid_argument("a step is 0");
    auto place = [&](std::int64_t index, std::int64_t low, std::int64_t high) {
      if (index < 0) index = std::max(index, -2 * kFar) + extent;
      return std::clamp(index, low, high);
    };
    const std::int64_t down = step < 0 ? 1 : 0;
    ranges.push_back(
        {axis, place(starts[i], 0, extent - down), place(ends[i], -down, extent - down), step});
  }
  return ranges;
}

Dims permutation_of(const Node& node, std::size_t rank) {
  Dims in_order;
  for (std::size_t i = 0; i < rank; ++i) in_order.push_back(static_cast<std::int64_t>(i));
  const Dims* given = node.integers("perm");
  if (given == nullptr) return {in_order.rbegin(), in_order.rend()};
  Dims sorted = *given;
  std::sort(sorted.begin(), sorted.end());
  if (sorted != in_order) {
    throw std::invalid_argument(
        fmt::format("perm [{}] is not a permutation of the dimensions", fmt::join(*given, ",")));
  }
  return *given;
}

Dims split_sizes(const Node& node, std::int64_t extent, std::span<const Constant* const> inputs) {
  const auto parts = static_cast<std::int64_t>(node.outputs.size());
  if (parts == 0) throw std::invalid_argument("it has no outputs");
  std::optional<Dims> sizes = list_of(node, "split", inputs, 1);
  if (!sizes) {
    if (extent % parts != 0) {
      throw std::invalid_argument(fmt::format("{} cannot be split {} ways", extent, parts));
    }
    sizes = Dims(static_cast<std::size_t>(parts), extent / parts);
  }
  std::int64_t sum = 0;
  for (std::int64_t size : *sizes) {
    if (size < 0 || size > extent) throw std::invalid_argument("a part has a wrong size");
    sum += size;
  }
  if (static_cast<std::int64_t>(sizes->size()) != parts || sum != extent) {
    throw std::invalid_argument(
        fmt::format("parts [{}] do not make up {}", fmt::join(*sizes, ","), extent));
  }
  return *sizes;
}

}  // namespace edgeflow::onnx_reader
