// Operators that only move elements about.

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "workloads/operators/rules.hpp"
#include "workloads/tensors/index_ranges.hpp"

namespace edgeflow::rules {
namespace {

/// Recomputes the box of a tensor whose dims each run along one axis.
void fit_box(Tensor& tensor) {
  std::array<std::int64_t, 3> extent{1, 1, 1};
  for (std::size_t i = 0; i < tensor.dims.size(); ++i) {
    for (Axis axis : kAxes) {
      if (has_axis(tensor.spans[i], axis)) extent[static_cast<std::size_t>(axis)] *= tensor.dims[i];
    }
  }
  tensor.box = whole_region(extent[0], extent[1], extent[2]);
}

bool single_axes(const Tensor& tensor) {
  return std::all_of(tensor.spans.begin(), tensor.spans.end(),
                     [](AxisSet set) { return (set & (set - 1)) == 0; });
}

/// True if all inputs of a concat lie along the same single axes: then other axes than that of the
/// joined dimension keep their ranges.
bool joins_axes(const Layer& layer) {
  const Tensor& first = layer.input_tensors[0];
  return single_axes(first) &&
         std::all_of(layer.input_tensors.begin(), layer.input_tensors.end(),
                     [&](const Tensor& tensor) { return tensor.spans == first.spans; });
}

/// True if all inputs of a concat lie along the same axes, so that joining them along `dim` joins
/// their boxes along `axis`.
bool joins_boxes(const Layer& layer, std::size_t dim, Axis& axis) {
  const Tensor& first = layer.input_tensors[0];
  if (!first.axis_of(dim, axis)) return false;
  for (const Tensor& tensor : layer.input_tensors) {
    if (tensor.spans != first.spans) return false;
    for (Axis other : kAxes) {
      if (other != axis && tensor.box[other] != first.box[other]) return false;
    }
  }
  return true;
}

/// The axes along which a transpose changes the order of two dimensions that share the axis.
AxisSet reordered_axes(const Tensor& in, std::span<const std::int64_t> permutation) {
  AxisSet reordered = 0;
  for (std::size_t i = 0; i < permutation.size(); ++i) {
    for (std::size_t j = i + 1; j < permutation.size(); ++j) {
      const auto a = static_cast<std::size_t>(permutation[i]);
      const auto b = static_cast<std::size_t>(permutation[j]);
      if (a > b && in.dims[a] > 1 && in.dims[b] > 1) {
        reordered = static_cast<AxisSet>(reordered | (in.spans[a] & in.spans[b]));
      }
    }
  }
  return reordered;
}

void infer_concat(Layer& layer) {
  const std::size_t dim = require_dim(layer);
  const Tensor& first = layer.input_tensors[0];
  std::vector<std::int64_t> dims = first.dims;
  dims[dim] = 0;
  for (const Tensor& tensor : layer.input_tensors) {
    bool fits = tensor.dims.size() == dims.size();
    for (std::size_t i = 0; fits && i < dims.size(); ++i) {
      fits = i == dim || tensor.dims[i] == dims[i];
    }
    if (!fits) {
      throw std::invalid_argument(fmt::format("shapes [{}] and [{}] do not join along dim {}",
                                              fmt::join(first.dims, ","),
                                              fmt::join(tensor.dims, ","), dim));
    }
    dims[dim] += tensor.dims[dim];
  }
  if (layer.attributes.before < 0 || layer.attributes.after < 0) {
    throw std::invalid_argument("before and after must be at least 0");
  }
  dims[dim] += layer.attributes.before + layer.attributes.after;
  set_params(layer, layer.attributes.params);
  Tensor joined = make_tensor(dims);
  Axis axis{};
  if (joins_boxes(layer, dim, axis)) {
    joined.spans = first.spans;
    joined.box = first.box;
    joined.box[axis] = {0, dims[dim]};
  } else if (joins_axes(layer)) {
    joined.spans = first.spans;
    fit_box(joined);
  }
  layer.output = std::move(joined);
}

/// Part of a concat whose output lies in the default box, unlike its inputs.
Region concat_moved_input(const Layer& layer, std::size_t input, const Region& out,
                          std::int64_t offset) {
  const auto dim = static_cast<std::size_t>(layer.attributes.dim);
  std::int64_t size = layer.attributes.before + layer.attributes.after;
  for (const Tensor& tensor : layer.input_tensors) size += tensor.dims[dim];
  IndexRanges need(layer.input_tensors[input]);
  IndexRanges result = need.in_default_box(dim, size);
  result.select(out);
  for (std::size_t i = 0; i < need.rank(); ++i) need[i] = result[i];
  const Range from{result[dim].begin - offset, result[dim].end - offset};
  need[dim] = intersect(from, Range{0, need.dim(dim)});
  return need.cover();
}

/// True if `in` is a part of the output's box along the axis of `dim`, laid out alike.
bool stands_in_output(const Layer& layer, const Tensor& in, std::size_t dim, Axis& axis) {
  const Tensor& out = layer.output;
  if (!in.axis_of(dim, axis) || in.spans != out.spans) return false;
  for (Axis other : kAxes) {
    const Range whole = other == axis ? Range{0, out.dims[dim]} : in.box[other];
    if (out.box[other] != whole) return false;
  }
  return true;
}

Region concat_input(const Layer& layer, std::size_t input, const Region& out) {
  const Tensor& in = layer.input_tensors[input];
  const auto dim = static_cast<std::size_t>(layer.attributes.dim);
  std::int64_t offset = layer.attributes.before;
  for (std::size_t i = 0; i < input; ++i) offset += layer.input_tensors[i].dims[dim];
  Region need = out;
  Axis axis{};
  if (stands_in_output(layer, in, dim, axis)) {
    need[axis] = intersect({out[axis].begin - offset, out[axis].end - offset}, in.box[axis]);
    return need;
  }
  if (!joins_axes(layer)) return concat_moved_input(layer, input, out, offset);
  for (Axis shared : kAxes) {
    if (has_axis(in.spans[dim], shared)) need[shared] = in.box[shared];
  }
  return need;
}

void infer_slice(Layer& layer) {
  const std::size_t dim = require_dim(layer);
  const Tensor& in = layer.input_tensors[0];
  const Attributes& a = layer.attributes;
  if (a.step < 1 || a.start < 0 || a.start >= a.stop || a.stop > in.dims[dim]) {
    throw std::invalid_argument(
        fmt::format("start {}, stop {}, step {} must select 0 <= start < stop <= {} with step >= 1",
                    a.start, a.stop, a.step, in.dims[dim]));
  }
  Tensor out = in;
  out.dims[dim] = (a.stop - a.start + a.step - 1) / a.step;
  if (single_axes(in)) {
    fit_box(out);
  } else {
    out = make_tensor(out.dims);
  }
  layer.output = std::move(out);
}

Region slice_input(const Layer& layer, std::size_t input, const Region& out) {
  const Tensor& in = layer.input_tensors[input];
  const Attributes& a = layer.attributes;
  const auto dim = static_cast<std::size_t>(a.dim);
  if (!single_axes(in)) return in.box;
  Region need = out;
  if (in.dims[dim] == 1) return need;
  Axis axis{};
  if (in.axis_of(dim, axis)) {
    need[axis] = {a.start + out[axis].begin * a.step, a.start + (out[axis].end - 1) * a.step + 1};
    return need;
  }
  for (Axis shared : kAxes) {
    if (has_axis(in.spans[dim], shared)) need[shared] = in.box[shared];
  }
  return need;
}

void infer_reshape(Layer& layer) {
  const Tensor& in = layer.input_tensors[0];
  Tensor out = make_tensor(layer.attributes.dims);
  if (out.volume() != in.volume()) {
    throw std::invalid_argument(fmt::format("[{}] has {} elements, the input [{}] has {}",
                                            fmt::join(out.dims, ","), out.volume(),
                                            fmt::join(in.dims, ","), in.volume()));
  }
  // Walk both lists of dims in groups of equal product: the dims of a group share its axes.
  // Several dims of one group keep the order of the axes only if each runs along one and they
  // follow one another.
  std::size_t i = 0;
  std::size_t o = 0;
  while (o < out.dims.size()) {
    const std::size_t first = o;
    AxisSet axes = 0;
    AxisSet highest = 0;
    auto take = [&] {
      if (in.dims[i] > 1) {
        const AxisSet span = in.spans[i];
        const bool single = (span & (span - 1)) == 0;
        if (axes != 0 && (!single || span < highest)) axes |= kUnordered;
        highest = single ? std::max(highest, span) : kUnordered;
        axes |= span;
      }
      return in.dims[i++];
    };
    std::int64_t in_size = i < in.dims.size() ? take() : 1;
    std::int64_t out_size = out.dims[o++];
    while (in_size != out_size) {
      if (in_size < out_size) {
        in_size *= take();
      } else {
        out_size *= out.dims[o++];
      }
    }
    for (std::size_t g = first; g < o; ++g) {
      if (out.dims[g] > 1) out.spans[g] = axes;
    }
  }
  out.box = in.box;
  layer.output = std::move(out);
}

void infer_transpose(Layer& layer) {
  const Tensor& in = layer.input_tensors[0];
  const auto& permutation = layer.attributes.dims;
  std::vector<std::int64_t> sorted = permutation;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < in.dims.size(); ++i) {
    if (sorted.size() != in.dims.size() || sorted[i] != static_cast<std::int64_t>(i)) {
      throw std::invalid_argument(fmt::format(
          "dims must be a permutation of 0 to {}, without the batch", in.dims.size() - 1));
    }
  }
  Tensor out = in;
  for (std::size_t i = 0; i < in.dims.size(); ++i) {
    out.dims[i] = in.dims[static_cast<std::size_t>(permutation[i])];
    out.spans[i] = in.spans[static_cast<std::size_t>(permutation[i])];
  }
  layer.output = std::move(out);
}

Region transpose_input(const Layer& layer, std::size_t input, const Region& out) {
  const Tensor& in = layer.input_tensors[input];
  const AxisSet reordered = reordered_axes(in, layer.attributes.dims);
  Region need = out;
  for (Axis axis : kAxes) {
    if (has_axis(reordered, axis)) need[axis] = in.box[axis];
  }
  return need;
}

}  // namespace

bool is_feature_map(const Tensor& tensor) {
  if (tensor.dims.size() != 3) return false;
  for (std::size_t i = 0; i < 3; ++i) {
    if (tensor.box[kAxes[i]].end != tensor.dims[i]) return false;
    if (tensor.dims[i] > 1 && tensor.spans[i] != axis_bit(kAxes[i])) return false;
  }
  return true;
}

std::size_t require_dim(const Layer& layer) {
  const auto rank = static_cast<std::int64_t>(layer.input_tensors[0].dims.size());
  const std::int64_t dim = layer.attributes.dim;
  if (dim < 0 || dim >= rank) {
    throw std::invalid_argument(fmt::format(
        "dim is {}, but the input has dimensions 0 to {} (without the batch)", dim, rank - 1));
  }
  return static_cast<std::size_t>(dim);
}

std::span<const Operator> moving_operators() {
  static const std::array kRows{
      Operator{.op = Op::kConcat,
               .name = "concat",
               .attributes = {"dim", "before", "after", "params"},
               .max_inputs = -1,
               .infer = infer_concat,
               .required_input = concat_input},
      Operator{.op = Op::kSlice,
               .name = "slice",
               .attributes = {"dim", "start", "stop", "step"},
               .infer = infer_slice,
               .required_input = slice_input},
      Operator{.op = Op::kReshape,
               .name = "reshape",
               .attributes = {"dims"},
               .infer = infer_reshape,
               .required_input = same_region,
               .view = true},
      Operator{.op = Op::kTranspose,
               .name = "transpose",
               .attributes = {"dims"},
               .infer = infer_transpose,
               .required_input = transpose_input},
  };
  return kRows;
}

}  // namespace edgeflow::rules
