#pragma once
// What a sweep varies: its factors, their points, and which of these it leaves out. See sweep.hpp.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "workloads/input/yaml.hpp"

namespace edgeflow {

/// Of points, and of runs.
inline constexpr std::size_t kMaxRuns = 1'000'000;
/// Throws InputError at `yaml`, which has more than that of `what`.
[[noreturn]] void fail_too_many(const Yaml& yaml, const std::string& what);

/// Key paths whose values change together: an axis, or a group of zip.
struct Factor {
  std::vector<std::string> keys;
  std::vector<std::vector<Yaml>> values;  // by key

  std::size_t size() const { return values.front().size(); }

  /// What stands in tables for a value: itself, or of a map its `label`, else its position.
  std::string text(std::size_t key, std::size_t i) const;
  /// All of a key.
  std::vector<std::string> texts(std::size_t key) const;
};

/// Whether a key path is label.*: labels name the values of a group of zip, and change nothing.
bool is_label(const std::string& key);

/// Groups of zip, then axes, of a sweep. Throws InputError.
std::vector<Factor> read_factors(const Yaml& root);

/// How many points there are, exclusions among them. Throws InputError if there are too many.
std::size_t count_points(const Yaml& root, const std::vector<Factor>& factors);

/// A point is the index of a value per factor.
using Point = std::vector<std::size_t>;

/// The points that the list `exclude` of a sweep names.
class Exclusions {
 public:
  /// Throws InputError. `factors` must outlive this.
  Exclusions(const std::optional<Yaml>& yaml, const std::vector<Factor>& factors);
  bool contains(const Point& point) const;

 private:
  struct Condition {
    std::size_t factor, key;
    std::string value;
  };
  using Rule = std::vector<Condition>;

  Condition read_condition(const std::string& key, const Yaml& value) const;

  const std::vector<Factor>& factors_;
  std::vector<Rule> rules_;
};

}  // namespace edgeflow
