#pragma once
// For the two files that evaluate constants only.

#include <algorithm>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "workloads/onnx/constants.hpp"

namespace edgeflow::onnx_reader {

using Outputs = std::vector<Constant>;
using Index = std::vector<std::int64_t>;

/// What the functions below get: a node and its inputs, all of them constant.
struct Call {
  const Node& node;
  std::span<const Constant* const> inputs;
  int opset;
  Budget& budget;

  bool has(std::size_t i) const { return i < inputs.size() && inputs[i] != nullptr; }
  const Constant& at(std::size_t i) const {
    if (!has(i)) throw std::invalid_argument("an input is missing");
    return *inputs[i];
  }
  /// A result of these dims. Its values are worked out only if those of `from` are known, and it is
  /// small; then it is marked as known and has room for them.
  Constant result(Dims dims, int type, std::initializer_list<const Constant*> from) const {
    Constant constant;
    constant.dims = std::move(dims);
    constant.type = type;
    const std::int64_t size = constant.size();
    constant.known = size <= kMaxEvaluated && size <= budget.elements;
    for (const Constant* one : from) constant.known = constant.known && one->known;
    for (const Constant* one : inputs) {
      if (one != nullptr) constant.add_leaves(one->leaves);
    }
    if (constant.known) {
      budget.elements -= size;
      constant.values.resize(static_cast<std::size_t>(size));
    }
    return constant;
  }
};

inline std::size_t flat(const Dims& dims, const Index& index) {
  std::int64_t place = 0;
  for (std::size_t i = 0; i < dims.size(); ++i) place = place * dims[i] + index[i];
  return static_cast<std::size_t>(place);
}

/// Fills the values of `out`, if they are known, index by index.
template <typename ValueAt>
void fill(Constant& out, ValueAt value_at) {
  if (!out.known) return;
  Index index(out.dims.size(), 0);
  for (Number& value : out.values) {
    value = value_at(index);
    for (std::size_t i = index.size(); i-- > 0;) {
      if (++index[i] < out.dims[i]) break;
      index[i] = 0;
    }
  }
}

/// The place of an index of the broadcast result in an input.
inline Index narrowed(const Dims& dims, const Index& index) {
  Index from(index.end() - static_cast<std::ptrdiff_t>(dims.size()), index.end());
  for (std::size_t i = 0; i < dims.size(); ++i) from[i] = dims[i] == 1 ? 0 : from[i];
  return from;
}

// Arithmetic (arithmetic.cpp); the operator is call.node.op.
Outputs binary(const Call& call);
Outputs unary(const Call& call);
Outputs where(const Call& call);
Outputs cast(const Call& call);
Outputs reduce(const Call& call);

}  // namespace edgeflow::onnx_reader
