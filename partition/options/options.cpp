#include "partition/options/options.hpp"

#include <fmt/format.h>

#include <charconv>

namespace edgeflow {

std::int64_t whole_option(const Options& options, const std::string& key, std::int64_t least,
                          std::int64_t most) {
  const std::string& text = options.at(key);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most) {
    throw OptionError(
        key, fmt::format("got \"{}\", expected a whole number from {} to {}", text, least, most));
  }
  return value;
}

bool yes_option(const Options& options, const std::string& key) {
  const std::string& text = options.at(key);
  // As YAML writes them, too.
  if (text == "yes" || text == "true") return true;
  if (text == "no" || text == "false") return false;
  throw OptionError(key, fmt::format("got \"{}\", expected yes or no", text));
}

DeviceId device_option(const Problem& problem, const Options& options, const std::string& key,
                       std::string_view word, DeviceId meant) {
  const std::string& name = options.at(key);
  if (name == word) return meant;
  for (std::size_t d = 0; d < problem.cluster.size(); ++d) {
    if (problem.cluster.devices()[d].name == name) return device_at(d);
  }
  throw OptionError(key, fmt::format("the cluster has no device \"{}\"", name));
}

}  // namespace edgeflow
