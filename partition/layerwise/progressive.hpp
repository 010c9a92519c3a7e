#pragma once
// What planning layer by layer needs to know of every layer before it starts: how it is cut, what
// its parts cost on each device, and which rows of its inputs they need.

#include "partition/layerwise/layer_problem.hpp"
#include "partition/plans/problem.hpp"

namespace edgeflow {

/// How a layer is cut; a layer that stays whole counts as one "row".
struct Cut {
  bool whole = true;
  Axis axis = Axis::kRow;
};

/// A producer of a layer's inputs, once however many inputs it is.
struct LayerInput {
  LayerId producer{};
  RowNeeds needs;  // of the producer's rows, along the axis that it is cut along
  double row_bytes = 0;
};

struct LayerModel {
  bool view = false;  // lies as its input does and costs nothing
  Cut cut;            // of a view: its input's
  std::int64_t extent = 1;
  std::int64_t rows = 1;             // of the output along the axis; differs from `extent` if whole
  std::vector<LayerDevice> devices;  // by position; free at 0; empty for views and the input
  std::vector<LayerInput> inputs;    // likewise
};

/// Layers are cut into rows where row_layout does, with shares by speed; linear layers otherwise into
/// output features; any other layer stays whole. `devices`: all, as they stand along a layer's rows.
/// Complexity O(layers * D) work queries.
std::vector<LayerModel> layer_models(const Problem& problem, std::span<const DeviceId> devices);

/// The box of a range: of the cut axis, or of the single "row" of a layer that stays whole.
Region part(const Layer& layer, const Cut& cut, const Range& rows);

/// True if nothing but views stands between the layer and the end of the model.
bool ends_model(const Graph& graph, LayerId layer);

}  // namespace edgeflow
