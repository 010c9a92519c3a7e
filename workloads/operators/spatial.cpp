// Convolution, pooling, upsampling and padding, after the ONNX operator definitions (Conv,
// ConvTranspose, MaxPool, AveragePool, Resize, Pad).

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "workloads/operators/rules.hpp"
#include "workloads/tensors/index_ranges.hpp"

namespace edgeflow::rules {
namespace {

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0);
}
std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return -floor_div(-a, b); }

Range clip(const Range& range, std::int64_t extent) { return intersect(range, {0, extent}); }

/// Index of a spatial axis in kernel, stride, ...; `pad` has the ends two further on.
constexpr std::size_t spatial(Axis axis) { return axis == Axis::kRow ? 0 : 1; }

void require_feature_map(const Layer& layer) {
  if (layer.input_tensors[0].dims.size() != 3) {
    throw std::invalid_argument(fmt::format("the input must be a feature map [C,H,W], not [{}]",
                                            fmt::join(layer.input_tensors[0].dims, ",")));
  }
}

void require_positive(const std::array<std::int64_t, 2>& values, const char* what) {
  for (std::int64_t value : values) {
    if (value < 1 || value > (1 << 20)) {
      throw std::invalid_argument(fmt::format("{} must be between 1 and 2^20", what));
    }
  }
}

/// Checks everything that windows slide by.
void require_window(const Layer& layer) {
  require_feature_map(layer);
  const Attributes& a = layer.attributes;
  require_positive(a.kernel, "kernel");
  require_positive(a.stride, "stride");
  require_positive(a.dilation, "dilation");
  for (std::int64_t pad : a.pad) {
    if (pad < 0 || pad > (1 << 20)) throw std::invalid_argument("pad must be between 0 and 2^20");
  }
}

/// Output extent of a sliding window. In ceil mode the last window must start inside the input or
/// the leading padding (the rule of PyTorch and ONNX).
std::int64_t window_extent(const Attributes& a, std::size_t i, std::int64_t in) {
  const std::int64_t reach = a.dilation[i] * (a.kernel[i] - 1) + 1;
  const std::int64_t room = in + a.pad[i] + a.pad[i + 2] - reach;
  if (room < 0) throw std::invalid_argument("the kernel is larger than the padded input");
  std::int64_t out = floor_div(room, a.stride[i]) + 1;
  if (a.ceil_mode) {
    out = ceil_div(room, a.stride[i]) + 1;
    if ((out - 1) * a.stride[i] >= in + a.pad[i]) --out;
  }
  return out;
}

void require_groups(const Layer& layer) {
  const Attributes& a = layer.attributes;
  const std::int64_t in = layer.input_tensors[0].dims[0];
  if (a.out_channels < 1) throw std::invalid_argument("out_channels must be at least 1");
  if (a.groups < 1 || in % a.groups != 0 || a.out_channels % a.groups != 0) {
    throw std::invalid_argument(
        fmt::format("groups ({}) must divide both the input channels ({}) and out_channels ({})",
                    a.groups, in, a.out_channels));
  }
}

std::int64_t conv_params(const Layer& layer, std::int64_t weights_per_channel) {
  return layer.attributes.out_channels * (weights_per_channel + (layer.attributes.bias ? 1 : 0));
}

/// Input channels of the groups that output channels `out` belong to.
Range group_channels(const Layer& layer, const Range& out, std::int64_t in_channels) {
  const std::int64_t groups = layer.attributes.groups;
  const std::int64_t out_per_group = layer.attributes.out_channels / groups;
  const std::int64_t in_per_group = in_channels / groups;
  return {out.begin / out_per_group * in_per_group,
          ceil_div(out.end, out_per_group) * in_per_group};
}

/// Positions first/unit to last/unit, held inside [0, end], and the whole numbers on both sides.
Range neighbours(std::int64_t first, std::int64_t last, std::int64_t unit, std::int64_t end) {
  return {std::clamp<std::int64_t>(first, 0, end * unit) / unit,
          ceil_div(std::clamp<std::int64_t>(last, 0, end * unit), unit) + 1};
}

/// The box of these ranges of the dimensions of [C,H,W].
Region placed(const Tensor& in, const Region& ranges) {
  if (is_feature_map(in)) return ranges;
  IndexRanges need(in);
  for (std::size_t i = 0; i < kAxes.size(); ++i) need[i] = ranges[kAxes[i]];
  return need.cover();
}

void infer_conv(Layer& layer) {
  require_window(layer);
  require_groups(layer);
  const auto& in = layer.input_tensors[0].dims;
  const Attributes& a = layer.attributes;
  layer.output =
      make_tensor({a.out_channels, window_extent(a, 0, in[1]), window_extent(a, 1, in[2])});
  require_countable({layer.output.volume(), in[0] / a.groups, a.kernel[0], a.kernel[1]});
  require_countable({a.out_channels, in[0] / a.groups, a.kernel[0], a.kernel[1], 2});
  set_params(layer, conv_params(layer, in[0] / a.groups * a.kernel[0] * a.kernel[1]));
}

void infer_conv_transpose(Layer& layer) {
  require_window(layer);
  require_groups(layer);
  const auto& in = layer.input_tensors[0].dims;
  const Attributes& a = layer.attributes;
  auto extent = [&](std::size_t i, std::int64_t n) {
    return (n - 1) * a.stride[i] - a.pad[i] - a.pad[i + 2] + a.dilation[i] * (a.kernel[i] - 1) +
           a.output_pad[i] + 1;
  };
  layer.output = make_tensor({a.out_channels, extent(0, in[1]), extent(1, in[2])});
  require_countable({in[0] * in[1] * in[2], a.out_channels / a.groups, a.kernel[0], a.kernel[1]});
  require_countable({a.out_channels, in[0] / a.groups, a.kernel[0], a.kernel[1], 2});
  set_params(layer, conv_params(layer, in[0] / a.groups * a.kernel[0] * a.kernel[1]));
}

void infer_pool(Layer& layer) {
  require_window(layer);
  const auto& in = layer.input_tensors[0].dims;
  const Attributes& a = layer.attributes;
  layer.output = make_tensor({in[0], window_extent(a, 0, in[1]), window_extent(a, 1, in[2])});
}

void infer_adaptive_pool(Layer& layer) {
  require_feature_map(layer);
  require_positive(layer.attributes.output_size, "output_size");
  const auto& size = layer.attributes.output_size;
  layer.output = make_tensor({layer.input_tensors[0].dims[0], size[0], size[1]});
}

void infer_upsample(Layer& layer) {
  require_feature_map(layer);
  const auto& in = layer.input_tensors[0].dims;
  const std::int64_t scale = layer.attributes.scale;
  require_positive({scale, scale}, "scale");
  layer.output = make_tensor({in[0], in[1] * scale, in[2] * scale});
}

void infer_resize(Layer& layer) {
  require_feature_map(layer);
  require_positive(layer.attributes.output_size, "output_size");
  const auto& size = layer.attributes.output_size;
  layer.output = make_tensor({layer.input_tensors[0].dims[0], size[0], size[1]});
}

void infer_pad(Layer& layer) {
  require_window(layer);
  const auto& in = layer.input_tensors[0].dims;
  const auto& pad = layer.attributes.pad;
  layer.output = make_tensor({in[0], in[1] + pad[0] + pad[2], in[2] + pad[1] + pad[3]});
}

// The output of all these is a feature map in its default box, so `out` has ranges of its dims.
// They find the ranges [C,H,W] of the input, and placed() the box that these are.

// With its halo: rows [o0*s - p, (o1-1)*s - p + e*(k-1) + 1), clipped; columns alike.
Region window_input(const Layer& layer, std::size_t input, const Region& out) {
  const Tensor& in = layer.input_tensors[input];
  const Attributes& a = layer.attributes;
  Region need{out.channel, {}, {}};
  if (layer.op == Op::kConv) need.channel = group_channels(layer, out.channel, in.dims[0]);
  for (Axis axis : {Axis::kRow, Axis::kColumn}) {
    const std::size_t i = spatial(axis);
    const Range& o = out[axis];
    need[axis] = clip({o.begin * a.stride[i] - a.pad[i], (o.end - 1) * a.stride[i] - a.pad[i] +
                                                             a.dilation[i] * (a.kernel[i] - 1) + 1},
                      in.dims[i + 1]);
  }
  return placed(in, need);
}

// Input row i reaches output rows i*s - p + e*t for taps t in [0,k): by tap, i from
// ceil((o0 + p - e*t) / s) to floor((o1 - 1 + p - e*t) / s), which is nothing for some taps.
Region conv_transpose_input(const Layer& layer, std::size_t input, const Region& out) {
  const Tensor& in = layer.input_tensors[input];
  const Attributes& a = layer.attributes;
  Region need{group_channels(layer, out.channel, in.dims[0]), {}, {}};
  for (Axis axis : {Axis::kRow, Axis::kColumn}) {
    const std::size_t i = spatial(axis);
    for (std::int64_t tap = 0; tap < a.kernel[i]; ++tap) {
      const std::int64_t shift = a.pad[i] - a.dilation[i] * tap;
      const Range rows = clip({ceil_div(out[axis].begin + shift, a.stride[i]),
                               floor_div(out[axis].end - 1 + shift, a.stride[i]) + 1},
                              in.dims[i + 1]);
      if (rows.empty()) continue;
      Range& all = need[axis];
      all =
          all.empty() ? rows : Range{std::min(all.begin, rows.begin), std::max(all.end, rows.end)};
    }
  }
  return placed(in, need);
}

// Output o averages rows [floor(o*H/O), ceil((o+1)*H/O)).
Region adaptive_pool_input(const Layer& layer, std::size_t input, const Region& out) {
  const Tensor& in = layer.input_tensors[input];
  Region need{out.channel, {}, {}};
  for (Axis axis : {Axis::kRow, Axis::kColumn}) {
    const std::int64_t size = layer.attributes.output_size[spatial(axis)];
    const std::int64_t extent = in.dims[spatial(axis) + 1];
    need[axis] = {out[axis].begin * extent / size, ceil_div(out[axis].end * extent, size)};
  }
  return placed(in, need);
}

// Nearest: [floor(o0/f), floor((o1-1)/f) + 1). Bilinear with half-pixel centres: output o lies at
// (o + 1/2)/f - 1/2, held inside the input, and mixes the rows on both sides.
Region upsample_input(const Layer& layer, std::size_t input, const Region& out) {
  const Tensor& in = layer.input_tensors[input];
  const std::int64_t f = layer.attributes.scale;
  Region need{out.channel, {}, {}};
  for (Axis axis : {Axis::kRow, Axis::kColumn}) {
    const Range& o = out[axis];
    const std::int64_t last = in.dims[spatial(axis) + 1] - 1;
    if (layer.attributes.bilinear) {
      need[axis] = neighbours(2 * o.begin + 1 - f, 2 * o.end - 1 - f, 2 * f, last);
    } else {
      need[axis] = {o.begin / f, (o.end - 1) / f + 1};
    }
  }
  return placed(in, need);
}

// Output o of O lies at input position x = (o + 1/2) I/O - 1/2 (half_pixel), o (I-1)/(O-1)
// (align_corners) or o I/O (asymmetric), held inside the input. Nearest takes floor(x) if
// asymmetric, else one of the rows on both sides; bilinear mixes these two, bicubic one more on
// each side.
Region resize_input(const Layer& layer, std::size_t input, const Region& out) {
  const Tensor& in = layer.input_tensors[input];
  const Attributes& a = layer.attributes;
  Region need{out.channel, {}, {}};
  for (Axis axis : {Axis::kRow, Axis::kColumn}) {
    const Range& o = out[axis];
    const std::int64_t size = a.output_size[spatial(axis)];
    const std::int64_t extent = in.dims[spatial(axis) + 1];
    Range& range = need[axis];
    if (a.sampling == "asymmetric" && a.interpolation == "nearest") {
      range = {o.begin * extent / size, (o.end - 1) * extent / size + 1};
    } else if (a.sampling == "asymmetric") {
      range = neighbours(o.begin * extent, (o.end - 1) * extent, size, extent - 1);
    } else if (a.sampling == "align_corners") {
      range = neighbours(o.begin * (extent - 1), (o.end - 1) * (extent - 1),
                         std::max<std::int64_t>(size - 1, 1), extent - 1);
    } else {
      range = neighbours((2 * o.begin + 1) * extent - size, (2 * o.end - 1) * extent - size,
                         2 * size, extent - 1);
    }
    if (a.interpolation == "bicubic") range = clip({range.begin - 1, range.end + 1}, extent);
  }
  return placed(in, need);
}

// With `reflect`, what lies outside is a value from inside: at most as far from the border, or the
// border itself.
Region pad_input(const Layer& layer, std::size_t input, const Region& out) {
  const Tensor& in = layer.input_tensors[input];
  Region need{out.channel, {}, {}};
  for (Axis axis : {Axis::kRow, Axis::kColumn}) {
    const std::int64_t before = layer.attributes.pad[spatial(axis)];
    const Range from{out[axis].begin - before, out[axis].end - before};
    const std::int64_t extent = in.dims[spatial(axis) + 1];
    need[axis] = clip(from, extent);
    if (!layer.attributes.reflect) continue;
    std::int64_t first = need[axis].empty() ? extent - 1 : need[axis].begin;
    std::int64_t last = need[axis].empty() ? 0 : need[axis].end - 1;
    if (from.begin < 0) {
      first = 0;
      last = std::max(last, -from.begin);
    }
    if (from.end > extent) {
      first = std::min(first, 2 * (extent - 1) - (from.end - 1));
      last = extent - 1;
    }
    need[axis] = {std::max<std::int64_t>(first, 0), std::min(last, extent - 1) + 1};
  }
  return placed(in, need);
}

// Every output element sums over a window of its group's input channels.
std::int64_t conv_macs(const Layer& layer) {
  const Attributes& a = layer.attributes;
  return layer.output.volume() * (layer.input_tensors[0].dims[0] / a.groups) * a.kernel[0] *
         a.kernel[1];
}

// Every input element is multiplied into a window of its group's output channels.
std::int64_t conv_transpose_macs(const Layer& layer) {
  const Attributes& a = layer.attributes;
  return layer.input_tensors[0].volume() * (a.out_channels / a.groups) * a.kernel[0] * a.kernel[1];
}

MacKind conv_kind(const Layer& layer) {
  using Pair = std::array<std::int64_t, 2>;
  const Attributes& a = layer.attributes;
  const bool dense_3x3 =
      a.groups == 1 && a.kernel == Pair{3, 3} && a.stride == Pair{1, 1} && a.dilation == Pair{1, 1};
  if (dense_3x3) return MacKind::kDense3x3;
  return a.groups == 1 && a.kernel != Pair{1, 1} ? MacKind::kSpatial : MacKind::kGeneral;
}

MacKind conv_transpose_kind(const Layer& /*layer*/) { return MacKind::kGeneral; }

}  // namespace

std::span<const Operator> spatial_operators() {
  static const std::array kRows{
      Operator{.op = Op::kConv,
               .name = "conv",
               .attributes = {"out_channels", "kernel", "stride", "pad", "dilation", "groups",
                              "bias", "tied"},
               .infer = infer_conv,
               .required_input = window_input,
               .macs = conv_macs,
               .mac_kind = conv_kind},
      Operator{.op = Op::kConvTranspose,
               .name = "conv_transpose",
               .attributes = {"out_channels", "kernel", "stride", "pad", "dilation", "groups",
                              "bias", "output_pad", "tied"},
               .infer = infer_conv_transpose,
               .required_input = conv_transpose_input,
               .macs = conv_transpose_macs,
               .mac_kind = conv_transpose_kind},
      Operator{.op = Op::kMaxPool,
               .name = "max_pool",
               .attributes = {"kernel", "stride", "pad", "dilation", "ceil_mode"},
               .infer = infer_pool,
               .required_input = window_input},
      Operator{.op = Op::kAvgPool,
               .name = "avg_pool",
               .attributes = {"kernel", "stride", "pad", "dilation", "ceil_mode"},
               .infer = infer_pool,
               .required_input = window_input},
      Operator{.op = Op::kAdaptiveAvgPool,
               .name = "adaptive_avg_pool",
               .attributes = {"output_size"},
               .infer = infer_adaptive_pool,
               .required_input = adaptive_pool_input},
      Operator{.op = Op::kPad,
               .name = "pad",
               .attributes = {"pad", "reflect"},
               .infer = infer_pad,
               .required_input = pad_input},
      Operator{.op = Op::kUpsample,
               .name = "upsample",
               .attributes = {"scale", "bilinear"},
               .infer = infer_upsample,
               .required_input = upsample_input},
      Operator{.op = Op::kResize,
               .name = "resize",
               .attributes = {"output_size", "interpolation", "sampling"},
               .infer = infer_resize,
               .required_input = resize_input},
  };
  return kRows;
}

}  // namespace edgeflow::rules
