// ONNX operators on feature maps.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "workloads/onnx/importer.hpp"

namespace edgeflow::onnx_reader {
namespace {

constexpr std::int64_t kMaxWindow = 1 << 20;

/// An attribute with a value per row and column, or per row only for one-dimensional networks.
std::array<std::int64_t, 2> pair_of(const Importer& in, std::string_view key, const Dims& otherwise,
                                    std::int64_t fill) {
  const Dims* given = in.node().integers(key);
  const Dims& values = given != nullptr ? *given : otherwise;
  std::array<std::int64_t, 2> pair{fill, fill};
  if (values.empty() || values.size() > 2) {
    in.fail(fmt::format("{} [{}] is not for one or two dimensions", key, fmt::join(values, ",")));
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] < 0 || values[i] > kMaxWindow) {
      in.fail(fmt::format("{} is {}, expected 0 to 2^20", key, values[i]));
    }
    pair[i] = values[i];
  }
  return pair;
}

/// kernel, stride, dilation and pad, whichever way the file gives them.
void read_windows(const Importer& in, const Activation& x, const Dims& kernel, Attributes& a) {
  const std::size_t rank = x.shape.size() - 2;
  a.kernel = pair_of(in, "kernel_shape", kernel, 1);
  a.stride = pair_of(in, "strides", Dims(rank, 1), 1);
  a.dilation = pair_of(in, "dilations", Dims(rank, 1), 1);
  const std::string how = in.node().text("auto_pad", "NOTSET");
  if (how == "NOTSET") {
    const Dims* pads = in.node().integers("pads");
    if (pads == nullptr || pads->empty()) return;
    if (pads->size() != 2 * rank) in.fail("pads do not fit the dimensions of the input");
    for (std::size_t i = 0; i < rank; ++i) {
      a.pad[i] = (*pads)[i];
      a.pad[i + 2] = (*pads)[i + rank];
    }
    return;
  }
  for (std::size_t i = 0; i < rank && how.starts_with("SAME"); ++i) {
    const std::int64_t extent = x.shape[i + 2];
    const std::int64_t stride = std::max<std::int64_t>(a.stride[i], 1);
    const std::int64_t reach = a.dilation[i] * (a.kernel[i] - 1) + 1;
    const std::int64_t total =
        std::max<std::int64_t>(((extent + stride - 1) / stride - 1) * stride + reach - extent, 0);
    a.pad[i] = how == "SAME_LOWER" ? total - total / 2 : total / 2;
    a.pad[i + 2] = total - a.pad[i];
  }
}

/// Sets the node's output from a layer on the feature map of `x`.
void set_map(Importer& in, const Activation& x, std::size_t layer) {
  Dims shape = in.item(layer).output.dims;
  shape.insert(shape.begin(), 1);
  const Activation map = in.as(layer, shape, 0);
  if (x.shape.size() == 4) return in.set(0, map);
  shape.pop_back();
  in.set(0, in.viewed(map, shape, "/sequence"));
}

void conv(Importer& in) {
  const Activation& x = in.activation(0);
  const Constant& weights = in.constant(1);
  const Activation map = in.feature_map(x);
  const bool transposed = in.node().op == "ConvTranspose";
  if (weights.dims.size() != x.shape.size()) {
    in.fail(fmt::format("weights of [{}] do not fit an input of [{}]", fmt::join(weights.dims, ","),
                        fmt::join(x.shape, ",")));
  }
  Attributes a;
  read_windows(in, x, {weights.dims.begin() + 2, weights.dims.end()}, a);
  if (const Dims* kernel = in.node().integers("kernel_shape");
      kernel != nullptr && *kernel != Dims(weights.dims.begin() + 2, weights.dims.end())) {
    in.fail(fmt::format("kernel_shape [{}] does not fit weights of [{}]", fmt::join(*kernel, ","),
                        fmt::join(weights.dims, ",")));
  }
  a.groups = in.node().integer("group", 1);
  if (a.groups < 1 || a.groups > kMaxWindow) in.fail("group is out of range");
  a.out_channels = transposed ? weights.dims[1] * a.groups : weights.dims[0];
  const std::int64_t channels = transposed ? weights.dims[0] : weights.dims[1] * a.groups;
  if (channels != map.shape[1]) {
    in.fail(fmt::format("tensor {} has weights for {} input channels, the input has {}",
                        in_quotes(in.node().inputs[1]), channels, map.shape[1]));
  }
  a.bias = in.has(2);
  a.tied = !in.claim(weights);
  if (!transposed) return set_map(in, x, in.add(Op::kConv, a, {&map}));
  const std::size_t rank = x.shape.size() - 2;
  a.output_pad = pair_of(in, "output_padding", Dims(rank, 0), 0);
  const std::string how = in.node().text("auto_pad", "NOTSET");
  const Dims* given = in.node().integers("output_shape");
  for (std::size_t i = 0; i < rank && (given != nullptr || how.starts_with("SAME")); ++i) {
    if (given != nullptr && given->size() < rank) in.fail("output_shape is too short");
    const std::int64_t size =
        given != nullptr ? (*given)[given->size() - rank + i] : a.stride[i] * x.shape[i + 2];
    const std::int64_t full = a.stride[i] * (x.shape[i + 2] - 1) + a.output_pad[i] +
                              a.dilation[i] * (a.kernel[i] - 1) + 1;
    if (size < 1 || size > full) in.fail("the wanted output size cannot be reached");
    const std::int64_t total = full - size;
    a.pad[i] = how == "SAME_UPPER" ? total / 2 : total - total / 2;
    a.pad[i + 2] = total - a.pad[i];
  }
  set_map(in, x, in.add(Op::kConvTranspose, a, {&map}));
}

void pool(Importer& in) {
  const Activation& x = in.activation(0);
  const Activation map = in.feature_map(x);
  if (in.wants(1)) return in.unknown("the places of the maxima are not supported");
  Attributes a;
  read_windows(in, x, {}, a);
  a.ceil_mode = in.node().integer("ceil_mode", 0) != 0;
  const Op op = in.node().op == "MaxPool" ? Op::kMaxPool : Op::kAvgPool;
  set_map(in, x, in.add(op, a, {&map}));
}

void global_pool(Importer& in) {
  const Activation& x = in.activation(0);
  if (x.shape.size() < 3) in.fail("its input has no rows and columns");
  if (in.node().op == "GlobalAveragePool" && x.shape.size() == 4 && x.shape[0] == 1) {
    const Activation map = in.feature_map(x);
    return set_map(in, x, in.add(Op::kAdaptiveAvgPool, {}, {&map}));
  }
  const Activation all = in.with_dropped(x, x.shape[0] == 1 ? 0 : -1);
  Attributes a;
  a.function = in.node().op == "GlobalMaxPool" ? "reduce_max" : "reduce_mean";
  Dims shape = x.shape;
  for (std::size_t i = 2; i < shape.size(); ++i) {
    shape[i] = 1;
    a.dims.push_back(static_cast<std::int64_t>(i) - (all.dropped == 0 ? 1 : 0));
  }
  in.set(0, in.as(in.add(Op::kReduce, a, {&all}), shape, all.dropped));
}

void normalise(Importer& in) {
  const Activation& x = in.activation(0);
  if (x.shape.size() < 2 || x.shape[0] != 1) in.fail("its input must be [1,C,...]");
  const Activation all = in.with_dropped(x, 0);
  Attributes a;
  Op op = Op::kLocalNorm;
  if (in.node().op == "BatchNormalization") op = Op::kBatchNorm;
  if (in.node().op == "InstanceNormalization") op = Op::kInstanceNorm;
  if (op != Op::kLocalNorm) {
    const Constant& scale = in.constant(1);
    if (scale.size() != x.shape[1]) {
      in.fail(fmt::format("tensor {} has {} values for {} channels", in_quotes(in.node().inputs[1]),
                          scale.size(), x.shape[1]));
    }
    // Group norm is written as an instance norm with ones and zeros that the graph holds.
    a.affine = !scale.leaves.empty();
  }
  in.set(0, in.as(in.add(op, a, {&all}), x.shape, 0));
}

/// Output sizes of a Resize or Upsample, from `sizes` or `scales` of rows and columns.
std::array<std::int64_t, 2> resized(const Importer& in, const Activation& map) {
  const bool old = in.opset() < 11;  // (x, scales), later (x, roi, scales, sizes)
  std::array<std::int64_t, 2> size{map.shape[2], map.shape[3]};
  const std::size_t rank = in.activation(0).shape.size();
  const std::size_t scales_at = old ? 1 : 2;
  const bool by_size = !old && in.has(3);
  const Constant& values = in.constant(by_size ? 3 : scales_at);
  if (!values.known || values.values.size() != rank) {
    in.fail(fmt::format("tensor {} does not say the new size",
                        in_quotes(in.node().inputs[by_size ? 3 : scales_at])));
  }
  for (std::size_t i = 0; i < rank; ++i) {
    const auto extent = static_cast<Number>(i < 2 ? map.shape[i] : size[i - 2]);
    const Number wanted =
        by_size ? values.values[i] : std::floor(extent * values.values[i] + 1e-6L);
    if (!(wanted >= 1 && wanted <= static_cast<Number>(kMaxWindow))) in.fail("a size is wrong");
    if (i >= 2) {
      size[i - 2] = to_integer(wanted);
    } else if (wanted != extent) {
      in.fail("it changes the batch or the channels");
    }
  }
  return size;
}

void resize(Importer& in) {
  const Activation& x = in.activation(0);
  const Activation map = in.feature_map(x);
  const auto size = resized(in, map);
  const std::array<std::int64_t, 2> from{map.shape[2], map.shape[3]};
  if (size == from) return in.set(0, x);
  const std::string mode = in.node().text("mode", "nearest");
  std::string sampling = in.node().text("coordinate_transformation_mode",
                                        in.opset() < 11 ? "asymmetric" : "half_pixel");
  if (sampling == "tf_crop_and_resize") return in.unknown("it crops, too");
  if (sampling != "align_corners" && sampling != "asymmetric") sampling = "half_pixel";
  const std::string rounding =
      in.node().text("nearest_mode", in.opset() < 11 ? "floor" : "round_prefer_floor");
  const std::int64_t factor = size[0] / from[0];
  const bool whole = size[0] == from[0] * factor && size[1] == from[1] * factor;
  // By a whole factor, rounding half-pixel positions gives what flooring plain ones gives.
  const bool plain_nearest =
      mode == "nearest" && ((sampling == "asymmetric" && rounding == "floor") ||
                            (sampling == "half_pixel" && rounding.starts_with("round") && whole));
  const bool linear = mode == "linear" || mode == "bilinear";
  Attributes a;
  if (whole && (plain_nearest || (linear && sampling == "half_pixel"))) {
    a.scale = factor;
    a.bilinear = linear;
    return set_map(in, x, in.add(Op::kUpsample, a, {&map}));
  }
  a.output_size = size;
  a.sampling = sampling;
  // Nearest with other roundings takes one of the two that bilinear mixes.
  a.interpolation = mode == "cubic" ? "bicubic" : plain_nearest ? "nearest" : "bilinear";
  set_map(in, x, in.add(Op::kResize, a, {&map}));
}

/// Padding of dimension `dim` of a shape other than rows and columns: joined constants.
Activation padded(Importer& in, const Activation& x, std::size_t dim, std::int64_t before,
                  std::int64_t after) {
  const int dropped = x.dropped == static_cast<int>(dim) ? -1 : x.dropped;
  const Activation from = in.with_dropped(x, dropped);
  Attributes a;
  a.dim =
      static_cast<std::int64_t>(dim) - (dropped >= 0 && dropped < static_cast<int>(dim) ? 1 : 0);
  a.before = before;
  a.after = after;
  Dims shape = x.shape;
  shape[dim] += before + after;
  return in.as(in.add(Op::kConcat, a, {&from}, fmt::format("/{}", dim)), shape, dropped);
}

void pad(Importer& in) {
  Activation x = in.activation(0);
  const auto pads = list_of(in.node(), "pads", in.constants(), 1);
  const std::size_t rank = x.shape.size();
  if (!pads || pads->size() != 2 * rank) in.fail("pads do not fit the dimensions of the input");
  const bool fixed = in.node().text("mode", "constant") == "constant";
  for (std::int64_t one : *pads) {
    if (one < 0) return in.unknown("it crops, too");
    if (one > kMaxWindow) in.fail("pads are out of range");
  }
  Attributes a;
  a.reflect = !fixed;
  bool on_map = false;
  const bool is_map = rank == 4 && x.shape[0] == 1;
  for (std::size_t i = 0; i < rank; ++i) {
    const std::int64_t before = (*pads)[i], after = (*pads)[i + rank];
    if (before == 0 && after == 0) continue;
    if (is_map && i >= 2) {
      a.pad[i - 2] = before;
      a.pad[i] = after;
      on_map = true;
    } else if (!fixed) {
      return in.unknown("it reflects along a dimension that is not rows or columns");
    } else {
      x = padded(in, x, i, before, after);
    }
  }
  if (on_map) {
    const Activation map = in.feature_map(x);
    return set_map(in, x, in.add(Op::kPad, a, {&map}));
  }
  in.set(0, x);
}

/// A block of b x b pixels as channels, or back: two views and a transpose between them.
void shuffle(Importer& in) {
  const Activation map = in.feature_map(in.activation(0));
  const std::int64_t b = in.node().integer("blocksize", 0);
  const std::int64_t c = map.shape[1], h = map.shape[2], w = map.shape[3];
  if (in.activation(0).shape.size() != 4 || b < 1 || b > 1024) in.fail("blocksize is out of range");
  Attributes order;
  Dims first, last;
  if (in.node().op == "DepthToSpace") {
    if (c % (b * b) != 0) in.fail("the channels do not make up whole blocks");
    const bool column_row = in.node().text("mode", "DCR") == "CRD";
    first = column_row ? Dims{1, c / b / b, b, b, h, w} : Dims{1, b, b, c / b / b, h, w};
    order.dims = column_row ? Dims{0, 3, 1, 4, 2} : Dims{2, 3, 0, 4, 1};
    last = {1, c / b / b, h * b, w * b};
  } else {
    if (h % b != 0 || w % b != 0) in.fail("rows and columns do not make up whole blocks");
    first = {1, c, h / b, b, w / b, b};
    order.dims = {2, 4, 0, 1, 3};
    last = {1, c * b * b, h / b, w / b};
  }
  const Activation blocks = in.with_dropped(in.viewed(map, first, "/blocks"), 0, "/blocks_view");
  Dims moved{1};
  for (std::int64_t from : order.dims) moved.push_back(first[static_cast<std::size_t>(from) + 1]);
  const Activation turned = in.as(in.add(Op::kTranspose, order, {&blocks}, "/turn"), moved, 0);
  in.set(0, in.viewed(turned, last));
}

}  // namespace

Translation spatial_translation(const std::string& op) {
  static const std::unordered_map<std::string_view, Translation> kTable{
      {"Conv", conv},
      {"ConvTranspose", conv},
      {"MaxPool", pool},
      {"AveragePool", pool},
      {"LpPool", pool},
      {"GlobalAveragePool", global_pool},
      {"GlobalMaxPool", global_pool},
      {"BatchNormalization", normalise},
      {"InstanceNormalization", normalise},
      {"LRN", normalise},
      {"Resize", resize},
      {"Upsample", resize},
      {"Pad", pad},
      {"DepthToSpace", shuffle},
      {"SpaceToDepth", shuffle},
  };
  const auto found = kTable.find(op);
  return found == kTable.end() ? nullptr : found->second;
}

}  // namespace edgeflow::onnx_reader
