// The pass that folds small layers into the layer before them; see graph.hpp.

#include <algorithm>

#include "workloads/graph/graph.hpp"

namespace edgeflow {
namespace {

bool has_weights(Op op) { return op == Op::kConv || op == Op::kConvTranspose || op == Op::kLinear; }

/// Whether an inference framework runs `layer` as part of `producer` (its only input, which has no
/// other consumer): batch-norm becomes part of the weights, activations are applied to each result
/// before it is stored, views cost nothing.
bool folds(const Layer& layer, const Layer& producer) {
  switch (layer.op) {
    case Op::kBatchNorm:
      return has_weights(producer.op) && producer.folded.empty();
    case Op::kActivation:
      return has_weights(producer.op) || producer.op == Op::kElementwise ||
             producer.op == Op::kBatchNorm;
    case Op::kElementwise:
      return producer.op == Op::kElementwise;
    case Op::kReshape:
      return producer.op != Op::kInput;
    default:
      return false;
  }
}

void fold_into(Layer& producer, const Layer& layer) {
  producer.folded.push_back(layer.name);
  producer.output = layer.output;  // the same box; dims may differ
  if (layer.op != Op::kBatchNorm) {
    producer.params += layer.params;
    producer.tied_params += layer.tied_params;
  }
  if (layer.op == Op::kBatchNorm && !producer.attributes.bias) {
    producer.attributes.bias = true;
    producer.params += producer.attributes.out_channels;
  }
}

}  // namespace

Graph fold(const Graph& graph) {
  Graph folded;
  folded.name_ = graph.name_;
  folded.source_ = graph.source_;
  folded.precision_ = graph.precision_;
  std::vector<LayerId> id_of(graph.size());
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const Layer& layer = graph.layers_[i];
    if (layer.inputs.size() == 1 && graph.consumers(layer.inputs[0]).size() == 1) {
      const LayerId producer = id_of[index(layer.inputs[0])];
      if (folds(layer, folded.layers_[index(producer)])) {
        fold_into(folded.layers_[index(producer)], layer);
        id_of[i] = producer;
        continue;
      }
    }
    id_of[i] = LayerId{static_cast<std::int32_t>(folded.layers_.size())};
    Layer copy = layer;
    for (std::size_t k = 0; k < copy.inputs.size(); ++k) {
      copy.inputs[k] = id_of[index(copy.inputs[k])];
      copy.input_tensors[k] = folded.layers_[index(copy.inputs[k])].output;
    }
    folded.layers_.push_back(std::move(copy));
  }
  folded.link();
  return folded;
}

}  // namespace edgeflow
