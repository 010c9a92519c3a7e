#include "workloads/operators.hpp"

#include <array>
#include <cassert>

#include "workloads/operator_rules.hpp"

namespace edgeflow {
namespace {

using Keys = std::span<const std::string_view>;

constexpr std::array<std::string_view, 1> kInputKeys{"dims"};
constexpr std::array<std::string_view, 7> kConvKeys{"out_channels", "kernel", "stride", "pad",
                                                    "dilation",     "groups", "bias"};
constexpr std::array<std::string_view, 8> kConvTransposeKeys{
    "out_channels", "kernel", "stride", "pad", "dilation", "groups", "bias", "output_pad"};
constexpr std::array<std::string_view, 5> kPoolKeys{"kernel", "stride", "pad", "dilation",
                                                    "ceil_mode"};
constexpr std::array<std::string_view, 1> kAdaptivePoolKeys{"output_size"};
constexpr std::array<std::string_view, 2> kLinearKeys{"out_channels", "bias"};
constexpr std::array<std::string_view, 1> kDimKeys{"dim"};
constexpr std::array<std::string_view, 4> kSliceKeys{"dim", "start", "stop", "step"};
constexpr std::array<std::string_view, 1> kPadKeys{"pad"};
constexpr std::array<std::string_view, 2> kUpsampleKeys{"scale", "bilinear"};
constexpr std::array<std::string_view, 1> kDimsKeys{"dims"};

using namespace rules;  // NOLINT(google-build-using-namespace): the table reads as a table

// op, name, attributes, inputs (min, max), infer, required_input, macs
const std::array<Operator, 17> kTable{{
    {Op::kInput, "input", kInputKeys, 0, 0, infer_input, same_region, no_macs},
    {Op::kConv, "conv", kConvKeys, 1, 1, infer_conv, window_input, conv_macs},
    {Op::kConvTranspose, "conv_transpose", kConvTransposeKeys, 1, 1, infer_conv_transpose,
     conv_transpose_input, conv_transpose_macs},
    {Op::kMaxPool, "max_pool", kPoolKeys, 1, 1, infer_pool, window_input, no_macs},
    {Op::kAvgPool, "avg_pool", kPoolKeys, 1, 1, infer_pool, window_input, no_macs},
    {Op::kAdaptiveAvgPool, "adaptive_avg_pool", kAdaptivePoolKeys, 1, 1, infer_adaptive_pool,
     adaptive_pool_input, no_macs},
    {Op::kLinear, "linear", kLinearKeys, 1, 1, infer_linear, linear_input, linear_macs},
    {Op::kBatchNorm, "batch_norm", {}, 1, 1, infer_batch_norm, same_region, no_macs},
    {Op::kActivation, "activation", {}, 1, 1, infer_same, same_region, no_macs},
    {Op::kElementwise, "elementwise", {}, 1, -1, infer_elementwise, elementwise_input, no_macs},
    {Op::kConcat, "concat", kDimKeys, 1, -1, infer_concat, concat_input, no_macs},
    {Op::kSlice, "slice", kSliceKeys, 1, 1, infer_slice, slice_input, no_macs},
    {Op::kPad, "pad", kPadKeys, 1, 1, infer_pad, pad_input, no_macs},
    {Op::kUpsample, "upsample", kUpsampleKeys, 1, 1, infer_upsample, upsample_input, no_macs},
    {Op::kReshape, "reshape", kDimsKeys, 1, 1, infer_reshape, same_region, no_macs},
    {Op::kTranspose, "transpose", kDimsKeys, 1, 1, infer_transpose, transpose_input, no_macs},
    {Op::kSoftmax, "softmax", kDimKeys, 1, 1, infer_softmax, softmax_input, no_macs},
}};

constexpr std::array<std::string_view, 10> kActivations{
    "relu", "relu6",     "leaky_relu", "sigmoid", "hardsigmoid",
    "silu", "hardswish", "tanh",       "gelu",    "hardtanh"};
constexpr std::array<std::string_view, 7> kElementwise{"add", "sub", "mul", "div",
                                                       "pow", "max", "min"};

MacKind mac_kind(const Layer& layer) {
  const Attributes& a = layer.attributes;
  switch (layer.op) {
    case Op::kConv: {
      using Pair = std::array<std::int64_t, 2>;
      const bool dense_3x3 = a.groups == 1 && a.kernel == Pair{3, 3} && a.stride == Pair{1, 1} &&
                             a.dilation == Pair{1, 1};
      return dense_3x3 ? MacKind::kDense3x3 : MacKind::kGeneral;
    }
    case Op::kConvTranspose:
      return MacKind::kGeneral;
    case Op::kLinear:
      return layer.input_tensors[0].dims.size() == 1 ? MacKind::kFullyConnected : MacKind::kGeneral;
    default:
      return MacKind::kNone;
  }
}

/// The part of the weights that computing `out` reads: its output channels' share.
std::int64_t weights_of(const Layer& layer, const Region& out) {
  const Axis axis = weight_axis(layer);
  const std::int64_t extent = layer.output.box[axis].end;
  return layer.params == 0 ? 0 : layer.params * out[axis].size() / extent;
}

}  // namespace

std::span<const Operator> operator_table() { return kTable; }

const Operator& operator_of(Op op) {
  const Operator& row = kTable[static_cast<std::size_t>(op)];
  assert(row.op == op);
  return row;
}

Region required_input(const Layer& layer, std::size_t input, const Region& out) {
  if (out.empty()) return {};
  const Region need = operator_of(layer.op).required_input(layer, input, out);
  return need.empty() ? Region{} : need;
}

Work work(const Layer& layer, const Region& out) {
  Work result;
  if (layer.op == Op::kReshape || layer.op == Op::kInput) result.view = true;
  if (result.view || out.empty()) return result;
  const std::int64_t volume = out.volume();
  result.kind = mac_kind(layer);
  if (result.kind != MacKind::kNone) {
    const std::int64_t macs = operator_of(layer.op).macs(layer);
    const std::int64_t whole = layer.output.volume();
    result.macs =
        macs / whole * volume +
        static_cast<std::int64_t>(static_cast<double>(macs % whole) * static_cast<double>(volume) /
                                  static_cast<double>(whole));
  }
  for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
    result.in_elements += required_input(layer, i, out).volume();
  }
  result.out_elements = volume;
  result.weight_elements = weights_of(layer, out);
  return result;
}

Axis weight_axis(const Layer& layer) {
  return layer.op == Op::kLinear ? linear_feature_axis(layer) : Axis::kChannel;
}

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
    Region half = layer.output.box;
    if (half[axis].size() < 2) continue;
    half[axis].end /= 2;
    if (needed(half) < needed(layer.output.box)) axes = static_cast<AxisSet>(axes | axis_bit(axis));
  }
  return axes;
}

std::span<const std::string_view> activation_functions() { return kActivations; }
std::span<const std::string_view> elementwise_functions() { return kElementwise; }

}  // namespace edgeflow
