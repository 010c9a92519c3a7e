#pragma once
// Options of strategies: a strategy lists those that it has in a table; from it come the help, and
// the values, read and checked.

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "partition/plans/problem.hpp"

namespace edgeflow {

/// A mistake in a strategy's options; `key` is the option, `hint` may be empty.
class OptionError : public std::runtime_error {
 public:
  OptionError(std::string_view key, const std::string& message, std::string hint = "")
      : std::runtime_error(message), key_(key), hint_(std::move(hint)) {}
  const std::string& key() const { return key_; }
  const std::string& hint() const { return hint_; }

 private:
  std::string key_;
  std::string hint_;
};

/// Options by name, values as written.
using Options = std::map<std::string, std::string>;

/// What an option's value is, besides its words: behind each its type here, and how it is written.
enum class OptionType : std::uint8_t {
  kWord,      // nothing but its words
  kFlag,      // bool: yes, no, true or false
  kWhole,     // std::int64_t, from `least` to `most`
  kSeconds,   // double: a number of seconds, or a duration with its unit
  kDuration,  // double, in s: a duration with its unit, more than zero
  kGrid,      // Grid: 2x3
  kDevice,    // DeviceId: a name in the cluster
  kDevices,   // std::vector<DeviceId>: one or more, parted by blanks
  kLayer,     // LayerId: a name in the model
  kLayers,    // std::vector<LayerId>: one or more, parted by blanks
  kShares,    // std::vector<double>: for each device, parted by blanks, not all 0
  kCommand,   // std::vector<std::string>: words as a JSON list, none empty; none by default
};

/// Tiles over a feature map.
struct Grid {
  std::int64_t rows = 1;
  std::int64_t columns = 1;
  std::size_t tiles() const { return static_cast<std::size_t>(rows * columns); }
  friend bool operator==(const Grid&, const Grid&) = default;
};

/// A row of a strategy's table.
struct OptionInfo {
  std::string_view key;
  OptionType type = OptionType::kWord;
  std::array<std::string_view, 4> words{};  // that may be written instead, the empty ones aside
  std::string_view default_value;           // as written
  std::string_view meaning;                 // one line
  double least = 0;                         // of kWhole
  double most = std::numeric_limits<double>::infinity();
};

/// What may be written: "auto, or a whole number from 1".
std::string values_text(const OptionInfo& option);
/// Whether the values are lists.
bool is_list(OptionType type);

/// All options of a table with their values.
class OptionValues {
 public:
  /// Those that are not `given` have their defaults; keys that are not in the table are left out.
  /// Throws OptionError for a value that is not one of its option, or not one on this problem.
  OptionValues(std::span<const OptionInfo> table, const Options& given, const Problem& problem);

  // Precondition of all: the table has the key.
  /// The word that stands there, empty if a value does.
  std::string_view word(std::string_view key) const;
  /// The value. Precondition: `Value` is what its type says, and no word stands there.
  template <typename Value>
  const Value& get(std::string_view key) const {
    return std::get<Value>(entry(key).value);
  }
  /// The value, or `otherwise` where a word stands.
  template <typename Value>
  Value get_or(std::string_view key, Value otherwise) const {
    const Value* value = std::get_if<Value>(&entry(key).value);
    return value ? *value : otherwise;
  }
  bool flag(std::string_view key) const { return get<bool>(key); }
  /// Whether the value is the default one, however it is written.
  bool is_default(std::string_view key) const { return entry(key).is_default; }

 private:
  /// A word of the table, or what the option's type says.
  using Value = std::variant<std::string_view, bool, std::int64_t, double, Grid, DeviceId,
                             std::vector<DeviceId>, LayerId, std::vector<LayerId>,
                             std::vector<double>, std::vector<std::string>>;
  struct Entry {
    Value value;
    bool is_default = true;
  };
  static Value read(const OptionInfo& option, const std::string& text, const Problem& problem);
  const Entry& entry(std::string_view key) const { return entries_.find(key)->second; }

  std::map<std::string_view, Entry> entries_;
};

}  // namespace edgeflow
