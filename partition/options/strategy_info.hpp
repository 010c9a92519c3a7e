#pragma once
// What a strategy is: a table of options, and a function that plans.

#include <span>
#include <string_view>

#include "partition/options/options.hpp"
#include "partition/plans/problem.hpp"

namespace edgeflow {

struct StrategyInfo {
  std::string_view name;
  std::string_view summary;    // one line
  std::string_view paper;      // where it comes from
  std::string_view objective;  // what it optimises: latency, throughput, memory, nothing (control)
  std::span<const OptionInfo> options;
  /// Contract: returns a plan that `validate` accepts, the same for the same arguments; throws
  /// Infeasible, nothing else, except StrategyFailed by `external` and MachineError. Precondition: `options` are of
  /// this strategy and this problem, as read_options returns them.
  Plan (*plan)(const Problem& problem, const OptionValues& options);
  /// Throws OptionError if options rule each other out, or the problem rules out what they say
  /// together. Null if that cannot be.
  void (*check)(const Problem& problem, const OptionValues& options) = nullptr;
  /// Of a plugin: a hash of its file, as part of what made a run; its loader fills it.
  std::string_view plugin_hash = {};
};

/// The options of a strategy, with defaults where none is given. Plans nothing. Throws OptionError
/// for unknown names and for values that are wrong for this problem.
OptionValues read_options(const StrategyInfo& strategy, const Problem& problem,
                          const Options& given);

/// Runs a strategy. Throws OptionError as read_options does, before anything is planned, and what
/// the strategy throws; Infeasible also if its plan does not fit the devices' memory
/// (memory_shortage): single, neurosurgeon, heft, pipeline and edgeflow-joint look for one that
/// does; dads, deepthings, aofl, coedge and cutpoint prefer, of the plans that they compare, one
/// that does; the others divide layers as their papers do, whatever the memory.
Plan make_plan(const StrategyInfo& strategy, const Problem& problem, const Options& options);

}  // namespace edgeflow
