#pragma once
// Reading YAML so that every complaint names file, line, column and key path.
//
// A `Document` is a parsed file plus overrides (`--set a.b[2]=v`, sweep axes), and a `Yaml` is one
// value in it. All accessors throw InputError; none of yaml-cpp's exceptions escapes.

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "workloads/input/error.hpp"
#include "workloads/input/quantity.hpp"
#include "workloads/input/yaml_tree.hpp"

namespace edgeflow {

class Document;

/// One value of a document. Cheap to copy.
class Yaml {
 public:
  bool is_null() const { return node_.kind() == YamlTree::Kind::kNull; }
  bool is_map() const { return node_.kind() == YamlTree::Kind::kMap; }
  bool is_list() const { return node_.kind() == YamlTree::Kind::kList; }
  bool is_scalar() const { return node_.kind() == YamlTree::Kind::kScalar; }

  /// Key path from the root, such as "cluster.devices[2].memory"; empty for the root.
  const std::string& path() const { return path_; }
  Position position() const;
  const Document& document() const { return *document_; }
  const YamlTree& node() const { return node_; }

  /// Throws InputError at this value.
  [[noreturn]] void fail(const std::string& message, const std::string& hint = "") const;
  /// Throws `got "<value>", expected <what>` at this value.
  [[noreturn]] void fail_expected(const std::string& what, const std::string& hint = "") const;

  // Maps. `expect_keys` also refuses duplicate keys, and proposes the nearest known key for a typo.
  void expect_keys(std::span<const std::string_view> known) const;
  void expect_keys(std::initializer_list<std::string_view> known) const;
  Yaml at(std::string_view key) const;                        // error if missing
  std::optional<Yaml> find(std::string_view key) const;       // nothing if missing
  std::vector<std::pair<std::string, Yaml>> entries() const;  // in order, duplicates refused

  // Lists.
  std::vector<Yaml> items() const;

  // Scalars.
  std::string as_string() const;  // not empty
  bool as_bool() const;
  /// The index of a name among `names`.
  std::size_t as_choice(std::span<const std::string_view> names) const;
  std::int64_t as_integer(std::int64_t min = std::numeric_limits<std::int64_t>::min(),
                          std::int64_t max = std::numeric_limits<std::int64_t>::max()) const;
  double as_number(double min, double max) const;  // finite
  /// A number with a unit, in SI units and within the limits of quantity.hpp. Zero is refused
  /// unless `zero_ok`.
  double as_quantity(Quantity kind, bool zero_ok = false) const;

 private:
  friend class Document;
  Yaml(const Document* document, YamlTree node, std::string path)
      : document_(document), node_(std::move(node)), path_(std::move(path)) {}
  std::string path_of(std::string_view key) const;

  const Document* document_;
  YamlTree node_;
  std::string path_;
};

/// A YAML file in memory. Must outlive the `Yaml` values taken from it. A copy costs little and can
/// be changed apart.
class Document {
 public:
  /// Throws InputError if the file cannot be read or is not YAML. Files over 64 MiB,
  /// several documents in one file and aliases to a value that contains them are refused.
  explicit Document(const std::filesystem::path& file);
  /// Parses `text`; `name` stands for the file in messages.
  Document(std::string_view text, std::string name);

  Yaml root() const { return {this, root_, ""}; }
  const std::string& file() const { return file_; }
  /// The folder that relative paths in the document start from.
  std::filesystem::path folder() const;

  /// Replaces (or adds) the value at `key_path` ("a.b[2].c"). Mistakes in the value are reported at
  /// `origin`. Throws InputError at `origin` if the path cannot be followed.
  void override_value(std::string_view key_path, const YamlTree& value, const Position& origin);
  /// The same with the value still as text, as in `--set key.path=text`.
  void override_text(std::string_view key_path, const std::string& text, const Position& origin);

  /// Takes the value at `key_path` out of its map or list, whose later items then have lower numbers;
  /// false if there is none. Precondition: it is a path that an error of the document names.
  bool remove(std::string_view key_path);

  /// The document, overrides included, as YAML text with sorted keys: equal for equal meanings.
  std::string canonical_text() const { return edgeflow::canonical_text(root_); }

 private:
  friend class Yaml;
  Position position_of(const YamlTree& node, const std::string& path) const;

  std::string file_;
  YamlTree root_;
  std::vector<std::pair<std::string, Position>> overrides_;  // a later one wins
};

/// Calls `load` for the file that `yaml` names; a mistake that has no place of its own (no such file)
/// is the mistake of `yaml`.
template <typename Load>
auto loaded_for(const Yaml& yaml, Load load) {
  try {
    return load();
  } catch (const InputError& error) {
    if (!error.position().file.empty()) throw;
    yaml.fail(error.message(), error.hint());
  }
}

/// The name nearest to `word` if it is near enough to be a typo, for "did you mean" hints: insert,
/// delete, change or swap at most a third of its letters, whatever their case; or the one that
/// differs from it in case and separators only.
std::optional<std::string> nearest_name(std::string_view word,
                                        std::span<const std::string_view> names);

}  // namespace edgeflow
