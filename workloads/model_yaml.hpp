#pragma once
// Models as YAML: the format of workloads/models/*.yaml.
//
//   schema: 1
//   name: vgg16
//   source: where the architecture is published
//   precision: int8                # that it was quantized to; default: computed in any
//   layers:
//     - {name: input, op: input, dims: [1, 3, 224, 224]}
//     - {name: features.0, op: conv, inputs: [input],
//        out_channels: 64, kernel: [3, 3], pad: [1, 1, 1, 1]}
//
// `edgeflow list operators` shows all operators with their attributes (operators/attributes.cpp).
// `dims` of the input has the batch dimension, which must be 1; everywhere else dims and dim leave
// it out. kernel, stride and dilation are [rows, columns] or one number; pad is
// [top, left, bottom, right], [rows, columns] or one number.

#include <filesystem>
#include <string>
#include <vector>

#include "workloads/graph/graph.hpp"
#include "workloads/input/yaml.hpp"

namespace edgeflow {

/// Throws InputError at the exact place of the mistake.
Graph read_model(const Document& document);

/// The inverse of read_model: attributes at their defaults are left out.
std::string write_model(const Graph& graph);

/// Loads `name`: a model of the zoo, or a path that is relative to `folder`. Throws InputError,
/// with the nearest zoo name as hint.
Graph load_model(const std::string& name, const std::filesystem::path& folder);

/// Names of the zoo, sorted.
std::vector<std::string> zoo_models();

}  // namespace edgeflow
