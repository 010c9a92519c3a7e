#pragma once
// A Layer is an operator with its attributes and its place in the graph.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "workloads/tensors/tensor.hpp"

namespace edgeflow {

/// Index of a layer in its graph; layers stand in topological order.
enum class LayerId : std::int32_t {};
constexpr std::size_t index(LayerId id) { return static_cast<std::size_t>(id); }

enum class Op : std::uint8_t {
  kInput,
  kConv,
  kConvTranspose,
  kMaxPool,
  kAvgPool,
  kAdaptiveAvgPool,
  kLinear,
  kBatchNorm,
  kActivation,   // relu, silu, sigmoid, ...: `function` names it
  kElementwise,  // add, sub, mul, div, pow, ... of two tensors or with a constant
  kConcat,
  kSlice,
  kPad,
  kUpsample,
  kReshape,
  kTranspose,
  kSoftmax,
  kMatMul,        // of two tensors, batched
  kLayerNorm,     // over the dimensions from `dim` on
  kInstanceNorm,  // over all dimensions but the first, which has the weights
  kLocalNorm,     // over neighbours along the first dimension
  kEmbedding,     // rows of a table by number
  kReduce,        // reduce_mean, reduce_max, ...: `function` names it
  kGather,        // picks `count` indices of a dimension, in any order
  kResize,
  kOpaque,  // anything: only the dims of its output are known; the last one
};

/// Attributes of all operators; each operator reads those that its row of the operator table lists.
/// attributes.cpp says what they are.
struct Attributes {
  // Rows, columns.
  std::array<std::int64_t, 2> kernel{1, 1};
  std::array<std::int64_t, 2> stride{1, 1};
  std::array<std::int64_t, 2> dilation{1, 1};
  std::array<std::int64_t, 2> output_pad{};
  std::array<std::int64_t, 2> output_size{1, 1};
  std::array<std::int64_t, 4> pad{};  // top, left, bottom, right
  std::int64_t scale = 2;
  std::int64_t out_channels = 0;
  std::int64_t groups = 1;
  std::int64_t dim = 0;  // one of Tensor::dims
  std::int64_t start = 0;
  std::int64_t stop = 0;
  std::int64_t step = 1;
  std::int64_t before = 0;
  std::int64_t after = 0;
  std::int64_t count = 0;
  std::int64_t params = 0;
  bool bias = true;
  bool ceil_mode = false;
  bool bilinear = false;
  bool reflect = false;
  bool affine = true;
  bool tied = false;
  bool keep_dims = true;
  std::vector<std::int64_t> dims;
  std::string function;  // of an operator that goes by its function's name
  std::string interpolation = "nearest";
  std::string sampling = "half_pixel";

  friend bool operator==(const Attributes&, const Attributes&) = default;
};

struct Layer {
  std::string model;  // the graph's name
  std::string name;
  Op op = Op::kInput;
  Attributes attributes;
  std::vector<LayerId> inputs;
  std::vector<Tensor> input_tensors;  // the outputs of `inputs`, in order
  Tensor output;
  std::int64_t params = 0;          // stored parameters, each counted in one layer
  std::int64_t tied_params = 0;     // parameters used here and counted in an earlier layer
  std::vector<std::string> folded;  // names of the layers folded into this one, in order
};

}  // namespace edgeflow
