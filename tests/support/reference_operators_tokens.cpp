// Products, normalisation, embeddings, reductions, resizing: see reference_operators.hpp.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "tests/support/reference_operators.hpp"

namespace edgeflow::reference {
namespace {

/// Calls `visit` with every index that equals `at` except along the dimensions that vary.
template <typename Visit>
void for_each_along(const std::vector<std::int64_t>& dims, const std::vector<bool>& varies,
                    Index at, Visit visit) {
  for (std::size_t i = 0; i < dims.size(); ++i) at[i] = varies[i] ? 0 : at[i];
  for (;;) {
    visit(at);
    std::size_t i = dims.size();
    while (i-- > 0) {
      if (!varies[i]) continue;
      if (++at[i] < dims[i]) break;
      at[i] = 0;
    }
    if (i == std::numeric_limits<std::size_t>::max()) return;
  }
}

/// A number below `count` that depends on all bits of a value.
std::int64_t lookup(float value, std::int64_t count) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return static_cast<std::int64_t>(bits) % count;
}

/// Keys' kernel with a = -0.75 (PyTorch's), for a distance below 2.
double cubic_weight(double x) {
  constexpr double a = -0.75;
  x = std::abs(x);
  return x <= 1 ? (a + 2) * x * x * x - (a + 3) * x * x + 1
                : a * x * x * x - 5 * a * x * x + 8 * a * x - 4 * a;
}

struct Tap {
  std::int64_t place;
  float weight;
};

/// Where output `o` of `size` lies in an input of `extent`, and what it mixes: torch.nn.functional.
/// interpolate and ONNX Resize. Positions are fractions of `whole`, so that they are exact.
std::vector<Tap> resize_taps(const Attributes& a, std::int64_t o, std::int64_t size,
                             std::int64_t extent) {
  std::int64_t parts = 2 * size;
  std::int64_t position = (2 * o + 1) * extent - size;  // half_pixel
  if (a.sampling == "asymmetric") position = 2 * o * extent;
  if (a.sampling == "align_corners") {
    parts = std::max<std::int64_t>(size - 1, 1);
    position = size == 1 ? 0 : o * (extent - 1);
  }
  if (a.interpolation != "bicubic") position = std::max<std::int64_t>(position, 0);
  const std::int64_t low = (position + 2 * parts) / parts - 2;  // floor, also below zero
  const double rest = static_cast<double>(position - low * parts) / static_cast<double>(parts);
  std::vector<Tap> taps;
  auto add = [&](std::int64_t place, double weight) {
    if (weight == 0) return;
    taps.push_back({std::clamp<std::int64_t>(place, 0, extent - 1), static_cast<float>(weight)});
  };
  if (a.interpolation == "nearest") {
    add(low + (a.sampling != "asymmetric" && rest > 0.5 ? 1 : 0), 1);
  } else if (a.interpolation == "bilinear") {
    add(low, 1 - rest);
    add(low + 1, rest);
  } else {
    for (std::int64_t i = -1; i <= 2; ++i) {
      // On a sample the others have no weight; the formula gives that up to rounding.
      add(low + i, rest == 0 ? (i == 0 ? 1 : 0) : cubic_weight(static_cast<double>(i) - rest));
    }
  }
  return taps;
}

}  // namespace

float RunnableLayer::matmul(const Index& at, std::span<const Input> in) const {
  const std::size_t rank = at.size();
  auto batch_index = [&](const Input& input) {
    const auto& dims = input.layout->dims;
    Index index(at.end() - static_cast<std::ptrdiff_t>(dims.size()), at.end());
    for (std::size_t i = 0; i + 2 < dims.size(); ++i) index[i] = dims[i] == 1 ? 0 : index[i];
    return index;
  };
  Index left = batch_index(in[0]);
  Index right = batch_index(in[1]);
  left[left.size() - 2] = at[rank - 2];
  right.back() = at[rank - 1];
  float sum = 0;
  for (std::int64_t k = 0; k < in[0].layout->dims.back(); ++k) {
    left.back() = k;
    right[right.size() - 2] = k;
    sum += in[0].at(left) * in[1].at(right);
  }
  return sum;
}

/// Layer norm over the dimensions from `dim` on, instance norm over all but the first.
float RunnableLayer::norm(const Index& at, std::size_t first_dim, const Input& in) const {
  const auto& dims = in.layout->dims;
  std::vector<bool> varies(dims.size(), false);
  std::fill(varies.begin() + static_cast<std::ptrdiff_t>(first_dim), varies.end(), true);
  std::vector<float> values;
  for_each_along(dims, varies, at, [&](const Index& i) { values.push_back(in.at(i)); });
  const auto count = static_cast<float>(values.size());
  const float mean = std::accumulate(values.begin(), values.end(), 0.0F) / count;
  float variance = 0;
  for (float value : values) variance += (value - mean) * (value - mean);
  return (in.at(at) - mean) / std::sqrt(variance / count + 1e-5F);
}

// ONNX LRN. How many neighbours count is not part of the model: here all, the most there can be.
float RunnableLayer::local_norm(const Index& at, const Input& in) const {
  float sum = 0;
  Index from = at;
  for (from[0] = 0; from[0] < in.layout->dims[0]; ++from[0]) sum += in.at(from) * in.at(from);
  return in.at(at) / std::sqrt(1 + 0.1F * sum);
}

float RunnableLayer::embedding(const Index& at, const Input& in) const {
  const std::int64_t entry =
      lookup(in.at(Index(at.begin(), at.end() - 1)), layer_->attributes.count);
  return made_up(key_, entry * layer_->attributes.out_channels + at.back());
}

float RunnableLayer::reduce(const Index& at, const Input& in) const {
  const Attributes& a = layer_->attributes;
  const auto& dims = in.layout->dims;
  std::vector<bool> varies(dims.size(), false);
  for (std::int64_t dim : a.dims) varies[static_cast<std::size_t>(dim)] = true;
  Index first;
  std::size_t next = 0;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (a.keep_dims) {
      first.push_back(at[i]);
    } else {
      first.push_back(varies[i] ? 0 : at[next++]);
    }
  }
  float sum = 0;
  float highest = -std::numeric_limits<float>::infinity();
  std::int64_t count = 0;
  for_each_along(dims, varies, first, [&](const Index& i) {
    const float value = in.at(i);
    sum += value;
    highest = value > highest || std::isnan(value) ? value : highest;
    ++count;
  });
  return a.function == "reduce_max" ? highest : sum / static_cast<float>(count);
}

/// Which index each output index takes is made up.
float RunnableLayer::gather(const Index& at, const Input& in) const {
  Index from = at;
  auto& place = from[static_cast<std::size_t>(layer_->attributes.dim)];
  const std::int64_t extent = in.layout->dims[static_cast<std::size_t>(layer_->attributes.dim)];
  place = lookup(made_up(key_, place), extent);
  return in.at(from);
}

float RunnableLayer::resize(const Index& at, const Input& in) const {
  const Attributes& a = layer_->attributes;
  const auto& dims = in.layout->dims;
  float sum = 0;
  for (const Tap& row : resize_taps(a, at[1], a.output_size[0], dims[1])) {
    for (const Tap& column : resize_taps(a, at[2], a.output_size[1], dims[2])) {
      sum += row.weight * column.weight * in.at({at[0], row.place, column.place});
    }
  }
  return sum;
}

/// Some function of everything.
float RunnableLayer::opaque(const Index& at, std::span<const Input> in) const {
  float sum = made_up(key_, flat_index(own_.dims, at));
  for (const Input& input : in) {
    const auto count = static_cast<std::int64_t>(input.layout->cells.size());
    for (std::int64_t i = 0; i < count; ++i) sum += 0.01F * made_up(key_, i) * input.flat(i);
  }
  return sum;
}

}  // namespace edgeflow::reference
