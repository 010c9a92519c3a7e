#pragma once
// Turns the nodes of an ONNX file into layers, one node at a time; ops_*.cpp say how.

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "workloads/input/error.hpp"
#include "workloads/onnx/constants.hpp"
#include "workloads/onnx/reader.hpp"

namespace edgeflow::onnx_reader {

/// A tensor that depends on the model's input: the output of a layer.
///
/// Layers leave out the batch dimension. `dropped` says which dimension of `shape`, of size 1, that
/// is here: transposes move it about, and reshapes may merge it (-1: none is left out).
struct Activation {
  Dims shape;
  int dropped = -1;
  std::size_t layer = 0;
  int type = kFloat;

  Dims dims() const;  // as the layer has them
};

using Value = std::variant<Constant, Activation>;

/// A layer to be, and what the patterns want to know of it.
struct Item {
  LayerSpec spec;
  std::vector<std::size_t> inputs;  // items
  Tensor output;
  std::optional<Number> scalar;  // the constant operand, if it is one known number
  Dims constant_dims;            // its dims, without leading ones
};

class Importer {
 public:
  Importer(FileModel model, std::string file, const OnnxOptions& options,
           std::vector<std::string>* warnings);

  Graph read(const std::string& name);

  // For the translations: the node at hand and its inputs.
  const Node& node() const { return model_.nodes[current_]; }
  int opset() const { return model_.opset; }
  std::size_t inputs() const { return node().inputs.size(); }
  bool has(std::size_t i) const { return i < inputs() && !node().inputs[i].empty(); }
  bool is_constant(std::size_t i) const;
  /// Input i; fails with the user in mind if it is of the other kind, or missing.
  const Constant& constant(std::size_t i) const;
  const Activation& activation(std::size_t i) const;
  /// All inputs, nullptr for those that are not constant.
  std::vector<const Constant*> constants() const;
  bool wants(std::size_t output) const;  // somebody reads it

  /// Adds a layer to the named node; `suffix` tells the layers of one node apart.
  std::size_t add(Op op, Attributes attributes, const std::vector<const Activation*>& inputs,
                  const std::string& suffix = "");
  Item& item(std::size_t layer) { return items_[layer]; }
  /// The output of a layer, as a tensor of this shape. Fails if that is not what the layer gives.
  Activation as(std::size_t layer, Dims shape, int dropped, int type = kFloat) const;
  /// Says what output i of the node is.
  void set(std::size_t i, Value value);

  /// `x` with dimension `dropped` left out instead; a view if that is another.
  Activation with_dropped(const Activation& x, int dropped, const std::string& suffix = "/view");
  /// `x` in another shape with the same elements.
  Activation viewed(const Activation& x, Dims shape, const std::string& suffix = "");
  /// `x` as a feature map [1,C,H,W]; [1,C,L] becomes [1,C,L,1].
  Activation feature_map(const Activation& x);

  /// Counts a stored tensor as a parameter; false if it already was.
  bool claim(const Constant& constant);
  /// Parameters of a constant operand that are not yet counted.
  std::int64_t new_parameters(const Constant& constant);

  void warn(const std::string& message);
  [[noreturn]] void fail(const std::string& message, const std::string& hint = "") const;
  /// An operator, or a use of one, that is not known: a whole-tensor layer if the user said so.
  void unknown(const std::string& why);
  /// A layer that needs all of its inputs, with dims from the ONNX library.
  void whole(bool with_warning);

 private:
  void read_inputs();
  Dims input_dims(const FileInput& input) const;
  void sort_nodes();
  void mark_needed();
  void translate();
  void translate_node();
  bool translate_constant();
  std::vector<std::size_t> results();
  std::string unique_name(std::string wish);
  const Constant& stored(std::string_view leaf, const Constant& otherwise) const;
  Graph assemble(const std::string& name, const std::vector<std::size_t>& results);
  [[noreturn]] void fail_at(std::size_t node, const std::string& message,
                            const std::string& hint = "") const;

  FileModel model_;
  std::string file_;
  const OnnxOptions& options_;
  std::vector<std::string>* warnings_;
  std::unordered_map<std::string, std::size_t> producer_;  // of a tensor: a node
  std::unordered_set<std::string> read_;                   // tensors that a needed node reads
  std::vector<std::size_t> order_;
  std::vector<bool> needed_;
  std::vector<bool> in_8_bits_;  // by node: it computes so
  bool quantized_ = false;       // some activation is
  std::unordered_map<std::string, Value> values_;
  std::vector<Item> items_;
  std::unordered_set<std::string> names_;
  std::unordered_set<std::string> claimed_;
  std::size_t current_ = 0;
  bool translating_ = false;  // current_ is a node
  Budget budget_;
};

/// Makes a node that computes in 8 bits (QLinearConv) what it would be without (Conv); false if it
/// is none.
bool take_out_scales(Node& node);

/// How the nodes of an operator become layers; nullptr for operators that are not known.
using Translation = void (*)(Importer&);
Translation translation_of(const std::string& op);
// Parts of that table.
Translation spatial_translation(const std::string& op);
Translation moving_translation(const std::string& op);
Translation product_translation(const std::string& op);
void einsum(Importer& in);

/// Finds the layers that exporters write as many nodes and makes them one again.
/// The last of them takes the place; what only they used is left without consumer.
void merge_patterns(std::vector<Item>& items, const std::vector<std::size_t>& results);

}  // namespace edgeflow::onnx_reader
