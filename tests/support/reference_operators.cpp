#include "tests/support/reference_operators.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>

namespace edgeflow::reference {
namespace {

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

std::size_t volume_of(const Region& box) { return static_cast<std::size_t>(box.volume()); }

/// After torch.nn.functional, default parameters.
float activate(const std::string& function, float x) {
  if (function == "relu") return std::max(x, 0.0F);
  if (function == "relu6") return std::clamp(x, 0.0F, 6.0F);
  if (function == "leaky_relu") return x < 0 ? 0.01F * x : x;
  if (function == "sigmoid") return 1 / (1 + std::exp(-x));
  if (function == "hardsigmoid") return std::clamp(x / 6 + 0.5F, 0.0F, 1.0F);
  if (function == "silu") return x / (1 + std::exp(-x));
  if (function == "hardswish") return x * std::clamp(x + 3, 0.0F, 6.0F) / 6;
  if (function == "tanh") return std::tanh(x);
  if (function == "gelu") return x * 0.5F * (1 + std::erf(x / std::sqrt(2.0F)));
  if (function == "hardtanh") return std::clamp(x, -1.0F, 1.0F);
  throw std::logic_error("the reference has no activation " + function);
}

float combine(const std::string& function, float a, float b) {
  if (function == "add") return a + b;
  if (function == "sub") return a - b;
  if (function == "mul") return a * b;
  if (function == "div") return a / b;
  if (function == "pow") return std::pow(a, b);
  if (function == "max") return std::max(a, b);
  if (function == "min") return std::min(a, b);
  throw std::logic_error("the reference has no function " + function);
}

/// made_up numbers, small enough that sums over `terms` of them stay near 1.
std::vector<float> make_weights(std::uint64_t key, std::int64_t count, std::int64_t terms) {
  std::vector<float> weights;
  const float scale = 2 / std::sqrt(static_cast<float>(terms));
  for (std::int64_t i = 0; i < count; ++i) weights.push_back(made_up(key, i) * scale);
  return weights;
}

constexpr std::int64_t kBias = std::int64_t{1} << 40;  // places of biases, beyond all weights

}  // namespace

float made_up(std::uint64_t key, std::int64_t place) {
  // Finalizer of splitmix64 (Steele, Lea, Flood, OOPSLA 2014).
  std::uint64_t x = key + 0x9e3779b97f4a7c15ULL * (static_cast<std::uint64_t>(place) + 1);
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  x ^= x >> 31;
  return static_cast<float>(x >> 40) / 8388608.0F - 1.0F;
}

std::uint64_t key_of(const std::string& name) {
  std::uint64_t key = 14695981039346656037ULL;  // FNV-1a
  for (char c : name) key = (key ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return key;
}

Block::Block(const Region& box)
    : box_(box), values_(volume_of(box), kMissing), present_(volume_of(box), 0) {}

bool Block::copy(const Block& from, const Region& region) {
  bool all = true;
  for_each_cell(region, [&](const Cell& cell) {
    if (from.has(cell) && contains(box_, cell)) {
      set(cell, from.at(cell));
    } else {
      all = false;
    }
  });
  return all;
}

bool Block::complete() const {
  return std::all_of(present_.begin(), present_.end(), [](char there) { return there != 0; });
}

bool Block::same_bits(const Block& other) const {
  return box_ == other.box_ && complete() && other.complete() &&
         std::memcmp(values_.data(), other.values_.data(), values_.size() * sizeof(float)) == 0;
}

float Input::flat(std::int64_t place) const {
  const Cell& cell = layout->cells[static_cast<std::size_t>(place)];
  if (reads != nullptr && reads->keep_all) reads->all.push_back(cell);
  if (block->has(cell)) return block->at(cell);
  if (reads != nullptr) reads->missing.push_back(cell);
  return kMissing;
}

std::optional<float> Input::window(const Cell& place) const {
  const auto& dims = layout->dims;
  if (reads != nullptr && reads->keep_all) reads->window.push_back(place);
  if (place[1] >= 0 && place[1] < dims[1] && place[2] >= 0 && place[2] < dims[2]) {
    return flat((place[0] * dims[1] + place[1]) * dims[2] + place[2]);
  }
  return std::nullopt;
}

RunnableLayer::RunnableLayer(const Layer& layer, std::span<const Layout* const> inputs)
    : layer_(&layer),
      inputs_(inputs.begin(), inputs.end()),
      own_(output_layout(layer, inputs)),
      seen_{layer.output.dims, own_.cells},
      flat_(own_.cells.size(), -1),
      key_(key_of(layer.name)) {
  const Region& box = layer.output.box;
  if (static_cast<std::size_t>(box.volume()) != own_.cells.size()) {
    throw std::logic_error(layer.name + ": the box has another size than the tensor");
  }
  for (std::size_t i = 0; i < own_.cells.size(); ++i) {
    const Cell& cell = own_.cells[i];
    const std::int64_t place = (cell[0] * box.row.end + cell[1]) * box.column.end + cell[2];
    if (!contains(box, cell) || flat_[static_cast<std::size_t>(place)] >= 0) {
      throw std::logic_error(layer.name + ": two elements of the tensor share a place in the box");
    }
    flat_[static_cast<std::size_t>(place)] = static_cast<std::int64_t>(i);
  }
  const Attributes& a = layer.attributes;
  if (layer.op == Op::kConv || layer.op == Op::kConvTranspose) {
    const std::int64_t terms = inputs[0]->dims[0] / a.groups * a.kernel[0] * a.kernel[1];
    weights_ = make_weights(key_, a.out_channels * terms, terms);
  } else if (layer.op == Op::kLinear) {
    const std::int64_t terms = inputs[0]->dims.back();
    weights_ = make_weights(key_, a.out_channels * terms, terms);
  }
}

Block RunnableLayer::compute(const Region& out, std::span<const Block* const> blocks,
                             std::span<Reads* const> reads) const {
  std::vector<Input> in;
  for (std::size_t k = 0; k < inputs_.size(); ++k) in.push_back({inputs_[k], blocks[k], reads[k]});
  const Region& box = layer_->output.box;
  Block result(out);
  for_each_cell(out, [&](const Cell& cell) {
    const auto place =
        static_cast<std::size_t>((cell[0] * box.row.end + cell[1]) * box.column.end + cell[2]);
    const float value = element(unflatten(own_.dims, flat_[place]), in);
    result.set(cell, folded(value, cell[0]));
  });
  return result;
}

float RunnableLayer::element(const Index& at, std::span<const Input> in) const {
  switch (layer_->op) {
    case Op::kInput:
      return made_up(key_, flat_index(own_.dims, at));
    case Op::kConv:
      return conv(at, in[0]);
    case Op::kConvTranspose:
      return conv_transpose(at, in[0]);
    case Op::kMaxPool:
    case Op::kAvgPool:
      return pool(at, in[0]);
    case Op::kAdaptiveAvgPool:
      return adaptive_pool(at, in[0]);
    case Op::kLinear:
      return linear(at, in[0]);
    case Op::kBatchNorm:
      return in[0].at(at) * (1.5F + made_up(key_, at[0])) + made_up(key_, kBias + at[0]);
    case Op::kActivation:
      return activate(layer_->attributes.function, in[0].at(at));
    case Op::kElementwise:
      return elementwise(at, in);
    case Op::kConcat:
      return concat(at, in);
    case Op::kSlice:
      return slice(at, in[0]);
    case Op::kPad:
      return pad(at, in[0]);
    case Op::kUpsample:
      return upsample(at, in[0]);
    case Op::kReshape:
      return in[0].flat(flat_index(own_.dims, at));
    case Op::kTranspose:
      return transpose(at, in[0]);
    case Op::kSoftmax:
      return softmax(at, in[0]);
    case Op::kMatMul:
      return matmul(at, in);
    case Op::kLayerNorm:
      return norm(at, static_cast<std::size_t>(layer_->attributes.dim), in[0]);
    case Op::kInstanceNorm:
      return norm(at, 1, in[0]);
    case Op::kLocalNorm:
      return local_norm(at, in[0]);
    case Op::kEmbedding:
      return embedding(at, in[0]);
    case Op::kReduce:
      return reduce(at, in[0]);
    case Op::kGather:
      return gather(at, in[0]);
    case Op::kResize:
      return resize(at, in[0]);
    case Op::kOpaque:
      return opaque(at, in);
  }
  throw std::logic_error("the reference has no such operator");
}

float RunnableLayer::conv(const Index& at, const Input& in) const {
  const Attributes& a = layer_->attributes;
  const auto& dims = in.layout->dims;
  const std::int64_t per_group = dims[0] / a.groups;
  const std::int64_t first = at[0] / (a.out_channels / a.groups) * per_group;
  std::int64_t w = at[0] * per_group * a.kernel[0] * a.kernel[1];
  float sum = a.bias ? made_up(key_, kBias + at[0]) : 0.0F;
  for (std::int64_t c = first; c < first + per_group; ++c) {
    for (std::int64_t i = 0; i < a.kernel[0]; ++i) {
      for (std::int64_t j = 0; j < a.kernel[1]; ++j, ++w) {
        const std::int64_t row = at[1] * a.stride[0] - a.pad[0] + i * a.dilation[0];
        const std::int64_t column = at[2] * a.stride[1] - a.pad[1] + j * a.dilation[1];
        const auto value = in.window({c, row, column});
        if (value) sum += weights_[static_cast<std::size_t>(w)] * *value;
      }
    }
  }
  return sum;
}

// Input row r adds its value times weight i to output row r*stride - pad + i*dilation.
float RunnableLayer::conv_transpose(const Index& at, const Input& in) const {
  const Attributes& a = layer_->attributes;
  const auto& dims = in.layout->dims;
  const std::int64_t per_group = dims[0] / a.groups;
  const std::int64_t first = at[0] / (a.out_channels / a.groups) * per_group;
  std::int64_t w = at[0] * per_group * a.kernel[0] * a.kernel[1];
  float sum = a.bias ? made_up(key_, kBias + at[0]) : 0.0F;
  for (std::int64_t c = first; c < first + per_group; ++c) {
    for (std::int64_t i = 0; i < a.kernel[0]; ++i) {
      for (std::int64_t j = 0; j < a.kernel[1]; ++j, ++w) {
        const std::int64_t row = at[1] + a.pad[0] - i * a.dilation[0];
        const std::int64_t column = at[2] + a.pad[1] - j * a.dilation[1];
        if (row % a.stride[0] != 0 || column % a.stride[1] != 0) continue;
        const std::int64_t r = row / a.stride[0];
        const std::int64_t s = column / a.stride[1];
        if (row < 0 || r >= dims[1] || column < 0 || s >= dims[2]) continue;
        sum += weights_[static_cast<std::size_t>(w)] * in.at({c, r, s});
      }
    }
  }
  return sum;
}

// Averages leave the padding out of the count (ONNX AveragePool's default).
float RunnableLayer::pool(const Index& at, const Input& in) const {
  const Attributes& a = layer_->attributes;
  const bool max = layer_->op == Op::kMaxPool;
  float result = max ? -std::numeric_limits<float>::infinity() : 0.0F;
  int count = 0;
  for (std::int64_t i = 0; i < a.kernel[0]; ++i) {
    for (std::int64_t j = 0; j < a.kernel[1]; ++j) {
      const std::int64_t row = at[1] * a.stride[0] - a.pad[0] + i * a.dilation[0];
      const std::int64_t column = at[2] * a.stride[1] - a.pad[1] + j * a.dilation[1];
      const auto value = in.window({at[0], row, column});
      if (!value) continue;
      // std::max would drop a NaN on one side.
      result = !max ? result + *value : (*value > result || std::isnan(*value)) ? *value : result;
      ++count;
    }
  }
  return max || count == 0 ? result : result / static_cast<float>(count);
}

float RunnableLayer::adaptive_pool(const Index& at, const Input& in) const {
  const auto& size = layer_->attributes.output_size;
  const auto& dims = in.layout->dims;
  float sum = 0;
  int count = 0;
  for (std::int64_t row = 0; row < dims[1]; ++row) {
    // Window o is [floor(o*H/O), ceil((o+1)*H/O)).
    if ((row + 1) * size[0] <= at[1] * dims[1] || row * size[0] >= (at[1] + 1) * dims[1]) continue;
    for (std::int64_t column = 0; column < dims[2]; ++column) {
      if ((column + 1) * size[1] <= at[2] * dims[2]) continue;
      if (column * size[1] >= (at[2] + 1) * dims[2]) continue;
      sum += in.at({at[0], row, column});
      ++count;
    }
  }
  return sum / static_cast<float>(count);
}

float RunnableLayer::linear(const Index& at, const Input& in) const {
  const std::int64_t features = in.layout->dims.back();
  float sum = layer_->attributes.bias ? made_up(key_, kBias + at.back()) : 0.0F;
  Index from = at;
  for (std::int64_t f = 0; f < features; ++f) {
    from.back() = f;
    sum += weights_[static_cast<std::size_t>(at.back() * features + f)] * in.at(from);
  }
  return sum;
}

float RunnableLayer::elementwise(const Index& at, std::span<const Input> in) const {
  const std::string& function = layer_->attributes.function;
  auto value = [&](const Input& input) {
    const auto& dims = input.layout->dims;
    Index from(at.end() - static_cast<std::ptrdiff_t>(dims.size()), at.end());
    for (std::size_t i = 0; i < dims.size(); ++i) from[i] = dims[i] == 1 ? 0 : from[i];
    return input.at(from);
  };
  float result = value(in[0]);
  if (in.size() == 1) return combine(function, result, function == "pow" ? 2.0F : 0.7F);
  for (const Input& input : in.subspan(1)) result = combine(function, result, value(input));
  return result;
}

float RunnableLayer::concat(const Index& at, std::span<const Input> in) const {
  const auto dim = static_cast<std::size_t>(layer_->attributes.dim);
  Index from = at;
  from[dim] -= layer_->attributes.before;
  if (from[dim] < 0) return made_up(key_, from[dim] + kBias);
  for (const Input& input : in) {
    if (from[dim] < input.layout->dims[dim]) return input.at(from);
    from[dim] -= input.layout->dims[dim];
  }
  return made_up(key_, from[dim]);
}

float RunnableLayer::slice(const Index& at, const Input& in) const {
  Index from = at;
  auto& place = from[static_cast<std::size_t>(layer_->attributes.dim)];
  place = layer_->attributes.start + place * layer_->attributes.step;
  return in.at(from);
}

float RunnableLayer::pad(const Index& at, const Input& in) const {
  const Attributes& a = layer_->attributes;
  Cell from{at[0], at[1] - a.pad[0], at[2] - a.pad[1]};
  if (!a.reflect) return in.window(from).value_or(0.0F);
  for (std::size_t i = 1; i < 3; ++i) {  // torch.nn.ReflectionPad2d: the border is not repeated
    const std::int64_t last = in.layout->dims[i] - 1;
    from[i] = from[i] < 0 ? -from[i] : from[i] > last ? 2 * last - from[i] : from[i];
    from[i] = std::clamp<std::int64_t>(from[i], 0, last);
  }
  return in.at({from[0], from[1], from[2]});
}

// Bilinear: align_corners=False, so output o lies at (o + 1/2)/f - 1/2, held inside the input. A
// neighbour of weight zero is not read.
float RunnableLayer::upsample(const Index& at, const Input& in) const {
  const auto& dims = in.layout->dims;
  const std::int64_t f = layer_->attributes.scale;
  if (!layer_->attributes.bilinear) return in.at({at[0], at[1] / f, at[2] / f});
  struct Mix {
    std::int64_t low;
    float high_weight;
  };
  auto mix = [&](std::int64_t o, std::int64_t extent) {
    const std::int64_t twice_f = std::clamp<std::int64_t>(2 * o + 1 - f, 0, 2 * f * (extent - 1));
    return Mix{twice_f / (2 * f),
               static_cast<float>(twice_f % (2 * f)) / static_cast<float>(2 * f)};
  };
  const Mix row = mix(at[1], dims[1]);
  const Mix column = mix(at[2], dims[2]);
  float sum = 0;
  for (std::int64_t i = 0; i < 2; ++i) {
    for (std::int64_t j = 0; j < 2; ++j) {
      const float weight = (i == 0 ? 1 - row.high_weight : row.high_weight) *
                           (j == 0 ? 1 - column.high_weight : column.high_weight);
      if (weight > 0) sum += weight * in.at({at[0], row.low + i, column.low + j});
    }
  }
  return sum;
}

float RunnableLayer::transpose(const Index& at, const Input& in) const {
  Index from(at.size());
  for (std::size_t i = 0; i < at.size(); ++i) {
    from[static_cast<std::size_t>(layer_->attributes.dims[i])] = at[i];
  }
  return in.at(from);
}

float RunnableLayer::softmax(const Index& at, const Input& in) const {
  const auto dim = static_cast<std::size_t>(layer_->attributes.dim);
  std::vector<float> values;
  Index from = at;
  for (from[dim] = 0; from[dim] < in.layout->dims[dim]; ++from[dim]) values.push_back(in.at(from));
  float highest = values[0];
  for (float value : values) highest = value > highest || std::isnan(value) ? value : highest;
  float sum = 0;
  for (float value : values) sum += std::exp(value - highest);
  return std::exp(values[static_cast<std::size_t>(at[dim])] - highest) / sum;
}

// Which function it is does not matter, only that it is a function of value and channel.
float RunnableLayer::folded(float value, std::int64_t channel) const {
  for (const std::string& name : layer_->folded) {
    const std::uint64_t key = key_of(name);
    value = value * (1.25F + 0.5F * made_up(key, channel)) + 0.1F * made_up(key, kBias + channel);
    value = value < 0 ? 0.25F * value : value;
  }
  return value;
}

}  // namespace edgeflow::reference
