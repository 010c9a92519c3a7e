#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <sstream>

#include "workloads/input/files.hpp"
#include "workloads/input/yaml.hpp"

namespace edgeflow {
namespace {

constexpr std::size_t kMaxDepth = 200;
constexpr std::size_t kMaxExpanded = 1'000'000;  // values that aliases stand for

Position at_mark(const std::string& file, const YAML::Mark& mark) {
  if (mark.is_null()) return {file, 0, 0};
  return {file, mark.line + 1, mark.column + 1};
}

/// Builds the tree. Refuses what would make it endless, huge or too deep to walk: aliases to a
/// value that contains them, aliases of aliases of aliases ..., deep nesting.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const std::string& file) : file_(file) {}

  /// Of the document that was read; nothing if there was none.
  const YamlTree& root() const { return root_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) refuse(mark, "a second YAML document starts here, expected only one");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { leaf(mark, anchor, {}); }
  void OnScalar(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                const std::string& value) override {
    leaf(mark, anchor, value);
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
  void OnSequenceEnd() override { close(YamlTree::list(std::move(open_.back().parts))); }
  void OnMapEnd() override {
    std::vector<YamlTree>& parts = open_.back().parts;  // key, value, key, value, ...
    std::vector<YamlTree::Entry> entries;
    entries.reserve(parts.size() / 2);
    for (std::size_t i = 0; i + 1 < parts.size(); i += 2) {
      entries.emplace_back(std::move(parts[i]), std::move(parts[i + 1]));
    }
    close(YamlTree::map(std::move(entries)));
  }

 private:
  /// A value that is complete.
  struct Built {
    YamlTree tree;
    std::size_t size = 1;
    std::size_t depth = 0;
  };
  struct Open {
    YAML::Mark mark;
    YAML::anchor_t anchor = 0;
    std::vector<YamlTree> parts;
    std::size_t size = 1;
    std::size_t depth = 0;
  };

  [[noreturn]] void refuse(const YAML::Mark& mark, const char* message) const {
    throw InputError(at_mark(file_, mark), "", message);
  }
  void leaf(const YAML::Mark& mark, YAML::anchor_t anchor, YamlTree tree) {
    finish(mark, anchor, {std::move(tree), 1, 0});
  }
  void open(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (open_.size() >= kMaxDepth) refuse(mark, "nested too deeply");
    open_.push_back({mark, anchor, {}, 1, 0});
  }
  void close(YamlTree tree) {
    const Open closed = std::move(open_.back());
    open_.pop_back();
    finish(closed.mark, closed.anchor, {std::move(tree), closed.size, closed.depth});
  }
  void finish(const YAML::Mark& mark, YAML::anchor_t anchor, Built built) {
    const Position place = at_mark(file_, mark);
    built.tree.set_place(place.line, place.column);
    if (anchor != 0) anchored_[anchor] = built;
    add(mark, built);
  }
  void add(const YAML::Mark& mark, const Built& built) {
    if (open_.size() + built.depth > kMaxDepth) refuse(mark, "nested too deeply");
    if (open_.empty()) {
      root_ = built.tree;
      return;
    }
    Open& parent = open_.back();
    parent.parts.push_back(built.tree);
    parent.size += built.size;
    parent.depth = std::max(parent.depth, built.depth + 1);
  }

  std::string file_;
  int documents_ = 0;
  std::size_t expanded_ = 0;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Built> anchored_;
  YamlTree root_;
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

YamlTree parse(const std::string& text, const std::string& file) {
  expect_text(text, file);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    TreeBuilder builder(file);
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.root();
  } catch (const YAML::Exception& error) {
    throw InputError(at_mark(file, error.mark), "", "not YAML: " + printable(error.msg));
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

}  // namespace

Document::Document(const std::filesystem::path& file)
    : file_(file.string()), root_(parse(read_input(file), file_)) {}

Document::Document(std::string_view text, std::string name)
    : file_(std::move(name)), root_(parse(std::string(text), file_)) {}

std::filesystem::path Document::folder() const {
  return std::filesystem::path(file_).parent_path();
}

Position Document::position_of(const YamlTree& node, const std::string& path) const {
  for (auto it = overrides_.rbegin(); it != overrides_.rend(); ++it) {
    const std::string& overridden = it->first;
    if (!path.starts_with(overridden)) continue;
    const char next = path.size() > overridden.size() ? path[overridden.size()] : '.';
    if (next == '.' || next == '[') return it->second;
  }
  return {file_, node.line(), node.column()};
}

void Document::override_value(std::string_view key_path, const YamlTree& value,
                              const Position& origin) {
  YamlTree changed = root_;
  YamlTree* here = &changed;
  std::string path;   // of `here`
  std::string added;  // path of the first value that was not there
  for (const Step& step : parse_key_path(key_path, origin)) {
    const Yaml container(this, *here, path);
    if (step.index >= 0) {
      const std::string item = std::to_string(step.index);
      if (!added.empty()) throw InputError(origin, added, "is missing, so has no item " + item);
      if (!container.is_list())
        throw InputError(origin, path, "is not a list, so has no item " + item);
      if (step.index >= static_cast<std::int64_t>(here->items().size())) {
        throw InputError(origin, path,
                         "has " + std::to_string(here->items().size()) +
                             " items counted from 0, no item " + item);
      }
      path += "[" + item + "]";
      here = &here->item(static_cast<std::size_t>(step.index));
    } else {
      if (!container.is_map() && !container.is_null()) {
        throw InputError(origin, path, "is not a map, so has no " + in_quotes(step.key));
      }
      path = container.path_of(step.key);
      if (added.empty() && here->find(step.key) == nullptr) added = path;
      here = &(*here)[step.key];
    }
  }
  *here = value;
  root_ = std::move(changed);
  overrides_.emplace_back(added.empty() ? path : added, origin);
}

namespace {

/// `tree` without what the steps lead to; as it is if they lead nowhere.
YamlTree without(const YamlTree& tree, std::span<const Step> steps) {
  std::vector<YamlTree> items = tree.items();
  std::vector<YamlTree::Entry> entries = tree.entries();
  const Step& step = steps.front();
  const bool last = steps.size() == 1;
  if (step.index >= 0) {
    const auto i = static_cast<std::size_t>(step.index);
    if (i >= items.size()) return tree;
    if (last) {
      items.erase(items.begin() + step.index);
    } else {
      items[i] = without(items[i], steps.subspan(1));
    }
  } else {
    const auto found = std::ranges::find_if(
        entries, [&](const YamlTree::Entry& entry) { return entry.first.text() == step.key; });
    if (found == entries.end()) return tree;
    if (last) {
      entries.erase(found);
    } else {
      found->second = without(found->second, steps.subspan(1));
    }
  }
  YamlTree rest = tree.kind() == YamlTree::Kind::kList ? YamlTree::list(std::move(items))
                                                       : YamlTree::map(std::move(entries));
  rest.set_place(tree.line(), tree.column());
  return rest;
}

}  // namespace

bool Document::remove(std::string_view key_path) {
  YamlTree rest = without(root_, parse_key_path(key_path, {}));
  const bool removed = edgeflow::canonical_text(rest) != edgeflow::canonical_text(root_);
  root_ = std::move(rest);
  return removed;
}

void Document::override_text(std::string_view key_path, const std::string& text,
                             const Position& origin) {
  YamlTree value;
  try {
    value = parse(text, "");
  } catch (const InputError& error) {
    throw InputError(origin, std::string(key_path), error.message());
  }
  override_value(key_path, value, origin);
}

}  // namespace edgeflow
