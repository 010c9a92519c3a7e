// Scripts that complete the command line in bash, zsh and fish.

#include <fmt/format.h>

#include "experiments/commands/command_info.hpp"

namespace edgeflow {
namespace {

/// `text` with each of `special` behind a backslash.
std::string escaped(const std::string& text, std::string_view special) {
  std::string result;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// In single quotes, as sh has it.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

std::vector<std::string> option_names(const CommandInfo& command) {
  std::vector<std::string> names;
  for (const ArgumentInfo& argument : command.arguments) {
    names.insert(names.end(), argument.names.begin(), argument.names.end());
  }
  return names;
}

std::vector<std::string> subcommand_names(const std::vector<CommandInfo>& commands) {
  std::vector<std::string> names;
  for (std::size_t c = 1; c < commands.size(); ++c) names.push_back(commands[c].name);
  return names;
}

/// What follows an option: its values, or files, which is what bash does where it is told nothing.
std::string bash_values(const CommandInfo& command) {
  std::string text;
  for (const ArgumentInfo& argument : command.arguments) {
    if (argument.positional() || argument.value.empty()) continue;
    text += fmt::format("        {}) words={}; values=1 ;;\n", fmt::join(argument.names, "|"),
                        quoted(fmt::format("{}", fmt::join(argument.values, " "))));
  }
  return text.empty() ? "" : "      case $previous in\n" + text + "      esac\n";
}

std::string bash(const std::vector<CommandInfo>& commands) {
  std::string cases;
  for (std::size_t c = 1; c < commands.size(); ++c) {
    cases += fmt::format(
        "    {})\n      options={}\n      words={}\n{}      ;;\n", commands[c].name,
        quoted(fmt::format("{}", fmt::join(option_names(commands[c]), " "))),
        quoted(fmt::format("{}", fmt::join(commands[c].words(), " "))), bash_values(commands[c]));
  }
  return fmt::format(R"(# bash completion of edgeflow
_edgeflow() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} options= words= values=
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W '{} {}' -- "$word")
    return
  fi
  case ${{COMP_WORDS[1]}} in
{}  esac
  if [[ $word == -* && ! $values ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
  else
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word"; compgen -f -- "$word")
    compopt -o filenames
  fi
}}
complete -o default -F _edgeflow edgeflow
)",
                     fmt::join(subcommand_names(commands), " "),
                     fmt::join(option_names(commands.front()), " "), cases);
}

/// What zsh offers for a value: of those that are known also files.
std::string zsh_value(const ArgumentInfo& argument) {
  const std::string title = escaped(argument.value, ":|\\");
  if (argument.values.empty()) return fmt::format(":{}:_files", title);
  return fmt::format(":{}:_edgeflow_words {}", title, fmt::join(argument.values, " "));
}

std::string zsh_argument(const ArgumentInfo& argument) {
  if (argument.positional()) return quoted("*" + zsh_value(argument));
  const std::string text = escaped(first_line(argument.text), ":[]\\");
  const std::string rest =
      fmt::format("[{}]{}", text, argument.value.empty() ? "" : zsh_value(argument));
  std::vector<std::string> specs;
  for (const std::string& name : argument.names) {
    specs.push_back(quoted(fmt::format("*{}{}", name, rest)));
  }
  return fmt::format("{}", fmt::join(specs, " "));
}

std::string zsh(const std::vector<CommandInfo>& commands) {
  std::string names;
  std::string cases;
  for (std::size_t c = 1; c < commands.size(); ++c) {
    const CommandInfo& command = commands[c];
    names += fmt::format("    {}\n",
                         quoted(command.name + ":" + escaped(first_line(command.text), ":\\")));
    cases += fmt::format("    {}) _arguments -s", command.name);
    for (const ArgumentInfo& argument : command.arguments) {
      cases += " \\\n      " + zsh_argument(argument);
    }
    cases += command.words().empty() ? " \\\n      '*:file:_files' ;;\n" : " ;;\n";
  }
  return fmt::format(R"(#compdef edgeflow
_edgeflow_words() {{
  local -a known=("$@[2,-1]")
  _alternative "words:word:compadd -a known" 'files:file:_files'
}}
_edgeflow() {{
  local -a commands=(
{}  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  shift words
  ((CURRENT--))
  case $words[1] in
{}  esac
}}
if [[ $funcstack[1] == _edgeflow ]]; then  # loaded by its name, to complete
  _edgeflow "$@"
else
  compdef _edgeflow edgeflow
fi
)",
                     names, cases);
}

std::string fish(const std::vector<CommandInfo>& commands) {
  std::string text = "# fish completion of edgeflow\n";
  for (std::size_t c = 1; c < commands.size(); ++c) {
    const CommandInfo& command = commands[c];
    text += fmt::format("complete -c edgeflow -n __fish_use_subcommand -f -a {} -d {}\n",
                        command.name, quoted(first_line(command.text)));
    const std::string seen =
        fmt::format("complete -c edgeflow -n '__fish_seen_subcommand_from {}'", command.name);
    if (const auto words = command.words(); !words.empty()) {
      text += fmt::format("{} -a {}\n", seen, quoted(fmt::format("{}", fmt::join(words, " "))));
    }
    for (const ArgumentInfo& argument : command.arguments) {
      if (argument.positional()) continue;
      text += seen;
      for (const std::string& name : argument.names) {
        text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (!argument.value.empty()) text += " -r";
      if (!argument.values.empty()) {
        text += " -a " + quoted(fmt::format("{}", fmt::join(argument.values, " ")));
      }
      text += " -d " + quoted(first_line(argument.text)) + "\n";
    }
  }
  return text;
}

}  // namespace

std::string completion(const std::vector<CommandInfo>& commands, const std::string& shell) {
  return shell == "bash" ? bash(commands) : shell == "zsh" ? zsh(commands) : fish(commands);
}

}  // namespace edgeflow
