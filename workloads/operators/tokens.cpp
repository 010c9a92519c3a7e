// Linear layers and what transformers add to convolutional networks: products of two tensors,
// normalisation over features and softmax, embeddings, reductions. They think in ranges of dimensions.

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "workloads/operators/rules.hpp"
#include "workloads/tensors/index_ranges.hpp"

namespace edgeflow::rules {
namespace {

/// The output of a product: batch dims broadcast, then rows of the first input, then columns of the
/// second. If the second input holds heads and features on one axis (as values do in attention),
/// the output does so too, so that its heads can be joined without moving anything.
IndexRanges matmul_output(const Layer& layer) {
  const Tensor& a = layer.input_tensors[0];
  const Tensor& b = layer.input_tensors[1];
  const std::size_t rank = std::max(a.dims.size(), b.dims.size());
  std::array<std::int64_t, kMaxRank> dims{};
  for (std::size_t i = 0; i + 2 < rank; ++i) {  // counted from the last batch dim
    const std::size_t place = rank - 3 - i;
    const std::int64_t da = i + 2 < a.dims.size() ? a.dims[a.dims.size() - 3 - i] : 1;
    const std::int64_t db = i + 2 < b.dims.size() ? b.dims[b.dims.size() - 3 - i] : 1;
    dims[place] = std::max(da, db);
  }
  dims[rank - 2] = a.dims[a.dims.size() - 2];
  dims[rank - 1] = b.dims.back();
  IndexRanges out(std::span<const std::int64_t>(dims.data(), rank));
  bool heads = rank > 2 && b.dims.size() == rank && b.dims.back() > 1;
  for (std::size_t i = 0; i + 2 < rank && heads; ++i) {
    heads = b.dims[i] == dims[i] && (dims[i] == 1 || b.spans[i] == b.spans.back());
  }
  if (heads && (b.spans.back() & (b.spans.back() - 1)) == 0 &&
      std::any_of(dims.begin(), dims.begin() + static_cast<std::ptrdiff_t>(rank) - 2,
                  [](std::int64_t dim) { return dim > 1; })) {
    out.set_span(rank - 1, axis_bit(Axis::kChannel));
    out.fit();
  }
  return out;
}

/// The output of a reduction with the reduced dimensions kept at size 1.
IndexRanges reduced(const Layer& layer) {
  IndexRanges out(layer.input_tensors[0]);
  for (std::int64_t dim : layer.attributes.dims) out.resize(static_cast<std::size_t>(dim), 1);
  return out;
}

bool is_reduced(const Layer& layer, std::size_t dim) {
  const auto& dims = layer.attributes.dims;
  return std::find(dims.begin(), dims.end(), static_cast<std::int64_t>(dim)) != dims.end();
}

void infer_linear(Layer& layer) {
  const Tensor& in = layer.input_tensors[0];
  const Attributes& a = layer.attributes;
  if (a.out_channels < 1) throw std::invalid_argument("out_channels must be at least 1");
  Tensor out = in;
  out.dims.back() = a.out_channels;
  Axis axis{};
  if (in.dims.size() > 1 && in.axis_of(in.dims.size() - 1, axis)) {
    out.box[axis] = {0, a.out_channels};
    make_tensor(out.dims);  // for its limits
  } else {
    out = make_tensor(out.dims);
  }
  require_countable({out.volume(), in.dims.back()});
  require_countable({a.out_channels, in.dims.back() + 1});
  layer.output = std::move(out);
  set_params(layer, a.out_channels * (in.dims.back() + (a.bias ? 1 : 0)));
}

Region linear_input(const Layer& layer, std::size_t input, const Region& out) {
  const Tensor& in = layer.input_tensors[input];
  Axis axis{};
  if (in.dims.size() < 2) return in.box;
  if (in.axis_of(in.dims.size() - 1, axis)) {
    Region need = out;
    need[axis] = in.box[axis];
    return need;
  }
  IndexRanges need(in);
  IndexRanges result = need.in_default_box(need.rank() - 1, layer.attributes.out_channels);
  result.select(out);
  for (std::size_t i = 0; i + 1 < need.rank(); ++i) need[i] = result[i];
  return need.cover();
}

std::int64_t linear_macs(const Layer& layer) {
  return layer.output.volume() * layer.input_tensors[0].dims.back();
}

void infer_matmul(Layer& layer) {
  const Tensor& a = layer.input_tensors[0];
  const Tensor& b = layer.input_tensors[1];
  const std::size_t ra = a.dims.size();
  const std::size_t rb = b.dims.size();
  bool fits = ra >= 2 && rb >= 2 && a.dims[ra - 1] == b.dims[rb - 2];
  for (std::size_t i = 3; fits && i <= std::min(ra, rb); ++i) {
    fits = a.dims[ra - i] == b.dims[rb - i] || a.dims[ra - i] == 1 || b.dims[rb - i] == 1;
  }
  if (!fits) {
    throw std::invalid_argument(
        fmt::format("[{}] and [{}] cannot be multiplied: [...,M,K] times [...,K,N] with equal "
                    "dims in front",
                    fmt::join(a.dims, ","), fmt::join(b.dims, ",")));
  }
  layer.output = matmul_output(layer).tensor();
  require_countable({layer.output.volume(), a.dims.back()});
}

Region matmul_input(const Layer& layer, std::size_t input, const Region& out) {
  IndexRanges result = matmul_output(layer);
  result.select(out);
  IndexRanges need(layer.input_tensors[input]);
  const std::size_t shift = result.rank() - need.rank();
  for (std::size_t i = 0; i + 2 < need.rank(); ++i) {
    if (need.dim(i) > 1) need[i] = result[i + shift];
  }
  const std::size_t own = input == 0 ? 2 : 1;  // the other dimension is summed over
  need[need.rank() - own] = result[result.rank() - own];
  return need.cover();
}

std::int64_t matmul_macs(const Layer& layer) {
  return layer.output.volume() * layer.input_tensors[0].dims.back();
}

void infer_layer_norm(Layer& layer) {
  require_dim(layer);
  layer.output = layer.input_tensors[0];
  std::int64_t weights = 1;
  const auto& dims = layer.output.dims;
  for (auto i = static_cast<std::size_t>(layer.attributes.dim); i < dims.size(); ++i) {
    weights *= dims[i];
  }
  if (layer.attributes.affine) set_params(layer, weights * (layer.attributes.bias ? 2 : 1));
}

Region layer_norm_input(const Layer& layer, std::size_t input, const Region& out) {
  IndexRanges need(layer.input_tensors[input]);
  need.select(out);
  for (auto i = static_cast<std::size_t>(layer.attributes.dim); i < need.rank(); ++i) {
    need[i] = {0, need.dim(i)};
  }
  return need.cover();
}

void infer_instance_norm(Layer& layer) {
  layer.output = layer.input_tensors[0];
  const std::int64_t weights = layer.output.dims[0];
  if (layer.attributes.affine) set_params(layer, weights * (layer.attributes.bias ? 2 : 1));
}

Region instance_norm_input(const Layer& layer, std::size_t input, const Region& out) {
  IndexRanges need(layer.input_tensors[input]);
  need.select(out);
  for (std::size_t i = 1; i < need.rank(); ++i) need[i] = {0, need.dim(i)};
  return need.cover();
}

Region local_norm_input(const Layer& layer, std::size_t input, const Region& out) {
  IndexRanges need(layer.input_tensors[input]);
  need.select(out);
  need[0] = {0, need.dim(0)};
  return need.cover();
}

void infer_embedding(Layer& layer) {
  const Attributes& a = layer.attributes;
  if (a.count < 1 || a.count > (std::int64_t{1} << 31) || a.out_channels < 1 ||
      a.out_channels > (std::int64_t{1} << 31)) {
    throw std::invalid_argument("count and out_channels must be between 1 and 2^31");
  }
  std::vector<std::int64_t> dims = layer.input_tensors[0].dims;
  dims.push_back(a.out_channels);
  layer.output = make_tensor(dims);
  set_params(layer, a.count * a.out_channels);
}

Axis embedding_feature_axis(const Layer& layer) {
  const std::size_t rank = layer.input_tensors[0].dims.size() + 1;
  return default_axis(rank - 1, rank);
}

Region embedding_input(const Layer& layer, std::size_t input, const Region& out) {
  IndexRanges need(layer.input_tensors[input]);
  std::array<std::int64_t, kMaxRank> dims{};
  for (std::size_t i = 0; i < need.rank(); ++i) dims[i] = need.dim(i);
  dims[need.rank()] = layer.attributes.out_channels;
  IndexRanges result(std::span<const std::int64_t>(dims.data(), need.rank() + 1));
  result.select(out);
  for (std::size_t i = 0; i < need.rank(); ++i) need[i] = result[i];
  return need.cover();
}

void infer_reduce(Layer& layer) {
  const Tensor& in = layer.input_tensors[0];
  const auto rank = static_cast<std::int64_t>(in.dims.size());
  for (std::int64_t dim : layer.attributes.dims) {
    if (dim < 0 || dim >= rank) {
      throw std::invalid_argument(
          fmt::format("dims must be between 0 and {} (without the batch)", rank - 1));
    }
  }
  Tensor out;
  std::vector<std::int64_t> dims;
  std::vector<AxisSet> spans;
  for (std::size_t i = 0; i < in.dims.size(); ++i) {
    const bool gone = is_reduced(layer, i);
    if (gone && !layer.attributes.keep_dims) continue;
    dims.push_back(gone ? 1 : in.dims[i]);
    spans.push_back(in.spans[i]);
  }
  if (dims.empty()) {
    dims.push_back(1);
    spans.push_back(axis_bit(Axis::kChannel));
  }
  out = make_tensor(dims);
  if (IndexRanges(in).single_axes()) {
    out.spans = spans;
    out.box = reduced(layer).box();
  }
  layer.output = std::move(out);
}

Region reduce_input(const Layer& layer, std::size_t input, const Region& out) {
  IndexRanges need(layer.input_tensors[input]);
  if (!need.single_axes()) return need.box();
  IndexRanges result = reduced(layer);
  result.select(out);
  for (std::size_t i = 0; i < need.rank(); ++i) {
    if (!is_reduced(layer, i)) need[i] = result[i];
  }
  return need.cover();
}

void infer_gather(Layer& layer) {
  require_dim(layer);
  const Attributes& a = layer.attributes;
  if (a.count < 1) throw std::invalid_argument("count must be at least 1");
  const auto dim = static_cast<std::size_t>(a.dim);
  std::vector<std::int64_t> dims = layer.input_tensors[0].dims;
  dims[dim] = a.count;
  Tensor out = make_tensor(dims);
  IndexRanges same(layer.input_tensors[0]);
  if (same.single_axes()) {
    same.resize(dim, a.count);
    out = same.tensor();
  }
  layer.output = std::move(out);
}

Region gather_input(const Layer& layer, std::size_t input, const Region& out) {
  IndexRanges need(layer.input_tensors[input]);
  const auto dim = static_cast<std::size_t>(layer.attributes.dim);
  if (!need.single_axes()) return need.box();
  IndexRanges result = need;
  result.resize(dim, layer.attributes.count);
  result.select(out);
  for (std::size_t i = 0; i < need.rank(); ++i) {
    if (i != dim) need[i] = result[i];
  }
  return need.cover();
}

void infer_softmax(Layer& layer) {
  require_dim(layer);
  layer.output = layer.input_tensors[0];
}

Region softmax_input(const Layer& layer, std::size_t input, const Region& out) {
  const Tensor& in = layer.input_tensors[input];
  Region need = out;
  for (Axis axis : kAxes) {
    if (has_axis(in.spans[static_cast<std::size_t>(layer.attributes.dim)], axis)) {
      need[axis] = in.box[axis];
    }
  }
  return need;
}

MacKind linear_kind(const Layer& layer) {
  return layer.input_tensors[0].dims.size() == 1 ? MacKind::kFullyConnected : MacKind::kMatrix;
}

MacKind matmul_kind(const Layer& /*layer*/) { return MacKind::kMatrix; }

constexpr std::array<std::string_view, 9> kReductions{"reduce_mean", "reduce_sum",  "reduce_max",
                                                      "reduce_min",  "reduce_prod", "reduce_l1",
                                                      "reduce_l2",   "argmax",      "argmin"};

}  // namespace

void require_countable(std::initializer_list<std::int64_t> factors) {
  double product = 1;
  for (std::int64_t factor : factors) product *= static_cast<double>(factor);
  if (product > 0x1p56) {
    throw std::invalid_argument("more than 2^56 multiplications or parameters in one layer");
  }
}

void set_params(Layer& layer, std::int64_t params) {
  (layer.attributes.tied ? layer.tied_params : layer.params) = params;
}

Axis linear_feature_axis(const Layer& layer) {
  const Tensor& in = layer.input_tensors[0];
  Axis axis = Axis::kChannel;
  return in.dims.size() > 1 && in.axis_of(in.dims.size() - 1, axis) ? axis : Axis::kChannel;
}

std::span<const Operator> token_operators() {
  static const std::array kRows{
      Operator{.op = Op::kLinear,
               .name = "linear",
               .attributes = {"out_channels", "bias", "tied"},
               .infer = infer_linear,
               .required_input = linear_input,
               .macs = linear_macs,
               .mac_kind = linear_kind,
               .weight_axis = linear_feature_axis},
      Operator{.op = Op::kSoftmax,
               .name = "softmax",
               .attributes = {"dim"},
               .infer = infer_softmax,
               .required_input = softmax_input},
      Operator{.op = Op::kMatMul,
               .name = "matmul",
               .min_inputs = 2,
               .max_inputs = 2,
               .infer = infer_matmul,
               .required_input = matmul_input,
               .macs = matmul_macs,
               .mac_kind = matmul_kind},
      Operator{.op = Op::kLayerNorm,
               .name = "layer_norm",
               .attributes = {"dim", "affine", "bias", "tied"},
               .infer = infer_layer_norm,
               .required_input = layer_norm_input},
      Operator{.op = Op::kInstanceNorm,
               .name = "instance_norm",
               .attributes = {"affine", "bias", "tied"},
               .infer = infer_instance_norm,
               .required_input = instance_norm_input},
      Operator{.op = Op::kLocalNorm,
               .name = "local_norm",
               .infer = infer_same,
               .required_input = local_norm_input},
      Operator{.op = Op::kEmbedding,
               .name = "embedding",
               .attributes = {"count", "out_channels", "tied"},
               .infer = infer_embedding,
               .required_input = embedding_input,
               .weight_axis = embedding_feature_axis,
               .looks_up = true},
      Operator{.op = Op::kReduce,
               .name = "reduce",
               .attributes = {"dims", "keep_dims"},
               .infer = infer_reduce,
               .required_input = reduce_input,
               .functions = kReductions},
      Operator{.op = Op::kGather,
               .name = "gather",
               .attributes = {"dim", "count"},
               .infer = infer_gather,
               .required_input = gather_input},
  };
  return kRows;
}

}  // namespace edgeflow::rules
