#include "tests/support/small_models.hpp"

#include "tests/support/paths.hpp"
#include "workloads/model_yaml.hpp"

namespace edgeflow::reference {
namespace {

using Pair = std::array<std::int64_t, 2>;
using Names = std::vector<std::string>;

/// Writes down layers one after the other; every function returns the new layer's name.
class Sketch {
 public:
  Sketch(std::int64_t channels, std::int64_t rows, std::int64_t columns) {
    LayerSpec input{"input", Op::kInput, {}, {}};
    input.attributes.dims = {channels, rows, columns};
    specs_.push_back(input);
  }

  Graph graph(const std::string& name) const { return Graph(name, "made up", specs_); }

  std::string add(Op op, const Names& inputs, const Attributes& attributes) {
    specs_.push_back({"layer" + std::to_string(specs_.size()), op, attributes, inputs});
    return specs_.back().name;
  }

  std::string conv(const std::string& in, std::int64_t channels, Pair kernel,
                   std::int64_t stride = 1, std::int64_t groups = 1) {
    Attributes a;
    a.out_channels = channels;
    a.kernel = kernel;
    a.stride = {stride, stride};
    a.pad = {kernel[0] / 2, kernel[1] / 2, kernel[0] / 2, kernel[1] / 2};
    a.groups = groups;
    a.bias = false;
    return add(Op::kConv, {in}, a);
  }
  /// Convolution, batch-norm, activation.
  std::string block(const std::string& in, std::int64_t channels, std::int64_t kernel,
                    std::int64_t stride = 1, std::int64_t groups = 1,
                    const std::string& function = "relu") {
    return act(add(Op::kBatchNorm, {conv(in, channels, {kernel, kernel}, stride, groups)}, {}),
               function);
  }
  std::string act(const std::string& in, const std::string& function = "relu") {
    Attributes a;
    a.function = function;
    return add(Op::kActivation, {in}, a);
  }
  std::string pool(Op op, const std::string& in, std::int64_t kernel, std::int64_t stride,
                   std::int64_t pad = 0, bool ceil_mode = false) {
    Attributes a;
    a.kernel = {kernel, kernel};
    a.stride = {stride, stride};
    a.pad = {pad, pad, pad, pad};
    a.ceil_mode = ceil_mode;
    return add(op, {in}, a);
  }
  std::string sum(const std::string& a, const std::string& b) { return combine("add", {a, b}); }
  std::string combine(const std::string& function, const Names& inputs) {
    Attributes a;
    a.function = function;
    return add(Op::kElementwise, inputs, a);
  }
  std::string concat(const Names& inputs) { return add(Op::kConcat, inputs, {}); }
  std::string upsample(const std::string& in, bool bilinear = false) {
    Attributes a;
    a.bilinear = bilinear;
    return add(Op::kUpsample, {in}, a);
  }
  std::string average(const std::string& in, Pair size) {
    Attributes a;
    a.output_size = size;
    return add(Op::kAdaptiveAvgPool, {in}, a);
  }
  std::string reshape(const std::string& in, std::vector<std::int64_t> dims) {
    Attributes a;
    a.dims = std::move(dims);
    return add(Op::kReshape, {in}, a);
  }
  std::string transpose(const std::string& in, std::vector<std::int64_t> permutation) {
    Attributes a;
    a.dims = std::move(permutation);
    return add(Op::kTranspose, {in}, a);
  }
  std::string linear(const std::string& in, std::int64_t features) {
    Attributes a;
    a.out_channels = features;
    return add(Op::kLinear, {in}, a);
  }
  std::string softmax(const std::string& in) { return add(Op::kSoftmax, {in}, {}); }

 private:
  std::vector<LayerSpec> specs_;
};

// Simonyan and Zisserman, ICLR 2015, configuration A: 8 convolutions, 5 pools, 3 linear layers.
Graph vgg() {
  Sketch s(3, 37, 33);
  std::string x = "input";
  for (std::int64_t channels : {4, 6, -8, 8, -8, 8, -8, 8}) {  // negative: no pool after it
    x = s.act(s.conv(x, channels < 0 ? -channels : channels, {3, 3}));
    if (channels > 0) x = s.pool(Op::kMaxPool, x, 2, 2);
  }
  x = s.reshape(s.average(x, {3, 3}), {8 * 3 * 3});
  x = s.linear(s.act(s.linear(s.act(s.linear(x, 20)), 20)), 10);
  s.softmax(x);
  return s.graph("vgg");
}

// He et al., CVPR 2016: stem, 4 stages of 2 basic blocks, identity and 1x1 shortcuts.
Graph resnet() {
  Sketch s(3, 45, 40);
  std::string x = s.pool(Op::kMaxPool, s.block("input", 4, 7, 2), 3, 2, 1);
  std::int64_t channels = 4;
  for (std::int64_t stage = 0; stage < 4; ++stage) {
    for (int b = 0; b < 2; ++b) {
      const bool down = stage > 0 && b == 0;
      if (down) channels += 2;
      const std::string body = s.add(
          Op::kBatchNorm, {s.conv(s.block(x, channels, 3, down ? 2 : 1), channels, {3, 3})}, {});
      if (down) x = s.add(Op::kBatchNorm, {s.conv(x, channels, {1, 1}, 2)}, {});
      x = s.act(s.sum(body, x));
    }
  }
  s.linear(s.reshape(s.average(x, {1, 1}), {channels}), 10);
  return s.graph("resnet");
}

// Szegedy et al., CVPR 2015 and 2016: branches of 1x1, 5x5, 1x7 and 7x1, and a pool, joined.
Graph inception() {
  Sketch s(3, 22, 25);
  std::string x = s.pool(Op::kMaxPool, s.block("input", 6, 3, 2), 3, 2, 0, true);
  for (int b = 0; b < 2; ++b) {
    const std::string narrow = s.block(x, 4, 1);
    const std::string five = s.block(s.block(x, 3, 1), 4, 5);
    const std::string seven = s.conv(s.conv(s.conv(x, 3, {1, 1}), 3, {1, 7}), 4, {7, 1});
    const std::string pooled = s.block(s.pool(Op::kAvgPool, x, 3, 1, 1), 4, 1);
    x = s.concat({narrow, five, s.act(seven), pooled});
  }
  s.linear(s.reshape(s.average(x, {1, 1}), {16}), 7);
  return s.graph("inception");
}

// Huang et al., CVPR 2017: batch-norm first, every layer joined to all before it, transitions.
Graph densenet() {
  Sketch s(3, 27, 23);
  std::string x = s.block("input", 6, 3, 2);
  std::int64_t channels = 6;
  for (int stage = 0; stage < 2; ++stage) {
    Names all{x};
    for (int l = 0; l < 3; ++l) {
      const std::string joined = all.size() == 1 ? x : s.concat(all);
      const std::string squeezed = s.block(s.act(s.add(Op::kBatchNorm, {joined}, {})), 6, 1);
      all.push_back(s.conv(squeezed, 3, {3, 3}));
      channels += 3;
    }
    channels /= 2;
    x = s.pool(Op::kAvgPool, s.conv(s.concat(all), channels, {1, 1}), 2, 2);
  }
  s.linear(s.reshape(s.average(x, {1, 1}), {channels}), 7);
  return s.graph("densenet");
}

// Sandler et al., CVPR 2018 and Howard et al., ICCV 2019: inverted residuals with depthwise
// convolutions, squeeze and excitation; and a channel shuffle (Zhang et al., CVPR 2018).
Graph mobilenet() {
  Sketch s(3, 31, 35);
  std::string x = s.block("input", 6, 3, 2, 1, "relu6");
  for (const std::int64_t stride : {1, 2, 1}) {
    std::string y = s.block(s.block(x, 12, 1, 1, 1, "relu6"), 12, 3, stride, 12, "hardswish");
    const std::string gate =
        s.act(s.conv(s.act(s.conv(s.average(y, {1, 1}), 3, {1, 1})), 12, {1, 1}), "hardsigmoid");
    y = s.add(Op::kBatchNorm, {s.conv(s.combine("mul", {gate, y}), 6, {1, 1})}, {});
    x = stride == 1 ? s.sum(x, y) : y;
  }
  // 6 channels of 8 x 9 as 2 groups of 3.
  x = s.reshape(s.transpose(s.reshape(x, {2, 3, 8, 9}), {1, 0, 2, 3}), {6, 8, 9});
  x = s.conv(x, 8, {3, 3}, 1, 2);
  s.linear(s.reshape(s.average(x, {1, 1}), {8}), 7);
  return s.graph("mobilenet");
}

// A YOLO neck (Redmon and Farhadi 2018; Ultralytics YOLOv5): stride-2 slices joined as in Focus,
// pyramid pooling, upsampling joined with an earlier map, three results.
Graph yolo() {
  Sketch s(3, 32, 48);
  Names parts;
  for (std::int64_t column : {0, 1}) {
    for (std::int64_t row : {0, 1}) {
      Attributes a;
      a.dim = 1;
      a.start = row;
      a.stop = 32;
      a.step = 2;
      const std::string rows = s.add(Op::kSlice, {"input"}, a);
      a.dim = 2;
      a.start = column;
      a.stop = 48;
      parts.push_back(s.add(Op::kSlice, {rows}, a));
    }
  }
  auto silu = [&](const std::string& in, std::int64_t channels, std::int64_t kernel,
                  std::int64_t stride = 1) {
    return s.block(in, channels, kernel, stride, 1, "silu");
  };
  const std::string p3 = silu(silu(s.concat(parts), 4, 3), 6, 3, 2);
  const std::string p4 = silu(p3, 6, 3, 2);
  const std::string p5 = silu(p4, 8, 3, 2);
  const std::string pool = s.pool(Op::kMaxPool, p5, 5, 1, 2);
  const std::string spp = silu(s.concat({p5, pool, s.pool(Op::kMaxPool, pool, 5, 1, 2)}), 8, 1);
  const std::string up4 = silu(s.concat({s.upsample(spp), p4}), 6, 3);
  const std::string up3 = silu(s.concat({s.upsample(up4, true), p3}), 6, 3);
  const std::string down4 = silu(s.concat({silu(up3, 6, 3, 2), up4}), 6, 3);
  Attributes t;
  t.out_channels = 4;
  t.kernel = {4, 4};
  t.stride = {2, 2};
  t.pad = {1, 1, 1, 1};
  const std::string mask = s.add(Op::kConvTranspose, {up3}, t);
  s.act(s.conv(mask, 2, {1, 1}), "sigmoid");
  s.transpose(s.reshape(s.conv(down4, 6, {1, 1}), {2, 3, 4, 6}), {0, 2, 3, 1});
  s.conv(s.concat({silu(down4, 8, 3, 2), spp}), 6, {1, 1});
  return s.graph("yolo");
}

}  // namespace

std::vector<SmallModel> small_models() {
  std::vector<SmallModel> models;
  for (Graph (*make)() : {vgg, resnet, inception, densenet, mobilenet, yolo}) {
    const Graph graph = make();
    models.push_back({graph.name(), graph});
    models.push_back({graph.name() + ", folded", fold(graph)});
  }
  for (const char* name : {"shufflenet", "vit", "bert", "gpt2"}) {
    models.push_back(
        {name, fold(load_model(std::string(name) + ".yaml", test::data_folder() + "/small"))});
  }
  return models;
}

}  // namespace edgeflow::reference
