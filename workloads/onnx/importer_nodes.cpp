// The way through the nodes of a file.

#include <fmt/format.h>

#include <algorithm>

#include "workloads/graph/topological_order.hpp"
#include "workloads/onnx/importer.hpp"

namespace edgeflow::onnx_reader {

/// Topologically, in the file's order where possible.
void Importer::sort_nodes() {
  const auto& nodes = model_.nodes;
  std::unordered_set<std::string_view> given;
  for (const FileInput& input : model_.inputs) given.insert(input.name);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (const std::string& output : nodes[i].outputs) {
      if (output.empty()) continue;
      if (model_.initializers.contains(output) || given.contains(output) ||
          !producer_.emplace(output, i).second) {
        fail_at(i, fmt::format("tensor {} is written twice", in_quotes(output)));
      }
    }
  }
  std::vector<std::vector<std::size_t>> inputs(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (const std::string& input : nodes[i].inputs) {
      const auto found = producer_.find(input);
      if (found != producer_.end()) {
        inputs[i].push_back(found->second);
      } else if (!input.empty() && !model_.initializers.contains(input) && !given.contains(input)) {
        fail_at(i, fmt::format("it reads tensor {}, which is not in the file", in_quotes(input)));
      }
    }
  }
  TopologicalOrder order = topological_order(inputs);
  if (order.cyclic) fail_at(*order.cyclic, "it is part of a cycle, or needs one");
  order_ = std::move(order.nodes);
}

/// Of the nodes, those that an output depends on.
void Importer::mark_needed() {
  needed_.assign(model_.nodes.size(), false);
  std::vector<std::string> open(model_.outputs);
  if (open.empty()) throw InputError({file_}, "", "the graph has no outputs");
  for (const std::string& output : open) {
    read_.insert(output);
    const bool known = producer_.contains(output) || model_.initializers.contains(output) ||
                       std::any_of(model_.inputs.begin(), model_.inputs.end(),
                                   [&](const FileInput& input) { return input.name == output; });
    if (!known) {
      throw InputError({file_}, "",
                       fmt::format("output {} is written by no node", in_quotes(output)));
    }
  }
  while (!open.empty()) {
    const auto found = producer_.find(open.back());
    open.pop_back();
    if (found == producer_.end() || needed_[found->second]) continue;
    needed_[found->second] = true;
    for (const std::string& input : model_.nodes[found->second].inputs) {
      read_.insert(input);
      open.push_back(input);
    }
  }
}

/// Nodes that depend on no input, and those that ask for a shape.
bool Importer::translate_constant() {
  const bool shape = node().op == "Shape" || node().op == "Size";
  Constant of_shape;
  std::vector<const Constant*> given = constants();
  for (std::size_t i = 0; i < inputs(); ++i) {
    if (!has(i) || given[i] != nullptr) continue;
    if (!shape) return false;
    of_shape.dims = activation(i).shape;
    given[i] = &of_shape;
  }
  auto outputs = evaluate(node(), given, opset(), budget_);
  if (!outputs) {
    std::vector<std::optional<KnownInput>> known(given.size());
    for (std::size_t i = 0; i < given.size(); ++i) {
      if (given[i] != nullptr) known[i] = KnownInput{given[i]->dims, given[i]->type, given[i]};
    }
    outputs.emplace();
    for (const auto& dims : model_.infer(current_, known)) {
      if (!dims) fail("the shape of what it computes from constants is not known");
      Constant& one = outputs->emplace_back();
      one.dims = *dims;
      for (const Constant* from : given) {
        if (from != nullptr) one.add_leaves(from->leaves);
      }
    }
  }
  for (std::size_t i = 0; i < outputs->size(); ++i) set(i, std::move((*outputs)[i]));
  return true;
}

void Importer::translate_node() {
  if (translate_constant()) return;
  quantized_ = quantized_ || in_8_bits_[current_] || node().op == "QuantizeLinear";
  if (!node().domain.empty()) {
    return unknown(fmt::format("the operator is of the domain {}, which is not known",
                               in_quotes(node().domain)));
  }
  const Translation translation = translation_of(node().op);
  if (translation == nullptr) return unknown("the operator is not known");
  translation(*this);
}

void Importer::translate() {
  translating_ = true;
  for (std::size_t next : order_) {
    if (!needed_[next]) continue;
    current_ = next;
    try {
      translate_node();
    } catch (const std::invalid_argument& error) {
      fail(error.what());
    }
  }
  translating_ = false;
}

/// The items that the model returns. One that others consume too gets a view of its own, as a
/// graph's results are the layers that nobody consumes.
std::vector<std::size_t> Importer::results() {
  std::vector<std::size_t> results;
  std::unordered_set<std::size_t> consumed{0};
  for (const Item& item : items_) consumed.insert(item.inputs.begin(), item.inputs.end());
  for (const std::string& output : model_.outputs) {
    const auto found = values_.find(output);
    const auto* value = found == values_.end() ? nullptr : std::get_if<Activation>(&found->second);
    if (value == nullptr) continue;  // a constant
    if (std::find(results.begin(), results.end(), value->layer) != results.end()) continue;
    std::size_t layer = value->layer;
    if (consumed.contains(layer)) {
      Attributes a;
      a.dims = items_[layer].output.dims;
      layer = add(Op::kReshape, a, {value}, output);
    }
    results.push_back(layer);
  }
  if (results.empty()) throw InputError({file_}, "", "no output depends on an input");
  return results;
}

Graph Importer::assemble(const std::string& name, const std::vector<std::size_t>& results) {
  std::vector<bool> used(items_.size(), false);
  for (std::size_t result : results) used[result] = true;
  used[0] = true;
  for (std::size_t i = items_.size(); i-- > 0;) {  // inputs stand before their consumers
    if (!used[i]) continue;
    for (std::size_t input : items_[i].inputs) used[input] = true;
  }
  std::vector<LayerSpec> specs;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (!used[i]) continue;
    LayerSpec& spec = specs.emplace_back(items_[i].spec);
    for (std::size_t input : items_[i].inputs) spec.inputs.push_back(items_[input].spec.name);
  }
  const std::string by = model_.producer.empty() ? "" : printable(model_.producer) + ", ";
  try {
    Graph graph(name, fmt::format("ONNX file ({}operator set {})", by, model_.opset), specs);
    if (quantized_) graph.set_precision(Precision::kInt8);
    return graph;
  } catch (const ModelError& error) {
    throw InputError({file_}, fmt::format("layer {}", in_quotes(specs[error.layer()].name)),
                     error.what());
  }
}

Graph Importer::read(const std::string& name) {
  sort_nodes();
  mark_needed();
  read_inputs();
  translate();
  const std::vector<std::size_t> outputs = results();
  merge_patterns(items_, outputs);
  return assemble(name, outputs);
}

Translation translation_of(const std::string& op) {
  for (const auto part : {spatial_translation, moving_translation, product_translation}) {
    if (const Translation found = part(op)) return found;
  }
  return nullptr;
}

}  // namespace edgeflow::onnx_reader
