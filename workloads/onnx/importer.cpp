#include "workloads/onnx/importer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace edgeflow::onnx_reader {
namespace {

/// A name that every file format of ours can hold.
std::string clean(const std::string& name) {
  constexpr std::size_t kMaxLength = 200;
  std::string result = name.substr(0, kMaxLength);
  for (char& c : result) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7F || c == '"' || c == '\\') c = '_';
  }
  return result;
}

}  // namespace

Dims Activation::dims() const {
  Dims dims = shape;
  if (dropped >= 0) dims.erase(dims.begin() + dropped);
  if (dims.empty()) dims.push_back(1);
  return dims;
}

Importer::Importer(FileModel model, std::string file, const OnnxOptions& options,
                   std::vector<std::string>* warnings)
    : model_(std::move(model)), file_(std::move(file)), options_(options), warnings_(warnings) {
  for (Node& node : model_.nodes) in_8_bits_.push_back(take_out_scales(node));
}

void Importer::fail_at(std::size_t node, const std::string& message,
                       const std::string& hint) const {
  const Node& at = model_.nodes[node];
  const std::string name = at.name.empty() && !at.outputs.empty() ? at.outputs[0] : at.name;
  throw InputError({file_}, fmt::format("node {} ({})", in_quotes(name), printable(at.op)), message,
                   hint);
}

void Importer::fail(const std::string& message, const std::string& hint) const {
  fail_at(current_, message, hint);
}

void Importer::warn(const std::string& message) {
  if (warnings_ == nullptr) return;
  warnings_->push_back(fmt::format("{}: node {} ({}): {}", file_, in_quotes(node().name),
                                   printable(node().op), message));
}

Dims Importer::input_dims(const FileInput& input) const {
  const std::string at = fmt::format("input {}", in_quotes(input.name));
  auto given = options_.inputs.find(input.name);
  if (given == options_.inputs.end()) given = options_.inputs.find("");
  Dims usual = input.has_dims ? input.dims : Dims{1, 3, 224, 224};
  for (std::size_t i = 0; i < usual.size(); ++i) {
    if (usual[i] < 1) usual[i] = i == 0 ? 1 : 224;
  }
  const std::string example =
      fmt::format("say --input {}={}", printable(input.name), fmt::join(usual, "x"));
  if (given != options_.inputs.end()) {
    if (input.has_dims && given->second.size() != input.dims.size()) {
      throw InputError({file_}, at,
                       fmt::format("it has {} dimensions, {} are given", input.dims.size(),
                                   given->second.size()));
    }
    return given->second;
  }
  if (!input.has_dims) throw InputError({file_}, at, "the file does not say its dims", example);
  Dims dims = input.dims;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] > 0) continue;
    if (dims[i] < -1) throw InputError({file_}, at, fmt::format("dimension {} is negative", i));
    if (i > 0) {
      throw InputError({file_}, at,
                       fmt::format("dimension {} ({}) is open", i, in_quotes(input.names[i])),
                       example);
    }
    dims[i] = 1;  // the batch
  }
  if (dims.size() == 4 && dims[0] != 1) {
    throw InputError({file_}, at, fmt::format("a batch of {}, expected 1", dims[0]),
                     "export the model with batch 1, or leave that dimension open");
  }
  return dims;
}

void Importer::read_inputs() {
  for (const auto& given : options_.inputs) {
    const std::string& name = given.first;
    const bool known = std::any_of(model_.inputs.begin(), model_.inputs.end(),
                                   [&](const FileInput& input) { return input.name == name; });
    if (known || (name.empty() && model_.inputs.size() == 1)) continue;
    std::vector<std::string> names;
    for (const FileInput& input : model_.inputs) names.push_back(in_quotes(input.name));
    throw InputError({file_}, "", fmt::format("the model has no input {}", in_quotes(name)),
                     fmt::format("inputs are {}", fmt::join(names, ", ")));
  }
  std::vector<std::pair<const FileInput*, Activation>> used;
  std::int64_t total = 0;
  for (const FileInput& input : model_.inputs) {
    if (!read_.contains(input.name)) continue;
    Activation value{input_dims(input), -1, 0, input.type};
    if (value.shape.size() > 1 && value.shape[0] == 1) value.dropped = 0;
    try {
      total += make_tensor(value.dims()).volume();
    } catch (const std::invalid_argument& error) {
      throw InputError({file_}, fmt::format("input {}", in_quotes(input.name)), error.what());
    }
    used.emplace_back(&input, value);
  }
  if (used.empty()) throw InputError({file_}, "", "no output depends on an input");
  Item item;
  item.spec.op = Op::kInput;
  item.spec.name = unique_name(used.size() == 1 ? used[0].first->name : "inputs");
  item.spec.attributes.dims = used.size() == 1 ? used[0].second.dims() : Dims{total};
  item.output = make_tensor(item.spec.attributes.dims);
  items_.push_back(item);
  if (used.size() == 1) {
    values_.emplace(used[0].first->name, used[0].second);
    return;
  }
  // Several inputs lie one after the other in one vector.
  const Activation all{{total}, -1, 0, kFloat};
  std::int64_t first = 0;
  for (auto& [input, value] : used) {
    Attributes part;
    part.start = first;
    part.stop = first += volume_of(value.shape);
    const std::size_t slice = add(Op::kSlice, part, {&all}, clean(input->name));
    Activation vector{{part.stop - part.start}, -1, slice, value.type};
    values_.emplace(input->name, viewed(vector, value.shape, clean(input->name) + "/view"));
  }
  if (warnings_ != nullptr) {
    warnings_->push_back(fmt::format("{}: its {} inputs are one vector here", file_, used.size()));
  }
}

std::string Importer::unique_name(std::string wish) {
  wish = clean(wish);
  if (wish.empty()) wish = "layer";
  std::string name = wish;
  for (std::size_t i = names_.size(); !names_.insert(name).second; ++i) {
    name = fmt::format("{}#{}", wish, i);
  }
  return name;
}

bool Importer::is_constant(std::size_t i) const {
  if (!has(i)) return false;
  const auto found = values_.find(node().inputs[i]);
  return found == values_.end() || std::holds_alternative<Constant>(found->second);
}

const Constant& Importer::constant(std::size_t i) const {
  if (!has(i)) fail(fmt::format("input {} is missing", i));
  const std::string& name = node().inputs[i];
  const auto initializer = model_.initializers.find(name);
  if (initializer != model_.initializers.end()) return initializer->second;
  const auto found = values_.find(name);
  if (found == values_.end()) fail(fmt::format("tensor {} is not known", in_quotes(name)));
  if (const auto* value = std::get_if<Constant>(&found->second)) return *value;
  fail(fmt::format("tensor {} depends on the model's input, expected a constant", in_quotes(name)));
}

const Activation& Importer::activation(std::size_t i) const {
  if (!has(i)) fail(fmt::format("input {} is missing", i));
  const auto found = values_.find(node().inputs[i]);
  if (found != values_.end()) {
    if (const auto* value = std::get_if<Activation>(&found->second)) return *value;
  }
  fail(fmt::format("tensor {} is a constant, expected one that depends on the model's input",
                   in_quotes(node().inputs[i])));
}

std::vector<const Constant*> Importer::constants() const {
  std::vector<const Constant*> result;
  for (std::size_t i = 0; i < inputs(); ++i) {
    result.push_back(is_constant(i) ? &constant(i) : nullptr);
  }
  return result;
}

bool Importer::wants(std::size_t output) const {
  return output < node().outputs.size() && !node().outputs[output].empty() &&
         read_.contains(node().outputs[output]);
}

std::size_t Importer::add(Op op, Attributes attributes,
                          const std::vector<const Activation*>& inputs, const std::string& suffix) {
  Item item;
  std::string wish = suffix;
  if (translating_) {
    const bool named = !node().name.empty() || node().outputs.empty();
    wish = (named ? node().name : node().outputs[0]) + suffix;
  }
  item.spec = {unique_name(wish), op, std::move(attributes), {}};
  Layer layer;
  layer.op = op;
  layer.attributes = item.spec.attributes;
  for (const Activation* input : inputs) {
    item.inputs.push_back(input->layer);
    layer.input_tensors.push_back(items_[input->layer].output);
  }
  layer.inputs.resize(inputs.size());
  operator_of(op).infer(layer);  // its std::invalid_argument is caught in translate()
  item.output = std::move(layer.output);
  items_.push_back(std::move(item));
  return items_.size() - 1;
}

Activation Importer::as(std::size_t layer, Dims shape, int dropped, int type) const {
  Activation result{std::move(shape), dropped, layer, type};
  if (result.dims() != items_[layer].output.dims) {
    fail(fmt::format("its output is [{}], expected [{}]", fmt::join(items_[layer].output.dims, ","),
                     fmt::join(result.dims(), ",")));
  }
  return result;
}

void Importer::set(std::size_t i, Value value) {
  if (i < node().outputs.size() && !node().outputs[i].empty()) {
    values_.insert_or_assign(node().outputs[i], std::move(value));
  }
}

Activation Importer::with_dropped(const Activation& x, int dropped, const std::string& suffix) {
  if (x.dropped == dropped) return x;
  Activation result{x.shape, dropped, x.layer, x.type};
  if (result.dims() == items_[x.layer].output.dims) return result;
  Attributes a;
  a.dims = result.dims();
  result.layer = add(Op::kReshape, a, {&x}, suffix);
  return result;
}

Activation Importer::viewed(const Activation& x, Dims shape, const std::string& suffix) {
  if (volume_of(shape) != volume_of(x.shape)) {
    throw std::invalid_argument(
        fmt::format("[{}] cannot become [{}]", fmt::join(x.shape, ","), fmt::join(shape, ",")));
  }
  const Dims& have = items_[x.layer].output.dims;
  Activation result{std::move(shape), -1, x.layer, x.type};
  const bool batch_first = result.shape.size() > 1 && result.shape[0] == 1;
  const int last = batch_first ? 1 : static_cast<int>(result.shape.size());
  for (int i = 0; i < last; ++i) {
    if (result.shape[static_cast<std::size_t>(i)] != 1) continue;
    result.dropped = i;
    if (result.dims() == have) return result;
  }
  result.dropped = batch_first ? 0 : -1;
  if (result.dims() == have) return result;
  Attributes a;
  a.dims = result.dims();
  result.layer = add(Op::kReshape, a, {&x}, suffix);
  return result;
}

Activation Importer::feature_map(const Activation& x) {
  if ((x.shape.size() != 4 && x.shape.size() != 3) || x.shape[0] != 1) {
    fail(fmt::format("its input has the shape [{}], expected [1,C,H,W] or [1,C,L]",
                     fmt::join(x.shape, ",")));
  }
  if (x.shape.size() == 4) return with_dropped(x, 0);
  Dims shape = x.shape;
  shape.push_back(1);
  return with_dropped(viewed(with_dropped(x, 0), shape, "/map"), 0, "/map");
}

bool Importer::claim(const Constant& constant) {
  bool fresh = constant.leaves.empty();
  for (std::string_view leaf : constant.leaves) {
    fresh = claimed_.insert(std::string(leaf)).second || fresh;
  }
  return fresh;
}

/// The tensor that a leaf is: an initializer, or one that an Identity made its own.
const Constant& Importer::stored(std::string_view leaf, const Constant& otherwise) const {
  const auto initializer = model_.initializers.find(leaf);
  if (initializer != model_.initializers.end()) return initializer->second;
  const auto value = values_.find(std::string(leaf));
  const auto* constant = value == values_.end() ? nullptr : std::get_if<Constant>(&value->second);
  return constant != nullptr ? *constant : otherwise;
}

/// Constants that are written into the graph (8.0, grids, masks) are no parameters; a stored tensor
/// is one if it holds real numbers, and more than one of them or under a module's name.
std::int64_t Importer::new_parameters(const Constant& constant) {
  std::int64_t sum = 0;
  for (std::string_view leaf : constant.leaves) {
    const Constant& source = stored(leaf, constant);
    const bool named = leaf.find('.') != std::string_view::npos && !leaf.starts_with("onnx::");
    if (!is_real(source.type) || (source.size() < 2 && !named)) continue;
    if (claimed_.insert(std::string(leaf)).second) sum += source.size();
  }
  return sum;
}

void Importer::unknown(const std::string& why) {
  if (options_.opaque) return whole(true);
  fail(why,
       "import with --opaque to keep it as a layer that needs all of its input, or end the model "
       "before it");
}

void Importer::whole(bool with_warning) {
  std::vector<const Activation*> needed;
  std::vector<std::optional<KnownInput>> known;
  for (std::size_t i = 0; i < inputs(); ++i) {
    known.emplace_back();
    if (!has(i)) continue;
    if (is_constant(i)) {
      known.back() = KnownInput{constant(i).dims, constant(i).type, &constant(i)};
    } else {
      needed.push_back(&activation(i));
      known.back() = KnownInput{activation(i).shape, activation(i).type, nullptr};
    }
  }
  const auto shapes = model_.infer(current_, known);
  if (with_warning) {
    warn(
        "not known: kept as a layer that needs all of its input; its MACs and parameters are not "
        "counted");
  }
  for (std::size_t i = 0; i < node().outputs.size(); ++i) {
    if (!wants(i)) continue;
    if (!shapes[i]) {
      fail(fmt::format("the shape of its output {} is not known", in_quotes(node().outputs[i])),
           "end the model before this node when exporting");
    }
    Activation result{*shapes[i], -1, 0, kFloat};
    if (result.shape.size() > 1 && result.shape[0] == 1) result.dropped = 0;
    Attributes a;
    a.dims = result.dims();
    result.layer = add(Op::kOpaque, a, needed, i == 0 ? "" : fmt::format(":{}", i));
    set(i, result);
  }
}

}  // namespace edgeflow::onnx_reader
