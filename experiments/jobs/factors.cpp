#include "experiments/jobs/factors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace edgeflow {
namespace {

std::vector<Yaml> read_values(const std::string& key, const Yaml& list) {
  if (!list.is_list()) list.fail_expected("a list of values");
  if (key == "name" || key == "schema") list.fail("this cannot be varied");
  std::vector<Yaml> values = list.items();
  if (values.empty()) list.fail("is empty, expected at least one value");
  for (const Yaml& value : values) {
    if (value.is_scalar()) (void)value.as_string();
  }
  return values;
}

void read_axes(const Yaml& yaml, std::vector<Factor>& factors) {
  if (!yaml.is_map()) yaml.fail_expected("a map from key paths to lists of values");
  for (const auto& [key, list] : yaml.entries()) {
    if (is_label(key)) list.fail("labels name the values of a group of zip");
    factors.push_back({{key}, {read_values(key, list)}});
  }
  if (yaml.entries().empty()) yaml.fail("is empty, expected at least one axis");
}

void read_zip(const Yaml& yaml, std::vector<Factor>& factors) {
  if (!yaml.is_list()) yaml.fail_expected("a list of groups such as {seed: [1, 2], model: [a, b]}");
  for (const Yaml& group : yaml.items()) {
    if (!group.is_map()) group.fail_expected("a map from key paths to lists of values");
    Factor factor;
    for (const auto& [key, list] : group.entries()) {
      factor.keys.push_back(key);
      factor.values.push_back(read_values(key, list));
      if (factor.values.back().size() != factor.size()) {
        list.fail(fmt::format("has {} values, expected {} as in {}", factor.values.back().size(),
                              factor.size(), factor.keys.front()));
      }
    }
    if (factor.keys.empty()) group.fail("is empty, expected at least one axis");
    factors.push_back(std::move(factor));
  }
}

}  // namespace

void fail_too_many(const Yaml& yaml, const std::string& what) {
  yaml.fail(fmt::format("has more than {} {}", kMaxRuns, what),
            "divide it into several sweeps, each with a name of its own");
}

std::string Factor::text(std::size_t key, std::size_t i) const {
  const Yaml& value = values[key][i];
  if (value.is_scalar()) return value.as_string();
  const auto label = value.is_map() ? value.find("label") : std::nullopt;
  return label && label->is_scalar() ? label->as_string() : fmt::format("#{}", i);
}

std::vector<std::string> Factor::texts(std::size_t key) const {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < size(); ++i) all.push_back(text(key, i));
  return all;
}

bool is_label(const std::string& key) { return key.starts_with("label."); }

std::vector<Factor> read_factors(const Yaml& root) {
  std::vector<Factor> factors;
  const auto zip = root.find("zip");
  if (zip) read_zip(*zip, factors);
  if (!zip || root.find("axes")) read_axes(root.at("axes"), factors);
  std::set<std::string> keys;
  for (const Factor& factor : factors) {
    for (const std::string& key : factor.keys) {
      if (!keys.insert(key).second) root.fail(fmt::format("{} is varied twice", in_quotes(key)));
    }
  }
  if (factors.empty()) root.fail("varies nothing, expected axes or zip");
  return factors;
}

std::size_t count_points(const Yaml& root, const std::vector<Factor>& factors) {
  std::size_t points = 1;
  for (const Factor& factor : factors) {
    points *= factor.size();
    if (points > kMaxRuns) fail_too_many(root, "points");
  }
  return points;
}

Exclusions::Exclusions(const std::optional<Yaml>& yaml, const std::vector<Factor>& factors)
    : factors_(factors) {
  if (!yaml) return;
  std::vector<std::string_view> keys;
  for (const Factor& factor : factors)
    keys.insert(keys.end(), factor.keys.begin(), factor.keys.end());
  for (const Yaml& item : yaml->items()) {
    if (!item.is_map()) item.fail_expected("a map from axes to values");
    item.expect_keys(keys);
    Rule& rule = rules_.emplace_back();
    for (const auto& [key, value] : item.entries()) rule.push_back(read_condition(key, value));
    if (rule.empty()) item.fail("is empty and would exclude everything");
  }
}

bool Exclusions::contains(const Point& point) const {
  return std::any_of(rules_.begin(), rules_.end(), [&](const Rule& rule) {
    return std::all_of(rule.begin(), rule.end(), [&](const Condition& wanted) {
      return factors_[wanted.factor].text(wanted.key, point[wanted.factor]) == wanted.value;
    });
  });
}

/// Precondition: a factor has the key.
Exclusions::Condition Exclusions::read_condition(const std::string& key, const Yaml& value) const {
  Condition condition{0, 0, value.as_string()};
  for (;; ++condition.factor) {
    const std::vector<std::string>& keys = factors_[condition.factor].keys;
    const auto found = std::find(keys.begin(), keys.end(), key);
    if (found == keys.end()) continue;
    condition.key = static_cast<std::size_t>(found - keys.begin());
    break;
  }
  const std::vector<std::string> texts = factors_[condition.factor].texts(condition.key);
  if (std::find(texts.begin(), texts.end(), condition.value) == texts.end()) {
    value.fail_expected(fmt::format("one of the axis's values {}", fmt::join(texts, ", ")));
  }
  return condition;
}

}  // namespace edgeflow
