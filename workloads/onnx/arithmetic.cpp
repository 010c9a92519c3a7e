// Arithmetic on constants: what exporters compute shapes with.

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "workloads/onnx/call.hpp"

namespace edgeflow::onnx_reader {
namespace {

Number binary_value(const std::string& op, Number a, Number b, bool real) {
  if (op == "Add" || op == "Sum") return a + b;
  if (op == "Sub") return a - b;
  if (op == "Mul") return a * b;
  if (op == "Div") {
    if (real) return a / b;
    if (b == 0) throw std::invalid_argument("division by zero");
    return std::trunc(a / b);
  }
  if (op == "Mod") {
    if (b == 0) throw std::invalid_argument("division by zero");
    return a - b * std::floor(a / b);
  }
  if (op == "Pow") return real ? std::pow(a, b) : std::trunc(std::pow(a, b));
  if (op == "Max") return std::max(a, b);
  if (op == "Min") return std::min(a, b);
  if (op == "Equal") return a == b ? 1 : 0;
  if (op == "Greater") return a > b ? 1 : 0;
  if (op == "GreaterOrEqual") return a >= b ? 1 : 0;
  if (op == "Less") return a < b ? 1 : 0;
  if (op == "LessOrEqual") return a <= b ? 1 : 0;
  if (op == "And") return a != 0 && b != 0 ? 1 : 0;
  if (op == "Or") return a != 0 || b != 0 ? 1 : 0;
  return (a != 0) != (b != 0) ? 1 : 0;  // Xor
}

bool is_logical(const std::string& op) {
  return op == "Equal" || op.starts_with("Greater") || op.starts_with("Less") || op == "And" ||
         op == "Or" || op == "Xor";
}

}  // namespace

Outputs binary(const Call& call) {
  const std::string& op = call.node.op;
  Outputs results;
  for (std::size_t i = 1; i < call.inputs.size(); ++i) {  // Sum, Max and Min take any number
    const Constant& a = i == 1 ? call.at(0) : results.back();
    const Constant& b = call.at(i);
    Constant out =
        call.result(broadcast(a.dims, b.dims), is_logical(op) ? kBool : a.type, {&a, &b});
    fill(out, [&](const Index& index) {
      return binary_value(op, a.values[flat(a.dims, narrowed(a.dims, index))],
                          b.values[flat(b.dims, narrowed(b.dims, index))], is_real(a.type));
    });
    results = {std::move(out)};
  }
  if (results.empty()) results = {call.at(0)};
  return results;
}

namespace {

Number unary_value(const std::string& op, Number x) {
  if (op == "Neg") return -x;
  if (op == "Abs") return std::abs(x);
  if (op == "Floor") return std::floor(x);
  if (op == "Ceil") return std::ceil(x);
  if (op == "Round") return std::nearbyint(x);
  if (op == "Sqrt") return std::sqrt(x);
  if (op == "Exp") return std::exp(x);
  if (op == "Log") return std::log(x);
  if (op == "Sin") return std::sin(x);
  if (op == "Cos") return std::cos(x);
  if (op == "Reciprocal") return 1 / x;
  if (op == "Sign") return x > 0 ? 1 : x < 0 ? -1 : 0;
  return x == 0 ? 1 : 0;  // Not
}

}  // namespace

Outputs unary(const Call& call) {
  const Constant& in = call.at(0);
  Constant out = call.result(in.dims, in.type, {&in});
  for (std::size_t i = 0; i < out.values.size(); ++i) {
    out.values[i] = unary_value(call.node.op, in.values[i]);
  }
  return {out};
}

Outputs where(const Call& call) {
  const Constant &which = call.at(0), &a = call.at(1), &b = call.at(2);
  Constant out =
      call.result(broadcast(which.dims, broadcast(a.dims, b.dims)), a.type, {&which, &a, &b});
  fill(out, [&](const Index& index) {
    const Constant& from = which.values[flat(which.dims, narrowed(which.dims, index))] != 0 ? a : b;
    return from.values[flat(from.dims, narrowed(from.dims, index))];
  });
  return {out};
}

Outputs cast(const Call& call) {
  const Constant& in = call.at(0);
  const int type = static_cast<int>(call.node.integer("to", in.type));
  Constant out = call.result(in.dims, type, {&in});
  for (std::size_t i = 0; i < out.values.size(); ++i) {
    const Number x = in.values[i];
    out.values[i] = is_real(type) ? x : type == kBool ? (x != 0 ? 1 : 0) : std::trunc(x);
  }
  return {out};
}

/// Over all axes, or those given, of ReduceProd, ReduceSum, ReduceMax, ReduceMin, ReduceMean.
Outputs reduce(const Call& call) {
  const Constant& in = call.at(0);
  const auto axes = list_of(call.node, "axes", call.inputs, 1);
  const bool keep = call.node.integer("keepdims", 1) != 0;
  std::vector<bool> gone(in.dims.size(), !axes || axes->empty());
  if (axes) {
    for (std::int64_t axis : *axes) gone[to_axis(axis, in.dims.size())] = true;
  }
  Dims kept, dims;
  for (std::size_t i = 0; i < in.dims.size(); ++i) {
    kept.push_back(gone[i] ? 1 : in.dims[i]);
    if (keep || !gone[i]) dims.push_back(kept.back());
  }
  Constant out = call.result(dims, in.type, {&in});
  if (!out.known || in.values.empty()) return {out};
  const std::string& op = call.node.op;
  std::vector<bool> begun(out.values.size(), false);
  Constant all = call.result(in.dims, in.type, {&in});  // for its indices
  fill(all, [&](const Index& index) {
    const std::size_t to = flat(kept, narrowed(kept, index));
    const Number value = in.values[flat(in.dims, index)];
    Number& sum = out.values[to];
    if (!begun[to]) {
      sum = value;
    } else {
      sum = op == "ReduceProd"  ? sum * value
            : op == "ReduceMax" ? std::max(sum, value)
            : op == "ReduceMin" ? std::min(sum, value)
                                : sum + value;
    }
    begun[to] = true;
    return value;
  });
  out.known = all.known;
  if (!out.known) out.values.clear();
  if (op == "ReduceMean" && out.known) {
    const std::size_t count = in.values.size() / out.values.size();
    for (Number& value : out.values) value /= static_cast<Number>(count);
  }
  return {out};
}

}  // namespace edgeflow::onnx_reader
