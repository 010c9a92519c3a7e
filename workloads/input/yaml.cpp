#include "workloads/input/yaml.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "workloads/input/number.hpp"

namespace edgeflow {
namespace {

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

/// Optimal string alignment: Damerau-Levenshtein where no part is edited twice.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before_last.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
          lower(a[i - 2]) == lower(b[j - 1])) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

/// As people write it or not: without case and separators, Raspberry Pi as the catalogue has it.
std::string plain_name(std::string_view name) {
  std::string plain;
  for (const char letter : name) {
    const char small = lower(letter);
    if ((small >= 'a' && small <= 'z') || (small >= '0' && small <= '9')) plain += small;
  }
  constexpr std::string_view kLong = "raspberrypi";
  if (plain.starts_with(kLong)) plain.replace(0, kLong.size(), "rpi");
  return plain;
}

/// ` from 1 to 8`, ` equal to 1`, ` of at least 1`, ` of at most 8`, or nothing without limits.
template <typename Number, typename Text>
std::string limits(Number min, Number max, Text text) {
  if (min == max) return " equal to " + text(min);
  const bool below = min > std::numeric_limits<Number>::lowest();
  const bool above = max < std::numeric_limits<Number>::max();
  if (below && above) return " from " + text(min) + " to " + text(max);
  if (below) return " of at least " + text(min);
  if (above) return " of at most " + text(max);
  return "";
}

std::string joined(std::span<const std::string_view> names) {
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

}  // namespace

std::string Yaml::path_of(std::string_view key) const {
  return path_.empty() ? printable(key) : path_ + "." + printable(key);
}

Position Yaml::position() const { return document_->position_of(node_, path_); }

void Yaml::fail(const std::string& message, const std::string& hint) const {
  throw InputError(position(), path_, message, hint);
}

void Yaml::fail_expected(const std::string& what, const std::string& hint) const {
  std::string got = "nothing";
  if (is_scalar()) got = in_quotes(node_.text());
  if (is_map()) got = "a map";
  if (is_list()) got = "a list";
  fail("got " + got + ", expected " + what, hint);
}

std::vector<std::pair<std::string, Yaml>> Yaml::entries() const {
  if (!is_map()) fail_expected("a map");
  std::vector<std::pair<std::string, Yaml>> result;
  std::set<std::string> seen;
  for (const YamlTree::Entry& entry : node_.entries()) {
    const Yaml key(document_, entry.first, path_);
    if (!key.is_scalar() || key.node_.text().empty()) key.fail_expected("a name as key");
    const std::string& name = key.node_.text();
    const std::string path = path_of(name);
    if (!seen.insert(name).second) {
      throw InputError(document_->position_of(key.node_, path), path_,
                       "key " + in_quotes(name) + " stands here twice");
    }
    result.emplace_back(name, Yaml(document_, entry.second, path));
  }
  return result;
}

void Yaml::expect_keys(std::span<const std::string_view> known) const {
  (void)entries();
  for (const YamlTree::Entry& entry : node_.entries()) {
    const std::string& name = entry.first.text();
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const auto near = nearest_name(name, known);
    throw InputError(document_->position_of(entry.first, path_of(name)), path_,
                     "unknown key " + in_quotes(name),
                     near ? "did you mean " + in_quotes(*near) + "?" : "known: " + joined(known));
  }
}

void Yaml::expect_keys(std::initializer_list<std::string_view> known) const {
  expect_keys(std::span(known.begin(), known.size()));
}

std::optional<Yaml> Yaml::find(std::string_view key) const {
  if (!is_map()) fail_expected("a map");
  const YamlTree* value = node_.find(key);
  return value == nullptr ? std::nullopt : std::optional(Yaml(document_, *value, path_of(key)));
}

Yaml Yaml::at(std::string_view key) const {
  std::optional<Yaml> value = find(key);
  if (!value) fail("missing key " + in_quotes(key));
  return *value;
}

std::vector<Yaml> Yaml::items() const {
  if (!is_list()) fail_expected("a list");
  std::vector<Yaml> result;
  for (const YamlTree& item : node_.items()) {
    result.push_back(Yaml(document_, item, path_ + "[" + std::to_string(result.size()) + "]"));
  }
  return result;
}

std::string Yaml::as_string() const {
  if (!is_scalar() || node_.text().empty()) fail_expected("a text");
  return node_.text();
}

std::size_t Yaml::as_choice(std::span<const std::string_view> names) const {
  const std::string text = is_scalar() ? node_.text() : "";
  const auto found = std::find(names.begin(), names.end(), text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  std::string all;
  for (const std::string_view name : names) all += (all.empty() ? "" : ", ") + std::string(name);
  const auto near = nearest_name(text, names);
  fail_expected("one of " + all, near ? "did you mean " + in_quotes(*near) + "?" : "");
}

bool Yaml::as_bool() const {
  if (!is_scalar()) fail_expected("true or false");
  const std::string& text = node_.text();
  if (text != "true" && text != "false") fail_expected("true or false");
  return text == "true";
}

std::int64_t Yaml::as_integer(std::int64_t min, std::int64_t max) const {
  const auto value = is_scalar() ? parse_number<std::int64_t>(node_.text()) : std::nullopt;
  if (!value || *value < min || *value > max) {
    fail_expected("an integer" +
                  limits(min, max, [](std::int64_t number) { return std::to_string(number); }));
  }
  return *value;
}

double Yaml::as_number(double min, double max) const {
  const auto value = is_scalar() ? parse_number(node_.text()) : std::nullopt;
  if (!value || *value < min || *value > max) {
    fail_expected("a number" + limits(min, max, number_text));
  }
  return *value;
}

double Yaml::as_quantity(Quantity kind, bool zero_ok) const {
  const auto value = is_scalar() ? parse_quantity(node_.text(), kind) : std::nullopt;
  if (!value) fail_expected(describe(kind));
  if (*value == 0 && !zero_ok) fail_expected(describe(kind) + ", more than zero");
  if (*value > kLargestQuantity || (*value != 0 && *value < kSmallestQuantity)) {
    fail_expected(describe(kind), "beyond anything real");
  }
  return *value;
}

std::optional<std::string> nearest_name(std::string_view word,
                                        std::span<const std::string_view> names) {
  std::optional<std::string> nearest;
  std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
  const std::string plain = plain_name(word);
  for (const std::string_view name : names) {
    if (!plain.empty() && plain_name(name) == plain) return std::string(name);
    if (name.size() >= word.size() + least || word.size() >= name.size() + least) continue;
    const std::size_t distance = edit_distance(word, name);
    if (distance >= least || distance >= std::min(word.size(), name.size())) continue;
    least = distance;
    nearest = name;
  }
  return nearest;
}

}  // namespace edgeflow
