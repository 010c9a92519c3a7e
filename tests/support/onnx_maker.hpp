#pragma once
// Small ONNX models, written through the protobuf classes.

#include <fmt/format.h>
#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <vector>

#include "workloads/onnx/reader.hpp"

namespace edgeflow::test {

using Names = std::vector<std::string>;

/// A model with one input `x` and the output `y`; nodes are named after their first output.
class OnnxMaker {
 public:
  explicit OnnxMaker(int opset, const Dims& input = {1, 3, 8, 8}) {
    model.set_ir_version(7);
    auto* set = model.add_opset_import();
    set->set_domain("");
    set->set_version(opset);
    model.set_producer_name("test");
    if (!input.empty()) this->input("x", input);
    model.mutable_graph()->add_output()->set_name("y");
  }

  onnx::GraphProto& graph() { return *model.mutable_graph(); }

  onnx::ValueInfoProto& input(const std::string& name, const Dims& dims) {
    auto* info = graph().add_input();
    info->set_name(name);
    auto* tensor = info->mutable_type()->mutable_tensor_type();
    tensor->set_elem_type(onnx::TensorProto::FLOAT);
    for (std::int64_t dim : dims) tensor->mutable_shape()->add_dim()->set_dim_value(dim);
    return *info;
  }
  /// A stored tensor without its data.
  void weights(const std::string& name, const Dims& dims) {
    auto* tensor = graph().add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(onnx::TensorProto::FLOAT);
    for (std::int64_t dim : dims) tensor->add_dims(dim);
    tensor->set_data_location(onnx::TensorProto::EXTERNAL);
    auto* entry = tensor->add_external_data();
    entry->set_key("location");
    entry->set_value("/does/not/exist");
  }
  void integers(const std::string& name, const Dims& values) {
    auto* tensor = graph().add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(onnx::TensorProto::INT64);
    tensor->add_dims(static_cast<std::int64_t>(values.size()));
    for (std::int64_t value : values) tensor->add_int64_data(value);
  }
  void scalar(const std::string& name, std::int64_t value) {
    integers(name, {value});
    graph().mutable_initializer(graph().initializer_size() - 1)->clear_dims();
  }
  void reals(const std::string& name, const std::vector<float>& values) {
    auto* tensor = graph().add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(onnx::TensorProto::FLOAT);
    tensor->add_dims(static_cast<std::int64_t>(values.size()));
    for (float value : values) tensor->add_float_data(value);
  }
  /// A number in the graph, as exporters write 0.5 or 1e-5.
  void number(const std::string& name, float value) {
    auto* tensor = node("Constant", {}, {name}).add_attribute();
    tensor->set_name("value");
    tensor->set_type(onnx::AttributeProto::TENSOR);
    tensor->mutable_t()->set_data_type(onnx::TensorProto::FLOAT);
    tensor->mutable_t()->add_float_data(value);
  }

  onnx::NodeProto& node(const std::string& op, const Names& inputs, const Names& outputs) {
    auto* proto = graph().add_node();
    proto->set_op_type(op);
    if (!outputs.empty()) proto->set_name(outputs[0]);
    for (const std::string& one : inputs) proto->add_input(one);
    for (const std::string& one : outputs) proto->add_output(one);
    return *proto;
  }

  std::string bytes() const { return model.SerializeAsString(); }
  Graph read(const OnnxOptions& options = {}, std::vector<std::string>* warnings = nullptr) const {
    return read_onnx_bytes(bytes(), "test.onnx", options, warnings);
  }

  onnx::ModelProto model;
};

inline void set_ints(onnx::NodeProto& node, const std::string& key, const Dims& values) {
  auto* attribute = node.add_attribute();
  attribute->set_name(key);
  attribute->set_type(onnx::AttributeProto::INTS);
  for (std::int64_t value : values) attribute->add_ints(value);
}
inline void set_int(onnx::NodeProto& node, const std::string& key, std::int64_t value) {
  auto* attribute = node.add_attribute();
  attribute->set_name(key);
  attribute->set_type(onnx::AttributeProto::INT);
  attribute->set_i(value);
}
inline void set_floats(onnx::NodeProto& node, const std::string& key,
                       const std::vector<float>& values) {
  auto* attribute = node.add_attribute();
  attribute->set_name(key);
  attribute->set_type(onnx::AttributeProto::FLOATS);
  for (float value : values) attribute->add_floats(value);
}
inline void set_float(onnx::NodeProto& node, const std::string& key, float value) {
  auto* attribute = node.add_attribute();
  attribute->set_name(key);
  attribute->set_type(onnx::AttributeProto::FLOAT);
  attribute->set_f(value);
}
inline void set_text(onnx::NodeProto& node, const std::string& key, const std::string& value) {
  auto* attribute = node.add_attribute();
  attribute->set_name(key);
  attribute->set_type(onnx::AttributeProto::STRING);
  attribute->set_s(value);
}

/// "relu[3,8,8] add[3,8,8]": operators and output dims after the input.
inline std::string layers_of(const Graph& graph) {
  std::string text;
  for (const Layer& layer : graph.layers().subspan(1)) {
    const std::string& function = layer.attributes.function;
    text += fmt::format("{}{}[{}]", text.empty() ? "" : " ",
                        function.empty() ? operator_of(layer.op).name : function,
                        fmt::join(layer.output.dims, ","));
  }
  return text;
}

inline std::string layers_of(const OnnxMaker& maker) { return layers_of(maker.read()); }

}  // namespace edgeflow::test
