// The forms that operators take in different operator sets and exporters. The expected layers
// follow from the ONNX operator definitions (github.com/onnx/onnx, docs/Operators.md).

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/support/onnx_maker.hpp"
#include "workloads/model_yaml.hpp"

namespace edgeflow {
namespace {

using test::OnnxMaker;
using test::set_float;
using test::set_floats;
using test::set_int;
using test::set_ints;
using test::set_text;

/// "relu[3,8,8] add[3,8,8]": operators and output dims after the input.
std::string layers_of(const Graph& graph) {
  std::string text;
  for (const Layer& layer : graph.layers().subspan(1)) {
    const std::string& function = layer.attributes.function;
    text += fmt::format("{}{}[{}]", text.empty() ? "" : " ",
                        function.empty() ? operator_of(layer.op).name : function,
                        fmt::join(layer.output.dims, ","));
  }
  return text;
}

std::string layers_of(const OnnxMaker& maker) { return layers_of(maker.read()); }

/// The sum of a tensor with itself, so that it is no result and is not folded away.
void doubled(OnnxMaker& maker, const std::string& name) { maker.node("Add", {name, name}, {"y"}); }

constexpr int kOpsets[] = {9, 10, 11, 12, 13, 14, 15, 16, 17};

}  // namespace

TEST_CASE("resizing takes scales or sizes where each operator set has them") {
  for (int opset : kOpsets) {
    CAPTURE(opset);
    OnnxMaker maker(opset);
    maker.reals("scales", {1, 1, 2, 2});
    maker.reals("roi", {});
    if (opset == 9) {
      set_text(maker.node("Upsample", {"x", "scales"}, {"y"}), "mode", "nearest");
    } else if (opset == 10) {
      set_text(maker.node("Resize", {"x", "scales"}, {"y"}), "mode", "nearest");
    } else {
      auto& node = maker.node("Resize", {"x", opset < 13 ? "roi" : "", "scales"}, {"y"});
      set_text(node, "coordinate_transformation_mode", "asymmetric");
      set_text(node, "nearest_mode", "floor");
    }
    CHECK(layers_of(maker) == "upsample[3,16,16]");
  }
  for (int opset : {11, 12, 13, 17}) {
    CAPTURE(opset);
    OnnxMaker maker(opset);
    maker.integers("sizes", {1, 3, 20, 12});
    auto& node = maker.node("Resize", {"x", "", "", "sizes"}, {"y"});
    set_text(node, "mode", "linear");
    set_text(node, "coordinate_transformation_mode", "align_corners");
    const Graph graph = maker.read();
    CHECK(layers_of(graph) == "resize[3,20,12]");
    CHECK(graph.layers()[1].attributes.interpolation == "bilinear");
    CHECK(graph.layers()[1].attributes.sampling == "align_corners");
    // Row o lies at 7 o / 19: row 19 is input row 7, row 10 is between 3 and 4.
    CHECK(required_input(graph.layers()[1], 0, {{0, 1}, {10, 11}, {0, 1}}).row == Range{3, 5});
    CHECK(required_input(graph.layers()[1], 0, {{0, 1}, {19, 20}, {0, 1}}).row == Range{7, 8});
  }
}

TEST_CASE("sizes of a resize that the graph computes are evaluated") {
  OnnxMaker maker(13);
  maker.integers("zero", {0});
  maker.integers("two", {2});
  maker.integers("size", {33, 17});
  maker.node("Shape", {"x"}, {"shape"});
  maker.node("Slice", {"shape", "zero", "two", "zero"}, {"front"});
  set_int(maker.node("Concat", {"front", "size"}, {"sizes"}), "axis", 0);
  set_text(maker.node("Resize", {"x", "", "", "sizes"}, {"y"}), "mode", "linear");
  CHECK(layers_of(maker) == "resize[3,33,17]");
}

TEST_CASE("splitting takes its sizes as attribute, as input or from the number of outputs") {
  for (int opset : kOpsets) {
    for (const bool equal : {false, true}) {
      CAPTURE(opset);
      OnnxMaker maker(opset, {1, 6, 4, 4});
      maker.integers("sizes", {2, 4});
      auto& node = maker.node("Split", {"x"}, {"a", "b"});
      set_int(node, "axis", 1);
      if (!equal && opset < 13) set_ints(node, "split", {2, 4});
      if (!equal && opset >= 13) node.add_input("sizes");
      set_int(maker.node("Concat", {"b", "a"}, {"y"}), "axis", 1);
      const Graph graph = maker.read();
      CHECK(layers_of(graph) == (equal ? "slice[3,4,4] slice[3,4,4] concat[6,4,4]"
                                       : "slice[2,4,4] slice[4,4,4] concat[6,4,4]"));
      CHECK(graph.layers()[2].name == "a:1");
    }
  }
}

TEST_CASE("slicing takes its ranges as attributes or as inputs, negative and open ends too") {
  for (int opset : kOpsets) {
    CAPTURE(opset);
    OnnxMaker maker(opset, {1, 3, 10, 8});
    if (opset < 10) {
      auto& node = maker.node("Slice", {"x"}, {"y"});
      set_ints(node, "starts", {-9, 2});
      set_ints(node, "ends", {-1, 9223372036854775807});
      set_ints(node, "axes", {2, -1});
    } else {
      maker.integers("starts", {-9, 2});
      maker.integers("ends", {-1, 9223372036854775807});
      maker.integers("axes", {2, -1});
      maker.integers("steps", {2, 1});
      maker.node("Slice", {"x", "starts", "ends", "axes", "steps"}, {"y"});
    }
    const Graph graph = maker.read();
    CHECK(layers_of(graph) ==
          (opset < 10 ? "slice[3,8,8] slice[3,8,6]" : "slice[3,4,8] slice[3,4,6]"));
    CHECK(graph.layers()[1].attributes.start == 1);
  }
}

TEST_CASE("the focus of YOLOv5 is four slices by two and a concat") {
  OnnxMaker maker(12, {1, 3, 8, 8});
  maker.integers("end", {9223372036854775807});
  maker.integers("two", {2});
  for (int i = 0; i < 2; ++i) {
    maker.integers(fmt::format("at{}", i), {i});
    maker.integers(fmt::format("axis{}", i + 2), {i + 2});
  }
  test::Names parts;
  for (int column = 0; column < 2; ++column) {
    for (int row = 0; row < 2; ++row) {
      const std::string name = fmt::format("{}{}", row, column);
      maker.node("Slice", {"x", fmt::format("at{}", row), "end", "axis2", "two"}, {"r" + name});
      maker.node("Slice", {"r" + name, fmt::format("at{}", column), "end", "axis3", "two"},
                 {"c" + name});
      parts.push_back("c" + name);
    }
  }
  set_int(maker.node("Concat", parts, {"y"}), "axis", 1);
  const Graph graph = maker.read();
  CHECK(graph.size() == 10);
  CHECK(graph.layers().back().output.dims == std::vector<std::int64_t>{12, 4, 4});
}

TEST_CASE("clipping from 0 to 6 is relu6 wherever the limits stand") {
  for (int opset : kOpsets) {
    CAPTURE(opset);
    OnnxMaker maker(opset);
    maker.number("low", 0);
    maker.number("high", 6);
    auto& node = maker.node("Clip", {"x"}, {"y"});
    if (opset < 11) {
      set_float(node, "min", 0);
      set_float(node, "max", 6);
    } else {
      node.add_input("low");
      node.add_input("high");
    }
    CHECK(layers_of(maker) == "relu6[3,8,8]");
  }
  OnnxMaker maker(13);
  maker.number("high", 1);
  maker.node("Clip", {"x", "", "high"}, {"y"});
  CHECK(layers_of(maker) == "hardtanh[3,8,8]");
}

TEST_CASE("reductions name their axes, with or without keeping them") {
  for (int opset : kOpsets) {
    CAPTURE(opset);
    OnnxMaker maker(opset);
    auto& node = maker.node("ReduceMean", {"x"}, {"y"});
    set_ints(node, "axes", {-1, 2});
    set_int(node, "keepdims", 0);
    CHECK(layers_of(maker) == "reduce_mean[3]");
  }
  OnnxMaker maker(13);
  maker.integers("axes", {1});
  maker.node("ReduceSum", {"x", "axes"}, {"y"});
  CHECK(layers_of(maker) == "reduce_sum[1,8,8]");
}

TEST_CASE("batch norm, dropout and identity of every operator set") {
  for (int opset : kOpsets) {
    CAPTURE(opset);
    OnnxMaker maker(opset);
    for (const char* name : {"s", "b", "m", "v"}) maker.weights(name, {3});
    // Up to 13 the running statistics were outputs too.
    maker.node("BatchNormalization", {"x", "s", "b", "m", "v"},
               opset < 14 ? test::Names{"n", "", "", "", ""} : test::Names{"n"});
    maker.node("Dropout", {"n"}, {"d"});
    maker.node("Identity", {"d"}, {"i"});
    doubled(maker, "i");
    const Graph graph = maker.read();
    CHECK(layers_of(graph) == "batch_norm[3,8,8] add[3,8,8]");
    CHECK(totals(graph).params == 6);
  }
}

TEST_CASE("squeezing and unsqueezing only change views") {
  for (int opset : kOpsets) {
    CAPTURE(opset);
    OnnxMaker maker(opset, {1, 3, 1, 8});
    maker.integers("two", {2});
    auto& squeeze = maker.node("Squeeze", {"x"}, {"s"});
    auto& unsqueeze = maker.node("Unsqueeze", {"s"}, {"u"});
    if (opset < 13) {
      set_ints(squeeze, "axes", {2});
      set_ints(unsqueeze, "axes", {-1});
    } else {
      squeeze.add_input("two");
      maker.integers("last", {-1});
      unsqueeze.add_input("last");
    }
    doubled(maker, "u");
    CHECK(layers_of(maker) == "reshape[3,8,1] add[3,8,1]");
  }
}

TEST_CASE("reshaping copies dimensions, works one out and evaluates computed shapes") {
  OnnxMaker maker(13, {1, 6, 4, 4});
  maker.node("Shape", {"x"}, {"shape"});
  maker.scalar("one", 1);
  maker.scalar("two", 2);
  maker.integers("axis", {0});
  maker.integers("rest", {4, -1});
  maker.node("Gather", {"shape", "one"}, {"channels"});
  maker.node("Div", {"channels", "two"}, {"half"});
  maker.node("Unsqueeze", {"half", "axis"}, {"half1"});
  maker.integers("copy", {0});
  set_int(maker.node("Concat", {"copy", "half1", "rest"}, {"target"}), "axis", 0);
  maker.node("Reshape", {"x", "target"}, {"y"});
  CHECK(layers_of(maker) == "reshape[3,4,8]");  // 96 / 3 / 4
}

TEST_CASE("a channel shuffle is a view, a transpose and a view") {
  OnnxMaker maker(13, {1, 6, 4, 4});
  maker.integers("groups", {1, 2, 3, 4, 4});
  maker.integers("back", {1, -1, 4, 4});
  maker.node("Reshape", {"x", "groups"}, {"g"});
  set_ints(maker.node("Transpose", {"g"}, {"t"}), "perm", {0, 2, 1, 3, 4});
  maker.node("Reshape", {"t", "back"}, {"y"});
  const Graph graph = maker.read();
  CHECK(layers_of(graph) == "reshape[2,3,4,4] transpose[3,2,4,4] reshape[6,4,4]");
  // It mixes channels only.
  const Region need = required_input(graph.layers()[2], 0, {{0, 1}, {1, 2}, {3, 4}});
  CHECK(need == Region{{0, 6}, {1, 2}, {3, 4}});
}

TEST_CASE("constants of every kind count as what they are") {
  OnnxMaker maker(13, {1, 4});
  for (const auto& [key, values] : {std::pair{"value_ints", Dims{2, 2}}}) {
    set_ints(maker.node("Constant", {}, {"shape"}), key, values);
  }
  maker.node("Reshape", {"x", "shape"}, {"m"});
  set_floats(maker.node("Constant", {}, {"c"}), "value_floats", {1, 2});
  maker.node("Add", {"m", "c"}, {"y"});
  const Graph graph = maker.read();
  CHECK(layers_of(graph) == "reshape[2,2] add[2,2]");
  CHECK(totals(graph).params == 0);  // a constant of the graph is no parameter
}

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
  maker.node("Conv", {"x", "k"}, {"c"});
  maker.node("BatchNormalization", {"c", "s", "b", "m", "v"}, {"n"});
  maker.node("Conv", {"n", "k2"}, {"d"});
  maker.node("BatchNormalization", {"d", "s2", "b", "m", "v"}, {"y"});
  CHECK(totals(maker.read()).params == 9 + 6 + 6);
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
