// `deeperthings`: weights divided among the devices, so that none must hold all of them.
//
// Problem: late layers have more weights than activations. From layer `from` on, every layer with
// weights is cut along its output channels (layer output partitioning, LOP): a device holds the
// weights of its channels only and needs the whole input. The hub deals out inputs, gathers outputs
// and computes everything else. With M elements of input, K of output and N equal devices, one of
// which is the hub, a layer moves
//   M (N - 1) + K (N - 1) / N                 elements, or
//   M (N - 1) / N * (N - 1) + K (N - 1) / N   if the layer before was cut, too: devices keep what
//                                             they computed.
// Layer input partitioning (LIP), where a device has the weights of some input channels and its
// outputs are summed, changes what is computed, so the model must say it: a sum of layers, each of
// a slice of the channels of one tensor. Slice and layer i run on device i, the sum on the hub:
//   M (N - 1) / N + K (N - 1)                 elements.
// If that tensor is itself cut and only such slices need it, its parts stay where they are (FUSE):
//   M (N - 1)                                 for the first layer,
//   K (N - 1)                                 for the second.
// Algorithm: channels in proportion to speed on the whole model. `from: auto` divides the layers
// with more weights than elements of input and output, wherever they stand; of YOLOv2 the first is
// the one that the authors' later program starts with. Complexity O(L * D).
// Paper: Stahl et al., Fully Distributed Deep Learning Inference on Resource-Constrained Edge
// Devices, SAMOS 2019.
// Deviations: devices may differ in speed; the layers before `from`, which the paper tiles, run on
// the hub; which layers are summed is not decided here (the paper solves an integer program).
// Strongest reading of the paper we could find; differs from it in its favour: shares by speed,
// devices keep what they computed; against it: sums must be in the model, early layers are not
// tiled. It spares memory and never answers with one device, as every layer of the paper is
// divided.

#include <algorithm>

#include "partition/blocks/roles.hpp"
#include "partition/options/strategy_info.hpp"
#include "partition/plans/placement.hpp"
#include "partition/prices/layers.hpp"

namespace edgeflow {
namespace {

bool divisible(const Layer& layer) {
  return weights_of(layer, layer.output.box) > 0 && has_axis(split_axes(layer), weight_axis(layer));
}

/// Whether the layer is one with weights of a slice of channels: a part of a sum.
bool is_part(const Graph& graph, const Layer& layer) {
  if (layer.inputs.size() != 1 || !divisible(layer)) return false;
  const Layer& slice = graph.layer(layer.inputs[0]);
  Axis axis{};
  return slice.op == Op::kSlice && graph.consumers(layer.inputs[0]).size() == 1 &&
         slice.output.axis_of(static_cast<std::size_t>(slice.attributes.dim), axis) &&
         axis == Axis::kChannel;
}

/// By layer: which part of a sum it belongs to, if any: the slice and the layer behind it.
std::vector<std::optional<std::size_t>> parts_of_sums(const Graph& graph) {
  std::vector<std::optional<std::size_t>> part(graph.size());
  for (const Layer& sum : graph.layers()) {
    if (sum.op != Op::kElementwise || sum.attributes.function != "add") continue;
    const bool all = std::all_of(sum.inputs.begin(), sum.inputs.end(), [&](LayerId input) {
      return is_part(graph, graph.layer(input)) && graph.consumers(input).size() == 1;
    });
    for (std::size_t i = 0; all && i < sum.inputs.size(); ++i) {
      part[index(sum.inputs[i])] = i;
      part[index(graph.layer(sum.inputs[i]).inputs[0])] = i;
    }
  }
  return part;
}

/// Whether the layer has more weights than elements of input and output.
bool is_heavy(const Layer& layer) {
  const Work all = work(layer, layer.output.box);
  return all.weight_elements > all.in_elements + all.out_elements;
}

/// By layer: whether its weights are divided, as the option `from` says.
std::vector<bool> layers_to_divide(const Graph& graph, const OptionValues& options) {
  const auto layers = graph.layers();
  const bool heavy = options.word("from") == "auto";
  const std::size_t begin = heavy ? 0 : index(options.get<LayerId>("from"));
  std::vector<bool> result;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    result.push_back(divisible(layers[l]) && (heavy ? is_heavy(layers[l]) : l >= begin));
  }
  return result;
}

class Weights {
 public:
  Weights(const Problem& problem, const OptionValues& options)
      : problem_(problem),
        roles_(roles_of(problem, options)),
        part_(parts_of_sums(problem.graph)),
        divided_(layers_to_divide(problem.graph, options)),
        speed_(problem.cluster.size(), 0) {
    const std::vector<double> speed = speeds(problem.graph, problem.cluster);
    for (DeviceId worker : roles_.workers) speed_[index(worker)] = speed[index(worker)];
  }

  Plan plan() const {
    const Graph& graph = problem_.graph;
    Assignment assignment(graph.size());
    Hubs hubs(graph.size());
    if (roles_.hub != problem_.cluster.source()) hubs[index(graph.input())] = roles_.hub;
    for (std::size_t l = 1; l < graph.size(); ++l) {
      const Layer& layer = graph.layers()[l];
      if (part_[l]) {
        assignment[l] = on_one_device(layer, roles_.workers[*part_[l] % roles_.workers.size()]);
      } else if (divided_[l]) {
        const Axis axis = weight_axis(layer);
        assignment[l] = cut(layer.output.box, axis,
                            proportional_boundaries(layer.output.box[axis].size(), speed_));
        if (!stays(layer_at(l))) hubs[l] = roles_.hub;
      } else {
        assignment[l] = on_one_device(layer, roles_.hub);
      }
    }
    return build_plan(graph, problem_.cluster, assignment, "deeperthings", hubs, {}, true);
  }

 private:
  /// Only parts of sums need the layer's output.
  bool stays(LayerId layer) const {
    const auto consumers = problem_.graph.consumers(layer);
    return !consumers.empty() && std::all_of(consumers.begin(), consumers.end(), [&](LayerId id) {
      return part_[index(id)].has_value();
    });
  }

  const Problem& problem_;
  const Roles roles_;
  const std::vector<std::optional<std::size_t>> part_;
  const std::vector<bool> divided_;
  std::vector<double> speed_;  // by device, 0 for those that compute nothing
};

Plan plan(const Problem& problem, const OptionValues& options) {
  return Weights(problem, options).plan();
}

constexpr std::array kOptions{
    OptionInfo{.key = "from",
               .type = OptionType::kLayer,
               .words = {"auto"},
               .default_value = "auto",
               .meaning = "the first of the layers whose weights are divided; auto: those with "
                          "more weights than input and output"},
    kHub,
    kHubComputes,
    kIdle,
};

}  // namespace

extern const StrategyInfo kDeeperthings;  // as in strategies.hpp
constinit const StrategyInfo kDeeperthings{
    .name = "deeperthings",
    .summary = "weights divided by channels, inputs dealt out and outputs gathered by the hub",
    .paper = "Fully distributed inference (Stahl et al., SAMOS 2019)",
    .objective = "memory",
    .options = kOptions,
    .plan = plan,
    .check = check_roles,
};

}  // namespace edgeflow
