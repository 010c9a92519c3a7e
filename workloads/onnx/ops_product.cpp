// ONNX operators that compute: products, element-wise functions, normalisation, reductions.

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "workloads/onnx/importer.hpp"

namespace edgeflow::onnx_reader {
namespace {

Dims without_leading_ones(const Dims& dims) {
  const auto first =
      std::find_if(dims.begin(), dims.end(), [](std::int64_t dim) { return dim != 1; });
  return {first, dims.end()};
}

/// The dimension of the layer that dimension `axis` of the shape is.
std::int64_t layer_dim(const Activation& x, std::size_t axis) {
  return static_cast<std::int64_t>(axis) -
         (x.dropped >= 0 && x.dropped < static_cast<int>(axis) ? 1 : 0);
}

/// `x` such that its layer has its last dimension.
Activation with_last(Importer& in, const Activation& x) {
  if (x.dropped != static_cast<int>(x.shape.size()) - 1) return x;
  return in.with_dropped(x, x.shape.size() > 1 && x.shape[0] == 1 ? 0 : -1, "/view");
}

/// `x` with its last two dimensions swapped.
Activation turned(Importer& in, const Activation& x, const std::string& suffix) {
  const std::size_t rank = x.shape.size();
  const Activation from =
      in.with_dropped(x, rank > 2 && x.shape[0] == 1 ? 0 : -1, suffix + "/view");
  Attributes a;
  for (std::size_t i = 0; i < from.dims().size(); ++i) {
    a.dims.push_back(static_cast<std::int64_t>(i));
  }
  std::swap(a.dims[a.dims.size() - 1], a.dims[a.dims.size() - 2]);
  Dims shape = x.shape;
  std::swap(shape[rank - 1], shape[rank - 2]);
  return in.as(in.add(Op::kTranspose, a, {&from}, suffix), shape, from.dropped);
}

/// x [..., K] times stored weights [K, N].
Activation linear(Importer& in, const Activation& x, const Constant& weights, std::int64_t inputs,
                  std::int64_t outputs, bool bias, const std::string& suffix = "") {
  const Activation from = with_last(in, x);
  if (from.shape.empty() || from.shape.back() != inputs) {
    in.fail(fmt::format("[{}] cannot be multiplied with weights for {} features",
                        fmt::join(x.shape, ","), inputs));
  }
  Attributes a;
  a.out_channels = outputs;
  a.bias = bias;
  a.tied = !in.claim(weights);
  Dims shape = from.shape;
  shape.back() = outputs;
  return in.as(in.add(Op::kLinear, a, {&from}, suffix), shape, from.dropped);
}

Activation product(Importer& in, const Activation& a, const Activation& b) {
  const Dims &x = a.shape, &y = b.shape;
  if (x.size() < 2 || y.size() < 2) in.fail("vectors and matrices are not multiplied");
  auto dropped = [](const Dims& own, const Dims& other) {
    const bool batch =
        own.size() > 2 && own[0] == 1 && (other.size() < own.size() || other[0] == 1);
    return batch ? 0 : -1;
  };
  const int dx = dropped(x, y), dy = dropped(y, x);
  const Activation left = in.with_dropped(a, dx, "/left");
  const Activation right = in.with_dropped(b, dy, "/right");
  const std::size_t layer = in.add(Op::kMatMul, {}, {&left, &right});
  Dims shape = broadcast({x.begin(), x.end() - 2}, {y.begin(), y.end() - 2});
  shape.push_back(x[x.size() - 2]);
  shape.push_back(y.back());
  const bool batch = (x.size() >= y.size() && dx == 0) || (y.size() >= x.size() && dy == 0);
  return in.as(layer, shape, batch ? 0 : -1);
}

void matmul(Importer& in) {
  if (!in.is_constant(0) && !in.is_constant(1)) {
    return in.set(0, product(in, in.activation(0), in.activation(1)));
  }
  const bool left = in.is_constant(0);
  const Constant& weights = in.constant(left ? 0 : 1);
  const Activation x = in.activation(left ? 1 : 0);
  Dims dims = without_leading_ones(weights.dims);
  while (dims.size() < 2 && dims.size() < weights.dims.size()) dims.insert(dims.begin(), 1);
  if (dims.size() != 2 || weights.dims.size() > std::max<std::size_t>(x.shape.size(), 2)) {
    return in.unknown("a product with a batch of stored matrices");
  }
  if (!left) return in.set(0, linear(in, x, weights, dims[0], dims[1], false));
  if (x.shape.size() < 2) in.fail("vectors and matrices are not multiplied");
  const Activation columns = turned(in, x, "/turn");
  const Activation result = linear(in, columns, weights, dims[1], dims[0], false, "/linear");
  in.set(0, turned(in, result, ""));
}

void gemm(Importer& in) {
  const bool turn_a = in.node().integer("transA", 0) != 0;
  const bool turn_b = in.node().integer("transB", 0) != 0;
  Activation a = in.activation(0);
  if (a.shape.size() != 2) in.fail("its first input is no matrix");
  if (turn_a) a = turned(in, a, "/turn");
  Activation result;
  Dims bias;
  if (in.has(2) && in.is_constant(2)) bias = without_leading_ones(in.constant(2).dims);
  bool has_bias = false;
  if (in.is_constant(1)) {
    const Constant& weights = in.constant(1);
    if (weights.dims.size() != 2) in.fail("its weights are no matrix");
    const std::int64_t outputs = weights.dims[turn_b ? 0 : 1];
    has_bias = bias == Dims{outputs} || (in.has(2) && in.is_constant(2) && outputs == 1);
    result = linear(in, a, weights, weights.dims[turn_b ? 1 : 0], outputs, has_bias);
  } else {
    Activation b = in.activation(1);
    if (b.shape.size() != 2) in.fail("its second input is no matrix");
    if (turn_b) b = turned(in, b, "/turn_b");
    result = product(in, a, b);
  }
  if (in.has(2) && !has_bias) {
    Attributes add;
    add.function = "add";
    if (in.is_constant(2)) {
      add.params = in.new_parameters(in.constant(2));
      result =
          in.as(in.add(Op::kElementwise, add, {&result}, "/add"), result.shape, result.dropped);
    } else {
      const Activation all = in.with_dropped(result, -1, "/all");
      const Activation c = in.with_dropped(in.activation(2), -1, "/c");
      result = in.as(in.add(Op::kElementwise, add, {&all, &c}, "/add"), result.shape, -1);
    }
  }
  in.set(0, result);
}

const std::unordered_map<std::string_view, const char*>& functions() {
  static const std::unordered_map<std::string_view, const char*> kFunctions{
      {"Add", "add"},         {"Sum", "add"},
      {"Mean", "add"},        {"Sub", "sub"},
      {"Mul", "mul"},         {"Div", "div"},
      {"Pow", "pow"},         {"Max", "max"},
      {"Min", "min"},         {"Where", "where"},
      {"Mod", "mod"},         {"Equal", "equal"},
      {"Greater", "greater"}, {"GreaterOrEqual", "greater"},
      {"Less", "less"},       {"LessOrEqual", "less"},
      {"And", "and"},         {"Or", "or"},
      {"Xor", "or"}};
  return kFunctions;
}

/// The inputs of an element-wise layer such that their layers broadcast as their shapes do: all
/// leave out the same dimension, counted from the last.
std::vector<Activation> aligned(Importer& in, const std::vector<const Activation*>& inputs,
                                const Dims& shape, int& dropped) {
  dropped = -1;
  for (const Activation* x : inputs) {
    if (x->dropped < 0) continue;
    const int place = x->dropped + static_cast<int>(shape.size() - x->shape.size());
    if (shape[static_cast<std::size_t>(place)] == 1) dropped = place;
    break;
  }
  std::vector<Activation> result;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const int place = dropped - static_cast<int>(shape.size() - inputs[i]->shape.size());
    const int own = dropped < 0 || place < 0 ? -1 : place;
    result.push_back(in.with_dropped(*inputs[i], own, fmt::format("/view{}", i)));
  }
  return result;
}

void elementwise(Importer& in) {
  Attributes a;
  a.function = functions().at(in.node().op);
  std::vector<const Activation*> inputs;
  const Constant* operand = nullptr;
  Dims shape, of_inputs;
  for (std::size_t i = 0; i < in.inputs(); ++i) {
    const bool fixed = in.is_constant(i);
    if (fixed) {
      operand = &in.constant(i);
      a.params += in.new_parameters(*operand);
    } else {
      inputs.push_back(&in.activation(i));
      of_inputs = broadcast(of_inputs, inputs.back()->shape);
    }
    shape = broadcast(shape, fixed ? operand->dims : in.activation(i).shape);
  }
  int dropped = -1;
  std::vector<Activation> ready = aligned(in, inputs, of_inputs, dropped);
  std::vector<const Activation*> parts;
  if (shape != of_inputs && volume_of(shape) != volume_of(of_inputs)) {
    // A constant makes it larger: spread out what there is first.
    for (Activation& part : ready) {
      Attributes spread;
      part.dropped = shape.size() > 1 && shape[0] == 1 ? 0 : -1;
      const Activation before = part;
      part.shape = shape;
      spread.dims = part.dims();
      part.layer = in.add(Op::kOpaque, spread, {&before}, "/expand");
      dropped = part.dropped;
    }
    of_inputs = shape;
  }
  for (const Activation& part : ready) parts.push_back(&part);
  const std::size_t layer = in.add(Op::kElementwise, a, parts);
  if (operand != nullptr && inputs.size() == 1) {
    in.item(layer).scalar = operand->scalar();
    in.item(layer).constant_dims = without_leading_ones(operand->dims);
  }
  int type = kFloat;
  if (in.node().op == "Where")
    type = in.is_constant(1) ? in.constant(1).type : in.activation(1).type;
  const Activation result = in.as(layer, of_inputs, dropped, type);
  in.set(0, shape == of_inputs ? result : in.viewed(result, shape, "/view"));
}

void activation(Importer& in) {
  static const std::unordered_map<std::string_view, const char*> kNames{
      {"Relu", "relu"},
      {"LeakyRelu", "leaky_relu"},
      {"Sigmoid", "sigmoid"},
      {"Tanh", "tanh"},
      {"HardSigmoid", "hardsigmoid"},
      {"HardSwish", "hardswish"},
      {"Elu", "elu"},
      {"Selu", "selu"},
      {"Celu", "celu"},
      {"Softplus", "softplus"},
      {"Softsign", "softsign"},
      {"ThresholdedRelu", "relu"},
      {"Erf", "erf"},
      {"Exp", "exp"},
      {"Log", "log"},
      {"Sqrt", "sqrt"},
      {"Abs", "abs"},
      {"Neg", "neg"},
      {"Sin", "sin"},
      {"Cos", "cos"},
      {"Atan", "atan"},
      {"Floor", "floor"},
      {"Ceil", "ceil"},
      {"Round", "round"},
      {"Reciprocal", "reciprocal"},
      {"Sign", "sign"},
      {"Not", "not"},
      {"PRelu", "prelu"}};
  const Activation& x = in.activation(0);
  Attributes a;
  if (in.node().op == "Clip") {
    const auto bound = [&](std::size_t i, const char* key) -> std::optional<Number> {
      if (in.node().attributes.contains(key)) return in.node().real(key, 0);
      return in.has(i) && in.is_constant(i) ? in.constant(i).scalar() : std::nullopt;
    };
    const auto low = bound(1, "min"), high = bound(2, "max");
    a.function = low == 0 && high == 6             ? "relu6"
                 : low == 0 && !high && !in.has(2) ? "relu"
                                                   : "hardtanh";
  } else {
    a.function = kNames.at(in.node().op);
  }
  if (in.node().op == "PRelu") a.params = in.new_parameters(in.constant(1));
  in.set(0, in.as(in.add(Op::kActivation, a, {&x}), x.shape, x.dropped));
}

/// `x` such that its layer has dimension `axis`.
Activation with_axis(Importer& in, const Activation& x, std::size_t axis) {
  if (x.dropped != static_cast<int>(axis)) return x;
  return in.with_dropped(x, axis != 0 && x.shape[0] == 1 ? 0 : -1);
}

/// Before operator set 13, Softmax normalises over all dimensions from `axis` on.
void softmax(Importer& in) {
  const std::size_t rank = in.activation(0).shape.size();
  const bool old = in.opset() < 13;
  const std::size_t axis = to_axis(in.node().integer("axis", old ? 1 : -1), rank);
  const Activation x = with_axis(in, in.activation(0), axis);
  Attributes a;
  a.dim = layer_dim(x, axis);
  bool several = false;
  for (std::size_t i = axis + 1; i < rank; ++i) several = several || (old && x.shape[i] > 1);
  a.affine = !several;
  in.set(0, in.as(in.add(several ? Op::kLayerNorm : Op::kSoftmax, a, {&x}), x.shape, x.dropped));
}

void layer_norm(Importer& in) {
  const std::size_t rank = in.activation(0).shape.size();
  const std::size_t axis = to_axis(in.node().integer("axis", -1), rank);
  const Activation x = with_axis(in, in.activation(0), axis);
  Attributes a;
  a.dim = layer_dim(x, axis);
  if (in.node().op == "LpNormalization") {
    a.affine = false;
  } else {
    a.tied = !in.claim(in.constant(1));
    a.bias = in.has(2);
  }
  in.set(0, in.as(in.add(Op::kLayerNorm, a, {&x}), x.shape, x.dropped));
}

const std::unordered_map<std::string_view, const char*>& reductions() {
  static const std::unordered_map<std::string_view, const char*> kReductions{
      {"ReduceMean", "reduce_mean"},  {"ReduceSum", "reduce_sum"},
      {"ReduceMax", "reduce_max"},    {"ReduceMin", "reduce_min"},
      {"ReduceProd", "reduce_prod"},  {"ReduceL1", "reduce_l1"},
      {"ReduceL2", "reduce_l2"},      {"ReduceSumSquare", "reduce_sum"},
      {"ReduceLogSum", "reduce_sum"}, {"ReduceLogSumExp", "reduce_sum"},
      {"ArgMax", "argmax"},           {"ArgMin", "argmin"}};
  return kReductions;
}

void reduce(Importer& in) {
  const Activation& x = in.activation(0);
  const std::size_t rank = x.shape.size();
  const bool index = in.node().op.starts_with("Arg");
  const bool keep = in.node().integer("keepdims", 1) != 0;
  std::vector<bool> gone(rank, false);
  if (index) {
    gone[to_axis(in.node().integer("axis", 0), rank)] = true;
  } else {
    const auto axes = list_of(in.node(), "axes", in.constants(), 1);
    if ((!axes || axes->empty()) && in.node().integer("noop_with_empty_axes", 0) != 0) {
      return in.set(0, x);
    }
    if (!axes || axes->empty()) gone.assign(rank, true);
    for (std::int64_t axis : axes.value_or(Dims{})) gone[to_axis(axis, rank)] = true;
  }
  Attributes a;
  a.function = reductions().at(in.node().op);
  a.keep_dims = keep;
  Dims shape;
  int dropped = -1;
  for (std::size_t i = 0; i < rank; ++i) {
    const bool batch = x.dropped == static_cast<int>(i);
    if (gone[i] && !batch) a.dims.push_back(layer_dim(x, i));
    if (gone[i] && !keep) continue;
    if (batch) dropped = static_cast<int>(shape.size());
    shape.push_back(gone[i] ? 1 : x.shape[i]);
  }
  const int type = index ? kInt64 : x.type;
  if (a.dims.empty()) return in.set(0, in.viewed(x, shape));
  in.set(0, in.as(in.add(Op::kReduce, a, {&x}), shape, dropped, type));
}

}  // namespace

Translation product_translation(const std::string& op) {
  static const std::unordered_map<std::string_view, Translation> kTable{
      {"MatMul", matmul},
      {"Gemm", gemm},
      {"Einsum", einsum},
      {"Softmax", softmax},
      {"LogSoftmax", softmax},
      {"Hardmax", softmax},
      {"LayerNormalization", layer_norm},
      {"Clip", activation},
      {"LpNormalization", layer_norm},
      {"Relu", activation},
      {"LeakyRelu", activation},
      {"Sigmoid", activation},
      {"Tanh", activation},
      {"HardSwish", activation},
      {"HardSigmoid", activation},
      {"Elu", activation},
      {"Selu", activation},
      {"Celu", activation},
      {"Softplus", activation},
      {"Softsign", activation},
      {"ThresholdedRelu", activation},
      {"Erf", activation},
      {"Exp", activation},
      {"Log", activation},
      {"Sqrt", activation},
      {"Abs", activation},
      {"Neg", activation},
      {"Sin", activation},
      {"Cos", activation},
      {"Atan", activation},
      {"Floor", activation},
      {"Ceil", activation},
      {"Round", activation},
      {"Reciprocal", activation},
      {"Sign", activation},
      {"Not", activation},
      {"PRelu", activation},
  };
  const auto found = kTable.find(op);
  if (found != kTable.end()) return found->second;
  if (functions().contains(op)) return elementwise;
  return reductions().contains(op) ? reduce : nullptr;
}

}  // namespace edgeflow::onnx_reader
