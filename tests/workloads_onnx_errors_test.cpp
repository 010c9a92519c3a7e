// Files that no network is in.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <fstream>
#include <random>

#include "tests/support/onnx_maker.hpp"
#include "tests/support/paths.hpp"
#include "workloads/input/error.hpp"
#include "workloads/model_yaml.hpp"

namespace edgeflow {
namespace {

using test::OnnxMaker;
using test::set_int;
using test::set_ints;

std::string error_of(const OnnxMaker& maker, const OnnxOptions& options = {}) {
  try {
    maker.read(options);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

std::string file_bytes(const std::string& name) {
  std::ifstream in(test::data_folder() + "/onnx/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Reads what may be anything: it must say no in one way only.
bool reads(const std::string& bytes) {
  try {
    read_onnx_bytes(bytes, "any.onnx");
    return true;
  } catch (const InputError&) {
    return false;
  }
}

}  // namespace

TEST_CASE("an operator that is not known is named, and may be kept as an opaque layer") {
  OnnxMaker maker(13, {1, 6, 4});
  maker.node("Relu", {"x"}, {"r"});
  maker.node("Det", {"r"}, {"d"}).set_name("strange");
  CHECK(error_of(maker) == "test.onnx: output \"y\" is written by no node");
  maker.node("Neg", {"d"}, {"y"});
  // Det [..., M, M] -> [...] needs square matrices.
  maker.model.mutable_graph()
      ->mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->mutable_shape()
      ->mutable_dim(2)
      ->set_dim_value(6);
  CHECK(error_of(maker) ==
        "test.onnx: at node \"strange\" (Det): the operator is not known (import with --opaque to "
        "keep it as a layer that needs all of its input, or end the model before it)");
  std::vector<std::string> warnings;
  OnnxOptions options;
  options.opaque = true;
  const Graph graph = maker.read(options, &warnings);
  REQUIRE(graph.size() == 4);
  CHECK(graph.layers()[2].op == Op::kOpaque);
  CHECK(graph.layers()[2].output.volume() == 1);
  REQUIRE(warnings.size() == 1);
  CHECK(
      warnings[0] ==
      "test.onnx: node \"strange\" (Det): not known: kept as a layer that needs all of its input; "
      "its MACs and parameters are not counted");
}

TEST_CASE("an operator of another domain is named with its domain") {
  OnnxMaker maker(13);
  maker.node("Attention", {"x"}, {"y"}).set_domain("com.microsoft");
  CHECK(error_of(maker).find("node \"y\" (Attention): the operator is of the domain "
                             "\"com.microsoft\", which is not known") != std::string::npos);
}

TEST_CASE("an opaque layer of which the library finds no shape is an error, too") {
  OnnxMaker maker(13);
  maker.node("Mystery", {"x"}, {"y"});
  OnnxOptions options;
  options.opaque = true;
  CHECK(error_of(maker, options).find("the shape of its output \"y\" is not known") !=
        std::string::npos);
}

TEST_CASE("operator sets other than 9 to 17 are refused") {
  for (int opset : {-1, 0, 8, 18, 2000000000}) {
    OnnxMaker maker(opset);
    maker.node("Relu", {"x"}, {"y"});
    CHECK(error_of(maker) ==
          fmt::format("test.onnx: operator set {} is not known, only 9 to 17", opset));
  }
  OnnxMaker maker(13);
  maker.node("Relu", {"x"}, {"y"});
  maker.model.clear_opset_import();
  CHECK(error_of(maker) == "test.onnx: the file does not say which operator set it uses");
}

TEST_CASE("cycles, missing tensors and tensors written twice are named") {
  OnnxMaker cycle(13);
  cycle.node("Add", {"x", "b"}, {"a"});
  cycle.node("Relu", {"a"}, {"b"});
  cycle.node("Relu", {"b"}, {"y"});
  CHECK(error_of(cycle) == "test.onnx: at node \"a\" (Add): it is part of a cycle, or needs one");

  OnnxMaker missing(13);
  missing.node("Add", {"x", "gone"}, {"y"});
  CHECK(error_of(missing) ==
        "test.onnx: at node \"y\" (Add): it reads tensor \"gone\", which is not in the file");

  OnnxMaker twice(13);
  twice.node("Relu", {"x"}, {"y"});
  twice.node("Relu", {"x"}, {"y"});
  CHECK(error_of(twice) == "test.onnx: at node \"y\" (Relu): tensor \"y\" is written twice");
}

TEST_CASE("nodes may stand in any order") {
  OnnxMaker maker(13);
  maker.node("Relu", {"a"}, {"y"});
  maker.node("Sigmoid", {"x"}, {"a"});
  CHECK(maker.read().layers()[1].name == "a");
}

TEST_CASE("shapes that do not fit are told with node and tensor") {
  OnnxMaker maker(13);
  maker.weights("w", {8, 4, 3, 3});
  maker.node("Conv", {"x", "w"}, {"y"});
  CHECK(error_of(maker) ==
        "test.onnx: at node \"y\" (Conv): tensor \"w\" has weights for 4 input channels, the input "
        "has 3");

  OnnxMaker sum(13);
  sum.input("z", {1, 3, 8, 7});
  sum.node("Add", {"x", "z"}, {"y"});
  CHECK(error_of(sum).find("shapes [1,3,8,8] and [1,3,8,7] do not broadcast") != std::string::npos);

  OnnxMaker shape(13);
  shape.integers("s", {1, 5, -1});
  shape.node("Reshape", {"x", "s"}, {"y"});
  CHECK(error_of(shape).find("[1,3,8,8] cannot be reshaped to [1,5,-1]") != std::string::npos);
}

TEST_CASE("dims that are negative, huge, many or too large together are refused") {
  for (const Dims& dims : {Dims{1, 3, -5, 8}, Dims{1, std::int64_t{1} << 62, 8, 8},
                           Dims{1, 1 << 20, 1 << 20, 1 << 20}, Dims(40, 1)}) {
    CAPTURE(dims.size());
    OnnxMaker maker(13, dims);
    maker.node("Relu", {"x"}, {"y"});
    CHECK(error_of(maker).find("input \"x\"") != std::string::npos);
    OnnxMaker weights(13);
    weights.weights("w", dims);
    weights.node("Conv", {"x", "w"}, {"y"});
    CHECK(error_of(weights) != "no error");
  }
  OnnxMaker batch(13, {8, 3, 4, 4});
  batch.node("Relu", {"x"}, {"y"});
  CHECK(error_of(batch).find("a batch of 8, expected 1") != std::string::npos);
}

TEST_CASE("attributes out of all proportion are refused") {
  const std::int64_t huge = std::int64_t{1} << 62;
  for (const char* key : {"strides", "dilations", "pads", "kernel_shape"}) {
    for (std::int64_t value : {huge, -huge, std::int64_t{-1}}) {
      OnnxMaker maker(13);
      auto& node = maker.node("MaxPool", {"x"}, {"y"});
      const bool pads = std::string(key) == "pads";
      if (std::string(key) != "kernel_shape") set_ints(node, "kernel_shape", {2, 2});
      set_ints(node, key, pads ? Dims(4, value) : Dims(2, value));
      CHECK(error_of(maker) != "no error");
    }
  }
  for (std::int64_t value : {huge, -huge}) {
    OnnxMaker slice(13);
    slice.integers("s", {value});
    slice.node("Slice", {"x", "s", "s", "s", "s"}, {"y"});
    CHECK(error_of(slice) != "no error");
    OnnxMaker pad(13);
    pad.integers("s", Dims(8, value));
    pad.node("Pad", {"x", "s"}, {"y"});
    CHECK(error_of(pad) != "no error");
    OnnxMaker range(13);
    for (const char* name : {"a", "b", "c"})
      range.scalar(name, name[0] == 'c' ? 1 : value * (name[0] - 'a'));
    range.node("Range", {"a", "b", "c"}, {"r"});
    range.node("Add", {"x", "r"}, {"y"});
    CHECK(error_of(range) != "no error");
    OnnxMaker fill(13);
    fill.integers("dims", {value, value});
    fill.node("ConstantOfShape", {"dims"}, {"c"});
    fill.node("Add", {"x", "c"}, {"y"});
    CHECK(error_of(fill) != "no error");
  }
}

TEST_CASE("permutations that are none are refused, of constants too") {
  for (const char* input : {"x", "w"}) {
    for (const Dims& order : {Dims{0, 4, 2, 3}, Dims{0, 1}, Dims{0, 0, 1, 2}, Dims{-1, 0, 1, 2}}) {
      OnnxMaker maker(13);
      maker.weights("w", {1, 3, 8, 8});
      set_ints(maker.node("Transpose", {input}, {"t"}), "perm", order);
      maker.node("Add", {"x", "t"}, {"y"});
      CHECK(error_of(maker).find("is not a permutation of the dimensions") != std::string::npos);
    }
  }
}

TEST_CASE("a network with more work than can be counted is refused") {
  OnnxMaker maker(13, {1, 1 << 10, 1 << 14, 1 << 14});
  maker.weights("w", {1 << 10, 1 << 10, 1 << 9, 1 << 9});
  set_ints(maker.node("Conv", {"x", "w"}, {"y"}), "pads", {256, 256, 256, 256});
  CHECK(error_of(maker).find("more than 2^56") != std::string::npos);
}

TEST_CASE("every cut of a file is refused or read, and nothing else happens") {
  const std::string bytes = file_bytes("resnet18.onnx");
  REQUIRE(reads(bytes));
  for (std::size_t size = 0; size < bytes.size(); size += 97) {
    CHECK_FALSE(reads(bytes.substr(0, size)));
  }
}

TEST_CASE("weights inside of a file are passed over, and missed if the file ends in them") {
  OnnxMaker maker(13);
  maker.weights("w", {512, 3, 16, 16});
  maker.node("Conv", {"x", "w"}, {"c"});
  maker.integers("shape", {1, -1});
  maker.node("Reshape", {"c", "shape"}, {"y"});
  maker.model.mutable_graph()
      ->mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->clear_shape();
  const OnnxOptions options{{{"x", {1, 3, 16, 16}}}, false};
  const std::string outside = write_model(maker.read(options));
  auto* weights = maker.graph().mutable_initializer(0);
  weights->clear_external_data();
  weights->clear_data_location();
  const std::string data(4 * 512 * 3 * 16 * 16, '\7');
  weights->set_raw_data(data);
  CHECK(write_model(maker.read(options)) == outside);
  // The same numbers one by one.
  weights->clear_raw_data();
  for (std::size_t i = 0; i < data.size() / 4; ++i) weights->add_float_data(0.5F);
  CHECK(write_model(maker.read(options)) == outside);

  const std::string bytes = maker.bytes();
  REQUIRE(bytes.size() > data.size());
  CHECK_THROWS_WITH_AS(read_onnx_bytes(bytes.substr(0, data.size() / 2), "test.onnx", options),
                       "test.onnx: this is not an ONNX model, or it is cut off (expected a file as "
                       "torch.onnx.export writes it, below 2 GiB)",
                       InputError);
}

TEST_CASE("random bytes, and files with random changes, are refused or read") {
  std::mt19937_64 random(7);
  const std::string whole = file_bytes("shufflenet_v2_x1_0.onnx");
  int refused = 0;
  for (int round = 0; round < 200; ++round) {
    std::string bytes(random() % 2000, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    refused += reads(bytes) ? 0 : 1;
    std::string changed = whole;
    for (int change = 0; change < 4; ++change) {
      changed[random() % changed.size()] = static_cast<char>(random());
    }
    reads(changed);
  }
  CHECK(refused == 200);
}

TEST_CASE("a graph of more nodes than any network has is refused") {
  OnnxMaker maker(13);
  for (int i = 0; i < 200'001; ++i) maker.graph().add_node()->set_op_type("Relu");
  CHECK(error_of(maker) == "test.onnx: the graph has 200001 nodes, at most 200000 are read");
}

TEST_CASE("outputs that depend on no input are told") {
  OnnxMaker maker(13);
  maker.number("y", 1);
  CHECK(error_of(maker) == "test.onnx: no output depends on an input");
  maker.graph().clear_output();
  CHECK(error_of(maker) == "test.onnx: the graph has no outputs");
}

TEST_CASE("dims for an input that is not there, or of another rank, are told") {
  OnnxMaker maker(13);
  maker.node("Relu", {"x"}, {"y"});
  CHECK(error_of(maker, {{{"z", {1, 3, 8, 8}}}, false}) ==
        "test.onnx: the model has no input \"z\" (inputs are \"x\")");
  CHECK(error_of(maker, {{{"", {1, 3, 8}}}, false}) ==
        "test.onnx: at input \"x\": it has 4 dimensions, 3 are given");
}

TEST_CASE("the answer to open dims is an example of the input's own rank") {
  OnnxMaker maker(13, {1, 128});
  maker.node("Relu", {"x"}, {"y"});
  auto* shape = maker.graph().mutable_input(0)->mutable_type()->mutable_tensor_type();
  shape->mutable_shape()->mutable_dim(1)->set_dim_param("tokens");
  CHECK(error_of(maker) ==
        "test.onnx: at input \"x\": dimension 1 (\"tokens\") is open (say --input x=1x224)");
}

TEST_CASE("a file that is not there cannot be read") {
  CHECK_THROWS_AS(read_onnx("/does/not/exist.onnx"), InputError);
  CHECK_THROWS_AS(read_onnx("/"), InputError);
  CHECK_THROWS_AS(read_onnx("/dev/zero"), InputError);
}

}  // namespace edgeflow
