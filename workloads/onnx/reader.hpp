#pragma once
// Models as ONNX files, operator sets 9 to 17.
//
// What is read is what the network computes: subgraphs that only compute shapes, constants or
// indices are evaluated and vanish; layers that exporters write as many nodes (layer norm, GELU,
// SiLU, hard swish, matrix product plus bias) become one again. Weights are never needed: their
// dims say everything, and data outside of the file is not opened. A model whose activations are
// quantized, by QuantizeLinear or QLinear operators, is one in int8 (Graph::precision), of the
// layers that it would have without.

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "workloads/graph/graph.hpp"

namespace edgeflow {

using Dims = std::vector<std::int64_t>;

struct OnnxOptions {
  /// Dims of the model's inputs by name, batch included, instead of those in the file; "" stands
  /// for the only input.
  std::map<std::string, Dims> inputs;
  /// Keep operators that are not known as layers of which only the output's dims are known.
  bool opaque = false;
};

/// Reads "[name=]1x3x640x640". Throws InputError.
std::pair<std::string, Dims> parse_input_dims(std::string_view text);

/// Several inputs become one, which is cut up. The name of the graph is the file's; a layer has the
/// name of its node. Messages about opaque layers and the like are appended to `warnings` if given.
/// Throws InputError that names node and tensor.
Graph read_onnx(const std::filesystem::path& file, const OnnxOptions& options = {},
                std::vector<std::string>* warnings = nullptr);

/// The same from memory; `name` stands for the file.
Graph read_onnx_bytes(std::string_view bytes, const std::string& name,
                      const OnnxOptions& options = {},
                      std::vector<std::string>* warnings = nullptr);

}  // namespace edgeflow
