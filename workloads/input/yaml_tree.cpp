#include "workloads/input/yaml_tree.hpp"

#include <yaml-cpp/emitter.h>

#include <algorithm>
#include <array>
#include <map>

namespace edgeflow {
namespace {

constexpr std::size_t kIndent = 2;
/// Longer keys are no keys of the form `key: value` (YAML 1.2, section 7.4.2).
constexpr std::size_t kMaxSimpleKey = 1024;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Whether the text, unquoted, is itself wherever it stands. Not all that are: yaml-cpp decides
/// about the others.
bool is_plain(const std::string& text) {
  constexpr std::array<std::string_view, 3> kNulls{"null", "Null", "NULL"};
  return !text.empty() && is_letter_or_digit(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) {
                       return is_letter_or_digit(c) || c == '_' || c == '.' || c == '/' ||
                              c == '+' || c == '-';
                     }) &&
         std::find(kNulls.begin(), kNulls.end(), text) == kNulls.end();
}

std::string scalar_text(const std::string& text, YAML::EMITTER_MANIP style) {
  if (is_plain(text)) return text;
  YAML::Emitter out;
  out << style << text;
  return out.c_str();
}

std::string key_text(const YamlTree& key) {
  return key.kind() == YamlTree::Kind::kScalar ? scalar_text(key.text(), YAML::DoubleQuoted)
                                               : one_line_text(key);
}

/// Appends what stands after "key:" or "-", to the end of the line. `column` is where lines start.
void emit(std::string& out, const YamlTree& tree, std::size_t column);

void emit_map(std::string& out, const YamlTree& map, std::size_t column, bool on_this_line) {
  std::multimap<std::string, const YamlTree::Entry*> sorted;
  for (const YamlTree::Entry& entry : map.entries()) {
    const YamlTree& key = entry.first;
    const bool scalar = key.kind() == YamlTree::Kind::kScalar;
    sorted.emplace(scalar ? key.text() : one_line_text(key), &entry);
  }
  for (const auto& [name, entry] : sorted) {
    if (!on_this_line) out.append(column, ' ');
    on_this_line = false;
    const std::string key = key_text(entry->first);
    if (key.size() > kMaxSimpleKey) {
      out += "? " + key + "\n";
      out.append(column, ' ');
    } else {
      out += key;
    }
    out += ':';
    emit(out, entry->second, column + kIndent);
  }
}

void emit_list(std::string& out, const YamlTree& list, std::size_t column) {
  for (const YamlTree& item : list.items()) {
    out.append(column, ' ');
    out += '-';
    if (item.entries().empty()) {
      emit(out, item, column + kIndent);
    } else {
      out += ' ';
      emit_map(out, item, column + kIndent, /*on_this_line=*/true);
    }
  }
}

void emit(std::string& out, const YamlTree& tree, std::size_t column) {
  if (!tree.entries().empty()) {
    out += '\n';
    emit_map(out, tree, column, /*on_this_line=*/false);
  } else if (!tree.items().empty()) {
    out += '\n';
    emit_list(out, tree, column);
  } else if (tree.kind() == YamlTree::Kind::kScalar) {
    out += ' ' + scalar_text(tree.text(), YAML::Auto) + '\n';
  } else {
    out += ' ' + one_line_text(tree) + '\n';
  }
}

void emit_one_line(std::string& out, const YamlTree& tree) {
  switch (tree.kind()) {
    case YamlTree::Kind::kNull:
      out += '~';
      return;
    case YamlTree::Kind::kScalar:
      out += scalar_text(tree.text(), YAML::DoubleQuoted);
      return;
    case YamlTree::Kind::kList:
      out += '[';
      for (const YamlTree& item : tree.items()) {
        if (&item != &tree.items().front()) out += ", ";
        emit_one_line(out, item);
      }
      out += ']';
      return;
    case YamlTree::Kind::kMap:
      out += '{';
      for (const auto& entry : tree.entries()) {
        if (&entry != &tree.entries().front()) out += ", ";
        emit_one_line(out, entry.first);
        out += ": ";
        emit_one_line(out, entry.second);
      }
      out += '}';
      return;
  }
}

}  // namespace

YamlTree::YamlTree(std::string text) : data_(std::make_shared<Data>()) {
  data_->kind = Kind::kScalar;
  data_->text = std::move(text);
}

YamlTree YamlTree::list(std::vector<YamlTree> items) {
  YamlTree tree;
  tree.own().kind = Kind::kList;
  tree.own().items = std::move(items);
  return tree;
}

YamlTree YamlTree::map(std::vector<Entry> entries) {
  YamlTree tree;
  tree.own().kind = Kind::kMap;
  tree.own().entries = std::move(entries);
  return tree;
}

const YamlTree* YamlTree::find(std::string_view key) const {
  for (const auto& [name, value] : entries()) {
    if (name.kind() == Kind::kScalar && name.text() == key) return &value;
  }
  return nullptr;
}

YamlTree& YamlTree::operator[](std::string_view key) {
  Data& map = own();
  if (map.kind == Kind::kNull) map.kind = Kind::kMap;
  for (auto& [name, value] : map.entries) {
    if (name.kind() == Kind::kScalar && name.text() == key) return value;
  }
  return map.entries.emplace_back(std::string(key), YamlTree()).second;
}

void YamlTree::push_back(YamlTree value) {
  Data& list = own();
  if (list.kind == Kind::kNull) list.kind = Kind::kList;
  list.items.push_back(std::move(value));
}

void YamlTree::set_place(int line, int column) {
  own().line = line;
  own().column = column;
}

const YamlTree::Data& YamlTree::data() const {
  static const Data kNothing;
  return data_ ? *data_ : kNothing;
}

YamlTree::Data& YamlTree::own() {
  if (!data_) data_ = std::make_shared<Data>();
  if (data_.use_count() > 1) data_ = std::make_shared<Data>(*data_);
  return *data_;
}

std::string canonical_text(const YamlTree& tree) {
  std::string text;
  if (!tree.entries().empty()) {
    emit_map(text, tree, 0, false);
  } else if (!tree.items().empty()) {
    emit_list(text, tree, 0);
  } else {
    emit(text, tree, 0);
    text.erase(0, 1);  // the blank after a key
  }
  return text;
}

std::string one_line_text(const YamlTree& tree) {
  std::string text;
  emit_one_line(text, tree);
  return text;
}

}  // namespace edgeflow
