#pragma once
// YAML values as plain data, and their text.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace edgeflow {

/// Nothing, a scalar, a list or a map. Copies are cheap: they share what they hold until one of
/// them is changed, which leaves the others as they are. References to parts are good until the
/// tree is changed elsewhere.
class YamlTree {
 public:
  enum class Kind : std::uint8_t { kNull, kScalar, kList, kMap };
  using Entry = std::pair<YamlTree, YamlTree>;  // key, value

  YamlTree() = default;
  // Not explicit: trees are put together by assigning texts and numbers.
  YamlTree(std::string text);                                                // NOLINT
  YamlTree(const char* text) : YamlTree(std::string(text)) {}                // NOLINT
  YamlTree(std::integral auto number) : YamlTree(std::to_string(number)) {}  // NOLINT
  static YamlTree list(std::vector<YamlTree> items = {});
  static YamlTree map(std::vector<Entry> entries = {});

  Kind kind() const { return data_ ? data_->kind : Kind::kNull; }
  const std::string& text() const { return data().text; }               // of a scalar, else ""
  const std::vector<YamlTree>& items() const { return data().items; }   // of a list, else none
  const std::vector<Entry>& entries() const { return data().entries; }  // of a map, else none
  /// The value of the first such key; null if there is none.
  const YamlTree* find(std::string_view key) const;

  /// The value of the first such key, added if there is none. Nothing becomes a map.
  YamlTree& operator[](std::string_view key);
  /// Precondition: i is the position of an item.
  YamlTree& item(std::size_t i) { return own().items.at(i); }
  /// Nothing becomes a list.
  void push_back(YamlTree value);

  /// Where it stands in its file, from 1; 0 if in none.
  int line() const { return data().line; }
  int column() const { return data().column; }
  void set_place(int line, int column);

 private:
  struct Data {
    Kind kind = Kind::kNull;
    int line = 0;
    int column = 0;
    std::string text;
    std::vector<YamlTree> items;
    std::vector<Entry> entries;
  };
  const Data& data() const;
  Data& own();

  std::shared_ptr<Data> data_;
};

/// Block style with sorted keys: equal for equal meanings.
std::string canonical_text(const YamlTree& tree);

/// Flow style: {keys: as, they: [stand]}.
std::string one_line_text(const YamlTree& tree);

}  // namespace edgeflow
