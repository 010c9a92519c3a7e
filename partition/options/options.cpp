#include "partition/options/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>

#include "workloads/input/csv.hpp"
#include "workloads/input/json.hpp"
#include "workloads/input/quantity.hpp"
#include "workloads/input/yaml.hpp"

namespace edgeflow {
namespace {

constexpr std::int64_t kMostRows = 32;  // of a grid, and columns

std::vector<std::string_view> words_of(const OptionInfo& option) {
  std::vector<std::string_view> words;
  for (std::string_view word : option.words) {
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

/// " from 1 to 5", as far as there are limits.
std::string limits_text(const OptionInfo& option) {
  return fmt::format(" from {}{}", option.least,
                     std::isfinite(option.most) ? fmt::format(" to {}", option.most) : "");
}

/// What may be written besides the words.
std::string type_text(const OptionInfo& option) {
  switch (option.type) {
    case OptionType::kWord:
      return "";
    case OptionType::kFlag:
      return "yes or no";
    case OptionType::kWhole:
      return "a whole number" + limits_text(option);
    case OptionType::kSeconds:
      return "seconds such as 0.5 or 500ms";
    case OptionType::kDuration:
      return describe(Quantity::kDuration);
    case OptionType::kGrid:
      return fmt::format("rows x columns such as 2x3, each from 1 to {}", kMostRows);
    case OptionType::kDevice:
      return "a device's name";
    case OptionType::kDevices:
      return "names of devices";
    case OptionType::kLayer:
      return "a layer's name";
    case OptionType::kLayers:
      return "names of layers";
    case OptionType::kShares:
      return "a number for each device, not all 0";
    case OptionType::kCommand:
      return "a list of words such as [./my_strategy.py]";
  }
  return "";
}

std::vector<std::string> parted(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> result;
  for (std::string word; stream >> word;) result.push_back(word);
  return result;
}

std::optional<bool> parse_flag(const std::string& text) {
  if (text == "yes" || text == "true") return true;
  if (text == "no" || text == "false") return false;
  return std::nullopt;
}

std::optional<std::int64_t> parse_whole(const OptionInfo& option, const std::string& text) {
  constexpr double kExact = 9e15;  // doubles hold all whole numbers up to it
  const auto value = parse_number(text);
  if (!value || *value != std::floor(*value)) return std::nullopt;
  if (*value < option.least || *value > std::min(option.most, kExact)) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

std::optional<double> parse_seconds(const std::string& text) {
  const auto plain = parse_number(text);
  const auto value = plain ? plain : parse_quantity(text, Quantity::kDuration);
  return value && *value >= 0 ? value : std::nullopt;
}

std::optional<double> parse_duration(const std::string& text) {
  const auto value = parse_quantity(text, Quantity::kDuration);
  if (!value || *value < kSmallestQuantity || *value > kLargestQuantity) return std::nullopt;
  return value;
}

std::optional<Grid> parse_grid(const std::string& text) {
  Grid grid;
  const char* const end = text.data() + text.size();
  const auto rows = std::from_chars(text.data(), end, grid.rows);
  if (rows.ec != std::errc{} || rows.ptr == end || *rows.ptr != 'x') return std::nullopt;
  const auto columns = std::from_chars(rows.ptr + 1, end, grid.columns);
  if (columns.ec != std::errc{} || columns.ptr != end) return std::nullopt;
  const auto fits = [](std::int64_t n) { return n >= 1 && n <= kMostRows; };
  return fits(grid.rows) && fits(grid.columns) ? std::optional(grid) : std::nullopt;
}

std::optional<std::vector<double>> parse_shares(const std::string& text, std::size_t devices) {
  std::vector<double> shares;
  double sum = 0;
  for (const std::string& word : parted(text)) {
    const auto share = parse_number(word);
    if (!share || *share < 0) return std::nullopt;
    shares.push_back(*share);
    sum += *share;
  }
  if (shares.size() != devices || !(sum > 0)) return std::nullopt;
  return shares;
}

std::optional<std::vector<std::string>> parse_command(const std::string& text) {
  const std::vector<std::string> words = words_of_json(text);
  const bool empty_word = std::ranges::find(words, "") != words.end();
  if (empty_word || (words.empty() && !text.empty())) return std::nullopt;
  return words;
}

/// The position of `name` among `names`. Throws OptionError: "`owner` has no `what` ...".
std::size_t position_of(const OptionInfo& option, const std::string& name,
                        std::span<const std::string_view> names, std::string_view owner,
                        std::string_view what) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  const auto near = nearest_name(name, names);
  throw OptionError(
      option.key, fmt::format("the {} has no {} {}", owner, what, in_quotes(name)),
      near ? fmt::format("did you mean {}?", in_quotes(*near)) : "expected " + values_text(option));
}

DeviceId device_named(const OptionInfo& option, const std::string& name, const Problem& problem) {
  std::vector<std::string_view> names;
  for (const Device& device : problem.cluster.devices()) names.push_back(device.name);
  return device_at(position_of(option, name, names, "cluster", "device"));
}

LayerId layer_named(const OptionInfo& option, const std::string& name, const Problem& problem) {
  std::vector<std::string_view> names;
  for (const Layer& layer : problem.graph.layers()) names.push_back(layer.name);
  return layer_at(position_of(option, name, names, "model", "layer"));
}

template <typename Id>
std::vector<Id> all_named(const OptionInfo& option, const std::string& text, const Problem& problem,
                          Id (*named)(const OptionInfo&, const std::string&, const Problem&)) {
  std::vector<Id> ids;
  for (const std::string& name : parted(text)) ids.push_back(named(option, name, problem));
  return ids;
}

[[noreturn]] void fail(const OptionInfo& option, const std::string& text) {
  std::vector<std::string_view> words = words_of(option);
  if (option.type == OptionType::kFlag) words = {"yes", "no", "true", "false"};
  const auto near = nearest_name(text, words);
  throw OptionError(option.key,
                    fmt::format("got {}, expected {}", in_quotes(text), values_text(option)),
                    near ? fmt::format("did you mean {}?", in_quotes(*near)) : "");
}

template <typename Parsed>
Parsed checked(const OptionInfo& option, const std::string& text, std::optional<Parsed> value) {
  if (!value) fail(option, text);
  return *std::move(value);
}

template <typename List>
List not_empty(const OptionInfo& option, const std::string& text, List list) {
  if (list.empty()) fail(option, text);
  return list;
}

}  // namespace

std::string values_text(const OptionInfo& option) {
  const std::vector<std::string_view> words = words_of(option);
  std::string type = type_text(option);
  if (words.empty()) return type;
  if (!type.empty()) return fmt::format("{}, or {}", fmt::join(words, ", "), type);
  return fmt::format("{} or {}", fmt::join(words.begin(), words.end() - 1, ", "), words.back());
}

bool is_list(OptionType type) {
  return type == OptionType::kDevices || type == OptionType::kLayers || type == OptionType::kShares;
}

/// Throws OptionError.
OptionValues::Value OptionValues::read(const OptionInfo& option, const std::string& text,
                                       const Problem& problem) {
  for (std::string_view word : words_of(option)) {
    if (text == word) return word;
  }
  switch (option.type) {
    case OptionType::kWord:
      fail(option, text);
    case OptionType::kFlag:
      return checked(option, text, parse_flag(text));
    case OptionType::kWhole:
      return checked(option, text, parse_whole(option, text));
    case OptionType::kSeconds:
      return checked(option, text, parse_seconds(text));
    case OptionType::kDuration:
      return checked(option, text, parse_duration(text));
    case OptionType::kGrid:
      return checked(option, text, parse_grid(text));
    case OptionType::kDevice:
      return device_named(option, text, problem);
    case OptionType::kDevices:
      return not_empty(option, text, all_named(option, text, problem, device_named));
    case OptionType::kLayer:
      return layer_named(option, text, problem);
    case OptionType::kLayers:
      return not_empty(option, text, all_named(option, text, problem, layer_named));
    case OptionType::kShares:
      return checked(option, text, parse_shares(text, problem.cluster.size()));
    case OptionType::kCommand:
      return checked(option, text, parse_command(text));
  }
  fail(option, text);
}

OptionValues::OptionValues(std::span<const OptionInfo> table, const Options& given,
                           const Problem& problem) {
  for (const OptionInfo& option : table) {
    const Value usual = read(option, std::string(option.default_value), problem);
    const auto found = given.find(std::string(option.key));
    const Value value = found == given.end() ? usual : read(option, found->second, problem);
    entries_[option.key] = {value, value == usual};
  }
}

std::string_view OptionValues::word(std::string_view key) const {
  return get_or(key, std::string_view());
}

}  // namespace edgeflow
