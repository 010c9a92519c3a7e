// The zoo against what a framework reports of the same networks (tests/data/models, cited there).

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "tests/csv.hpp"
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

/// Names of the layers that an inference framework runs by themselves although block level has them
/// as part of the node before, because that node is not a convolution or matrix product whose
/// weights, or whose stored results, they could be merged into.
std::vector<std::string> unfoldable(const Graph& graph) {
  std::vector<std::string> names;
  auto producer = [&](const Layer& layer) -> const Layer& { return graph.layer(layer.inputs[0]); };
  for (const Layer& layer : graph.layers()) {
    const bool after_concat = layer.op == Op::kBatchNorm && producer(layer).op == Op::kConcat;
    const bool decodes = layer.op == Op::kTranspose ||
                         (layer.op == Op::kActivation && producer(layer).op == Op::kTranspose) ||
                         (layer.op == Op::kElementwise && producer(layer).op == Op::kSlice);
    if (after_concat || decodes) names.push_back(layer.name);
  }
  return names;
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

// Block level folds everything with one input into its producer if that has no other consumer, and
// has one node per split. We have a slice per output of a split (NAME:1 and on are more nodes), and
// fold only what a framework merges: batch-norm into weights, activations into what they follow,
// views. What stands alone is listed by unfoldable(): batch-norm after a concat (DenseNet: 58 dense
// layers, 3 transitions, norm5), and per scale of YOLOv5's head the transpose, the sigmoid after it
// and the first operation on each of two slices (the others fold into that).
TEST_CASE("folding leaves the blocks of the network, and what no framework folds") {
  for (const Row& row : reference_totals()) {
    const std::string& model = row.at("model");
    CAPTURE(model);
    const Graph graph = load_model(model, "");
    const Graph folded = fold(graph);
    const std::size_t more_slices = static_cast<std::size_t>(std::count_if(
        graph.layers().begin(), graph.layers().end(),
        [](const Layer& layer) { return layer.name.find(':') != std::string::npos; }));
    const std::vector<std::string> alone = unfoldable(graph);
    CHECK(alone.size() == (model == "densenet121" ? 62U : model.starts_with("yolo") ? 12U : 0U));
    CHECK(folded.size() == std::stoul(row.at("block_nodes")) + more_slices + alone.size());

    // Of what stands alone, DenseNet's transition norms and norm5 are cut points too: each follows
    // a concat that is one.
    std::vector<std::string> expected = reference_cut_points(model, "block");
    CHECK(expected.size() == std::stoul(row.at("cut_points_block")));
    const std::set<std::string> blocks(expected.begin(), expected.end());
    const auto names = names_of(folded, cut_points(folded));
    std::vector<std::string> blocks_found;
    std::vector<std::string> others;
    for (const std::string& name : names) {
      (blocks.contains(name) ? blocks_found : others).push_back(name);
    }
    CHECK(blocks_found == expected);
    CHECK(others ==
          (model == "densenet121"
               ? std::vector<std::string>{"features.transition1.norm", "features.transition2.norm",
                                          "features.transition3.norm", "features.norm5"}
               : std::vector<std::string>{}));
  }
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

}  // namespace edgeflow
