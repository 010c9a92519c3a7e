// Element-wise operations, and what gives and keeps whole tensors.

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "workloads/operators/rules.hpp"
#include "workloads/tensors/index_ranges.hpp"

namespace edgeflow::rules {
namespace {

/// The input of an element-wise layer that gives the output its axes.
const Tensor& widest_input(const Layer& layer) {
  const Tensor* widest = &layer.input_tensors[0];
  for (const Tensor& tensor : layer.input_tensors) {
    if (tensor.dims.size() > widest->dims.size() ||
        (tensor.dims.size() == widest->dims.size() && tensor.volume() > widest->volume())) {
      widest = &tensor;
    }
  }
  return *widest;
}

/// True if `dims` equal up to broadcasting run along the same axes in both boxes.
bool same_axes(const Tensor& input, const Tensor& output) {
  if (input.dims.size() > output.dims.size()) return false;
  const std::size_t shift = output.dims.size() - input.dims.size();
  for (std::size_t i = 0; i < input.dims.size(); ++i) {
    if (input.dims[i] != 1 && input.spans[i] != output.spans[i + shift]) return false;
  }
  return true;
}

void infer_input(Layer& layer) { layer.output = make_tensor(layer.attributes.dims); }

void infer_batch_norm(Layer& layer) {
  layer.output = layer.input_tensors[0];
  layer.params = 2 * layer.output.dims[0];  // scale and shift; statistics are folded into them
}

void infer_elementwise(Layer& layer) {
  const Tensor* widest = &widest_input(layer);
  std::vector<std::int64_t> dims = widest->dims;
  for (const Tensor& tensor : layer.input_tensors) {
    const std::size_t shift = dims.size() - tensor.dims.size();
    for (std::size_t i = 0; i < tensor.dims.size(); ++i) {
      std::int64_t& dim = dims[i + shift];
      if (dim == 1) dim = tensor.dims[i];
      if (tensor.dims[i] != dim && tensor.dims[i] != 1) {
        throw std::invalid_argument(fmt::format("shapes [{}] and [{}] do not broadcast",
                                                fmt::join(layer.input_tensors[0].dims, ","),
                                                fmt::join(tensor.dims, ",")));
      }
    }
  }
  if (dims == widest->dims) {
    layer.output = *widest;
  } else {
    layer.output = make_tensor(dims);
  }
  set_params(layer, layer.attributes.params);
}

/// The dims that the inputs of an element-wise layer broadcast to. Precondition: they do.
IndexRanges broadcast_in_default_box(const Layer& layer) {
  std::array<std::int64_t, kMaxRank> dims{};
  std::size_t rank = 0;
  for (const Tensor& tensor : layer.input_tensors) rank = std::max(rank, tensor.dims.size());
  for (const Tensor& tensor : layer.input_tensors) {
    const std::size_t shift = rank - tensor.dims.size();
    for (std::size_t i = 0; i < tensor.dims.size(); ++i) {
      dims[i + shift] = std::max(dims[i + shift], tensor.dims[i]);
    }
  }
  return IndexRanges(std::span<const std::int64_t>(dims.data(), rank));
}

Region elementwise_input(const Layer& layer, std::size_t input, const Region& out) {
  const Tensor& in = layer.input_tensors[input];
  const Tensor& widest = widest_input(layer);
  const bool in_widest = widest.box == layer.output.box;
  if (!in_widest || !same_axes(in, widest)) {  // the same indices lie elsewhere
    IndexRanges need(in);
    IndexRanges result = in_widest ? IndexRanges(widest) : broadcast_in_default_box(layer);
    result.select(out);
    const std::size_t shift = result.rank() - need.rank();
    for (std::size_t i = 0; i < need.rank(); ++i) {
      if (need.dim(i) > 1) need[i] = result[i + shift];
    }
    return need.cover();
  }
  Region need = out;
  for (Axis axis : kAxes) {
    if (in.box[axis] != widest.box[axis]) need[axis] = in.box[axis];
  }
  return need;
}

void infer_opaque(Layer& layer) {
  layer.output = make_tensor(layer.attributes.dims);
  set_params(layer, layer.attributes.params);
}

constexpr std::array<std::string_view, 32> kActivations{
    "relu",  "relu6",    "leaky_relu", "sigmoid", "hardsigmoid", "silu",     "hardswish", "tanh",
    "gelu",  "hardtanh", "elu",        "selu",    "celu",        "softplus", "softsign",  "mish",
    "prelu", "erf",      "exp",        "log",     "sqrt",        "abs",      "neg",       "sin",
    "cos",   "floor",    "ceil",       "round",   "reciprocal",  "sign",     "not",       "atan"};
constexpr std::array<std::string_view, 14> kElementwise{"add",     "sub",  "mul",   "div", "pow",
                                                        "max",     "min",  "where", "mod", "equal",
                                                        "greater", "less", "and",   "or"};

}  // namespace

void infer_same(Layer& layer) {
  layer.output = layer.input_tensors[0];
  set_params(layer, layer.attributes.params);
}

Region same_region(const Layer& /*layer*/, std::size_t /*input*/, const Region& out) { return out; }

Region whole_input(const Layer& layer, std::size_t input, const Region& /*out*/) {
  return layer.input_tensors[input].box;
}

std::span<const Operator> elementwise_operators() {
  static const std::array kRows{
      Operator{.op = Op::kInput,
               .name = "input",
               .attributes = {"dims"},
               .min_inputs = 0,
               .max_inputs = 0,
               .infer = infer_input,
               .required_input = same_region,
               .view = true},
      Operator{.op = Op::kBatchNorm,
               .name = "batch_norm",
               .infer = infer_batch_norm,
               .required_input = same_region},
      Operator{.op = Op::kActivation,
               .name = "activation",
               .attributes = {"params"},
               .infer = infer_same,
               .required_input = same_region,
               .functions = kActivations},
      Operator{.op = Op::kElementwise,
               .name = "elementwise",
               .attributes = {"params"},
               .max_inputs = -1,
               .infer = infer_elementwise,
               .required_input = elementwise_input,
               .functions = kElementwise},
      Operator{.op = Op::kOpaque,
               .name = "opaque",
               .attributes = {"dims", "params"},
               .max_inputs = -1,
               .infer = infer_opaque,
               .required_input = whole_input},
  };
  return kRows;
}

}  // namespace edgeflow::rules
