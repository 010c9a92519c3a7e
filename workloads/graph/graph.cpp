#include "workloads/graph/graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/dominator_tree.hpp>
#include <unordered_map>

#include "workloads/graph/topological_order.hpp"

namespace edgeflow {
namespace {

/// Positions of each spec's inputs.
std::vector<std::vector<std::size_t>> resolve_names(const std::vector<LayerSpec>& specs) {
  std::unordered_map<std::string, std::size_t> position;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (!position.emplace(specs[i].name, i).second) {
      throw ModelError(i, fmt::format("there are two layers named \"{}\"", specs[i].name));
    }
  }
  std::vector<std::vector<std::size_t>> inputs(specs.size());
  for (std::size_t i = 0; i < specs.size(); ++i) {
    for (const std::string& name : specs[i].inputs) {
      const auto found = position.find(name);
      if (found == position.end()) {
        throw ModelError(i, fmt::format("its input \"{}\" is not a layer of the model", name));
      }
      inputs[i].push_back(found->second);
    }
  }
  return inputs;
}

std::vector<std::size_t> order_of(const std::vector<std::vector<std::size_t>>& inputs,
                                  const std::vector<LayerSpec>& specs) {
  const TopologicalOrder order = topological_order(inputs);
  if (!order.cyclic) return order.nodes;
  throw ModelError(*order.cyclic, fmt::format("\"{}\" is part of a cycle, or needs one",
                                              specs[*order.cyclic].name));
}

void check_inputs(const LayerSpec& spec, std::size_t position) {
  const Operator& op = operator_of(spec.op);
  const auto count = static_cast<int>(spec.inputs.size());
  if (count < op.min_inputs || (op.max_inputs >= 0 && count > op.max_inputs)) {
    throw ModelError(position,
                     fmt::format("{} takes {}{} input(s), not {}", op.name,
                                 op.max_inputs < 0 ? "at least " : "", op.min_inputs, count));
  }
}

}  // namespace

Graph::Graph(std::string name, std::string source, const std::vector<LayerSpec>& specs)
    : name_(std::move(name)), source_(std::move(source)) {
  const auto inputs = resolve_names(specs);
  for (std::size_t i = 0; i < specs.size(); ++i) {
    check_inputs(specs[i], i);
    if (specs[i].op == Op::kInput && i != 0) {
      throw ModelError(i, "a model has one input, and it is the first layer");
    }
  }
  if (specs.empty() || specs[0].op != Op::kInput) {
    throw ModelError(0, "the first layer must be the model's input (op: input)");
  }
  std::vector<LayerId> id_of(specs.size());
  double params = 0;
  double macs = 0;
  for (std::size_t position : order_of(inputs, specs)) {
    const LayerSpec& spec = specs[position];
    Layer layer;
    layer.model = name_;
    layer.name = spec.name;
    layer.op = spec.op;
    layer.attributes = spec.attributes;
    for (std::size_t input : inputs[position]) {
      layer.inputs.push_back(id_of[input]);
      layer.input_tensors.push_back(layers_[index(id_of[input])].output);
    }
    try {
      operator_of(spec.op).infer(layer);
    } catch (const std::invalid_argument& error) {
      throw ModelError(position, error.what());
    }
    constexpr double kMaxSum = 0x1p62;
    params += static_cast<double>(layer.params);
    macs += static_cast<double>(operator_of(spec.op).macs(layer));
    if (params > kMaxSum || macs > kMaxSum) {
      throw ModelError(position, "the model has more than 2^62 parameters or MACs");
    }
    id_of[position] = LayerId{static_cast<std::int32_t>(layers_.size())};
    layers_.push_back(std::move(layer));
  }
  link();
}

void Graph::link() {
  consumers_.assign(layers_.size(), {});
  outputs_.clear();
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const LayerId id{static_cast<std::int32_t>(i)};
    for (LayerId input : layers_[i].inputs) {
      auto& list = consumers_[index(input)];
      if (list.empty() || list.back() != id) list.push_back(id);
    }
  }
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    if (consumers_[i].empty()) outputs_.push_back(LayerId{static_cast<std::int32_t>(i)});
  }
}

Totals totals(const Graph& graph) {
  Totals sum;
  for (const Layer& layer : graph.layers()) {
    sum.params += layer.params;
    sum.macs += work(layer, layer.output.box).macs;
    sum.conv_layers += layer.op == Op::kConv || layer.op == Op::kConvTranspose ? 1 : 0;
  }
  return sum;
}

std::vector<LayerId> cut_points(const Graph& graph) {
  using Digraph = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS>;
  const std::size_t end = graph.size();  // one vertex after all results
  Digraph digraph(end + 1);
  for (std::size_t i = 0; i < graph.size(); ++i) {
    for (LayerId input : graph.layers()[i].inputs) boost::add_edge(index(input), i, digraph);
  }
  for (LayerId output : graph.outputs()) boost::add_edge(index(output), end, digraph);

  const auto none = boost::graph_traits<Digraph>::null_vertex();
  std::vector<Digraph::vertex_descriptor> dominator(end + 1, none);
  boost::lengauer_tarjan_dominator_tree(
      digraph, index(graph.input()),
      boost::make_iterator_property_map(dominator.begin(),
                                        boost::get(boost::vertex_index, digraph)));
  std::vector<LayerId> cuts;
  for (auto v = dominator[end]; v != none && v != index(graph.input()); v = dominator[v]) {
    if (v == index(graph.outputs()[0])) continue;  // the only result
    cuts.push_back(LayerId{static_cast<std::int32_t>(v)});
  }
  std::reverse(cuts.begin(), cuts.end());
  return cuts;
}

Frontier widest_frontier(const Graph& graph) {
  std::vector<std::vector<std::size_t>> dying(graph.size());
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const auto consumers = graph.consumers(LayerId{static_cast<std::int32_t>(i)});
    if (!consumers.empty()) dying[index(consumers.back())].push_back(i);
  }
  Frontier widest;
  std::size_t tensors = 0;
  std::int64_t elements = 0;
  for (std::size_t i = 0; i < graph.size(); ++i) {
    ++tensors;  // its output appears while its inputs are still needed
    elements += graph.layers()[i].output.volume();
    widest.tensors = std::max(widest.tensors, tensors);
    if (elements > widest.elements) {
      widest.elements = elements;
      widest.largest = LayerId{static_cast<std::int32_t>(i)};
    }
    tensors -= dying[i].size();
    for (const std::size_t dead : dying[i]) elements -= graph.layers()[dead].output.volume();
  }
  return widest;
}

}  // namespace edgeflow
