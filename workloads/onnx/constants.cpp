#include "workloads/onnx/constants.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <unordered_map>

#include "workloads/onnx/call.hpp"

namespace edgeflow::onnx_reader {
namespace {

Outputs constant(const Call& call) {
  if (const Constant* tensor = call.node.tensor("value")) return {*tensor};
  Constant out;
  out.known = true;
  const auto& attributes = call.node.attributes;
  if (const auto one = attributes.find("value_int"); one != attributes.end()) {
    out.type = kInt64;
    out.values.push_back(static_cast<Number>(one->second.integer.value_or(0)));
  } else if (const auto real = attributes.find("value_float"); real != attributes.end()) {
    out.values.push_back(real->second.real.value_or(0));
  } else if (const Dims* list = call.node.integers("value_ints")) {
    out.type = kInt64;
    out.dims = {static_cast<std::int64_t>(list->size())};
    out.values.assign(list->begin(), list->end());
  } else if (const auto reals = attributes.find("value_floats");
             reals != attributes.end() && reals->second.reals) {
    out.dims = {static_cast<std::int64_t>(reals->second.reals->size())};
    out.values.assign(reals->second.reals->begin(), reals->second.reals->end());
  } else {
    throw std::invalid_argument("it has no value that is a tensor or a number");
  }
  return {out};
}

/// The values in another shape.
Outputs in_shape(const Call& call, Dims dims) {
  const Constant& in = call.at(0);
  if (volume_of(dims) != in.size()) throw std::invalid_argument("the number of elements changes");
  Constant out = call.result(std::move(dims), in.type, {&in});
  if (out.known) out.values = in.values;
  return {out};
}

Outputs same(const Call& call) { return in_shape(call, call.at(0).dims); }

/// Torch's exporter merges vectors that happen to be equal, such as the ones of new batch-norms,
/// and names each with an Identity: they are parameters of their own. Matrices are only equal if
/// they are meant to be.
Outputs identity(const Call& call) {
  Outputs out = same(call);
  const auto long_dims = std::count_if(out[0].dims.begin(), out[0].dims.end(),
                                       [](std::int64_t dim) { return dim > 1; });
  if (long_dims <= 1 && is_real(out[0].type) && !out[0].leaves.empty() &&
      !call.node.outputs.empty()) {
    out[0].leaves = {std::string_view(call.node.outputs[0])};
  }
  return out;
}

Outputs reshape(const Call& call) {
  const Dims target = call.at(1).integers();
  return in_shape(call, reshaped(call.at(0).dims, target, call.node.integer("allowzero", 0) != 0));
}

Outputs flatten(const Call& call) {
  return in_shape(call, flattened(call.at(0).dims, call.node.integer("axis", 1)));
}

Outputs squeeze(const Call& call) {
  return in_shape(call, squeezed(call.at(0).dims, list_of(call.node, "axes", call.inputs, 1)));
}

Outputs unsqueeze(const Call& call) {
  const auto axes = list_of(call.node, "axes", call.inputs, 1);
  return in_shape(call, unsqueezed(call.at(0).dims, axes.value_or(Dims{})));
}

Outputs shape(const Call& call) {
  const Dims& dims = call.at(0).dims;
  Constant out;
  out.type = kInt64;
  out.known = true;
  if (call.node.op == "Size") {
    out.values = {static_cast<Number>(volume_of(dims))};
    return {out};
  }
  const auto rank = static_cast<std::int64_t>(dims.size());
  auto place = [&](std::int64_t i) {
    return std::clamp<std::int64_t>(i < 0 ? i + rank : i, 0, rank);
  };
  const std::int64_t begin = place(std::max(call.node.integer("start", 0), -rank));
  const std::int64_t end = place(std::max(call.node.integer("end", rank), -rank));
  for (std::int64_t i = begin; i < end; ++i) {
    out.values.push_back(static_cast<Number>(dims[static_cast<std::size_t>(i)]));
  }
  out.dims = {static_cast<std::int64_t>(out.values.size())};
  return {out};
}

Outputs gather(const Call& call) {
  const Constant &data = call.at(0), &places = call.at(1);
  const std::size_t axis = to_axis(call.node.integer("axis", 0), data.dims.size());
  Dims dims(data.dims.begin(), data.dims.begin() + static_cast<std::ptrdiff_t>(axis));
  dims.insert(dims.end(), places.dims.begin(), places.dims.end());
  dims.insert(dims.end(), data.dims.begin() + static_cast<std::ptrdiff_t>(axis) + 1,
              data.dims.end());
  Constant out = call.result(dims, data.type, {&data, &places});
  fill(out, [&](const Index& index) {
    const auto first = index.begin() + static_cast<std::ptrdiff_t>(axis);
    const auto last = first + static_cast<std::ptrdiff_t>(places.dims.size());
    std::int64_t place = to_integer(places.values[flat(places.dims, Index(first, last))]);
    if (place < 0) place += data.dims[axis];
    if (place < 0 || place >= data.dims[axis]) throw std::invalid_argument("index out of range");
    Index from(index.begin(), first);
    from.push_back(place);
    from.insert(from.end(), last, index.end());
    return data.values[flat(data.dims, from)];
  });
  return {out};
}

Outputs concat(const Call& call) {
  Dims dims = call.at(0).dims;
  const std::size_t axis = to_axis(call.node.integer("axis", 0), dims.size());
  dims[axis] = 0;
  bool known = true;
  for (std::size_t k = 0; k < call.inputs.size(); ++k) {
    const Constant& in = call.at(k);
    Dims other = in.dims;
    if (other.size() == dims.size()) other[axis] = dims[axis];
    if (other != dims) throw std::invalid_argument("the shapes do not join");
    dims[axis] += in.dims[axis];
    known = known && in.known;
  }
  Constant out = call.result(dims, call.at(0).type, {});
  out.known = out.known && known;
  fill(out, [&](const Index& index) {
    Index from = index;
    std::size_t k = 0;
    while (from[axis] >= call.at(k).dims[axis]) from[axis] -= call.at(k++).dims[axis];
    return call.at(k).values[flat(call.at(k).dims, from)];
  });
  return {out};
}

Outputs slice(const Call& call) {
  const Constant& in = call.at(0);
  Dims dims = in.dims;
  Index start(dims.size(), 0), step(dims.size(), 1);
  for (const SliceRange& range : slice_ranges(call.node, in.dims, call.inputs)) {
    dims[range.axis] = range.size();
    start[range.axis] = range.start;
    step[range.axis] = range.step;
  }
  Constant out = call.result(dims, in.type, {&in});
  fill(out, [&](Index index) {
    for (std::size_t i = 0; i < index.size(); ++i) index[i] = start[i] + index[i] * step[i];
    return in.values[flat(in.dims, index)];
  });
  return {out};
}

Outputs split(const Call& call) {
  const Constant& in = call.at(0);
  const std::size_t axis = to_axis(call.node.integer("axis", 0), in.dims.size());
  Outputs outputs;
  std::int64_t first = 0;
  for (std::int64_t size : split_sizes(call.node, in.dims[axis], call.inputs)) {
    Dims dims = in.dims;
    dims[axis] = size;
    Constant& out = outputs.emplace_back(call.result(dims, in.type, {&in}));
    fill(out, [&](Index index) {
      index[axis] += first;
      return in.values[flat(in.dims, index)];
    });
    first += size;
  }
  return outputs;
}

Outputs transpose(const Call& call) {
  const Constant& in = call.at(0);
  const Dims permutation = permutation_of(call.node, in.dims.size());
  Dims dims;
  for (std::int64_t from : permutation) dims.push_back(in.dims[static_cast<std::size_t>(from)]);
  Constant out = call.result(dims, in.type, {&in});
  fill(out, [&](const Index& index) {
    Index from(index.size());
    for (std::size_t i = 0; i < index.size(); ++i) {
      from[static_cast<std::size_t>(permutation[i])] = index[i];
    }
    return in.values[flat(in.dims, from)];
  });
  return {out};
}

Outputs expand(const Call& call) {
  const Constant& in = call.at(0);
  Dims dims;
  if (call.node.op == "Tile") {
    dims = in.dims;
    const Dims repeats = call.at(1).integers();
    if (repeats.size() != dims.size()) throw std::invalid_argument("wrong number of repeats");
    for (std::size_t i = 0; i < dims.size(); ++i) {
      dims[i] = volume_of({dims[i], repeats[i]});
    }
  } else {
    dims = broadcast(in.dims, call.at(1).integers());
  }
  Constant out = call.result(dims, in.type, {&in});
  fill(out, [&](const Index& index) {
    Index from(index.end() - static_cast<std::ptrdiff_t>(in.dims.size()), index.end());
    for (std::size_t i = 0; i < from.size(); ++i) from[i] %= in.dims[i];
    return in.values[flat(in.dims, from)];
  });
  return {out};
}

Outputs constant_of_shape(const Call& call) {
  const Constant* value = call.node.tensor("value");
  Constant out = call.result(call.at(0).integers(), value ? value->type : kFloat, {});
  const Number one = value != nullptr ? value->scalar().value_or(0) : 0;
  std::fill(out.values.begin(), out.values.end(), one);
  return {out};
}

Outputs range(const Call& call) {
  const auto start = call.at(0).scalar(), limit = call.at(1).scalar(), delta = call.at(2).scalar();
  if (!start || !limit || !delta || *delta == 0) {
    throw std::invalid_argument("start, limit or delta is not known");
  }
  const Number count = std::max<Number>(std::ceil((*limit - *start) / *delta), 0);
  Constant out = call.result({to_integer(count)}, call.at(0).type, {});
  Number next = *start;
  for (Number& value : out.values) {
    value = next;
    next += *delta;
  }
  return {out};
}

/// An operator of which only the shape of the result matters: that of the first input.
Outputs unknown(const Call& call) {
  Constant out = call.result(call.at(0).dims, kFloat, {});
  out.known = false;
  out.values.clear();
  return {out};
}

// NOLINTNEXTLINE(readability-function-size): a table
const std::unordered_map<std::string_view, Outputs (*)(const Call&)>& functions() {
  static const std::unordered_map<std::string_view, Outputs (*)(const Call&)> kFunctions{
      {"Constant", constant},
      {"Identity", identity},
      {"Cast", cast},
      {"CastLike", same},
      {"Shape", shape},
      {"Size", shape},
      {"Gather", gather},
      {"Concat", concat},
      {"Slice", slice},
      {"Split", split},
      {"Transpose", transpose},
      {"Reshape", reshape},
      {"Flatten", flatten},
      {"Squeeze", squeeze},
      {"Unsqueeze", unsqueeze},
      {"Expand", expand},
      {"Tile", expand},
      {"ConstantOfShape", constant_of_shape},
      {"Range", range},
      {"Where", where},
      {"Add", binary},
      {"Sub", binary},
      {"Mul", binary},
      {"Div", binary},
      {"Mod", binary},
      {"Pow", binary},
      {"Max", binary},
      {"Min", binary},
      {"Sum", binary},
      {"Equal", binary},
      {"Greater", binary},
      {"GreaterOrEqual", binary},
      {"Less", binary},
      {"LessOrEqual", binary},
      {"And", binary},
      {"Or", binary},
      {"Xor", binary},
      {"Neg", unary},
      {"Abs", unary},
      {"Floor", unary},
      {"Ceil", unary},
      {"Round", unary},
      {"Sqrt", unary},
      {"Exp", unary},
      {"Log", unary},
      {"Sin", unary},
      {"Cos", unary},
      {"Reciprocal", unary},
      {"Sign", unary},
      {"Not", unary},
      {"ReduceProd", reduce},
      {"ReduceSum", reduce},
      {"ReduceMax", reduce},
      {"ReduceMin", reduce},
      {"ReduceMean", reduce},
      {"Clip", unknown},
      {"Softmax", unknown},
      {"Sigmoid", unknown},
      {"Tanh", unknown},
      {"Relu", unknown},
      {"CumSum", unknown},
      {"Trilu", unknown},
      {"ScatterND", unknown},
      {"DequantizeLinear", unknown},
      {"QuantizeLinear", unknown}};
  return kFunctions;
}

}  // namespace

std::optional<std::vector<Constant>> evaluate(const Node& node,
                                              std::span<const Constant* const> inputs, int opset,
                                              Budget& budget) {
  const auto found = functions().find(node.op);
  if (found == functions().end() || !node.domain.empty()) return std::nullopt;
  return found->second({node, inputs, opset, budget});
}

}  // namespace edgeflow::onnx_reader
