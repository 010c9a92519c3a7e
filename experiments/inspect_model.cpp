#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "experiments/csv.hpp"
#include "experiments/inspect.hpp"
#include "experiments/table.hpp"

namespace edgeflow {
namespace {

using Json = nlohmann::ordered_json;

std::int64_t macs_of(const Layer& layer) { return operator_of(layer.op).macs(layer); }

std::vector<std::string> input_names(const Graph& graph, const Layer& layer) {
  std::vector<std::string> names;
  for (const LayerId input : layer.inputs) names.push_back(graph.layer(input).name);
  return names;
}

std::string shape_text(const Layer& layer) {
  return fmt::format("1x{}", fmt::join(layer.output.dims, "x"));
}

std::string as_text(const Graph& graph) {
  const Totals sum = totals(graph);
  const std::vector<LayerId> cuts = cut_points(graph);
  std::string text = fmt::format(
      "{}{}{}\nparams       {} ({:.3f} M)\nmacs         {} ({:.3f} G)\n"
      "layers       {}, of them {} convolutions\ncut points   {} (cutting there leaves one "
      "tensor)\n"
      "widest       {} tensors alive at once\n\n",
      graph.name(), graph.source().empty() ? "" : ": ", graph.source(), sum.params,
      static_cast<double>(sum.params) * 1e-6, sum.macs, static_cast<double>(sum.macs) * 1e-9,
      graph.size(), sum.conv_layers, cuts.size(), widest_frontier(graph));
  std::vector<std::vector<std::string>> rows{
      {"layer", "op", "output", "params", "macs", "cut", "inputs"}};
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const Layer& layer = graph.layers()[i];
    const bool cut =
        std::find(cuts.begin(), cuts.end(), LayerId{static_cast<std::int32_t>(i)}) != cuts.end();
    rows.push_back({layer.name, operation_name(layer), shape_text(layer),
                    std::to_string(layer.params), std::to_string(macs_of(layer)), cut ? "*" : "",
                    fmt::format("{}", fmt::join(input_names(graph, layer), " "))});
  }
  return text + aligned(rows, "lllrrll");
}

std::string as_csv(const Graph& graph) {
  std::string text = csv_row({"name", "op", "inputs", "out_shape", "params", "macs"});
  for (const Layer& layer : graph.layers()) {
    text +=
        csv_row({layer.name, operation_name(layer),
                 fmt::format("{}", fmt::join(input_names(graph, layer), " ")), shape_text(layer),
                 std::to_string(layer.params), std::to_string(macs_of(layer))});
  }
  return text;
}

std::string as_json(const Graph& graph) {
  const Totals sum = totals(graph);
  const std::vector<LayerId> cuts = cut_points(graph);
  Json json;
  json["name"] = graph.name();
  json["source"] = graph.source();
  json["params"] = sum.params;
  json["macs"] = sum.macs;
  json["layers"] = graph.size();
  json["conv_layers"] = sum.conv_layers;
  json["cut_points"] = cuts.size();
  json["cut_point_names"] = Json::array();
  for (const LayerId cut : cuts) json["cut_point_names"].push_back(graph.layer(cut).name);
  json["nodes"] = Json::array();
  for (const Layer& layer : graph.layers()) {
    Json node;
    node["name"] = layer.name;
    node["op"] = operation_name(layer);
    node["inputs"] = input_names(graph, layer);
    node["out_shape"] = {1};
    for (const std::int64_t dim : layer.output.dims) node["out_shape"].push_back(dim);
    node["params"] = layer.params;
    node["macs"] = macs_of(layer);
    json["nodes"].push_back(std::move(node));
  }
  return json.dump(2) + "\n";
}

std::string dot_quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') quoted += '\\';
    quoted += letter;
  }
  return quoted + '"';
}

std::string as_dot(const Graph& graph) {
  const std::vector<LayerId> cuts = cut_points(graph);
  std::string text = fmt::format("digraph {} {{\n  node [shape=box, fontname=sans, fontsize=10];\n",
                                 dot_quoted(graph.name()));
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const Layer& layer = graph.layers()[i];
    const LayerId id{static_cast<std::int32_t>(i)};
    const bool cut = std::find(cuts.begin(), cuts.end(), id) != cuts.end();
    const std::string label =
        dot_quoted(layer.name + "\n" + operation_name(layer) + " " + shape_text(layer));
    text += fmt::format("  n{} [label={}{}];\n", i, label, cut ? ", style=bold" : "");
    for (const LayerId input : layer.inputs)
      text += fmt::format("  n{} -> n{};\n", index(input), i);
  }
  return text + "}\n";
}

}  // namespace

std::string operation_name(const Layer& layer) {
  const std::string& function = layer.attributes.function;
  return function.empty() ? std::string(operator_of(layer.op).name) : function;
}

std::string inspect_model(const Graph& graph, InspectFormat format) {
  switch (format) {
    case InspectFormat::kText:
      return as_text(graph);
    case InspectFormat::kCsv:
      return as_csv(graph);
    case InspectFormat::kJson:
      return as_json(graph);
    case InspectFormat::kDot:
      return as_dot(graph);
  }
  return "";
}

}  // namespace edgeflow
