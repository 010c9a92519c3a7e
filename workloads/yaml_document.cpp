#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

#include "workloads/yaml.hpp"

namespace edgeflow {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{64} << 20U;
constexpr std::size_t kMaxDepth = 200;
constexpr std::size_t kMaxExpanded = 1'000'000;  // values that aliases stand for

Position at_mark(const std::string& file, const YAML::Mark& mark) {
  if (mark.is_null()) return {file, 0, 0};
  return {file, mark.line + 1, mark.column + 1};
}

/// Refuses what would make the tree endless, huge or too deep to walk: aliases to a value that
/// contains them, aliases of aliases of aliases ..., deep nesting.
class TreeGuard : public YAML::EventHandler {
 public:
  explicit TreeGuard(const std::string& file) : file_(file) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) refuse(mark, "a second YAML document starts here, expected only one");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { leaf(mark, anchor); }
  void OnScalar(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                const std::string& /*value*/) override {
    leaf(mark, anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end()) refuse(mark, "alias of a value that contains it");
    expanded_ += found->second.size;
    if (expanded_ > kMaxExpanded) refuse(mark, "aliases stand for more than a million values");
    add(mark, found->second);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(mark, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct Extent {
    std::size_t size = 1;
    std::size_t depth = 0;
  };
  struct Open {
    YAML::Mark mark;
    YAML::anchor_t anchor = 0;
    Extent extent;
  };

  [[noreturn]] void refuse(const YAML::Mark& mark, const char* message) const {
    throw InputError(at_mark(file_, mark), "", message);
  }
  void leaf(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) anchored_[anchor] = {};
    add(mark, {});
  }
  void open(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (open_.size() >= kMaxDepth) refuse(mark, "nested too deeply");
    open_.push_back({mark, anchor, {}});
  }
  void close() {
    const Open closed = open_.back();
    open_.pop_back();
    if (closed.anchor != 0) anchored_[closed.anchor] = closed.extent;
    add(closed.mark, closed.extent);
  }
  void add(const YAML::Mark& mark, const Extent& extent) {
    if (open_.size() + extent.depth > kMaxDepth) refuse(mark, "nested too deeply");
    if (open_.empty()) return;
    Extent& parent = open_.back().extent;
    parent.size += extent.size;
    parent.depth = std::max(parent.depth, extent.depth + 1);
  }

  std::string file_;
  int documents_ = 0;
  std::size_t expanded_ = 0;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Extent> anchored_;  // of values that are complete
};

/// Refuses control characters and what is not UTF-8, naming the place.
void expect_text(std::string_view text, const std::string& file) {
  Position position{file, 1, 1};
  int continuation = 0;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool control =
        (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F;
    const bool inside = (byte & 0xC0U) == 0x80U;
    if (control || byte >= 0xF8 || inside != (continuation > 0)) {
      throw InputError(position, "", "not a text file (UTF-8)");
    }
    continuation = inside ? continuation - 1 : byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : byte >= 0xC0;
    ++position.column;
    if (byte == '\n') position = {file, position.line + 1, 1};
  }
  if (continuation > 0) throw InputError(position, "", "not a text file (UTF-8)");
}

YAML::Node parse(const std::string& text, const std::string& file) {
  expect_text(text, file);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    TreeGuard guard(file);
    while (parser.HandleNextDocument(guard)) {
    }
    return YAML::Load(text);
  } catch (const YAML::Exception& error) {
    throw InputError(at_mark(file, error.mark), "", "not YAML: " + error.msg);
  }
}

std::string read_file(const std::filesystem::path& file) {
  const std::string name = file.string();
  std::error_code error;
  const auto type = std::filesystem::status(file, error).type();
  if (type == std::filesystem::file_type::not_found) {
    throw InputError({name, 0, 0}, "", "no such file");
  }
  if (type == std::filesystem::file_type::directory) {
    throw InputError({name, 0, 0}, "", "is a folder, expected a YAML file");
  }
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw InputError({name, 0, 0}, "", "cannot be read");
  std::string text;
  std::string block(std::size_t{1} << 16U, '\0');
  while (stream) {
    stream.read(block.data(), static_cast<std::streamsize>(block.size()));
    text.append(block, 0, static_cast<std::size_t>(stream.gcount()));
    if (text.size() > kMaxBytes) throw InputError({name, 0, 0}, "", "larger than 64 MiB");
  }
  if (stream.bad()) throw InputError({name, 0, 0}, "", "cannot be read");
  return text;
}

/// A tree of its own: no sharing between aliases, nor with `node`.
YAML::Node deep_copy(const YAML::Node& node) {
  if (node.IsScalar()) return YAML::Node(node.Scalar());
  YAML::Node copy(node.IsMap()        ? YAML::NodeType::Map
                  : node.IsSequence() ? YAML::NodeType::Sequence
                                      : YAML::NodeType::Null);
  for (const auto& entry : node) {
    if (node.IsMap()) {
      copy.force_insert(deep_copy(entry.first), deep_copy(entry.second));
    } else {
      copy.push_back(deep_copy(entry));
    }
  }
  return copy;
}

void emit(YAML::Emitter& out, const YAML::Node& node) {
  if (node.IsScalar()) {
    out << node.Scalar();
  } else if (node.IsMap()) {
    std::multimap<std::string, YAML::Node> entries;  // assigning nodes would change the document
    for (const auto& entry : node) {
      const YAML::Node& key = entry.first;
      entries.emplace(key.IsScalar() ? key.Scalar() : YAML::Dump(key), entry.second);
    }
    out << YAML::BeginMap;
    for (const auto& [name, value] : entries) {
      out << YAML::Key << name << YAML::Value;
      emit(out, value);
    }
    out << YAML::EndMap;
  } else if (node.IsSequence()) {
    out << YAML::BeginSeq;
    for (const auto& item : node) emit(out, item);
    out << YAML::EndSeq;
  } else {
    out << YAML::Null;
  }
}

/// A step of a key path: a key, or an index if `index` >= 0.
struct Step {
  std::string key;
  std::int64_t index = -1;
};

std::vector<Step> parse_key_path(std::string_view path, const Position& origin) {
  const auto fail = [&] {
    throw InputError(origin, "",
                     "got " + in_quotes(path) + ", expected a key path such as a.b[2].c");
  };
  std::vector<Step> steps;
  std::string_view rest = path;
  while (true) {
    const std::size_t length = std::min(rest.find_first_of(".["), rest.size());
    if (length == 0) fail();
    steps.push_back({std::string(rest.substr(0, length)), -1});
    rest.remove_prefix(length);
    while (rest.starts_with('[')) {
      std::int64_t index = -1;
      const char* const end = rest.data() + rest.size();
      const auto [stop, error] = std::from_chars(rest.data() + 1, end, index);
      if (error != std::errc{} || index < 0 || stop == end || *stop != ']') fail();
      steps.push_back({"", index});
      rest.remove_prefix(static_cast<std::size_t>(stop - rest.data()) + 1);
    }
    if (rest.empty()) return steps;
    if (!rest.starts_with('.')) fail();
    rest.remove_prefix(1);
  }
}

/// `container` with `child` at `step`. Built anew rather than changed, as an alias elsewhere may
/// share it.
YAML::Node with_child(const YAML::Node& container, const Step& step, const YAML::Node& child) {
  YAML::Node copy(step.index < 0 ? YAML::NodeType::Map : YAML::NodeType::Sequence);
  bool placed = false;
  std::int64_t position = 0;
  for (const auto& entry : container) {
    if (step.index >= 0) {
      copy.push_back(position++ == step.index ? child : YAML::Node(entry));
      continue;
    }
    const bool here = !placed && entry.first.IsScalar() && entry.first.Scalar() == step.key;
    placed = placed || here;
    copy.force_insert(entry.first, here ? child : entry.second);
  }
  if (!placed && step.index < 0) copy.force_insert(step.key, child);
  return copy;
}

}  // namespace

Document::Document(const std::filesystem::path& file)
    : file_(file.string()), root_(parse(read_file(file), file_)) {}

Document::Document(std::string_view text, std::string name)
    : file_(std::move(name)), root_(parse(std::string(text), file_)) {}

std::filesystem::path Document::folder() const {
  return std::filesystem::path(file_).parent_path();
}

Position Document::position_of(const YAML::Node& node, const std::string& path) const {
  for (auto it = overrides_.rbegin(); it != overrides_.rend(); ++it) {
    const std::string& overridden = it->first;
    if (!path.starts_with(overridden)) continue;
    const char next = path.size() > overridden.size() ? path[overridden.size()] : '.';
    if (next == '.' || next == '[') return it->second;
  }
  const auto rebuilt = rebuilt_.find(path);
  return rebuilt != rebuilt_.end() ? rebuilt->second : at_mark(file_, node.Mark());
}

void Document::override_value(std::string_view key_path, const YAML::Node& value,
                              const Position& origin) {
  const std::vector<Step> steps = parse_key_path(key_path, origin);
  std::vector<Yaml> containers;  // that exist already, from the root
  std::optional<Yaml> here = root();
  std::string changed_path;
  for (const Step& step : steps) {
    if (step.index < 0 ? !here->is_map() && !here->node().IsNull() : !here->is_list()) {
      throw InputError(origin, here->path(),
                       step.index < 0
                           ? "is not a map, so has no " + in_quotes(step.key)
                           : "is not a list, so has no item " + std::to_string(step.index));
    }
    containers.push_back(*here);
    rebuilt_.emplace(here->path(), here->position());
    if (step.index < 0) {
      changed_path = here->path_of(step.key);
      here = here->is_map() ? here->find(step.key) : std::nullopt;
      if (!here) break;
      continue;
    }
    const std::vector<Yaml> items = here->items();
    if (step.index >= static_cast<std::int64_t>(items.size())) {
      throw InputError(origin, here->path(),
                       "has " + std::to_string(items.size()) + " items counted from 0, no item " +
                           std::to_string(step.index));
    }
    here = items[static_cast<std::size_t>(step.index)];
    changed_path = here->path();
  }

  YAML::Node changed = deep_copy(value);
  for (std::size_t i = steps.size(); i-- > 0;) {
    if (i < containers.size()) {
      changed.reset(with_child(containers[i].node(), steps[i], changed));
    } else if (steps[i].index < 0) {
      changed.reset(with_child(YAML::Node(YAML::NodeType::Map), steps[i], changed));
    } else {
      throw InputError(origin, changed_path,
                       "is missing, so has no item " + std::to_string(steps[i].index));
    }
  }
  root_.reset(changed);
  overrides_.emplace_back(changed_path, origin);
}

void Document::override_text(std::string_view key_path, const std::string& text,
                             const Position& origin) {
  YAML::Node value;
  try {
    value.reset(parse(text, ""));
  } catch (const InputError& error) {
    throw InputError(origin, std::string(key_path), error.message());
  }
  override_value(key_path, value, origin);
}

std::string Document::canonical_text() const {
  YAML::Emitter out;
  emit(out, root_);
  return std::string(out.c_str()) + "\n";
}

}  // namespace edgeflow
