#include "workloads/model_yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/emitter.h>

#include <algorithm>
#include <array>

#include "workloads/input/home.hpp"
#include "workloads/onnx/reader.hpp"
#include "workloads/operators/attributes.hpp"

namespace edgeflow {
namespace {

constexpr std::size_t kMaxLayers = 1'000'000;

/// Resolves `op:` of a model file.
void read_op(const Yaml& yaml, LayerSpec& spec) {
  const std::string name = yaml.as_string();
  std::vector<std::string_view> known;
  for (const Operator& row : operator_table()) {
    const auto names = row.functions;
    if (std::find(names.begin(), names.end(), name) != names.end()) {
      spec.op = row.op;
      spec.attributes.function = name;
      return;
    }
    known.insert(known.end(), names.begin(), names.end());
    if (!names.empty()) continue;
    if (row.name == name) {
      spec.op = row.op;
      return;
    }
    known.push_back(row.name);
  }
  const auto nearest = nearest_name(name, known);
  yaml.fail(fmt::format("unknown operator \"{}\"", name),
            nearest ? fmt::format("did you mean \"{}\"?", *nearest)
                    : fmt::format("one of: {}", fmt::join(known, ", ")));
}

std::vector<std::int64_t> read_list(const Yaml& yaml, const Attribute& limits) {
  if (!yaml.is_list()) yaml.fail_expected("a list of integers such as [3, 224, 224]");
  std::vector<std::int64_t> values;
  for (const Yaml& item : yaml.items()) {
    values.push_back(item.as_integer(limits.min, limits.max));
  }
  if (values.empty() || values.size() > 16) yaml.fail_expected("1 to 16 integers");
  return values;
}

/// [rows, columns], or one number for both.
std::array<std::int64_t, 2> read_pair(const Yaml& yaml, const Attribute& limits) {
  if (yaml.is_scalar()) {
    const std::int64_t both = yaml.as_integer(limits.min, limits.max);
    return {both, both};
  }
  const auto values = read_list(yaml, limits);
  if (values.size() != 2) yaml.fail_expected("one number or [rows, columns]");
  return {values[0], values[1]};
}

std::array<std::int64_t, 4> read_pad(const Yaml& yaml, const Attribute& limits) {
  if (yaml.is_list() && yaml.items().size() == 4) {
    const auto values = read_list(yaml, limits);
    return {values[0], values[1], values[2], values[3]};
  }
  if (yaml.is_list() && yaml.items().size() != 2) {
    yaml.fail_expected("one number, [rows, columns] or [top, left, bottom, right]");
  }
  const auto pair = read_pair(yaml, limits);
  return {pair[0], pair[1], pair[0], pair[1]};
}

/// Reads an attribute into its member.
struct AttributeReader {
  const Yaml& yaml;
  const Attribute& row;
  Attributes& into;

  void operator()(Attribute::Number member) const {
    into.*member = yaml.as_integer(row.min, row.max);
  }
  void operator()(Attribute::Pair member) const { into.*member = read_pair(yaml, row); }
  void operator()(Attribute::Pad member) const { into.*member = read_pad(yaml, row); }
  void operator()(Attribute::List member) const { into.*member = read_list(yaml, row); }
  void operator()(Attribute::Flag member) const { into.*member = yaml.as_bool(); }
  void operator()(Attribute::Choice member) const {
    into.*member = row.choices[yaml.as_choice(row.choices)];
  }
};

void read_input_dims(const Yaml& yaml, Attributes& a) {
  Attribute limits = attribute_of("dims");
  limits.min = 1;
  a.dims = read_list(yaml, limits);
  if (a.dims.size() < 2 || a.dims[0] != 1) {
    yaml.fail(
        "the input's first dimension is the batch and must be 1",
        "write dims: [1, 3, 224, 224]; a stream of images is a matter of the scenario's requests");
  }
  a.dims.erase(a.dims.begin());
}

LayerSpec read_layer(const Yaml& yaml) {
  LayerSpec spec;
  if (!yaml.is_map())
    yaml.fail_expected("a layer such as {name: conv1, op: conv, inputs: [input]}");
  read_op(yaml.at("op"), spec);
  std::vector<std::string_view> keys{"name", "op", "inputs"};
  const std::vector<std::string_view>& own = operator_of(spec.op).attributes;
  keys.insert(keys.end(), own.begin(), own.end());
  yaml.expect_keys(keys);
  spec.name = yaml.at("name").as_string();
  if (const auto inputs = yaml.find("inputs")) {
    if (!inputs->is_list()) inputs->fail_expected("a list of layer names such as [conv1]");
    for (const Yaml& item : inputs->items()) spec.inputs.push_back(item.as_string());
  }
  for (std::string_view key : own) {
    const auto value = yaml.find(key);
    if (!value) continue;
    if (spec.op == Op::kInput) {
      read_input_dims(*value, spec.attributes);
    } else {
      const Attribute& row = attribute_of(key);
      std::visit(AttributeReader{*value, row, spec.attributes}, row.member);
    }
  }
  for (const Attribute& row : attribute_table()) {
    if (row.needed && std::find(own.begin(), own.end(), row.key) != own.end()) yaml.at(row.key);
  }
  return spec;
}

std::string name_for_yaml(const std::string& name) {
  YAML::Emitter out;
  out << YAML::Flow << name;
  // Inside flow lists and maps these need quotes too.
  const std::string text = out.c_str();
  const bool plain = text.find_first_of(",[]{}:#") == std::string::npos;
  return plain || text.front() == '"' ? text : fmt::format("\"{}\"", text);
}

std::string value_text(std::int64_t value) { return fmt::format("{}", value); }
std::string value_text(bool value) { return value ? "true" : "false"; }
std::string value_text(const std::string& value) { return value; }
template <typename List>
std::string value_text(const List& values) {
  return fmt::format("[{}]", fmt::join(values, ", "));
}

/// Nothing where it is the default and may be left out.
std::string attribute_text(const Attribute& row, const Layer& layer) {
  static const Attributes kDefaults;
  if (layer.op == Op::kInput) return fmt::format("[1, {}]", fmt::join(layer.attributes.dims, ", "));
  return std::visit(
      [&](auto member) -> std::string {
        const auto& value = layer.attributes.*member;
        return row.written || value != kDefaults.*member ? value_text(value) : "";
      },
      row.member);
}

}  // namespace

Graph read_model(const Document& document) {
  const Yaml root = document.root();
  root.expect_keys({"schema", "name", "source", "precision", "layers"});
  root.at("schema").as_integer(1, 1);
  const std::string name = root.at("name").as_string();
  const auto source = root.find("source");
  std::optional<Precision> precision;
  if (const auto stated = root.find("precision")) precision = read_precision(*stated);
  const Yaml list = root.at("layers");
  if (!list.is_list()) list.fail_expected("a list of layers");
  const std::vector<Yaml> items = list.items();
  if (items.empty() || items.size() > kMaxLayers) list.fail_expected("1 to 1000000 layers");
  std::vector<LayerSpec> specs;
  specs.reserve(items.size());
  for (const Yaml& item : items) specs.push_back(read_layer(item));
  try {
    Graph graph(name, source ? source->as_string() : "", specs);
    graph.set_precision(precision);
    return graph;
  } catch (const ModelError& error) {
    items[error.layer()].fail(
        fmt::format("layer \"{}\": {}", specs[error.layer()].name, error.what()));
  }
}

std::string write_model(const Graph& graph) {
  YAML::Emitter header;
  header << YAML::BeginMap << YAML::Key << "schema" << YAML::Value << 1 << YAML::Key << "name"
         << YAML::Value << graph.name();
  if (!graph.source().empty()) header << YAML::Key << "source" << YAML::Value << graph.source();
  if (graph.precision()) {
    header << YAML::Key << "precision" << YAML::Value << std::string(to_string(*graph.precision()));
  }
  header << YAML::EndMap;
  std::string text = fmt::format("{}\nlayers:\n", header.c_str());
  for (const Layer& layer : graph.layers()) {
    const Operator& op = operator_of(layer.op);
    const std::string& function = layer.attributes.function;
    text += fmt::format("  - {{name: {}, op: {}", name_for_yaml(layer.name),
                        function.empty() ? op.name : std::string_view(function));
    std::vector<std::string> inputs;
    for (LayerId input : layer.inputs) inputs.push_back(name_for_yaml(graph.layer(input).name));
    if (!inputs.empty()) text += fmt::format(", inputs: [{}]", fmt::join(inputs, ", "));
    for (std::string_view key : op.attributes) {
      const std::string value = attribute_text(attribute_of(key), layer);
      if (!value.empty()) text += fmt::format(", {}: {}", key, value);
    }
    text += "}\n";
  }
  return text;
}

Graph load_model(const std::string& name, const std::filesystem::path& folder) {
  const std::filesystem::path file = find_file(name, "workloads/models", folder);
  if (file.extension() == ".onnx") return read_onnx(file);
  const Document document(file);
  return read_model(document);
}

std::vector<std::string> zoo_models() { return catalogue_names("workloads/models"); }

}  // namespace edgeflow
