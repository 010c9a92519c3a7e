#include "experiments/commands/command_info.hpp"

#include <algorithm>
#include <cctype>

#include "experiments/commands/inspect.hpp"
#include "experiments/commands/script.hpp"
#include "workloads/input/home.hpp"

namespace edgeflow {
namespace {

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(at, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

/// "a|b|c" -> a, b, c if these are words to be typed, not names of what is.
std::vector<std::string> alternatives(const std::string& text) {
  const bool upper =
      std::any_of(text.begin(), text.end(), [](unsigned char c) { return std::isupper(c) != 0; });
  return upper || text.find('|') == std::string::npos ? std::vector<std::string>()
                                                      : split(text, '|');
}

/// "STATUS:{failed,crashed}" -> STATUS and the two values.
void take_type(const std::string& type, ArgumentInfo& argument) {
  const std::size_t set = type.find('{');
  argument.value = type.substr(0, std::min(type.find(':'), set));
  if (set == std::string::npos) return;
  argument.values = split(type.substr(set + 1, type.find('}') - set - 1), ',');
}

/// What is shipped of the kind that a positional argument names.
std::vector<std::string> shipped(const std::string& kind) {
  if (kind == "SCENARIO" || kind == "SWEEP") return catalogue_names("experiments/studies");
  if (kind.starts_with("[FIGURE]")) return figure_names();
  if (kind != "MODEL|CLUSTER|DEVICE") return {};
  std::vector<std::string> names;
  for (const char* catalogue : kInspectedCatalogues) {
    for (std::string& name : catalogue_names(catalogue)) names.push_back(std::move(name));
  }
  return names;
}

ArgumentInfo argument_info(const CLI::Option& option) {
  ArgumentInfo argument;
  argument.text = option.get_description();
  if (option.get_positional()) {
    const std::string& shown = option.get_option_text();
    argument.value = shown.empty() ? option.get_name(true) : shown;
    argument.values = alternatives(argument.value);
    if (argument.values.empty()) argument.values = shipped(argument.value);
    return argument;
  }
  for (const std::string& name : option.get_snames()) argument.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) argument.names.push_back("--" + name);
  if (option.get_items_expected_max() > 0) take_type(option.get_type_name(), argument);
  return argument;
}

CommandInfo command_info(const CLI::App& app) {
  CommandInfo command{app.get_name(), app.get_description(), app.get_footer(), {}};
  for (const CLI::Option* option : app.get_options()) {
    command.arguments.push_back(argument_info(*option));
  }
  return command;
}

}  // namespace

std::vector<std::string> CommandInfo::words() const {
  std::vector<std::string> all;
  for (const ArgumentInfo& argument : arguments) {
    if (argument.positional())
      all.insert(all.end(), argument.values.begin(), argument.values.end());
  }
  return all;
}

std::vector<CommandInfo> command_infos(const CLI::App& app) {
  std::vector<CommandInfo> commands{command_info(app)};
  for (const CLI::App* sub : app.get_subcommands(nullptr)) commands.push_back(command_info(*sub));
  return commands;
}

}  // namespace edgeflow
