// Layers that exporters write in several ways. The expected layers follow from the ONNX operator
// definitions (github.com/onnx/onnx, docs/Operators.md).

#include <doctest/doctest.h>

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

constexpr int kOpsets[] = {9, 10, 11, 12, 13, 14, 15, 16, 17};

}  // namespace

TEST_CASE("a matrix product and the sum of a bias are one linear layer") {
  OnnxMaker maker(13, {1, 7, 5});
  maker.weights("w", {5, 11});
  maker.weights("b", {11});
  maker.node("MatMul", {"x", "w"}, {"m"});
  maker.node("Add", {"b", "m"}, {"y"});
  const Graph graph = maker.read();
  CHECK(layers_of(graph) == "linear[7,11]");
  CHECK(totals(graph).params == 66);
  CHECK(totals(graph).macs == 7 * 5 * 11);
  CHECK(graph.layers()[1].name == "m");
}

TEST_CASE("the sum stays if the product is used by another layer too") {
  OnnxMaker maker(13, {1, 7, 5});
  maker.weights("w", {5, 5});
  maker.weights("b", {5});
  maker.node("MatMul", {"x", "w"}, {"m"});
  maker.node("Add", {"m", "b"}, {"s"});
  maker.node("Mul", {"m", "s"}, {"y"});
  const Graph graph = maker.read();
  CHECK(layers_of(graph) == "linear[7,5] add[7,5] mul[7,5]");
  CHECK(totals(graph).params == 30);
}

TEST_CASE("gemm in all its orientations") {
  for (const bool turned : {false, true}) {
    OnnxMaker maker(13, {1, 5});
    maker.weights("w", turned ? Dims{11, 5} : Dims{5, 11});
    maker.weights("c", {1, 11});
    set_int(maker.node("Gemm", {"x", "w", "c"}, {"y"}), "transB", turned ? 1 : 0);
    const Graph graph = maker.read();
    CHECK(layers_of(graph) == "linear[11]");
    CHECK(totals(graph).params == 66);
  }
}

TEST_CASE("weights that stand on the left multiply the other dimension") {
  OnnxMaker maker(13, {1, 7, 5});
  maker.weights("w", {3, 7});
  maker.node("MatMul", {"w", "x"}, {"y"});
  const Graph graph = maker.read();
  CHECK(layers_of(graph) == "transpose[5,7] linear[5,3] transpose[3,5]");
  CHECK(totals(graph).macs == 3 * 7 * 5);
}

TEST_CASE("weights that two layers use are counted once and read twice") {
  OnnxMaker maker(13, {1, 7, 5});
  maker.weights("w", {5, 5});
  maker.node("MatMul", {"x", "w"}, {"a"});
  maker.node("MatMul", {"a", "w"}, {"y"});
  const Graph graph = maker.read();
  CHECK(totals(graph).params == 25);
  CHECK(graph.layers()[2].tied_params == 25);
  CHECK(work(graph.layers()[2], graph.layers()[2].output.box).weight_elements == 25);
}

// As for GPT-2: the table of tokens is also the last matrix, turned.
TEST_CASE("a tied language model head is counted once") {
  OnnxMaker maker(13, {});
  maker.input("ids", {1, 6}).mutable_type()->mutable_tensor_type()->set_elem_type(7);
  maker.weights("table", {100, 4});
  maker.node("Gather", {"table", "ids"}, {"e"});
  set_ints(maker.node("Transpose", {"table"}, {"t"}), "perm", {1, 0});
  maker.node("MatMul", {"e", "t"}, {"y"});
  const Graph graph = maker.read();
  CHECK(layers_of(graph) == "embedding[6,4] linear[6,100]");
  CHECK(totals(graph).params == 400);
  CHECK(totals(graph).macs == 6 * 4 * 100);
  // It looks up six rows, but all of the table must be there.
  const Layer& embedding = graph.layers()[1];
  CHECK(work(embedding, embedding.output.box).weight_elements == 24);
  CHECK(weights_of(embedding, embedding.output.box) == 400);
}

// Torch merges equal vectors, such as those of new batch-norms, and names each by an Identity.
TEST_CASE("merged equal vectors are parameters of their own, merged matrices are not") {
  OnnxMaker maker(13);
  for (const char* name : {"s", "b", "m", "v"}) maker.weights(name, {3});
  maker.weights("k", {3, 3, 1, 1});
  maker.node("Identity", {"s"}, {"s2"});
  maker.node("Identity", {"k"}, {"k2"});
  maker.weights("scale", {3, 1, 1});
  maker.node("Identity", {"scale"}, {"scale2"});
  maker.node("Conv", {"x", "k"}, {"c"});
  maker.node("BatchNormalization", {"c", "s", "b", "m", "v"}, {"n"});
  maker.node("Conv", {"n", "k2"}, {"d"});
  maker.node("BatchNormalization", {"d", "s2", "b", "m", "v"}, {"e"});
  maker.node("Mul", {"e", "scale"}, {"f"});
  maker.node("Mul", {"f", "scale2"}, {"y"});
  CHECK(totals(maker.read()).params == 9 + 6 + 6 + 3 + 3);
}

TEST_CASE("convolutions read kernel, stride, dilation, groups and padding") {
  OnnxMaker maker(11, {1, 4, 9, 12});
  maker.weights("w", {8, 2, 3, 5});
  maker.weights("b", {8});
  auto& node = maker.node("Conv", {"x", "w", "b"}, {"y"});
  set_ints(node, "strides", {2, 1});
  set_ints(node, "dilations", {1, 2});
  set_ints(node, "pads", {1, 0, 0, 3});
  set_int(node, "group", 2);
  const Graph graph = maker.read();
  CHECK(layers_of(graph) == "conv[8,4,7]");  // (9+1-3)/2+1, (12+3-9)+1
  CHECK(graph.layers()[1].attributes.pad == std::array<std::int64_t, 4>{1, 0, 0, 3});
  CHECK(totals(graph).params == 8 * 2 * 3 * 5 + 8);
}

TEST_CASE("padding by name: the same size, rounded up, with the odd pixel on one side") {
  for (const bool upper : {true, false}) {
    OnnxMaker maker(11, {1, 3, 8, 7});
    maker.weights("w", {2, 3, 3, 3});
    auto& node = maker.node("Conv", {"x", "w"}, {"y"});
    set_ints(node, "strides", {2, 2});
    set_text(node, "auto_pad", upper ? "SAME_UPPER" : "SAME_LOWER");
    const Graph graph = maker.read();
    CHECK(layers_of(graph) == "conv[2,4,4]");
    // Rows: (4-1)*2+3-8 = 1 in all; columns: (4-1)*2+3-7 = 2.
    const std::array<std::int64_t, 4> lower_pads{1, 1, 0, 1}, upper_pads{0, 1, 1, 1};
    CHECK(graph.layers()[1].attributes.pad == (upper ? upper_pads : lower_pads));
  }
}

TEST_CASE("transposed convolutions with paddings, output padding or output shape") {
  OnnxMaker maker(11, {1, 4, 5, 5});
  maker.weights("w", {4, 3, 4, 4});
  auto& node = maker.node("ConvTranspose", {"x", "w"}, {"a"});
  set_ints(node, "strides", {2, 2});
  set_ints(node, "pads", {1, 1, 1, 1});
  set_ints(node, "output_padding", {1, 0});
  maker.weights("v", {3, 2, 3, 3});
  auto& shaped = maker.node("ConvTranspose", {"a", "v"}, {"y"});
  set_ints(shaped, "strides", {3, 3});
  set_ints(shaped, "output_shape", {33, 29});
  // (5-1)*2 - 2 + 3 + 1 (+1); the second: (11-1)*3+3 = 33, (10-1)*3+3 = 30 less 1.
  CHECK(layers_of(maker) == "conv_transpose[3,11,10] conv_transpose[2,33,29]");
}

TEST_CASE("transposed convolutions padded by name: the odd pixel is cut off on one side") {
  for (const bool upper : {true, false}) {
    OnnxMaker maker(11, {1, 4, 5, 6});
    maker.weights("w", {4, 3, 3, 5});
    auto& node = maker.node("ConvTranspose", {"x", "w"}, {"y"});
    set_ints(node, "strides", {2, 2});
    set_text(node, "auto_pad", upper ? "SAME_UPPER" : "SAME_LOWER");
    const Graph graph = maker.read();
    CHECK(layers_of(graph) == "conv_transpose[3,10,12]");
    // Rows: (5-1)*2+3-10 = 1 in all; columns: (6-1)*2+5-12 = 3.
    const std::array<std::int64_t, 4> lower_pads{1, 2, 0, 1}, upper_pads{0, 1, 1, 2};
    CHECK(graph.layers()[1].attributes.pad == (upper ? upper_pads : lower_pads));
  }
}

TEST_CASE("pooling in ceil mode, by padding in operator set 9, and of everything") {
  OnnxMaker maker(10, {1, 3, 9, 9});
  auto& ceil = maker.node("MaxPool", {"x"}, {"a"});
  set_ints(ceil, "kernel_shape", {2, 2});
  set_ints(ceil, "strides", {2, 2});
  set_int(ceil, "ceil_mode", 1);
  auto& one_sided = maker.node("AveragePool", {"a"}, {"b"});
  set_ints(one_sided, "kernel_shape", {2, 2});
  set_ints(one_sided, "strides", {2, 2});
  set_ints(one_sided, "pads", {0, 0, 1, 1});
  maker.node("GlobalMaxPool", {"b"}, {"c"});
  maker.node("GlobalAveragePool", {"b"}, {"d"});
  maker.node("Add", {"c", "d"}, {"y"});
  CHECK(layers_of(maker) ==
        "max_pool[3,5,5] avg_pool[3,3,3] reduce_max[3,1,1] adaptive_avg_pool[3,1,1] add[3,1,1]");
}

TEST_CASE("zeros that an average counts are its padding") {
  OnnxMaker maker(13);
  maker.integers("around", {0, 0, 1, 1, 0, 0, 1, 1});
  maker.node("Pad", {"x", "around"}, {"p"});
  auto& pool = maker.node("AveragePool", {"p"}, {"y"});
  set_ints(pool, "kernel_shape", {3, 3});
  CHECK(layers_of(maker) == "avg_pool[3,8,8]");
  CHECK(maker.read().layers()[1].attributes.pad == std::array<std::int64_t, 4>{1, 1, 1, 1});
  // The largest of a window may be a zero: no padding of a max pool.
  pool.set_op_type("MaxPool");
  CHECK(layers_of(maker) == "pad[3,10,10] max_pool[3,8,8]");
}

TEST_CASE("zeros are the padding of an average unless they fill a window") {
  for (const bool wide : {true, false}) {
    OnnxMaker maker(13);
    maker.integers("around", {0, 0, 1, 2, 0, 0, 1, 2});  // a row and two columns on each side
    maker.node("Pad", {"x", "around"}, {"p"});
    auto& pool = maker.node("AveragePool", {"p"}, {"y"});
    set_ints(pool, "kernel_shape", wide ? Dims{2, 3} : Dims{3, 2});
    CHECK(layers_of(maker) == (wide ? "avg_pool[3,9,10]" : "pad[3,10,12] avg_pool[3,8,11]"));
  }
}

TEST_CASE("padding of rows and columns is a layer, of channels a join with constants") {
  for (int opset : kOpsets) {
    CAPTURE(opset);
    OnnxMaker maker(opset);
    const Dims pads{0, 1, 2, 0, 0, 0, 3, 1};
    auto& node = maker.node("Pad", {"x"}, {"y"});
    maker.integers("pads", pads);
    if (opset < 11) {
      set_ints(node, "pads", pads);
    } else {
      node.add_input("pads");
    }
    const Graph graph = maker.read();
    CHECK(layers_of(graph) == "concat[4,8,8] pad[4,13,9]");
    CHECK(graph.layers()[2].attributes.pad == std::array<std::int64_t, 4>{2, 0, 3, 1});
  }
}

// Row -2 of a reflected map is row 2, row 8 is row 6.
TEST_CASE("reflected padding needs the rows that it mirrors") {
  OnnxMaker maker(11);
  maker.integers("pads", {0, 0, 2, 0, 0, 0, 2, 0});
  set_text(maker.node("Pad", {"x", "pads"}, {"y"}), "mode", "reflect");
  const Graph graph = maker.read();
  const Layer& layer = graph.layers()[1];
  CHECK(required_input(layer, 0, {{0, 1}, {0, 1}, {0, 8}}).row == Range{0, 3});
  CHECK(required_input(layer, 0, {{0, 1}, {4, 6}, {0, 8}}).row == Range{2, 4});
  CHECK(required_input(layer, 0, {{0, 1}, {10, 12}, {0, 8}}).row == Range{5, 8});
}

}  // namespace edgeflow
