// The zoo against what a framework reports of the same networks (tests/data/models, cited there).
// scripts/export_models.py writes the zoo; these figures are not from it.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "tests/csv.hpp"
#include "workloads/input/home.hpp"
#include "workloads/model_yaml.hpp"

namespace edgeflow {
namespace {

using test::read_csv;
using test::Row;
using test::split;

std::vector<Row> reference_totals() { return read_csv("models/totals.csv"); }

std::vector<Row> reference_layers(const std::string& model) {
  return read_csv("models/" + model + ".csv");
}

std::vector<std::string> reference_cut_points(const std::string& model, const std::string& level) {
  for (const Row& row : read_csv("models/cut_points.csv")) {
    if (row.at("model") == model && row.at("level") == level) return split(row.at("names"), ' ');
  }
  FAIL("no cut points of " << model);
  return {};
}

std::string op_name(const Layer& layer) {
  return layer.attributes.function.empty() ? std::string(operator_of(layer.op).name)
                                           : layer.attributes.function;
}

std::string input_names(const Graph& graph, const Layer& layer) {
  std::vector<std::string> names;
  for (LayerId input : layer.inputs) names.push_back(graph.layer(input).name);
  return fmt::format("{}", fmt::join(names, " "));
}

std::vector<std::string> names_of(const Graph& graph, const std::vector<LayerId>& layers) {
  std::vector<std::string> names;
  names.reserve(layers.size());
  for (LayerId id : layers) names.push_back(graph.layer(id).name);
  return names;
}

std::string layers_text(const std::string& text) {
  const auto at = text.find("\nlayers:\n");
  return at == std::string::npos ? "" : text.substr(at);
}

/// Block level: batch-norm and the like are part of the node before; each layer's block, named
/// after its first layer.
std::vector<LayerId> blocks_of(const Graph& graph) {
  std::vector<LayerId> block;
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const Layer& layer = graph.layers()[i];
    const bool small = layer.op == Op::kBatchNorm || layer.op == Op::kLayerNorm ||
                       layer.op == Op::kSoftmax || layer.op == Op::kActivation ||
                       layer.op == Op::kElementwise || layer.op == Op::kReshape ||
                       layer.op == Op::kTranspose;
    const bool joins = small && layer.inputs.size() == 1 && layer.inputs[0] != graph.input();
    block.push_back(joins ? block[index(layer.inputs[0])] : LayerId{static_cast<std::int32_t>(i)});
  }
  return block;
}

/// The blocks as a model of its own, of layers that look alike: only who consumes whom matters.
Graph block_graph(const Graph& graph, const std::vector<LayerId>& block) {
  std::vector<LayerSpec> specs;
  std::map<LayerId, std::size_t> spec_of;
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const auto [found, is_new] = spec_of.emplace(block[i], specs.size());
    if (is_new) {
      specs.push_back({graph.layer(block[i]).name, i == 0 ? Op::kInput : Op::kElementwise, {}, {}});
      specs.back().attributes.dims = {1};
      specs.back().attributes.function = "add";
    }
    for (LayerId input : graph.layers()[i].inputs) {
      if (block[index(input)] == block[i]) continue;
      specs[found->second].inputs.push_back(graph.layer(block[index(input)]).name);
    }
  }
  return Graph(graph.name(), "", specs);
}

}  // namespace

TEST_CASE("every model of the zoo has reference figures, and the other way round") {
  std::vector<std::string> models;
  for (const Row& row : reference_totals()) models.push_back(row.at("model"));
  CHECK(models == zoo_models());
}

TEST_CASE("every layer has the operator, inputs, shape, parameters and MACs of the real network") {
  for (const Row& total : reference_totals()) {
    const std::string& model = total.at("model");
    const Graph graph = load_model(model, "");
    const std::vector<Row> expected = reference_layers(model);
    REQUIRE_MESSAGE(graph.size() == expected.size(), model);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const Layer& layer = graph.layers()[i];
      const Row& row = expected[i];
      INFO(model << " " << row.at("name"));
      CHECK(layer.name == row.at("name"));
      CHECK(op_name(layer) == row.at("op"));
      CHECK(input_names(graph, layer) == row.at("inputs"));
      CHECK(fmt::format("{}", fmt::join(layer.output.dims, "x")) == row.at("out_shape"));
      CHECK(layer.params == std::stoll(row.at("params")));
      CHECK(work(layer, layer.output.box).macs == std::stoll(row.at("macs")));
    }
  }
}

TEST_CASE("totals equal those of the real networks") {
  for (const Row& row : reference_totals()) {
    CAPTURE(row.at("model"));
    const Totals sum = totals(load_model(row.at("model"), ""));
    CHECK(sum.params == std::stoll(row.at("params")));
    CHECK(sum.macs == std::stoll(row.at("macs")));
    CHECK(sum.conv_layers == std::stoi(row.at("conv_layers")));
  }
}

// Parameters: torchvision's weight metadata; MACs: 15.47 G and 4.089 G there; YOLOv5s counts
// 16.5 GFLOP (2 per MAC, rounded) and 7.2 M parameters in its README.
TEST_CASE("the three spine models have their published totals") {
  const Totals vgg16 = totals(load_model("vgg16", ""));
  CHECK(vgg16.params == 138'357'544);
  CHECK(vgg16.macs == 15'470'264'320);
  CHECK(vgg16.conv_layers == 13);
  const Totals resnet50 = totals(load_model("resnet50", ""));
  CHECK(resnet50.params == 25'557'032);
  CHECK(resnet50.macs == 4'089'184'256);
  CHECK(resnet50.conv_layers == 53);
  const Totals yolov5s = totals(load_model("yolov5s", ""));
  CHECK(yolov5s.params == 7'235'389);
  CHECK(yolov5s.macs == 8'216'780'800);
  CHECK(yolov5s.conv_layers == 60);
}

// The Darknet site counts 62.94 BFLOP, two per MAC; yolov2.weights has 203,934,260 bytes: 16 of a
// head, then 4 per weight, scale, shift, mean and variance.
TEST_CASE("YOLOv2 has the FLOPs and the weights of its release") {
  const Graph graph = load_model("yolov2", "");
  std::int64_t statistics = 0;
  for (const Layer& layer : graph.layers()) {
    if (layer.op == Op::kBatchNorm) statistics += layer.params;
  }
  const Totals sum = totals(graph);
  CHECK(fmt::format("{:.2f}", 2e-9 * static_cast<double>(sum.macs)) == "62.94");
  CHECK(16 + 4 * (sum.params + statistics) == 203'934'260);
}

TEST_CASE("the cut points of the unfolded graph are those of the traced network") {
  for (const Row& row : reference_totals()) {
    const std::string& model = row.at("model");
    CAPTURE(model);
    const Graph graph = load_model(model, "");
    const auto names = names_of(graph, cut_points(graph));
    CHECK(names == reference_cut_points(model, "operator"));
    CHECK(names.size() == std::stoul(row.at("cut_points")));
  }
}

TEST_CASE("the blocks of the network and the cut points between them are those that were traced") {
  for (const Row& row : reference_totals()) {
    const std::string& model = row.at("model");
    CAPTURE(model);
    const Graph graph = load_model(model, "");
    const Graph blocks = block_graph(graph, blocks_of(graph));
    CHECK(blocks.size() == std::stoul(row.at("block_nodes")));
    const auto names = names_of(blocks, cut_points(blocks));
    CHECK(names == reference_cut_points(model, "block"));
    CHECK(names.size() == std::stoul(row.at("cut_points_block")));
  }
}

// What we fold is less than block level: only what an inference framework merges. A layer and the
// one it is folded into, whose only consumer it is, are both on every path or both not.
TEST_CASE("folding keeps every cut point, by the layer that it is folded into") {
  for (const Row& row : reference_totals()) {
    const std::string& model = row.at("model");
    CAPTURE(model);
    const Graph folded = fold(load_model(model, ""));
    std::map<std::string, std::string> kept;
    for (const Layer& layer : folded.layers()) {
      for (const std::string& name : layer.folded) kept[name] = layer.name;
    }
    REQUIRE(folded.outputs().size() >= 1);
    const std::string& result = folded.layer(folded.outputs()[0]).name;
    std::vector<std::string> expected;
    for (const std::string& cut : reference_cut_points(model, "operator")) {
      const auto found = kept.find(cut);
      const std::string& name = found == kept.end() ? cut : found->second;
      if (folded.outputs().size() == 1 && name == result) continue;
      if (expected.empty() || expected.back() != name) expected.push_back(name);
    }
    CHECK(names_of(folded, cut_points(folded)) == expected);
  }
}

// Convolutional networks without batch-norm after a concat: a framework's layers are the blocks.
TEST_CASE("cut points of folded convolutional networks are those of their blocks") {
  int models = 0;
  for (const Row& row : reference_totals()) {
    const std::string& model = row.at("model");
    if (row.at("conv_layers") == "0" || model == "densenet121" || model == "vit_b_16" ||
        model == "shufflenet_v2_x1_0") {
      continue;
    }
    CAPTURE(model);
    const Graph folded = fold(load_model(model, ""));
    CHECK(names_of(folded, cut_points(folded)) == reference_cut_points(model, "block"));
    ++models;
  }
  CHECK(models >= 30);
}

// Folding a batch-norm (scale and shift per channel) into a convolution without bias leaves one
// bias per channel: YOLOv5s has 57 such pairs with 9,504 channels in all, 7,235,389 - 9,504.
TEST_CASE("folding YOLOv5s leaves the parameters of its fused release") {
  CHECK(totals(fold(load_model("yolov5s", ""))).params == 7'225'885);
}

TEST_CASE("folding changes no MACs") {
  for (const std::string& model : zoo_models()) {
    CAPTURE(model);
    const Graph graph = load_model(model, "");
    CHECK(totals(fold(graph)).macs == totals(graph).macs);
  }
}

TEST_CASE("a model that is read and written gives the layers of the file, letter by letter") {
  for (const std::string& model : zoo_models()) {
    CAPTURE(model);
    std::ifstream in(find_file(model, "workloads/models", ""));
    const std::string file{std::istreambuf_iterator<char>(in), {}};
    const std::string written = write_model(load_model(model, ""));
    REQUIRE(!layers_text(file).empty());
    CHECK(layers_text(written) == layers_text(file));
  }
}

TEST_CASE("an axis is split only if every part gains by it") {
  // YOLOv5's last concat has 19200 tokens of one scale first. Half of its rows need no more than
  // those; the other half needs some of them, which lie all over the map, and the other scales too.
  const Graph graph = fold(load_model("yolov5s", ""));
  const Layer& last = graph.layer(graph.outputs().front());
  REQUIRE(last.name == "model.24/concat_3");
  const Region whole = last.output.box;
  Region half = whole;
  half.row.end /= 2;
  REQUIRE(required_input(last, 1, half).empty());
  CHECK_FALSE(has_axis(split_axes(last), Axis::kRow));
}

}  // namespace edgeflow
