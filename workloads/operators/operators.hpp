#pragma once
// The operator table: what each operator means for regions, work and splitting.
//
// Everything the rest of the program knows of an operator is in its row: its name and attributes in
// model files, shape inference, which box of an input a box of the output is computed from, and its
// MACs. What else planners ask (work, split_axes) follows from these. Besides, fold.cpp says which
// operators frameworks fold. Adding one: a value of Op (layer.hpp), its functions and its row in the
// file of its family, and how ONNX writes it (workloads/onnx/ops_*.cpp).

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "workloads/operators/layer.hpp"

namespace edgeflow {

/// How a device's rates apply to an operator (see compute_time_s in platforms/device.hpp).
enum class MacKind : std::uint8_t {
  kNone,            // no MACs
  kGeneral,         // 1x1, grouped and depthwise convolutions, transposed ones
  kDense3x3,        // dense 3x3 stride-1 undilated convolution: Winograd applies
  kSpatial,         // other dense convolutions over several rows or columns
  kMatrix,          // products of matrices: linear on several vectors, attention
  kFullyConnected,  // linear on one vector: bound by reading the weights
};
std::string_view to_string(MacKind kind);

/// What computing a region touches, in elements. A view (reshape) touches nothing.
struct Work {
  MacKind kind = MacKind::kNone;
  bool view = false;  // costs nothing at all, not even a call
  std::int64_t macs = 0;
  std::int64_t in_elements = 0;
  std::int64_t out_elements = 0;
  std::int64_t weight_elements = 0;  // read; an embedding reads only the rows that it looks up
  const Layer* layer = nullptr;      // whose output a part of is computed
};

// Of most operators.
inline std::int64_t no_macs(const Layer& /*layer*/) { return 0; }
inline MacKind no_mac_kind(const Layer& /*layer*/) { return MacKind::kNone; }
inline Axis channel_axis(const Layer& /*layer*/) { return Axis::kChannel; }

struct Operator {
  Op op;
  std::string_view name;                          // in model files
  std::vector<std::string_view> attributes = {};  // keys in model files, see attributes.hpp
  int min_inputs = 1;
  int max_inputs = 1;  // less than 0: any number
  /// Sets layer.output and layer.params from attributes and layer.input_tensors. The other
  /// functions read layer.output.box only, never its dims, which folding may change. Throws
  /// std::invalid_argument with a message for the user.
  void (*infer)(Layer& layer);
  Region (*required_input)(const Layer& layer, std::size_t input, const Region& out);
  /// Of the whole layer; a part has its share by volume.
  std::int64_t (*macs)(const Layer& layer) = no_macs;
  MacKind (*mac_kind)(const Layer& layer) = no_mac_kind;
  /// The axis of the output that the weights are divided along.
  Axis (*weight_axis)(const Layer& layer) = channel_axis;
  bool view = false;      // costs nothing at all
  bool looks_up = false;  // reads no more of its weights than it gives elements
  /// In model files it goes by one of these, `Attributes::function`, if there are any.
  std::span<const std::string_view> functions = {};
};

/// All rows, in the order of Op.
std::span<const Operator> operator_table();
const Operator& operator_of(Op op);

/// A box of input `input` (an index into layer.inputs) that holds all that output box `out` is
/// computed from, inside the input. Where that is no box (taps of a window in steps), it is the hull;
/// where the layer changes the order of elements along an axis, or joins or cuts dimensions that
/// share one (transpose, concat, slice behind a reshape), all of that axis. Empty for an empty `out`.
/// Precondition: out lies in layer.output.box.
Region required_input(const Layer& layer, std::size_t input, const Region& out);

/// The part of the weights that must be there to compute `out`: its output channels' share.
std::int64_t weights_of(const Layer& layer, const Region& out);

/// Work of computing output box `out`.
Work work(const Layer& layer, const Region& out);

/// Axes along which cutting the output pays: each half of it needs fewer input or weight elements
/// than all of it. Follows from required_input and work.
AxisSet split_axes(const Layer& layer);

/// The axis of the output that the layer's weights are divided along: output channels or features.
Axis weight_axis(const Layer& layer);

}  // namespace edgeflow
