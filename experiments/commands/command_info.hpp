#pragma once
// What the command line takes, as its parser has it: what completions and the manual are made from.

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace edgeflow {

struct ArgumentInfo {
  std::vector<std::string> names;   // "-o", "--output"; none: it has a place, not a name
  std::string value;                // "FOLDER"; empty: takes none
  std::vector<std::string> values;  // what may be given, or what is shipped; others may be, too
  std::string text;

  bool positional() const { return names.empty(); }
};

struct CommandInfo {
  std::string name;
  std::string text;
  std::string footer;
  std::vector<ArgumentInfo> arguments;

  /// What may stand where no option does, of all positional arguments.
  std::vector<std::string> words() const;
};

/// The program itself, then its subcommands in the order of its help.
std::vector<CommandInfo> command_infos(const CLI::App& app);

/// `shell` is one of kShells. The script that completes the program's command line there.
std::string completion(const std::vector<CommandInfo>& commands, const std::string& shell);
inline const std::vector<std::string> kShells{"bash", "zsh", "fish"};

/// The manual's page in the language of man(7).
std::string man_page(const std::vector<CommandInfo>& commands);

}  // namespace edgeflow
