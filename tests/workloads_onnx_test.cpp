// Exports of published networks against the networks themselves (tests/data/onnx, cited there).

#include "tests/support/paths.hpp"
#include "workloads/onnx/reader.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <map>

#include "tests/csv.hpp"
#include "workloads/input/error.hpp"
#include "workloads/model_yaml.hpp"

namespace edgeflow {
namespace {

using test::read_csv;
using test::Row;

std::filesystem::path file_of(const std::string& name) {
  return std::filesystem::path(test::data_folder()) / "onnx" / (name + ".onnx");
}

Graph load(const std::string& name) {
  OnnxOptions options;
  if (name == "resnet18.dynhw") options.inputs["images"] = {1, 3, 224, 224};
  return read_onnx(file_of(name), options);
}

std::string op_name(const Layer& layer) {
  return layer.attributes.function.empty() ? std::string(operator_of(layer.op).name)
                                           : layer.attributes.function;
}

}  // namespace

TEST_CASE("an export imports with the totals of the network") {
  for (const Row& row : read_csv("onnx/totals.csv")) {
    CAPTURE(row.at("file"));
    const Graph graph = load(row.at("file"));
    const Totals sum = totals(graph);
    CHECK(sum.params == std::stoll(row.at("params")));
    CHECK(sum.macs == std::stoll(row.at("macs")));
    CHECK(sum.conv_layers == std::stoi(row.at("conv_layers")));
    CHECK(cut_points(graph).size() == std::stoul(row.at("cut_points")));
  }
}

TEST_CASE("an export imports with the layers of the network") {
  std::map<std::string, std::map<std::string, int>> expected;
  std::map<std::string, std::map<std::string, int>> ops;
  for (const Row& row : read_csv("onnx/layers.csv")) {
    const std::string layer =
        fmt::format("{} {} {}", row.at("op"), row.at("out_shape"), row.at("macs"));
    expected[row.at("model")][layer] += std::stoi(row.at("count"));
    ops[row.at("model")][row.at("op")] += std::stoi(row.at("count"));
  }
  for (const Row& row : read_csv("onnx/totals.csv")) {
    const std::string& model = row.at("model");
    CAPTURE(row.at("file"));
    std::map<std::string, int> found;
    const Graph graph = load(row.at("file"));
    for (const Layer& layer : graph.layers()) {
      if (!ops.at(model).contains(op_name(layer))) continue;
      ++found[fmt::format("{} {} {}", op_name(layer), fmt::join(layer.output.dims, "x"),
                          work(layer, layer.output.box).macs)];
    }
    CHECK(found == expected.at(model));
  }
}

TEST_CASE("an imported model that is written and read again is the same") {
  for (const Row& row : read_csv("onnx/totals.csv")) {
    CAPTURE(row.at("file"));
    const Graph graph = load(row.at("file"));
    const std::string text = write_model(graph);
    const Document document(text, "model.yaml");
    const Graph again = read_model(document);
    CHECK(write_model(again) == text);
    REQUIRE(again.size() == graph.size());
    for (std::size_t i = 0; i < graph.size(); ++i) {
      CHECK(again.layers()[i].attributes == graph.layers()[i].attributes);
      CHECK(again.layers()[i].output.box == graph.layers()[i].output.box);
      CHECK(again.layers()[i].params == graph.layers()[i].params);
    }
  }
}

TEST_CASE("a file with open rows and columns needs their sizes, and takes any") {
  try {
    read_onnx(file_of("resnet18.dynhw"));
    FAIL("no error");
  } catch (const InputError& error) {
    CHECK(error.path() == "input \"images\"");
    CHECK(error.message() == "dimension 2 (\"H\") is open");
    CHECK(error.hint() == "say --input images=1x3x224x224");
  }
  // A convolutional network: twice the rows and columns at most change the MACs of convolutions, by
  // four, and leave the classifier's 512 x 1000.
  const auto at = [](std::int64_t side) {
    return totals(read_onnx(file_of("resnet18.dynhw"), {{{"images", {1, 3, side, side}}}, false}));
  };
  CHECK(at(448).macs - 512'000 == 4 * (at(224).macs - 512'000));
  CHECK(at(448).params == at(224).params);
}

TEST_CASE("a model file may be an ONNX file") {
  const Graph graph = load_model("squeezenet1_0.onnx", file_of("squeezenet1_0").parent_path());
  CHECK(graph.name() == "squeezenet1_0");
  CHECK(graph.source() == "ONNX file (pytorch 1.13.0, operator set 13)");
  CHECK(graph.layers()[0].name == "images");
}

// Token ranges pass from layer to layer, but for the one that keys and values are whole in.
TEST_CASE("transformers can be split by tokens and by heads") {
  for (const char* name : {"vit_b_16", "bert_base_seq128"}) {
    CAPTURE(name);
    const Graph graph = load(name);
    int products = 0;
    for (const Layer& layer : graph.layers()) {
      CAPTURE(layer.name);
      if (layer.op == Op::kLinear && layer.output.dims.size() == 2) {
        CHECK(has_axis(split_axes(layer), Axis::kRow));      // tokens
        CHECK(has_axis(split_axes(layer), Axis::kChannel));  // features
      }
      if (layer.op == Op::kLayerNorm) {  // tokens split, features are needed whole
        CHECK(required_input(layer, 0, {{0, 1}, {3, 5}, {0, 1}}) ==
              Region{{0, 768}, {3, 5}, {0, 1}});
      }
      if (layer.op != Op::kMatMul) continue;
      ++products;
      const Region& box = layer.output.box;
      // The first of 12 heads, queries 10 to 20.
      Region part = box;
      part.channel.end /= 12;
      part.row = {10, 20};
      const Region query = required_input(layer, 0, part);
      const Region keys = required_input(layer, 1, part);
      CHECK(query.row == Range{10, 20});
      CHECK(query.volume() * 12 * box.row.size() == layer.input_tensors[0].volume() * 10);
      CHECK(keys.row == layer.input_tensors[1].box.row);
      CHECK(keys.volume() * 12 == layer.input_tensors[1].volume());
    }
    CHECK(products == 24);
  }
}

TEST_CASE("tokens of ViT depend on the rows of patches that they come from") {
  const Graph graph = load("vit_b_16");
  for (const Layer& layer : graph.layers()) {
    if (layer.op != Op::kConcat) continue;
    CHECK(layer.params == 768);  // the class token
    CHECK(layer.output.dims == std::vector<std::int64_t>{197, 768});
    // Token 0 is the class; token 1 + 14 r + c is the patch in row r and column c.
    CHECK(required_input(layer, 0, {{0, 768}, {0, 1}, {0, 1}}).empty());
    CHECK(required_input(layer, 0, {{0, 768}, {1, 29}, {0, 1}}) ==
          Region{{0, 768}, {0, 2}, {0, 14}});
    CHECK(required_input(layer, 0, {{5, 6}, {29, 30}, {0, 1}}) == Region{{5, 6}, {2, 3}, {0, 1}});
  }
}

TEST_CASE("the dims of an input are read from the command line") {
  CHECK(parse_input_dims("1x3x640x640") == std::pair<std::string, Dims>("", {1, 3, 640, 640}));
  CHECK(parse_input_dims("a=b=1x128") == std::pair<std::string, Dims>("a=b", {1, 128}));
  for (const char* text : {"", "=", "a=", "1x", "x1", "1x-3", "1x0", "=1x3", "1x3x99999999999",
                           "axb", "1,3", "1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_input_dims(text), InputError);
  }
}

}  // namespace edgeflow
