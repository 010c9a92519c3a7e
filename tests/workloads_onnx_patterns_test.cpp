// Layers that exporters take apart, and moves of data. The expected layers follow from the ONNX operator
// definitions (github.com/onnx/onnx, docs/Operators.md).

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/onnx_maker.hpp"
#include "workloads/input/error.hpp"
#include "workloads/model_yaml.hpp"

namespace edgeflow {
namespace {

using test::layers_of;
using test::OnnxMaker;
using test::set_int;
using test::set_ints;
using test::set_text;

}  // namespace

TEST_CASE("gated activations are one layer") {
  OnnxMaker silu(13);
  silu.node("Sigmoid", {"x"}, {"s"});
  silu.node("Mul", {"x", "s"}, {"y"});
  CHECK(layers_of(silu) == "silu[3,8,8]");

  OnnxMaker hard(13);
  hard.node("HardSigmoid", {"x"}, {"s"});
  hard.node("Mul", {"s", "x"}, {"y"});
  CHECK(layers_of(hard) == "hardswish[3,8,8]");

  OnnxMaker spelled(11);  // x relu6(x + 3) / 6
  spelled.number("three", 3);
  spelled.number("zero", 0);
  spelled.number("six", 6);
  spelled.node("Add", {"x", "three"}, {"a"});
  spelled.node("Clip", {"a", "zero", "six"}, {"c"});
  spelled.node("Mul", {"x", "c"}, {"m"});
  spelled.node("Div", {"m", "six"}, {"y"});
  CHECK(layers_of(spelled) == "hardswish[3,8,8]");

  OnnxMaker gate(13);  // of something else: squeeze and excitation
  gate.node("Relu", {"x"}, {"r"});
  gate.node("Sigmoid", {"r"}, {"s"});
  gate.node("Mul", {"x", "s"}, {"y"});
  CHECK(layers_of(gate) == "relu[3,8,8] sigmoid[3,8,8] mul[3,8,8]");
}

TEST_CASE("GELU by the error function or by tanh is one layer") {
  for (const bool half_first : {false, true}) {
    OnnxMaker maker(13, {1, 4, 6});
    maker.number("root", 1.41421356F);
    maker.number("one", 1);
    maker.number("half", 0.5F);
    maker.node("Div", {"x", "root"}, {"u"});
    maker.node("Erf", {"u"}, {"e"});
    maker.node("Add", {"e", "one"}, {"a"});
    if (half_first) {
      maker.node("Mul", {"x", "half"}, {"h"});
      maker.node("Mul", {"h", "a"}, {"y"});
    } else {
      maker.node("Mul", {"x", "a"}, {"m"});
      maker.node("Mul", {"m", "half"}, {"y"});
    }
    CHECK(layers_of(maker) == "gelu[4,6]");
  }
  OnnxMaker maker(13, {1, 4, 6});  // 0.5 x (1 + tanh(0.798 (x + 0.0447 x^3)))
  for (const char* name : {"three", "c1", "c2", "one", "half"}) maker.number(name, 1);
  maker.node("Mul", {"x", "half"}, {"h"});
  maker.node("Pow", {"x", "three"}, {"p"});
  maker.node("Mul", {"p", "c1"}, {"q"});
  maker.node("Add", {"x", "q"}, {"r"});
  maker.node("Mul", {"r", "c2"}, {"s"});
  maker.node("Tanh", {"s"}, {"t"});
  maker.node("Add", {"t", "one"}, {"a"});
  maker.node("Mul", {"h", "a"}, {"y"});
  CHECK(layers_of(maker) == "gelu[4,6]");
}

TEST_CASE("layer norm in one node or in nine") {
  OnnxMaker one(17, {1, 4, 6});
  one.weights("w", {6});
  one.weights("b", {6});
  set_int(one.node("LayerNormalization", {"x", "w", "b"}, {"y"}), "axis", -1);
  CHECK(layers_of(one) == "layer_norm[4,6]");
  CHECK(totals(one.read()).params == 12);

  OnnxMaker many(13, {1, 4, 6});
  many.weights("w", {6});
  many.weights("b", {6});
  many.number("two", 2);
  many.number("eps", 1e-5F);
  set_ints(many.node("ReduceMean", {"x"}, {"m"}), "axes", {-1});
  many.node("Sub", {"x", "m"}, {"d"});
  many.node("Pow", {"d", "two"}, {"p"});
  set_ints(many.node("ReduceMean", {"p"}, {"v"}), "axes", {-1});
  many.node("Add", {"v", "eps"}, {"e"});
  many.node("Sqrt", {"e"}, {"s"});
  many.node("Div", {"d", "s"}, {"n"});
  many.node("Mul", {"n", "w"}, {"a"});
  many.node("Add", {"a", "b"}, {"y"});
  CHECK(layers_of(many) == "layer_norm[4,6]");
  CHECK(totals(many.read()).params == 12);
}

TEST_CASE("attention with the batch in the middle leaves the heads on the feature axis") {
  OnnxMaker maker(13, {1, 10, 12});                                    // 3 heads of 4 features
  set_ints(maker.node("Transpose", {"x"}, {"t"}), "perm", {1, 0, 2});  // tokens, batch, features
  maker.integers("heads", {10, 3, 4});
  maker.integers("joined", {10, 12});
  for (const char* name : {"q", "k", "v"}) {
    const std::string n = name;
    maker.weights("w" + n, {12, 12});
    maker.node("MatMul", {"t", "w" + n}, {n + "0"});
    maker.node("Reshape", {n + "0", "heads"}, {n + "1"});
    set_ints(maker.node("Transpose", {n + "1"}, {n}), "perm",
             n == "k" ? Dims{1, 2, 0} : Dims{1, 0, 2});
  }
  maker.node("MatMul", {"q", "k"}, {"scores"});
  set_int(maker.node("Softmax", {"scores"}, {"p"}), "axis", -1);
  maker.node("MatMul", {"p", "v"}, {"o"});
  set_ints(maker.node("Transpose", {"o"}, {"o1"}), "perm", {1, 0, 2});
  maker.node("Reshape", {"o1", "joined"}, {"y"});
  const Graph graph = maker.read();
  CHECK(totals(graph).macs == 3 * 10 * 12 * 12 + 2 * 3 * 10 * 10 * 4);
  // Of the result, tokens 2 to 4 and the features of head 1 come from those queries and that head.
  const auto layers = graph.layers();
  const Layer& values = *std::find_if(layers.begin(), layers.end(),
                                      [](const Layer& layer) { return layer.name == "o"; });
  CHECK(values.output.box == whole_region(12, 10, 1));
  const Region part{{4, 8}, {2, 4}, {0, 1}};
  CHECK(required_input(values, 0, part) == Region{{1, 2}, {2, 4}, {0, 10}});
  CHECK(required_input(values, 1, part) == Region{{4, 8}, {0, 10}, {0, 1}});
  CHECK(graph.layers().back().output.box == whole_region(12, 10, 1));
}

TEST_CASE("an Einsum of two tensors is a product between transposes") {
  OnnxMaker maker(13, {1, 10, 3, 4});  // tokens, heads, features
  maker.node("Relu", {"x"}, {"k"});
  set_text(maker.node("Einsum", {"x", "k"}, {"s"}), "equation", "b i h d, b j h d -> b h i j");
  set_text(maker.node("Einsum", {"s", "k"}, {"y"}), "equation", "bhij,bjhd->bihd");
  const Graph graph = maker.read();
  CHECK(totals(graph).macs == 2 * 3 * 10 * 10 * 4);
  CHECK(graph.layers().back().output.dims == std::vector<std::int64_t>{10, 3, 4});
  OnnxMaker trace(13, {1, 5, 5});
  set_text(trace.node("Einsum", {"x"}, {"y"}), "equation", "bii->b");
  CHECK_THROWS_AS(trace.read(), InputError);
}

TEST_CASE("a mask that is constant keeps scores or replaces them by a constant") {
  OnnxMaker maker(13, {1, 4, 4});
  maker.weights("mask", {1, 4, 4});
  maker.graph().mutable_initializer(0)->set_data_type(onnx::TensorProto::BOOL);
  maker.number("minus", -1e9F);
  maker.node("Where", {"mask", "minus", "x"}, {"y"});
  CHECK(layers_of(maker) == "where[4,4]");
  CHECK(totals(maker.read()).params == 0);
}

TEST_CASE("softmax spans all dimensions from its axis on before operator set 13") {
  for (int opset : {11, 13}) {
    OnnxMaker maker(opset, {1, 4, 6});
    set_int(maker.node("Softmax", {"x"}, {"y"}), "axis", 1);
    const Graph graph = maker.read();
    const Region need = required_input(graph.layers()[1], 0, {{0, 1}, {0, 1}, {0, 1}});
    CHECK(need == (opset < 13 ? Region{{0, 6}, {0, 4}, {0, 1}} : Region{{0, 1}, {0, 4}, {0, 1}}));
  }
}

TEST_CASE("one-dimensional networks are feature maps of one column") {
  OnnxMaker maker(13, {1, 4, 20});
  maker.weights("w", {8, 4, 3});
  auto& conv = maker.node("Conv", {"x", "w"}, {"c"});
  set_ints(conv, "pads", {1, 1});
  set_ints(conv, "strides", {2});
  auto& pool = maker.node("MaxPool", {"c"}, {"y"});
  set_ints(pool, "kernel_shape", {2});
  set_ints(pool, "strides", {2});
  const Graph graph = maker.read();
  CHECK(totals(graph).macs == 8 * 10 * 4 * 3);
  CHECK(graph.layers().back().output.dims == std::vector<std::int64_t>{8, 5});
}

TEST_CASE("blocks of pixels become channels and back") {
  OnnxMaker maker(13, {1, 8, 4, 6});
  set_int(maker.node("DepthToSpace", {"x"}, {"d"}), "blocksize", 2);
  maker.node("Relu", {"d"}, {"r"});
  set_int(maker.node("SpaceToDepth", {"r"}, {"y"}), "blocksize", 2);
  CHECK(layers_of(maker) ==
        "reshape[2,2,2,4,6] transpose[2,4,2,6,2] reshape[2,8,12] relu[2,8,12] "
        "reshape[2,4,2,6,2] transpose[2,2,2,4,6] reshape[8,4,6]");
}

TEST_CASE("rows and columns of a block follow the rows and columns of the map") {
  // By the definitions, without the batch: DCR [b,b,C',H,W] -> [C',H,b,W,b], CRD [C',b,b,H,W] ->
  // the same, and back [C,H/b,b,W/b,b] -> [b,b,C,H/b,W/b].
  const auto order = [](const char* op, const char* mode) {
    OnnxMaker maker(13, {1, 8, 4, 6});
    auto& node = maker.node(op, {"x"}, {"y"});
    set_int(node, "blocksize", 2);
    if (mode != nullptr) set_text(node, "mode", mode);
    const Graph graph = maker.read();
    REQUIRE(graph.layers()[2].op == Op::kTranspose);
    return graph.layers()[2].attributes.dims;
  };
  CHECK(order("DepthToSpace", "DCR") == Dims{2, 3, 0, 4, 1});
  CHECK(order("DepthToSpace", "CRD") == Dims{0, 3, 1, 4, 2});
  CHECK(order("SpaceToDepth", nullptr) == Dims{2, 4, 0, 1, 3});
}

TEST_CASE("picking indices is a slice, or a gather if they are not in a row") {
  OnnxMaker row(13, {1, 5, 6});
  row.integers("places", {-4, -3});
  set_int(row.node("Gather", {"x", "places"}, {"y"}), "axis", 1);
  CHECK(layers_of(row) == "slice[2,6]");

  OnnxMaker mixed(13, {1, 5, 6});
  mixed.integers("places", {3, 0, 0});
  set_int(mixed.node("Gather", {"x", "places"}, {"y"}), "axis", 1);
  CHECK(layers_of(mixed) == "gather[3,6]");

  OnnxMaker one(13, {1, 5, 6});
  one.scalar("place", 0);
  set_int(one.node("Gather", {"x", "place"}, {"y"}), "axis", 1);
  CHECK(layers_of(one) == "slice[1,6] reshape[6]");
}

TEST_CASE("several inputs become one, cut up again") {
  OnnxMaker maker(13, {1, 4});
  maker.input("z", {1, 4});
  maker.node("Add", {"x", "z"}, {"y"});
  std::vector<std::string> warnings;
  const Graph graph = maker.read({}, &warnings);
  CHECK(layers_of(graph) == "slice[4] slice[4] add[4]");
  CHECK(graph.layers()[0].output.dims == std::vector<std::int64_t>{8});
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0] == "test.onnx: its 2 inputs are one vector here");
}

TEST_CASE("results that other layers use are results still") {
  OnnxMaker maker(13);
  maker.node("Relu", {"x"}, {"r"});
  maker.node("Sigmoid", {"r"}, {"y"});
  maker.graph().add_output()->set_name("r");
  maker.node("Tanh", {"r"}, {"nobody wants this"});
  const Graph graph = maker.read();
  CHECK(layers_of(graph) == "relu[3,8,8] sigmoid[3,8,8] reshape[3,8,8]");
  CHECK(graph.outputs().size() == 2);
}

TEST_CASE("weights that stand in the graph as constants are weights") {
  OnnxMaker maker(9);
  auto* value = maker.node("Constant", {}, {"w"}).add_attribute();
  value->set_name("value");
  value->set_type(onnx::AttributeProto::TENSOR);
  value->mutable_t()->set_data_type(onnx::TensorProto::FLOAT);
  for (std::int64_t dim : {5, 3, 3, 3}) value->mutable_t()->add_dims(dim);
  maker.node("Conv", {"x", "w"}, {"y"});
  CHECK(totals(maker.read()).params == 135);
}

TEST_CASE("layers whose names no file could hold get others") {
  OnnxMaker maker(13);
  maker.node("Relu", {"x"}, {"a"}).set_name("same \"name\", \n twice");
  maker.node("Relu", {"a"}, {"y"}).set_name("same \"name\", \n twice");
  const Graph graph = maker.read();
  const std::string text = write_model(graph);
  const Document document(text, "model.yaml");
  CHECK(write_model(read_model(document)) == text);
}

}  // namespace edgeflow
