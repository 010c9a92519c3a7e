#pragma once
// A model: layers in topological order, and who consumes whom.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "workloads/operators/layer.hpp"
#include "workloads/operators/operators.hpp"
#include "workloads/tensors/precision.hpp"

namespace edgeflow {

/// A layer as a reader found it: inputs by name, shapes not yet known.
struct LayerSpec {
  std::string name;
  Op op = Op::kInput;
  Attributes attributes;
  std::vector<std::string> inputs;
};

/// A model that makes no sense; `layer` is an index into the specs that were given.
class ModelError : public std::runtime_error {
 public:
  ModelError(std::size_t layer, const std::string& message)
      : std::runtime_error(message), layer_(layer) {}
  std::size_t layer() const { return layer_; }

 private:
  std::size_t layer_;
};

struct Totals {
  std::int64_t params = 0;
  std::int64_t macs = 0;
  int conv_layers = 0;
};

class Graph {
 public:
  /// Sorts the layers topologically (keeping the given order where it already is one), infers all
  /// shapes. Throws ModelError on unknown or duplicate names, cycles, wrong shapes, no or several
  /// inputs.
  Graph(std::string name, std::string source, const std::vector<LayerSpec>& specs);

  const std::string& name() const { return name_; }
  const std::string& source() const { return source_; }  // where the model comes from
  /// That its file was quantized to; nothing: it may be computed in any.
  std::optional<Precision> precision() const { return precision_; }
  void set_precision(std::optional<Precision> precision) { precision_ = precision; }
  std::size_t size() const { return layers_.size(); }
  std::span<const Layer> layers() const { return layers_; }
  const Layer& layer(LayerId id) const { return layers_[index(id)]; }
  std::span<const LayerId> consumers(LayerId id) const { return consumers_[index(id)]; }
  LayerId input() const { return LayerId{0}; }
  /// Layers that nobody consumes, in order: the results.
  std::span<const LayerId> outputs() const { return outputs_; }

 private:
  friend Graph fold(const Graph& graph);
  Graph() = default;
  void link();  // fills consumers_ and outputs_ from layers_

  std::string name_;
  std::string source_;
  std::optional<Precision> precision_;
  std::vector<Layer> layers_;
  std::vector<std::vector<LayerId>> consumers_;
  std::vector<LayerId> outputs_;
};

/// Folds what an inference framework runs as part of the layer before it, where that layer has no
/// other consumer: batch-norm into the weights of a convolution or linear layer, activations into
/// layers with weights, element-wise operations and batch-norm, element-wise operations with a
/// constant into element-wise ones, and reshapes, which cost nothing, into anything but the input.
Graph fold(const Graph& graph);

Totals totals(const Graph& graph);

/// Layers other than the input and the result that every path from input to result passes through,
/// in order: cutting the model there leaves one tensor to send. Dominators of the results
/// (Lengauer and Tarjan).
std::vector<LayerId> cut_points(const Graph& graph);

/// What is alive at once when layers run in order: outputs from when their layer runs until their
/// last consumer has run.
struct Frontier {
  std::size_t tensors = 0;    // the most of them
  std::int64_t elements = 0;  // the most elements, not always at the same layer
  LayerId largest{};          // the first layer that runs beside so many
};
Frontier widest_frontier(const Graph& graph);

}  // namespace edgeflow
