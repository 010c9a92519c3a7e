#pragma once
// Strategies turn a problem into a plan.

#include <functional>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "partition/plan.hpp"

namespace edgeflow {

struct Problem {
  const Graph& graph;
  const Cluster& cluster;
  ElementSize size;
};

/// A strategy that cannot serve a problem says why; becomes the status `infeasible`.
class Infeasible : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A strategy that should have served a problem and did not, such as a program of the user's that
/// crashed; becomes the status `failed`.
class StrategyFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

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

/// A row of the registry.
struct StrategyInfo {
  std::string_view name;
  std::string_view summary;  // one line
  std::string_view paper;    // where it comes from
  std::vector<OptionInfo> options;
  /// Contract: returns a plan that `validate` accepts, the same for the same arguments; throws
  /// Infeasible or OptionError, nothing else, except StrategyFailed by `external`.
  Plan (*plan)(const Problem& problem, const Options& options);
};

/// All strategies, in the order of documentation.
std::span<const StrategyInfo> strategies();

/// Nothing if there is none of that name.
const StrategyInfo* find_strategy(std::string_view name);

/// Runs a strategy after checking the options' names, filling in defaults. Throws Infeasible also
/// if its plan does not fit the devices' memory (memory_shortage): single, neurosurgeon, heft,
/// pipeline and edgeflow-joint look for one that does; dads and deepthings prefer, of the plans
/// that they compare, one that does; the others divide layers as their papers do, whatever the
/// memory.
Plan make_plan(const StrategyInfo& strategy, const Problem& problem, const Options& options);

}  // namespace edgeflow
