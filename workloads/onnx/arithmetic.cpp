// Arithmetic on constants: what exporters compute shapes with.

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string_view>
#include <unordered_map>

#include "workloads/onnx/call.hpp"

namespace edgeflow::onnx_reader {
namespace {

void expect_divisor(Number b) {
  if (b == 0) throw std::invalid_argument("division by zero");
}

/// Of elements; `real` tells floating point from integers.
using BinaryFunction = Number (*)(Number a, Number b, bool real);

const std::unordered_map<std::string_view, BinaryFunction> kBinary{
    {"Add", [](Number a, Number b, bool) { return a + b; }},
    {"Sum", [](Number a, Number b, bool) { return a + b; }},
    {"Sub", [](Number a, Number b, bool) { return a - b; }},
    {"Mul", [](Number a, Number b, bool) { return a * b; }},
    {"Div",
     [](Number a, Number b, bool real) {
       if (!real) expect_divisor(b);
       return real ? a / b : std::trunc(a / b);
     }},
    {"Mod",
     [](Number a, Number b, bool) {
       expect_divisor(b);
       return a - b * std::floor(a / b);
     }},
    {"Pow", [](Number a, Number b,
               bool real) { return real ? std::pow(a, b) : std::trunc(std::pow(a, b)); }},
    {"Max", [](Number a, Number b, bool) { return std::max(a, b); }},
    {"Min", [](Number a, Number b, bool) { return std::min(a, b); }}};

const std::unordered_map<std::string_view, bool (*)(Number a, Number b)> kLogical{
    {"Equal", [](Number a, Number b) { return a == b; }},
    {"Greater", [](Number a, Number b) { return a > b; }},
    {"GreaterOrEqual", [](Number a, Number b) { return a >= b; }},
    {"Less", [](Number a, Number b) { return a < b; }},
    {"LessOrEqual", [](Number a, Number b) { return a <= b; }},
    {"And", [](Number a, Number b) { return a != 0 && b != 0; }},
    {"Or", [](Number a, Number b) { return a != 0 || b != 0; }},
    {"Xor", [](Number a, Number b) { return (a != 0) != (b != 0); }}};

bool is_logical(const std::string& op) { return kLogical.contains(op); }

Number binary_value(const std::string& op, Number a, Number b, bool real) {
  if (is_logical(op)) return kLogical.at(op)(a, b) ? 1 : 0;
  return kBinary.at(op)(a, b, real);
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

namespace {

/// One step of ReduceProd, ReduceSum, ReduceMax, ReduceMin, ReduceMean.
Number reduced(const std::string& op, Number so_far, Number value) {
  if (op == "ReduceProd") return so_far * value;
  if (op == "ReduceMax") return std::max(so_far, value);
  if (op == "ReduceMin") return std::min(so_far, value);
  return so_far + value;
}

/// Which axes go: those given, else all.
std::vector<bool> reduced_axes(const Call& call) {
  const std::size_t rank = call.at(0).dims.size();
  const auto axes = list_of(call.node, "axes", call.inputs, 1);
  std::vector<bool> gone(rank, !axes || axes->empty());
  if (axes) {
    for (std::int64_t axis : *axes) gone[to_axis(axis, rank)] = true;
  }
  return gone;
}

}  // namespace

Outputs reduce(const Call& call) {
  const Constant& in = call.at(0);
  const bool keep = call.node.integer("keepdims", 1) != 0;
  const std::vector<bool> gone = reduced_axes(call);
  Dims kept, dims;
  for (std::size_t i = 0; i < in.dims.size(); ++i) {
    kept.push_back(gone[i] ? 1 : in.dims[i]);
    if (keep || !gone[i]) dims.push_back(kept.back());
  }
  Constant out = call.result(dims, in.type, {&in});
  if (!out.known || in.values.empty()) return {out};
  std::vector<bool> begun(out.values.size(), false);
  Constant all = call.result(in.dims, in.type, {&in});  // for its indices
  fill(all, [&](const Index& index) {
    const std::size_t to = flat(kept, narrowed(kept, index));
    const Number value = in.values[flat(in.dims, index)];
    out.values[to] = begun[to] ? reduced(call.node.op, out.values[to], value) : value;
    begun[to] = true;
    return value;
  });
  out.known = all.known;
  if (!out.known) out.values.clear();
  if (call.node.op == "ReduceMean" && out.known) {
    const std::size_t count = in.values.size() / out.values.size();
    for (Number& value : out.values) value /= static_cast<Number>(count);
  }
  return {out};
}

}  // namespace edgeflow::onnx_reader
