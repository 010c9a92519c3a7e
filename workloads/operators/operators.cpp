#include "workloads/operators/operators.hpp"

#include <algorithm>
#include <array>
#include <cassert>

#include "workloads/operators/rules.hpp"

namespace edgeflow {
namespace {

__extension__ using Wide = __int128;  // a layer's MACs times a volume exceed 63 bits

constexpr std::array<std::string_view, 1> kInputKeys{"dims"};
constexpr std::array<std::string_view, 8> kConvKeys{"out_channels", "kernel", "stride", "pad",
                                                    "dilation",     "groups", "bias",   "tied"};
constexpr std::array<std::string_view, 9> kConvTransposeKeys{
    "out_channels", "kernel", "stride", "pad", "dilation", "groups", "bias", "output_pad", "tied"};
constexpr std::array<std::string_view, 5> kPoolKeys{"kernel", "stride", "pad", "dilation",
                                                    "ceil_mode"};
constexpr std::array<std::string_view, 1> kAdaptivePoolKeys{"output_size"};
constexpr std::array<std::string_view, 3> kLinearKeys{"out_channels", "bias", "tied"};
constexpr std::array<std::string_view, 1> kParamsKeys{"params"};
constexpr std::array<std::string_view, 4> kConcatKeys{"dim", "before", "after", "params"};
constexpr std::array<std::string_view, 1> kDimKeys{"dim"};
constexpr std::array<std::string_view, 4> kSliceKeys{"dim", "start", "stop", "step"};
constexpr std::array<std::string_view, 2> kPadKeys{"pad", "reflect"};
constexpr std::array<std::string_view, 2> kUpsampleKeys{"scale", "bilinear"};
constexpr std::array<std::string_view, 1> kDimsKeys{"dims"};
constexpr std::array<std::string_view, 4> kLayerNormKeys{"dim", "affine", "bias", "tied"};
constexpr std::array<std::string_view, 3> kInstanceNormKeys{"affine", "bias", "tied"};
constexpr std::array<std::string_view, 3> kEmbeddingKeys{"count", "out_channels", "tied"};
constexpr std::array<std::string_view, 2> kReduceKeys{"dims", "keep_dims"};
constexpr std::array<std::string_view, 2> kGatherKeys{"dim", "count"};
constexpr std::array<std::string_view, 3> kResizeKeys{"output_size", "interpolation", "sampling"};
constexpr std::array<std::string_view, 2> kOpaqueKeys{"dims", "params"};

using namespace rules;  // NOLINT(google-build-using-namespace): the table reads as a table

// op, name, attributes, inputs (min, max), infer, required_input, macs
const std::array<Operator, 26> kTable{{
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
    {Op::kActivation, "activation", kParamsKeys, 1, 1, infer_same, same_region, no_macs},
    {Op::kElementwise, "elementwise", kParamsKeys, 1, -1, infer_elementwise, elementwise_input,
     no_macs},
    {Op::kConcat, "concat", kConcatKeys, 1, -1, infer_concat, concat_input, no_macs},
    {Op::kSlice, "slice", kSliceKeys, 1, 1, infer_slice, slice_input, no_macs},
    {Op::kPad, "pad", kPadKeys, 1, 1, infer_pad, pad_input, no_macs},
    {Op::kUpsample, "upsample", kUpsampleKeys, 1, 1, infer_upsample, upsample_input, no_macs},
    {Op::kReshape, "reshape", kDimsKeys, 1, 1, infer_reshape, same_region, no_macs},
    {Op::kTranspose, "transpose", kDimsKeys, 1, 1, infer_transpose, transpose_input, no_macs},
    {Op::kSoftmax, "softmax", kDimKeys, 1, 1, infer_softmax, softmax_input, no_macs},
    {Op::kMatMul, "matmul", {}, 2, 2, infer_matmul, matmul_input, matmul_macs},
    {Op::kLayerNorm, "layer_norm", kLayerNormKeys, 1, 1, infer_layer_norm, layer_norm_input,
     no_macs},
    {Op::kInstanceNorm, "instance_norm", kInstanceNormKeys, 1, 1, infer_instance_norm,
     instance_norm_input, no_macs},
    {Op::kLocalNorm, "local_norm", {}, 1, 1, infer_same, local_norm_input, no_macs},
    {Op::kEmbedding, "embedding", kEmbeddingKeys, 1, 1, infer_embedding, embedding_input, no_macs},
    {Op::kReduce, "reduce", kReduceKeys, 1, 1, infer_reduce, reduce_input, no_macs},
    {Op::kGather, "gather", kGatherKeys, 1, 1, infer_gather, gather_input, no_macs},
    {Op::kResize, "resize", kResizeKeys, 1, 1, infer_resize, resize_input, no_macs},
    {Op::kOpaque, "opaque", kOpaqueKeys, 1, -1, infer_opaque, whole_input, no_macs},
}};

constexpr std::array<std::string_view, 32> kActivations{
    "relu",  "relu6",    "leaky_relu", "sigmoid", "hardsigmoid", "silu",     "hardswish", "tanh",
    "gelu",  "hardtanh", "elu",        "selu",    "celu",        "softplus", "softsign",  "mish",
    "prelu", "erf",      "exp",        "log",     "sqrt",        "abs",      "neg",       "sin",
    "cos",   "floor",    "ceil",       "round",   "reciprocal",  "sign",     "not",       "atan"};
constexpr std::array<std::string_view, 14> kElementwise{"add",     "sub",  "mul",   "div", "pow",
                                                        "max",     "min",  "where", "mod", "equal",
                                                        "greater", "less", "and",   "or"};
constexpr std::array<std::string_view, 9> kReductions{"reduce_mean", "reduce_sum",  "reduce_max",
                                                      "reduce_min",  "reduce_prod", "reduce_l1",
                                                      "reduce_l2",   "argmax",      "argmin"};

MacKind mac_kind(const Layer& layer) {
  const Attributes& a = layer.attributes;
  switch (layer.op) {
    case Op::kConv: {
      using Pair = std::array<std::int64_t, 2>;
      const bool dense_3x3 = a.groups == 1 && a.kernel == Pair{3, 3} && a.stride == Pair{1, 1} &&
                             a.dilation == Pair{1, 1};
      if (dense_3x3) return MacKind::kDense3x3;
      return a.groups == 1 && a.kernel != Pair{1, 1} ? MacKind::kSpatial : MacKind::kGeneral;
    }
    case Op::kConvTranspose:
      return MacKind::kGeneral;
    case Op::kMatMul:
      return MacKind::kMatrix;
    case Op::kLinear:
      return layer.input_tensors[0].dims.size() == 1 ? MacKind::kFullyConnected : MacKind::kMatrix;
    default:
      return MacKind::kNone;
  }
}

}  // namespace

std::string_view to_string(MacKind kind) {
  constexpr std::array<std::string_view, 6> kNames{"none",    "general", "dense_3x3",
                                                   "spatial", "matrix",  "fully_connected"};
  return kNames[static_cast<std::size_t>(kind)];
}

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
  if (layer.op == Op::kReshape || layer.op == Op::kInput) result.view = true;
  if (result.view || out.empty()) return result;
  const std::int64_t volume = out.volume();
  result.layer = &layer;
  result.kind = mac_kind(layer);
  if (result.kind != MacKind::kNone) {
    // Rounded up, so that parts never add up to less than the whole.
    const Wide macs = operator_of(layer.op).macs(layer);
    const Wide whole = layer.output.volume();
    result.macs = static_cast<std::int64_t>((macs * volume + whole - 1) / whole);
  }
  for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
    result.in_elements += required_input(layer, i, out).volume();
  }
  result.out_elements = volume;
  result.weight_elements = weights_of(layer, out);
  if (layer.op == Op::kEmbedding) {
    result.weight_elements = std::min(result.weight_elements, volume);
  }
  return result;
}

Axis weight_axis(const Layer& layer) {
  if (layer.op == Op::kEmbedding) return embedding_feature_axis(layer);
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
std::span<const std::string_view> reduce_functions() { return kReductions; }

}  // namespace edgeflow
