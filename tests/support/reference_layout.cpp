#include "tests/support/reference_layout.hpp"

#include <algorithm>
#include <numeric>

#include "workloads/operators/operators.hpp"

namespace edgeflow::reference {
namespace {

using Dims = std::vector<std::int64_t>;

std::int64_t product(const Dims& dims) {
  return std::accumulate(dims.begin(), dims.end(), std::int64_t{1}, std::multiplies<>());
}

std::size_t number(Axis axis) { return static_cast<std::size_t>(axis); }

/// True if no dimension that counts runs along `axis` and another axis at once.
bool axis_apart(const Dims& dims, const std::vector<AxisSet>& spans, Axis axis) {
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] > 1 && has_axis(spans[i], axis) && spans[i] != axis_bit(axis)) return false;
  }
  return true;
}

/// Place along `axis`: the dimensions on it count like digits, in their order.
std::int64_t place_along(const Dims& dims, const std::vector<AxisSet>& spans, const Index& index,
                         Axis axis) {
  std::int64_t place = 0;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] > 1 && spans[i] == axis_bit(axis)) place = place * dims[i] + index[i];
  }
  return place;
}

template <typename CellOf>
Layout make_layout(Dims dims, CellOf cell_of) {
  Layout layout;
  const std::int64_t count = product(dims);
  layout.cells.reserve(static_cast<std::size_t>(count));
  for (std::int64_t flat = 0; flat < count; ++flat) {
    layout.cells.push_back(cell_of(unflatten(dims, flat)));
  }
  layout.dims = std::move(dims);
  return layout;
}

const Cell& cell_at(const Layout& layout, const Index& index) {
  return layout.cells[static_cast<std::size_t>(flat_index(layout.dims, index))];
}

bool single_axes(const std::vector<AxisSet>& spans) {
  return std::all_of(spans.begin(), spans.end(),
                     [](AxisSet span) { return (span & (span - 1)) == 0; });
}

/// Every axis by the digits on it.
Layout digit_layout(const Dims& dims, const std::vector<AxisSet>& spans) {
  return make_layout(dims, [&](const Index& index) {
    Cell cell{};
    for (Axis axis : kAxes) cell[number(axis)] = place_along(dims, spans, index, axis);
    return cell;
  });
}

Layout linear_layout(const Layer& layer, const Layout& in) {
  Dims dims = in.dims;
  dims.back() = layer.attributes.out_channels;
  Axis axis{};
  if (dims.size() < 2 || !layer.input_tensors[0].axis_of(dims.size() - 1, axis)) {
    return default_layout(dims);
  }
  return make_layout(dims, [&](Index index) {
    const std::int64_t feature = index.back();
    index.back() = 0;
    Cell cell = cell_at(in, index);
    cell[number(axis)] = feature;
    return cell;
  });
}

Layout elementwise_layout(std::span<const Layout* const> inputs) {
  const Dims dims = broadcast_dims(inputs);
  for (const Layout* in : inputs) {
    if (in->dims == dims) return *in;
  }
  return default_layout(dims);
}

Layout concat_layout(const Layer& layer, std::span<const Layout* const> inputs) {
  const auto dim = static_cast<std::size_t>(layer.attributes.dim);
  Dims dims = inputs[0]->dims;
  dims[dim] = layer.attributes.before + layer.attributes.after;
  Axis axis{};
  const Tensor& first = layer.input_tensors[0];
  bool same_spans = true;
  bool same_box = first.axis_of(dim, axis);
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    dims[dim] += inputs[k]->dims[dim];
    const Tensor& tensor = layer.input_tensors[k];
    same_spans = same_spans && tensor.spans == first.spans;
    for (Axis other : kAxes) {
      same_box = same_box && (other == axis || tensor.box[other] == first.box[other]);
    }
  }
  if (same_spans && single_axes(first.spans)) return digit_layout(dims, first.spans);
  if (!same_spans || !same_box) return default_layout(dims);
  return make_layout(dims, [&](Index index) {
    const std::int64_t place = index[dim];
    index[dim] = 0;
    Cell cell = cell_at(*inputs[0], index);
    cell[number(axis)] = place;
    return cell;
  });
}

Layout slice_layout(const Layer& layer, const Layout& in) {
  const auto dim = static_cast<std::size_t>(layer.attributes.dim);
  const Attributes& a = layer.attributes;
  Dims dims = in.dims;
  dims[dim] = 0;
  for (std::int64_t i = a.start; i < a.stop; i += a.step) ++dims[dim];
  const auto& spans = layer.input_tensors[0].spans;
  return single_axes(spans) ? digit_layout(dims, spans) : default_layout(dims);
}

Layout transpose_layout(const Layer& layer, const Layout& in) {
  const Tensor& tensor = layer.input_tensors[0];
  Dims dims;
  std::vector<AxisSet> spans;
  for (std::int64_t from : layer.attributes.dims) {
    dims.push_back(in.dims[static_cast<std::size_t>(from)]);
    spans.push_back(tensor.spans[static_cast<std::size_t>(from)]);
  }
  return make_layout(dims, [&](const Index& index) {
    Index old(index.size());
    for (std::size_t i = 0; i < index.size(); ++i) {
      old[static_cast<std::size_t>(layer.attributes.dims[i])] = index[i];
    }
    Cell cell = cell_at(in, old);
    for (Axis axis : kAxes) {
      if (axis_apart(dims, spans, axis)) {
        cell[number(axis)] = place_along(dims, spans, index, axis);
      }
    }
    return cell;
  });
}

/// The layout that shape inference declares, where every dimension has one axis.
Layout declared_layout(const Layer& layer) {
  Layer bare = layer;
  bare.folded.clear();
  operator_of(layer.op).infer(bare);
  return single_axes(bare.output.spans) ? digit_layout(bare.output.dims, bare.output.spans)
                                        : default_layout(bare.output.dims);
}

}  // namespace

void for_each_cell(const Region& box, const std::function<void(const Cell&)>& visit) {
  for (std::int64_t c = box.channel.begin; c < box.channel.end; ++c) {
    for (std::int64_t r = box.row.begin; r < box.row.end; ++r) {
      for (std::int64_t w = box.column.begin; w < box.column.end; ++w) visit({c, r, w});
    }
  }
}

std::int64_t flat_index(const Dims& dims, const Index& index) {
  std::int64_t flat = 0;
  for (std::size_t i = 0; i < dims.size(); ++i) flat = flat * dims[i] + index[i];
  return flat;
}

Index unflatten(const Dims& dims, std::int64_t flat) {
  Index index(dims.size());
  for (std::size_t i = dims.size(); i-- > 0;) {
    index[i] = flat % dims[i];
    flat /= dims[i];
  }
  return index;
}

Layout default_layout(const Dims& dims) {
  return make_layout(dims, [&](const Index& index) {
    const std::size_t rank = dims.size();
    if (rank == 1) return Cell{index[0], 0, 0};
    if (rank == 2) return Cell{index[1], index[0], 0};
    std::int64_t channel = 0;
    for (std::size_t i = 0; i + 2 < rank; ++i) channel = channel * dims[i] + index[i];
    return Cell{channel, index[rank - 2], index[rank - 1]};
  });
}

Dims broadcast_dims(std::span<const Layout* const> inputs) {
  Dims dims;
  for (const Layout* in : inputs) {
    if (in->dims.size() > dims.size()) dims.insert(dims.begin(), in->dims.size() - dims.size(), 1);
    const std::size_t shift = dims.size() - in->dims.size();
    for (std::size_t i = 0; i < in->dims.size(); ++i) {
      dims[i + shift] = std::max(dims[i + shift], in->dims[i]);
    }
  }
  return dims;
}

Layout output_layout(const Layer& layer, std::span<const Layout* const> inputs) {
  const Region& box = layer.output.box;
  switch (layer.op) {
    case Op::kInput:
      return default_layout(layer.attributes.dims);
    case Op::kBatchNorm:
    case Op::kActivation:
    case Op::kSoftmax:
      return *inputs[0];
    case Op::kReshape:
      return {layer.attributes.dims, inputs[0]->cells};
    case Op::kLinear:
      return linear_layout(layer, *inputs[0]);
    case Op::kElementwise:
      return elementwise_layout(inputs);
    case Op::kConcat:
      return concat_layout(layer, inputs);
    case Op::kSlice:
      return slice_layout(layer, *inputs[0]);
    case Op::kTranspose:
      return transpose_layout(layer, *inputs[0]);
    case Op::kLayerNorm:
    case Op::kInstanceNorm:
    case Op::kLocalNorm:
      return *inputs[0];
    case Op::kMatMul:
    case Op::kEmbedding:
    case Op::kReduce:
    case Op::kGather:
    case Op::kOpaque:
      return declared_layout(layer);
    default:  // everything that slides windows over a feature map
      return default_layout({box.channel.end, box.row.end, box.column.end});
  }
}

}  // namespace edgeflow::reference
