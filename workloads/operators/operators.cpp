#include "workloads/operators/operators.hpp"

#include <algorithm>
#include <array>
#include <cassert>

#include "workloads/operators/rules.hpp"

namespace edgeflow {
namespace {

__extension__ using Wide = __int128;  // a layer's MACs times a volume exceed 63 bits

constexpr std::size_t kOperators = static_cast<std::size_t>(Op::kOpaque) + 1;

std::array<Operator, kOperators> table_of_all() {
  std::array<Operator, kOperators> table{};
  for (const auto rows : {rules::spatial_operators(), rules::token_operators(),
                          rules::elementwise_operators(), rules::moving_operators()}) {
    for (const Operator& row : rows) table[static_cast<std::size_t>(row.op)] = row;
  }
  return table;
}

}  // namespace

std::string_view to_string(MacKind kind) {
  constexpr std::array<std::string_view, 6> kNames{"none",    "general", "dense_3x3",
                                                   "spatial", "matrix",  "fully_connected"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::span<const Operator> operator_table() {
  static const std::array<Operator, kOperators> kTable = table_of_all();
  return kTable;
}

const Operator& operator_of(Op op) {
  const Operator& row = operator_table()[static_cast<std::size_t>(op)];
  assert(row.infer != nullptr);
  return row;
}

Region required_input(const Layer& layer, std::size_t input, const Region& out) {
  if (out.empty()) return {};
  const Region need = operator_of(layer.op).required_input(layer, input, out);
  return need.empty() ? Region{} : need;
}

std::int64_t weights_of(const Layer& layer, const Region& out) {
  const std::int64_t weights = layer.params + layer.tied_params;
  if (weights == 0) return 0;
  const Axis axis = weight_axis(layer);
  const std::int64_t extent = layer.output.box[axis].end;
  // In two parts, as the product may not fit 64 bits.
  return weights / extent * out[axis].size() + weights % extent * out[axis].size() / extent;
}

Work work(const Layer& layer, const Region& out) {
  Work result;
  const Operator& op = operator_of(layer.op);
  result.view = op.view;
  if (result.view || out.empty()) return result;
  const std::int64_t volume = out.volume();
  result.layer = &layer;
  result.kind = op.mac_kind(layer);
  if (result.kind != MacKind::kNone) {
    // Rounded up, so that parts never add up to less than the whole.
    const Wide macs = op.macs(layer);
    const Wide whole = layer.output.volume();
    result.macs = static_cast<std::int64_t>((macs * volume + whole - 1) / whole);
  }
  for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
    result.in_elements += required_input(layer, i, out).volume();
  }
  result.out_elements = volume;
  result.weight_elements = weights_of(layer, out);
  if (op.looks_up) result.weight_elements = std::min(result.weight_elements, volume);
  return result;
}

Axis weight_axis(const Layer& layer) { return operator_of(layer.op).weight_axis(layer); }

AxisSet split_axes(const Layer& layer) {
  auto needed = [&](const Region& out) {
    std::int64_t elements = weights_of(layer, out);
    for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
      elements += required_input(layer, i, out).volume();
    }
    return elements;
  };
  AxisSet axes = 0;
  for (Axis axis : kAxes) {
    Region first = layer.output.box;
    Region second = layer.output.box;
    if (first[axis].size() < 2) continue;
    first[axis].end = second[axis].begin = first[axis].begin + first[axis].size() / 2;
    const std::int64_t all = needed(layer.output.box);
    if (needed(first) < all && needed(second) < all) {
      axes = static_cast<AxisSet>(axes | axis_bit(axis));
    }
  }
  return axes;
}

}  // namespace edgeflow
