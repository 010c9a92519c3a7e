// The forms that operators take in different operator sets and exporters. The expected layers
// follow from the ONNX operator definitions (github.com/onnx/onnx, docs/Operators.md).

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/support/input_error.hpp"
#include "tests/support/onnx_maker.hpp"
#include "workloads/model_yaml.hpp"

namespace edgeflow {
namespace {

using test::layers_of;
using test::OnnxMaker;
using test::set_float;
using test::set_floats;
using test::set_int;
using test::set_ints;
using test::set_text;

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

TEST_CASE("resizing is an upsampling only by one factor of both rows and columns") {
  for (const auto& [sizes, layers] : {std::pair(Dims{1, 3, 16, 16}, "upsample[3,16,16]"),
                                      std::pair(Dims{1, 3, 16, 24}, "resize[3,16,24]"),
                                      std::pair(Dims{1, 3, 24, 16}, "resize[3,24,16]"),
                                      std::pair(Dims{1, 3, 16, 17}, "resize[3,16,17]")}) {
    OnnxMaker maker(13);
    maker.integers("sizes", sizes);
    auto& node = maker.node("Resize", {"x", "", "", "sizes"}, {"y"});
    set_text(node, "coordinate_transformation_mode", "asymmetric");
    set_text(node, "nearest_mode", "floor");
    CHECK(layers_of(maker) == layers);
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

TEST_CASE("shapes are computed as the operators are defined, with signs and in order") {
  struct Case {
    const char* op;
    std::int64_t a, b;
    std::int64_t result;
  };
  // Of integers, Mod has the sign of the divisor and Div leaves out the fraction.
  for (const Case& it :
       {Case{"Sub", 7, 4, 3}, Case{"Div", 13, 2, 6}, Case{"Div", -7, -2, 3}, Case{"Mod", -5, 8, 3},
        Case{"Mod", 14, 4, 2}, Case{"Pow", 2, 3, 8}, Case{"Max", 3, 2, 3}, Case{"Min", 3, 2, 2}}) {
    CAPTURE(it.op);
    CAPTURE(it.a);
    OnnxMaker maker(17);
    maker.integers("a", {it.a});
    maker.integers("b", {it.b});
    maker.integers("rest", {-1});
    maker.node(it.op, {"a", "b"}, {"first"});
    set_int(maker.node("Concat", {"first", "rest"}, {"target"}), "axis", 0);
    maker.node("Reshape", {"x", "target"}, {"y"});
    CHECK(layers_of(maker) == fmt::format("reshape[{},{}]", it.result, 192 / it.result));
  }
}

TEST_CASE("a constant can be taken backwards, to its first value or short of it") {
  for (const bool all : {true, false}) {
    OnnxMaker maker(17, {1, 6, 8, 8});
    maker.integers("values", {2, 3, 4, 16});
    maker.integers("last", {-1});
    maker.integers("end", {all ? -100 : 0});
    maker.integers("axis", {0});
    maker.node("Slice", {"values", "last", "end", "axis", "last"}, {"turned"});
    set_int(maker.node("Concat", {"turned", "last"}, {"target"}), "axis", 0);
    maker.node("Reshape", {"x", "target"}, {"y"});
    CHECK(layers_of(maker) == (all ? "reshape[16,4,3,2,1]" : "reshape[16,4,3,2]"));
  }
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

TEST_CASE("a model between quantize and dequantize nodes is one in int8, of the layers without") {
  OnnxMaker maker(13);
  maker.weights("w", {4, 3, 3, 3});
  maker.weights("b", {4});
  maker.reals("s", {0.1F});
  maker.node("QuantizeLinear", {"x", "s"}, {"xq"});
  maker.node("DequantizeLinear", {"xq", "s"}, {"xd"});
  maker.node("DequantizeLinear", {"w", "s"}, {"wd"});
  maker.node("Conv", {"xd", "wd", "b"}, {"c"});
  maker.node("QuantizeLinear", {"c", "s"}, {"cq"});
  maker.node("DequantizeLinear", {"cq", "s"}, {"y"});
  const Graph graph = maker.read();
  CHECK(layers_of(graph) == "conv[4,6,6]");
  CHECK(totals(graph).params == 4 * 27 + 4);
  CHECK(graph.precision() == Precision::kInt8);
  // As a model file.
  const std::string text = write_model(graph);
  CHECK(text.find("\nprecision: int8\n") != std::string::npos);
  const Graph again = read_model(Document(text, "m.yaml"));
  CHECK(again.precision() == Precision::kInt8);
  CHECK(fold(again).precision() == Precision::kInt8);
  CHECK(write_model(again) == text);
}

TEST_CASE("weights that are stored in 8 bits alone leave a model in floating point") {
  OnnxMaker maker(13);
  maker.weights("w", {4, 3, 3, 3});
  maker.reals("s", {0.1F});
  maker.node("DequantizeLinear", {"w", "s"}, {"wd"});
  maker.node("Conv", {"x", "wd"}, {"y"});
  const Graph graph = maker.read();
  CHECK(layers_of(graph) == "conv[4,6,6]");
  CHECK_FALSE(graph.precision());
  CHECK(write_model(graph).find("precision") == std::string::npos);
}

TEST_CASE("operators in 8 bits are the layers that they are without scales and zero points") {
  const auto runtime = [](onnx::NodeProto& node) -> onnx::NodeProto& {
    node.set_domain("com.microsoft");
    return node;
  };
  OnnxMaker maker(13);
  maker.weights("w", {4, 3, 3, 3});
  maker.weights("b", {4});
  maker.weights("g", {5, 10});
  maker.weights("gb", {5});
  maker.reals("s", {0.1F});
  maker.node("QLinearConv", {"x", "s", "s", "w", "s", "s", "s", "s", "b"}, {"c"});
  runtime(maker.node("QLinearAdd", {"c", "s", "s", "c", "s", "s", "s", "s"}, {"a"}));
  auto& pool = runtime(maker.node("QLinearAveragePool", {"a", "s", "s", "s", "s"}, {"p"}));
  set_ints(pool, "kernel_shape", {2, 2});
  auto& joined =
      runtime(maker.node("QLinearConcat", {"s", "s", "p", "s", "s", "p", "s", "s"}, {"j"}));
  set_int(joined, "axis", 1);
  runtime(maker.node("QLinearGlobalAveragePool", {"j", "s", "s", "s", "s"}, {"v"}));
  set_int(maker.node("Flatten", {"v"}, {"f"}), "axis", 1);
  maker.weights("m8", {8, 10});
  maker.node("QLinearMatMul", {"f", "s", "s", "m8", "s", "s", "s", "s"}, {"q"});
  auto& gemm = runtime(maker.node("QGemm", {"q", "s", "s", "g", "s", "s", "gb", "s", "s"}, {"y"}));
  set_int(gemm, "transB", 1);
  const Graph graph = maker.read();
  CHECK(layers_of(graph) ==
        "conv[4,6,6] add[4,6,6] avg_pool[4,5,5] concat[8,5,5] adaptive_avg_pool[8,1,1] "
        "reshape[8] linear[10] linear[5]");
  CHECK(totals(graph).params == (4 * 27 + 4) + 8 * 10 + (5 * 10 + 5));
  CHECK(graph.precision() == Precision::kInt8);

  OnnxMaker other(13);
  other.reals("s", {0.1F});
  other.node("QLinearAdd", {"x", "s", "s", "x", "s", "s", "s", "s"}, {"y"});  // of no domain
  CHECK(test::error_of([&] { (void)other.read(); }).find("QLinearAdd") != std::string::npos);
}

}  // namespace edgeflow
