#include "workloads/model_yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/emitter.h>

#include <algorithm>
#include <array>

#include "workloads/input/home.hpp"
#include "workloads/onnx/reader.hpp"

namespace edgeflow {
namespace {

constexpr std::int64_t kMaxExtent = std::int64_t{1} << 31;
constexpr std::size_t kMaxLayers = 1'000'000;

/// Operators that go by the name of their function, and those names.
const std::array<std::pair<Op, std::span<const std::string_view>>, 3>& function_operators() {
  static const std::array<std::pair<Op, std::span<const std::string_view>>, 3> kRows{{
      {Op::kActivation, activation_functions()},
      {Op::kElementwise, elementwise_functions()},
      {Op::kReduce, reduce_functions()},
  }};
  return kRows;
}

/// Resolves `op:` of a model file.
void read_op(const Yaml& yaml, LayerSpec& spec) {
  const std::string name = yaml.as_string();
  std::vector<std::string_view> known;
  for (const Operator& row : operator_table()) {
    const auto by_function = std::find_if(function_operators().begin(), function_operators().end(),
                                          [&](const auto& one) { return one.first == row.op; });
    if (by_function != function_operators().end()) {
      const auto names = by_function->second;
      if (std::find(names.begin(), names.end(), name) != names.end()) {
        spec.op = row.op;
        spec.attributes.function = name;
        return;
      }
      known.insert(known.end(), names.begin(), names.end());
      continue;
    }
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

std::vector<std::int64_t> read_list(const Yaml& yaml, std::int64_t min) {
  if (!yaml.is_list()) yaml.fail_expected("a list of integers such as [3, 224, 224]");
  std::vector<std::int64_t> values;
  for (const Yaml& item : yaml.items()) values.push_back(item.as_integer(min, kMaxExtent));
  if (values.empty() || values.size() > 16) yaml.fail_expected("1 to 16 integers");
  return values;
}

/// [rows, columns], or one number for both.
std::array<std::int64_t, 2> read_pair(const Yaml& yaml, std::int64_t min) {
  if (yaml.is_scalar()) {
    const std::int64_t both = yaml.as_integer(min, kMaxExtent);
    return {both, both};
  }
  const auto values = read_list(yaml, min);
  if (values.size() != 2) yaml.fail_expected("one number or [rows, columns]");
  return {values[0], values[1]};
}

std::array<std::int64_t, 4> read_pad(const Yaml& yaml) {
  if (yaml.is_list() && yaml.items().size() == 4) {
    const auto values = read_list(yaml, 0);
    return {values[0], values[1], values[2], values[3]};
  }
  if (yaml.is_list() && yaml.items().size() != 2) {
    yaml.fail_expected("one number, [rows, columns] or [top, left, bottom, right]");
  }
  const auto pair = read_pair(yaml, 0);
  return {pair[0], pair[1], pair[0], pair[1]};
}

std::string read_choice(const Yaml& yaml, std::span<const std::string_view> choices) {
  std::string value = yaml.as_string();
  if (std::find(choices.begin(), choices.end(), value) == choices.end()) {
    yaml.fail_expected(fmt::format("one of: {}", fmt::join(choices, ", ")));
  }
  return value;
}

constexpr std::array<std::string_view, 3> kInterpolations{"nearest", "bilinear", "bicubic"};
constexpr std::array<std::string_view, 3> kSamplings{"half_pixel", "align_corners", "asymmetric"};

void read_attribute(const std::string& key, const Yaml& yaml, Attributes& a) {
  if (key == "out_channels") a.out_channels = yaml.as_integer(1, kMaxExtent);
  if (key == "kernel") a.kernel = read_pair(yaml, 1);
  if (key == "stride") a.stride = read_pair(yaml, 1);
  if (key == "dilation") a.dilation = read_pair(yaml, 1);
  if (key == "pad") a.pad = read_pad(yaml);
  if (key == "output_pad") a.output_pad = read_pair(yaml, 0);
  if (key == "output_size") a.output_size = read_pair(yaml, 1);
  if (key == "groups") a.groups = yaml.as_integer(1, kMaxExtent);
  if (key == "bias") a.bias = yaml.as_bool();
  if (key == "ceil_mode") a.ceil_mode = yaml.as_bool();
  if (key == "bilinear") a.bilinear = yaml.as_bool();
  if (key == "scale") a.scale = yaml.as_integer(1, kMaxExtent);
  if (key == "dim") a.dim = yaml.as_integer(0, 15);
  if (key == "start") a.start = yaml.as_integer(0, kMaxExtent);
  if (key == "stop") a.stop = yaml.as_integer(1, kMaxExtent);
  if (key == "step") a.step = yaml.as_integer(1, kMaxExtent);
  if (key == "dims") a.dims = read_list(yaml, 0);
  if (key == "tied") a.tied = yaml.as_bool();
  if (key == "affine") a.affine = yaml.as_bool();
  if (key == "reflect") a.reflect = yaml.as_bool();
  if (key == "keep_dims") a.keep_dims = yaml.as_bool();
  if (key == "before") a.before = yaml.as_integer(0, kMaxExtent);
  if (key == "after") a.after = yaml.as_integer(0, kMaxExtent);
  if (key == "count") a.count = yaml.as_integer(1, kMaxExtent);
  if (key == "params") a.params = yaml.as_integer(0, std::int64_t{1} << 40);
  if (key == "interpolation") a.interpolation = read_choice(yaml, kInterpolations);
  if (key == "sampling") a.sampling = read_choice(yaml, kSamplings);
}

void read_input_dims(const Yaml& yaml, Attributes& a) {
  a.dims = read_list(yaml, 1);
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
  const auto own = operator_of(spec.op).attributes;
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
      read_attribute(std::string(key), *value, spec.attributes);
    }
  }
  for (std::string_view needed : {"dims", "out_channels", "stop", "output_size", "count"}) {
    if (std::find(own.begin(), own.end(), needed) != own.end()) yaml.at(needed);
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

template <std::size_t N>
std::string list_text(const std::array<std::int64_t, N>& values) {
  return fmt::format("[{}]", fmt::join(values, ", "));
}

std::string attribute_text(std::string_view key, const Layer& layer) {
  const Attributes& a = layer.attributes;
  const Attributes standard;
  auto unless = [](bool is_default, const std::string& text) { return is_default ? "" : text; };
  if (key == "out_channels") return fmt::format("{}", a.out_channels);
  if (key == "kernel") return unless(a.kernel == standard.kernel, list_text(a.kernel));
  if (key == "stride") return unless(a.stride == standard.stride, list_text(a.stride));
  if (key == "dilation") return unless(a.dilation == standard.dilation, list_text(a.dilation));
  if (key == "pad") return unless(a.pad == standard.pad, list_text(a.pad));
  if (key == "output_pad")
    return unless(a.output_pad == standard.output_pad, list_text(a.output_pad));
  if (key == "output_size") return list_text(a.output_size);
  if (key == "groups") return unless(a.groups == standard.groups, fmt::format("{}", a.groups));
  if (key == "bias") return unless(a.bias, "false");
  if (key == "ceil_mode") return unless(!a.ceil_mode, "true");
  if (key == "bilinear") return unless(!a.bilinear, "true");
  if (key == "scale") return fmt::format("{}", a.scale);
  if (key == "dim") return fmt::format("{}", a.dim);
  if (key == "start") return fmt::format("{}", a.start);
  if (key == "stop") return fmt::format("{}", a.stop);
  if (key == "step") return unless(a.step == standard.step, fmt::format("{}", a.step));
  if (key == "tied") return unless(!a.tied, "true");
  if (key == "affine") return unless(a.affine, "false");
  if (key == "reflect") return unless(!a.reflect, "true");
  if (key == "keep_dims") return unless(a.keep_dims, "false");
  if (key == "before") return unless(a.before == 0, fmt::format("{}", a.before));
  if (key == "after") return unless(a.after == 0, fmt::format("{}", a.after));
  if (key == "count") return fmt::format("{}", a.count);
  if (key == "params") return unless(a.params == 0, fmt::format("{}", a.params));
  if (key == "interpolation") {
    return unless(a.interpolation == standard.interpolation, a.interpolation);
  }
  if (key == "sampling") return unless(a.sampling == standard.sampling, a.sampling);
  const char* batch = layer.op == Op::kInput ? "1, " : "";
  return fmt::format("[{}{}]", batch, fmt::join(a.dims, ", "));
}

}  // namespace

Graph read_model(const Document& document) {
  const Yaml root = document.root();
  root.expect_keys({"schema", "name", "source", "layers"});
  root.at("schema").as_integer(1, 1);
  const std::string name = root.at("name").as_string();
  const auto source = root.find("source");
  const Yaml list = root.at("layers");
  if (!list.is_list()) list.fail_expected("a list of layers");
  const std::vector<Yaml> items = list.items();
  if (items.empty() || items.size() > kMaxLayers) list.fail_expected("1 to 1000000 layers");
  std::vector<LayerSpec> specs;
  specs.reserve(items.size());
  for (const Yaml& item : items) specs.push_back(read_layer(item));
  try {
    return Graph(name, source ? source->as_string() : "", specs);
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
      const std::string value = attribute_text(key, layer);
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

std::vector<std::string> zoo_models() { return names_on_shelf("workloads/models"); }

}  // namespace edgeflow
