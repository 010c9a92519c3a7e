#pragma once
// An ONNX file without protobuf: what the reader needs of it, bounded and checked.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edgeflow::onnx_reader {

using Dims = std::vector<std::int64_t>;
/// Holds every int64 and every double exactly.
using Number = long double;

/// Number of elements; throws std::invalid_argument if a dim is negative or they exceed 2^40.
std::int64_t volume_of(const Dims& dims);
std::int64_t to_integer(Number number);  // rounded towards zero, saturating

/// Element types as ONNX numbers them (onnx.proto, TensorProto.DataType).
enum ElementType : int { kFloat = 1, kInt32 = 6, kInt64 = 7, kBool = 9 };
bool is_real(int type);

/// A tensor whose dims, and if it is small maybe whose values, are known.
struct Constant {
  Dims dims;
  int type = kFloat;
  bool known = false;
  std::vector<Number> values;            // if known
  std::vector<std::string_view> leaves;  // names of the stored tensors that it was computed from

  std::int64_t size() const { return volume_of(dims); }
  void add_leaves(const std::vector<std::string_view>& more);  // up to a dozen are kept
  /// As dims, indices and the like; throws std::invalid_argument if the values are not known.
  Dims integers() const;
  std::optional<Number> scalar() const;  // if it is known and has one element
};

/// Tensors with more elements are not evaluated.
inline constexpr std::int64_t kMaxEvaluated = 1 << 16;

struct NodeAttribute {
  std::optional<std::int64_t> integer;
  std::optional<double> real;
  std::optional<std::string> text;
  std::optional<Dims> integers;
  std::optional<std::vector<double>> reals;
  std::optional<Constant> tensor;
};

struct Node {
  std::string name;  // may be empty
  std::string op;
  std::string domain;
  std::vector<std::string> inputs;  // an empty name: not given
  std::vector<std::string> outputs;
  std::map<std::string, NodeAttribute, std::less<>> attributes;

  std::int64_t integer(std::string_view key, std::int64_t otherwise) const;
  double real(std::string_view key, double otherwise) const;
  std::string text(std::string_view key, const std::string& otherwise) const;
  const Dims* integers(std::string_view key) const;  // nullptr if there are none
  const Constant* tensor(std::string_view key) const;
};

struct FileInput {
  std::string name;
  int type = kFloat;
  bool has_dims = false;
  Dims dims;                       // -1: open
  std::vector<std::string> names;  // of open dims, may be empty
};

/// What is known of a node's input, for shape inference by the ONNX library.
struct KnownInput {
  Dims dims;
  int type = kFloat;
  const Constant* constant = nullptr;
};

/// Not to be copied: leaves are views of its names.
struct FileModel {
  FileModel() = default;
  FileModel(FileModel&&) = default;
  FileModel& operator=(FileModel&&) = default;
  FileModel(const FileModel&) = delete;
  FileModel& operator=(const FileModel&) = delete;

  std::string producer;
  int opset = 0;
  std::vector<FileInput> inputs;  // without initializers
  std::vector<std::string> outputs;
  std::map<std::string, Constant, std::less<>> initializers;
  std::vector<Node> nodes;
  /// Dims of the outputs of node i, as far as the ONNX library finds them out.
  std::function<std::vector<std::optional<Dims>>(std::size_t,
                                                 const std::vector<std::optional<KnownInput>>&)>
      infer;
};

/// Parses a model. `file` stands for it in messages. Throws InputError.
FileModel parse_model(std::string_view bytes, const std::string& file);
FileModel parse_model_file(const std::string& file);

}  // namespace edgeflow::onnx_reader
