// With without_weights.cpp, all that knows protobuf and the ONNX library.

#include "workloads/onnx/file.hpp"

#include <fmt/format.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <onnx/onnx_pb.h>
#include <onnx/shape_inference/implementation.h>
#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <stdexcept>

#include "workloads/input/error.hpp"
#include "workloads/input/files.hpp"
#include "workloads/onnx/without_weights.hpp"
#include "workloads/operators/layer.hpp"

namespace edgeflow::onnx_reader {
namespace {

constexpr std::int64_t kMaxFileBytes = std::numeric_limits<int>::max();  // of protobuf
constexpr int kMaxNodes = 200'000;
constexpr int kOldestOpset = 9;
constexpr int kNewestOpset = 17;

Dims dims_of(const onnx::TensorProto& tensor) {
  if (tensor.dims_size() > static_cast<int>(kMaxRank)) {
    throw std::invalid_argument(
        fmt::format("{} has more than {} dimensions", in_quotes(tensor.name()), kMaxRank));
  }
  Dims dims(tensor.dims().begin(), tensor.dims().end());
  try {
    volume_of(dims);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(
        fmt::format("{} [{}]: {}", in_quotes(tensor.name()), fmt::join(dims, ","), error.what()));
  }
  return dims;
}

template <typename T>
void read_raw(const std::string& raw, std::vector<Number>& values) {
  static_assert(std::endian::native == std::endian::little, "raw data is little-endian");
  for (std::size_t i = 0; i + sizeof(T) <= raw.size(); i += sizeof(T)) {
    T value;
    std::memcpy(&value, raw.data() + i, sizeof(T));
    values.push_back(static_cast<Number>(value));
  }
}

/// Values of raw data; nothing for types that no shape or index has.
std::vector<Number> raw_values(const onnx::TensorProto& tensor) {
  std::vector<Number> values;
  switch (tensor.data_type()) {
    case onnx::TensorProto::FLOAT:
      read_raw<float>(tensor.raw_data(), values);
      break;
    case onnx::TensorProto::DOUBLE:
      read_raw<double>(tensor.raw_data(), values);
      break;
    case onnx::TensorProto::INT64:
      read_raw<std::int64_t>(tensor.raw_data(), values);
      break;
    case onnx::TensorProto::INT32:
      read_raw<std::int32_t>(tensor.raw_data(), values);
      break;
    case onnx::TensorProto::UINT8:
    case onnx::TensorProto::BOOL:
      read_raw<std::uint8_t>(tensor.raw_data(), values);
      break;
    default:
      break;
  }
  return values;
}

Constant to_constant(const onnx::TensorProto& tensor) {
  Constant constant;
  constant.dims = dims_of(tensor);
  constant.type = tensor.data_type();
  const bool outside = tensor.data_location() == onnx::TensorProto::EXTERNAL;
  if (outside || constant.size() > kMaxEvaluated) return constant;
  auto& values = constant.values;
  if (tensor.has_raw_data()) {
    values = raw_values(tensor);
  } else if (tensor.data_type() == onnx::TensorProto::FLOAT) {
    values.assign(tensor.float_data().begin(), tensor.float_data().end());
  } else if (tensor.data_type() == onnx::TensorProto::DOUBLE) {
    values.assign(tensor.double_data().begin(), tensor.double_data().end());
  } else if (tensor.data_type() == onnx::TensorProto::INT64) {
    values.assign(tensor.int64_data().begin(), tensor.int64_data().end());
  } else if (tensor.data_type() != onnx::TensorProto::FLOAT16) {
    values.assign(tensor.int32_data().begin(), tensor.int32_data().end());
  }
  constant.known = static_cast<std::int64_t>(values.size()) == constant.size();
  if (!constant.known) values.clear();
  return constant;
}

NodeAttribute to_attribute(const onnx::AttributeProto& proto) {
  NodeAttribute result;
  switch (proto.type()) {
    case onnx::AttributeProto::INT:
      result.integer = proto.i();
      break;
    case onnx::AttributeProto::FLOAT:
      result.real = proto.f();
      break;
    case onnx::AttributeProto::STRING:
      result.text = proto.s();
      break;
    case onnx::AttributeProto::INTS:
      result.integers = Dims(proto.ints().begin(), proto.ints().end());
      break;
    case onnx::AttributeProto::FLOATS:
      result.reals = std::vector<double>(proto.floats().begin(), proto.floats().end());
      break;
    case onnx::AttributeProto::TENSOR:
      result.tensor = to_constant(proto.t());
      break;
    default:  // graphs and the like: operators that need them are not known
      break;
  }
  return result;
}

Node to_node(const onnx::NodeProto& proto) {
  Node node;
  node.name = proto.name();
  node.op = proto.op_type();
  node.domain = proto.domain() == "ai.onnx" ? "" : proto.domain();
  node.inputs.assign(proto.input().begin(), proto.input().end());
  node.outputs.assign(proto.output().begin(), proto.output().end());
  for (const auto& attribute : proto.attribute()) {
    node.attributes.emplace(attribute.name(), to_attribute(attribute));
  }
  return node;
}

FileInput to_input(const onnx::ValueInfoProto& proto) {
  FileInput input;
  input.name = proto.name();
  if (!proto.type().has_tensor_type()) {
    throw std::invalid_argument(fmt::format("input {} is not a tensor", in_quotes(proto.name())));
  }
  const auto& tensor = proto.type().tensor_type();
  input.type = tensor.elem_type();
  input.has_dims = tensor.has_shape();
  for (const auto& dim : tensor.shape().dim()) {
    input.dims.push_back(dim.has_dim_value() ? dim.dim_value() : -1);
    input.names.push_back(dim.dim_param());
  }
  return input;
}

int opset_of(const onnx::ModelProto& model) {
  for (const auto& set : model.opset_import()) {
    if (!set.domain().empty() && set.domain() != "ai.onnx") continue;
    if (set.version() >= kOldestOpset && set.version() <= kNewestOpset) {
      return static_cast<int>(set.version());
    }
    throw std::invalid_argument(fmt::format("operator set {} is not known, only {} to {}",
                                            set.version(), kOldestOpset, kNewestOpset));
  }
  throw std::invalid_argument("the file does not say which operator set it uses");
}

void describe(const KnownInput& input, const std::string& name, onnx::GraphProto& graph) {
  auto* info = graph.add_input();
  info->set_name(name);
  auto* tensor = info->mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(input.type);
  auto* shape = tensor->mutable_shape();
  for (std::int64_t dim : input.dims) shape->add_dim()->set_dim_value(dim);
  if (input.constant == nullptr || !input.constant->known || input.type != kInt64) return;
  auto* initializer = graph.add_initializer();
  initializer->set_name(name);
  initializer->set_data_type(kInt64);
  for (std::int64_t dim : input.dims) initializer->add_dims(dim);
  for (Number value : input.constant->values) initializer->add_int64_data(to_integer(value));
}

/// Runs the library's inference on a model of one node.
std::vector<std::optional<Dims>> infer_node(const onnx::ModelProto& source, std::size_t index,
                                            const std::vector<std::optional<KnownInput>>& inputs) {
  onnx::ModelProto model;
  model.set_ir_version(source.ir_version());
  *model.mutable_opset_import() = source.opset_import();
  auto& graph = *model.mutable_graph();
  auto* node = graph.add_node();
  *node = source.graph().node(static_cast<int>(index));
  for (int i = 0; i < node->input_size(); ++i) {
    const auto& input = inputs[static_cast<std::size_t>(i)];
    if (!input) continue;
    node->set_input(i, fmt::format("input{}", i));
    describe(*input, node->input(i), graph);
  }
  for (int i = 0; i < node->output_size(); ++i) {
    node->set_output(i, fmt::format("output{}", i));
  }
  std::vector<std::optional<Dims>> dims(static_cast<std::size_t>(node->output_size()));
  try {
    onnx::shape_inference::InferShapes(model);
  } catch (const std::exception&) {  // of several kinds: the library refuses the node
    return dims;
  }
  for (const auto& info : graph.value_info()) {
    for (int i = 0; i < node->output_size(); ++i) {
      if (info.name() != node->output(i)) continue;
      const auto& tensor = info.type().tensor_type();
      Dims found;
      for (const auto& dim : tensor.shape().dim()) {
        found.push_back(dim.has_dim_value() ? dim.dim_value() : -1);
      }
      const bool complete = tensor.has_shape() && found.size() <= kMaxRank &&
                            std::find_if(found.begin(), found.end(),
                                         [](std::int64_t dim) { return dim < 1; }) == found.end();
      if (complete) dims[static_cast<std::size_t>(i)] = found;
    }
  }
  return dims;
}

FileModel convert(const std::shared_ptr<onnx::ModelProto>& proto) {
  FileModel model;
  model.opset = opset_of(*proto);
  model.producer = proto->producer_name();
  if (!proto->producer_version().empty()) model.producer += " " + proto->producer_version();
  auto& graph = *proto->mutable_graph();
  if (graph.node_size() > kMaxNodes) {
    throw std::invalid_argument(
        fmt::format("the graph has {} nodes, at most {} are read", graph.node_size(), kMaxNodes));
  }
  if (graph.sparse_initializer_size() > 0) {
    throw std::invalid_argument("sparse initializers are not supported");
  }
  for (const auto& tensor : graph.initializer()) {
    const auto [place, added] = model.initializers.emplace(tensor.name(), to_constant(tensor));
    if (!added) {
      throw std::invalid_argument(
          fmt::format("there are two initializers {}", in_quotes(tensor.name())));
    }
    place->second.leaves = {place->first};
  }
  google::protobuf::RepeatedPtrField<onnx::TensorProto>().Swap(graph.mutable_initializer());
  for (const auto& input : graph.input()) {
    if (!model.initializers.contains(input.name())) model.inputs.push_back(to_input(input));
  }
  for (const auto& output : graph.output()) model.outputs.push_back(output.name());
  for (const auto& node : graph.node()) {
    try {
      model.nodes.push_back(to_node(node));
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(
          fmt::format("node {} ({}): {}", in_quotes(node.name()), node.op_type(), error.what()));
    }
  }
  model.infer = [proto](std::size_t index, const std::vector<std::optional<KnownInput>>& inputs) {
    return infer_node(*proto, index, inputs);
  };
  return model;
}

}  // namespace

bool is_real(int type) {
  return type == onnx::TensorProto::FLOAT || type == onnx::TensorProto::DOUBLE ||
         type == onnx::TensorProto::FLOAT16 || type == onnx::TensorProto::BFLOAT16;
}

std::int64_t to_integer(Number number) {
  constexpr Number kLimit = 9223372036854775807.0L;
  if (std::isnan(number)) return 0;
  return static_cast<std::int64_t>(std::clamp(number, -kLimit, kLimit));
}

void Constant::add_leaves(const std::vector<std::string_view>& more) {
  constexpr std::size_t kMaxLeaves = 12;
  for (std::string_view leaf : more) {
    if (leaves.size() >= kMaxLeaves) return;
    if (std::find(leaves.begin(), leaves.end(), leaf) == leaves.end()) leaves.push_back(leaf);
  }
}

Dims Constant::integers() const {
  if (!known) throw std::invalid_argument("a list that it needs has values that are not known");
  Dims result;
  for (Number value : values) result.push_back(to_integer(value));
  return result;
}

std::optional<Number> Constant::scalar() const {
  if (!known || values.size() != 1) return std::nullopt;
  return values[0];
}

std::int64_t Node::integer(std::string_view key, std::int64_t otherwise) const {
  const auto found = attributes.find(key);
  return found == attributes.end() ? otherwise : found->second.integer.value_or(otherwise);
}

double Node::real(std::string_view key, double otherwise) const {
  const auto found = attributes.find(key);
  return found == attributes.end() ? otherwise : found->second.real.value_or(otherwise);
}

std::string Node::text(std::string_view key, const std::string& otherwise) const {
  const auto found = attributes.find(key);
  return found == attributes.end() ? otherwise : found->second.text.value_or(otherwise);
}

const Dims* Node::integers(std::string_view key) const {
  const auto found = attributes.find(key);
  const bool there = found != attributes.end() && found->second.integers;
  return there ? &*found->second.integers : nullptr;
}

const Constant* Node::tensor(std::string_view key) const {
  const auto found = attributes.find(key);
  return found != attributes.end() && found->second.tensor ? &*found->second.tensor : nullptr;
}

namespace {

FileModel parse(google::protobuf::io::ZeroCopyInputStream& in, const std::string& file) {
  auto proto = std::make_shared<onnx::ModelProto>();
  const std::optional<std::string> bytes = without_weights(in);
  if (!bytes || !proto->ParseFromString(*bytes) || !proto->has_graph()) {
    throw InputError({file}, "", "this is not an ONNX model, or it is cut off",
                     "expected a file as torch.onnx.export writes it, below 2 GiB");
  }
  try {
    return convert(proto);
  } catch (const std::invalid_argument& error) {
    throw InputError({file}, "", error.what());
  }
}

}  // namespace

FileModel parse_model(std::string_view bytes, const std::string& file) {
  const auto size = static_cast<int>(std::min<std::size_t>(bytes.size(), kMaxFileBytes));
  google::protobuf::io::ArrayInputStream in(bytes.data(), size);
  return parse(in, file);
}

FileModel parse_model_file(const std::string& file) {
  const int descriptor = open_input(file);
  google::protobuf::io::FileInputStream in(descriptor);
  in.SetCloseOnDelete(true);
  struct stat status {};
  if (fstat(descriptor, &status) != 0) {
    throw InputError({file}, "", "the file cannot be read");
  }
  if (status.st_size > kMaxFileBytes) {
    throw InputError({file}, "", "the file is larger than 2 GiB",
                     "export with external weights; only their dims are needed");
  }
  return parse(in, file);
}

}  // namespace edgeflow::onnx_reader
