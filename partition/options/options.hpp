#pragma once
// Options of strategies.

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "partition/plans/problem.hpp"

namespace edgeflow {

/// A mistake in a strategy's options; `key` is the option.
class OptionError : public std::runtime_error {
 public:
  OptionError(std::string key, const std::string& message)
      : std::runtime_error(message), key_(std::move(key)) {}
  const std::string& key() const { return key_; }

 private:
  std::string key_;
};

/// Options by name, values as written.
using Options = std::map<std::string, std::string>;

struct OptionInfo {
  std::string_view key;
  std::string_view values;  // what may be written: "a device name or best"
  std::string_view meaning;
  std::string_view default_value;
};

/// The value of a whole-number option. Throws OptionError unless it is one from `least` to `most`.
std::int64_t whole_option(const Options& options, const std::string& key, std::int64_t least,
                          std::int64_t most);

/// Whether an option that is yes or no is yes. Throws OptionError.
bool yes_option(const Options& options, const std::string& key);

/// The device that an option names; `word` stands for `meant`. Throws OptionError.
DeviceId device_option(const Problem& problem, const Options& options, const std::string& key,
                       std::string_view word, DeviceId meant);

}  // namespace edgeflow
