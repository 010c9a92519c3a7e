#pragma once
// The strategies that a scenario names, with the options that it gives them.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "partition/strategy.hpp"
#include "workloads/input/yaml.hpp"

namespace edgeflow {

/// Where an option is written, and its key path.
struct OptionPlace {
  Position position;
  std::string path;
};

struct StrategyChoice {
  std::string name;
  std::string label;                   // what tables and figures call it; empty: see label_of
  OptionPlace label_place;             // of one that was given
  const StrategyInfo* info = nullptr;  // null: the plan comes from a file
  Options options;                     // those that were given
  std::map<std::string, OptionPlace> places;  // of these
  std::filesystem::path folder;               // that paths in `command` and `files` are relative to

  /// The options as the strategy gets them: relative paths made absolute.
  Options resolved_options() const;
  /// What the files hold that an external program is said to read, each by its hash: those in
  /// `files`, and those that words of `command` name, whole or behind a `=`; relative to the
  /// current folder, where the program runs, or else to `folder`.
  std::string named_files() const;
  /// The same of a program that is looked up in PATH, and of a plugin; empty for others.
  std::string found_program() const;
  /// Throws InputError if the strategy does not understand its options on this problem.
  void check_options(const Problem& problem) const;
  /// The mistake in an option as an error at its place.
  InputError error(const OptionError& error) const;
};

/// Reads `edgeflow` or `{name: edgeflow, label: EdgeFlow, options: {...}}`; options are not checked
/// yet. Throws InputError.
StrategyChoice read_strategy(const Yaml& yaml);

/// The `strategy:` or `strategies:` of a scenario, all different, also by label; none if it has neither. Throws
/// InputError.
std::vector<StrategyChoice> read_strategies(const Yaml& yaml);

/// What the options of a strategy say, in one cell: "device=nano"; several are parted by a blank.
std::string options_text(const StrategyChoice& strategy);

/// What tables and figures call a strategy: its label; without one its name, with its options in
/// parentheses if it has some.
std::string label_of(const StrategyChoice& strategy);

/// Labels, each of one strategy.
class Labels {
 public:
  /// Throws InputError, at the place of one that was given, if another strategy is called alike.
  void add(const StrategyChoice& strategy);

 private:
  std::map<std::string, StrategyChoice> by_label_;
};

/// The folder that a relative path at `yaml` starts from: that of the file it is written in, the
/// current one for the command line.
std::filesystem::path folder_of(const Yaml& yaml);

}  // namespace edgeflow
