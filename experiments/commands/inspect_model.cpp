#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "experiments/commands/inspect.hpp"
#include "workloads/input/csv.hpp"
#include "workloads/input/text_table.hpp"

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

/// "channel row column": some of them, or nothing.
std::string split_axes_text(const Layer& layer) {
  const AxisSet axes = split_axes(layer);
  std::vector<std::string_view> names;
  if (has_axis(axes, Axis::kChannel)) names.push_back("channel");
  if (has_axis(axes, Axis::kRow)) names.push_back("row");
  if (has_axis(axes, Axis::kColumn)) names.push_back("column");
  return fmt::format("{}", fmt::join(names, " "));
}

std::vector<std::string> cut_point_names(const Graph& graph) {
  std::vector<std::string> names;
  for (const LayerId cut : cut_points(graph)) names.push_back(graph.layer(cut).name);
  return names;
}

const char* granularity(bool folded) {
  return folded ? "layers with batch-norm and activations folded" : "single operators";
}

/// Words in lines of 100 columns, all but the first indented.
std::string wrapped(const std::vector<std::string>& words) {
  constexpr std::size_t kIndent = 13, kColumns = 100;
  std::string text;
  std::size_t column = kIndent;
  for (const std::string& word : words) {
    if (column > kIndent && column + 1 + word.size() > kColumns) {
      text += "\n" + std::string(kIndent, ' ');
      column = kIndent;
    }
    if (column > kIndent) text += ' ';
    text += word;
    column += 1 + word.size();
  }
  return text + "\n";
}

std::string as_text(const Graph& graph, bool folded) {
  constexpr double kMiB = 1024.0 * 1024, kFloatBytes = 4;
  const Totals sum = totals(graph);
  const std::vector<std::string> cuts = cut_point_names(graph);
  const Frontier widest = widest_frontier(graph);
  std::string text = fmt::format(
      "{}{}{}\nparams       {} ({:.3f} M)\nmacs         {} ({:.3f} G)\n"
      "layers       {} ({}), of them {} convolutions\n"
      "memory       {:.1f} MiB of weights in fp32, at most {:.1f} MiB of activations at once, in "
      "{}\n"
      "widest       {} tensors alive at once when layers run in order\n"
      "cut points   {} (between {}; cutting there leaves one tensor)\n",
      graph.name(), graph.source().empty() ? "" : ": ", graph.source(), sum.params,
      static_cast<double>(sum.params) * 1e-6, sum.macs, static_cast<double>(sum.macs) * 1e-9,
      graph.size(), granularity(folded), sum.conv_layers,
      static_cast<double>(sum.params) * kFloatBytes / kMiB,
      static_cast<double>(widest.elements) * kFloatBytes / kMiB, graph.layer(widest.largest).name,
      widest.tensors, cuts.size(), granularity(folded));
  if (!cuts.empty()) text += std::string(13, ' ') + wrapped(cuts);
  std::vector<std::vector<std::string>> rows{
      {"layer", "op", "output", "params", "macs", "cut", "split along", "inputs"}};
  const std::set<std::string> cut(cuts.begin(), cuts.end());
  for (const Layer& layer : graph.layers()) {
    rows.push_back({layer.name, operation_name(layer), shape_text(layer),
                    std::to_string(layer.params), std::to_string(macs_of(layer)),
                    cut.contains(layer.name) ? "*" : "", split_axes_text(layer),
                    fmt::format("{}", fmt::join(input_names(graph, layer), " "))});
  }
  return text + "\n" + aligned(rows, "lllrrlll");
}

std::string as_csv(const Graph& graph) {
  const std::vector<std::string> cuts = cut_point_names(graph);
  const std::set<std::string> cut(cuts.begin(), cuts.end());
  std::string text =
      csv_row({"name", "op", "inputs", "out_shape", "params", "macs", "cut_point", "split_axes",
               "cost_kind", "in_elements", "out_elements", "weight_elements"});
  for (const Layer& layer : graph.layers()) {
    const Work whole = work(layer, layer.output.box);
    text +=
        csv_row({layer.name, operation_name(layer),
                 fmt::format("{}", fmt::join(input_names(graph, layer), " ")), shape_text(layer),
                 std::to_string(layer.params), std::to_string(macs_of(layer)),
                 cut.contains(layer.name) ? "1" : "0", split_axes_text(layer),
                 whole.view ? "view" : std::string(to_string(whole.kind)),
                 std::to_string(whole.in_elements), std::to_string(whole.out_elements),
                 std::to_string(whole.weight_elements)});
  }
  return text;
}

std::string as_json(const Graph& graph, bool folded) {
  const Totals sum = totals(graph);
  const std::vector<std::string> cuts = cut_point_names(graph);
  const Frontier widest = widest_frontier(graph);
  Json json;
  json["name"] = graph.name();
  json["source"] = graph.source();
  json["precision"] = graph.precision() ? Json(to_string(*graph.precision())) : Json();
  json["params"] = sum.params;
  json["macs"] = sum.macs;
  json["layers"] = graph.size();
  json["conv_layers"] = sum.conv_layers;
  json["cut_points"] = cuts.size();
  json["cut_point_names"] = cuts;
  json["granularity"] = granularity(folded);
  json["widest_frontier"] = widest.tensors;
  json["peak_activation_elements"] = widest.elements;
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
    node["split_axes"] = split_axes_text(layer);
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

std::string inspect_model(const Graph& graph, bool folded, InspectFormat format) {
  switch (format) {
    case InspectFormat::kText:
      return as_text(graph, folded);
    case InspectFormat::kCsv:
      return as_csv(graph);
    case InspectFormat::kJson:
      return as_json(graph, folded);
    case InspectFormat::kDot:
      return as_dot(graph);
    case InspectFormat::kXml:
      break;  // clusters only
  }
  return "";
}

}  // namespace edgeflow
