#include "experiments/scenario/traces.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "experiments/scenario/strategy_choice.hpp"
#include "experiments/scenario/times.hpp"
#include "workloads/input/csv.hpp"
#include "workloads/input/number.hpp"

namespace edgeflow {
namespace {

constexpr std::size_t kMaxSteps = 1'000'000;

/// The numbers in the columns at_s and that of the form.
std::vector<Trace::Step> read_steps_file(const Yaml& yaml, const TraceForm& form) {
  CsvReader table = loaded_for(yaml, [&] { return CsvReader(folder_of(yaml) / yaml.as_string()); });
  const auto at = table.column("at_s");
  const auto column = table.column(form.column);
  if (!at || !column) {
    throw InputError(table.position(), "",
                     fmt::format("expected a table with columns at_s and {}", form.column));
  }
  std::vector<Trace::Step> steps;
  while (table.next()) {
    const double at_s = read_instant(table, *at, "at_s", steps.empty() ? 0 : steps.back().at_s);
    const std::string& text = table.text(*column);
    const auto value = parse_number(text);
    if (!value || *value < kSmallestQuantity || *value > form.most) {
      throw InputError(table.position(*column), std::string(form.column),
                       fmt::format("got {}, expected {}", in_quotes(text), form.expected),
                       value && *value > kLargestQuantity ? "beyond anything real" : "");
    }
    steps.push_back({at_s, *value});
  }
  return steps;
}

std::vector<Trace::Step> read_steps(const Yaml& yaml, const TraceForm& form) {
  std::vector<Trace::Step> steps;
  for (const Yaml& item : yaml.items()) {
    item.expect_keys({"at", form.value});
    const Yaml at = item.at("at");
    const double at_s = read_instant(at);
    if (!steps.empty() && at_s <= steps.back().at_s) {
      at.fail_expected("a time after that of the step before");
    }
    const Yaml value = item.at(form.value);
    steps.push_back({at_s, value.as_quantity(form.unit)});
    if (steps.back().value > form.most) value.fail_expected("at most 100%");
  }
  return steps;
}

Trace read_trace(const Yaml& yaml, const TraceForm& form, std::span<const std::string> names,
                 std::set<int>& traced) {
  yaml.expect_keys({form.of, "steps", "file", "period"});
  Trace trace;
  const Yaml which = yaml.at(form.of);
  const auto add = [&](const Yaml& place, std::size_t one) {
    trace.of.push_back(static_cast<int>(one));
    if (traced.insert(trace.of.back()).second) return;
    place.fail(fmt::format("{} \"{}\" is given a {} twice", form.one, names[one], form.value));
  };
  if (which.is_list()) {
    for (const Yaml& item : which.items()) add(item, find_name(item, names, form.one));
    if (trace.of.empty()) which.fail(fmt::format("is empty, expected at least one {}", form.one));
  } else if (which.as_string() == "all") {
    for (std::size_t one = 0; one < names.size(); ++one) add(which, one);
  } else {
    add(which, find_name(which, names, form.one));
  }
  const auto file = yaml.find("file");
  const auto steps = yaml.find("steps");
  if (file && steps) steps->fail("give \"file\" or \"steps\", not both");
  const Yaml source = file ? *file : yaml.at("steps");
  trace.steps = file ? read_steps_file(source, form) : read_steps(source, form);
  if (trace.steps.empty()) source.fail("holds no step");
  if (trace.steps.size() > kMaxSteps) source.fail("holds more than a million steps");
  if (const auto period = yaml.find("period")) {
    trace.period_s = period->as_quantity(Quantity::kDuration);
    if (trace.steps.front().at_s > 0) source.fail("has a period, so its first step must be at 0s");
    if (trace.steps.back().at_s >= trace.period_s) {
      period->fail_expected("a duration beyond the last step");
    }
  }
  return trace;
}

}  // namespace

std::vector<Trace> read_traces(const Yaml& list, const TraceForm& form,
                               std::span<const std::string> names) {
  std::vector<Trace> traces;
  std::set<int> traced;
  for (const Yaml& item : list.items()) traces.push_back(read_trace(item, form, names, traced));
  return traces;
}

YamlTree traces_node(std::span<const Trace> traces, const TraceForm& form,
                     std::span<const std::string> names, std::string (*text)(double)) {
  YamlTree node;
  for (const Trace& trace : traces) {
    YamlTree item;
    for (const int one : trace.of) item[form.of].push_back(names[std::size_t(one)]);
    for (const auto& step : trace.steps) {
      YamlTree at;
      at["at"] = with_unit(step.at_s, "s");
      at[form.value] = text(step.value);
      item["steps"].push_back(at);
    }
    if (trace.period_s > 0) item["period"] = with_unit(trace.period_s, "s");
    node.push_back(item);
  }
  return node;
}

std::size_t find_name(const Yaml& yaml, std::span<const std::string> names, const char* what) {
  const std::string text = yaml.is_scalar() ? yaml.as_string() : "";
  const auto found = std::find(names.begin(), names.end(), text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  const auto near = nearest_name(text, std::vector<std::string_view>(names.begin(), names.end()));
  yaml.fail_expected(fmt::format("the name of a {}", what),
                     near ? fmt::format("did you mean \"{}\"?", *near)
                          : fmt::format("such as \"{}\"", names.front()));
}

}  // namespace edgeflow
