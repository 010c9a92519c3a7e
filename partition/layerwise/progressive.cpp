#include "partition/layerwise/progressive.hpp"

#include <algorithm>

#include "partition/layerwise/row_layout.hpp"
#include "partition/plans/placement.hpp"
#include "partition/plans/problem.hpp"
#include "partition/prices/layers.hpp"
#include "workloads/operators/rules.hpp"

namespace edgeflow {
namespace {

Cut cut_of(const Layer& layer, bool stays_whole) {
  if (!stays_whole) return {false, Axis::kRow};
  if (layer.op == Op::kLinear) {
    const Axis axis = rules::linear_feature_axis(layer);
    if (layer.output.box[axis].size() >= 2) return {false, axis};
  }
  return {};
}

class Modeller {
 public:
  Modeller(const Problem& problem, std::span<const DeviceId> devices)
      : problem_(problem),
        devices_(devices),
        layout_(row_layout(problem, speeds(problem.graph, problem.cluster))) {}

  std::vector<LayerModel> models() {
    for (std::size_t l = 0; l < problem_.graph.size(); ++l) {
      const Layer& layer = problem_.graph.layers()[l];
      if (l == 0) {
        const std::int64_t rows = layer.output.box.row.size();
        models_.push_back({false, {false, Axis::kRow}, rows, rows, {}, {}});
      } else if (work(layer, layer.output.box).view) {
        const LayerModel& input = models_[index(layer.inputs[0])];
        models_.push_back({true, input.cut, input.extent, input.rows, {}, {}});
      } else {
        models_.push_back(model(layer, layer_at(l)));
      }
    }
    return std::move(models_);
  }

 private:
  LayerModel model(const Layer& layer, LayerId id) const {
    LayerModel result;
    result.cut = cut_of(layer, layout_[index(id)].has_value());
    result.rows = layer.output.box[result.cut.axis].size();
    result.extent = result.cut.whole ? 1 : result.rows;
    for (DeviceId device : devices_) {
      result.devices.push_back(costs(layer, id, device, result));
    }
    for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
      const auto end = layer.inputs.begin() + static_cast<std::ptrdiff_t>(i);
      if (std::find(layer.inputs.begin(), end, layer.inputs[i]) != end) continue;
      result.inputs.push_back(input_of(layer, i, result));
    }
    return result;
  }

  /// The line through the times of two parts from the middle, away from the input's edges; for a
  /// result with its delivery to the sink.
  LayerDevice costs(const Layer& layer, LayerId id, DeviceId device,
                    const LayerModel& model) const {
    LayerDevice costs;
    const std::int64_t extent = model.extent;
    const auto time_s = [&](const Range& rows) {
      return compute_s(problem_, layer, part(layer, model.cut, rows), device);
    };
    if (model.cut.whole) {
      costs.fixed_s = time_s({0, 1});
    } else {
      const std::int64_t few = std::max<std::int64_t>(extent / 4, 1);
      const std::int64_t many = std::max<std::int64_t>(extent / 2, few + 1);
      const std::int64_t from = std::min(few, extent - many);
      const double few_s = time_s({from, from + few});
      const double many_s = time_s({from, from + many});
      costs.row_s = (many_s - few_s) / static_cast<double>(many - few);
      costs.fixed_s = std::max(few_s - costs.row_s * static_cast<double>(few), 0.0);
    }
    const DeviceId sink = problem_.cluster.sink();
    if (device != sink && ends_model(problem_.graph, id)) {
      const double latency_s = send_s(problem_, device, sink, 0);
      costs.row_s += (send_s(problem_, device, sink, output_bytes(problem_, id)) - latency_s) /
                     static_cast<double>(extent);
      costs.fixed_s += latency_s;
    }
    return costs;
  }

  /// All inputs of `layer` that are the same tensor as input `i`. Bytes per row are those that the
  /// whole output needs, more than a part does where producer and consumer are cut across.
  LayerInput input_of(const Layer& layer, std::size_t i, const LayerModel& model) const {
    const LayerId producer = layer.inputs[i];
    const LayerModel& from = models_[index(producer)];
    const auto need = [&layer, cut = model.cut, i, producer](const Range& rows) {
      Region all;
      for (std::size_t k = i; k < layer.inputs.size(); ++k) {
        if (layer.inputs[k] != producer) continue;
        all = hull(all, required_input(layer, k, part(layer, cut, rows)));
      }
      return all;
    };
    const Axis axis = from.cut.axis;
    const Region whole = need({0, model.extent});
    const double rows = static_cast<double>(std::max<std::int64_t>(whole[axis].size(), 1));
    return {producer,
            RowNeeds(model.extent, from.rows,
                     [need, axis](const Range& range) { return need(range)[axis]; }),
            element_bytes(problem_, producer) * static_cast<double>(whole.volume()) / rows};
  }

  const Problem& problem_;
  std::span<const DeviceId> devices_;
  RowLayout layout_;
  std::vector<LayerModel> models_;
};

}  // namespace

std::vector<LayerModel> layer_models(const Problem& problem, std::span<const DeviceId> devices) {
  return Modeller(problem, devices).models();
}

Region part(const Layer& layer, const Cut& cut, const Range& rows) {
  Region region = layer.output.box;
  if (!cut.whole) region[cut.axis] = rows;
  return region;
}

bool ends_model(const Graph& graph, LayerId layer) {
  const auto consumers = graph.consumers(layer);
  return std::all_of(consumers.begin(), consumers.end(), [&](LayerId consumer) {
    const Layer& behind = graph.layer(consumer);
    return work(behind, behind.output.box).view && ends_model(graph, consumer);
  });
}

}  // namespace edgeflow
