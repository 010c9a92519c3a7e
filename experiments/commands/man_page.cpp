#include <fmt/format.h>

#include "experiments/commands/command_info.hpp"
#include "experiments/results/version.hpp"

namespace edgeflow {
namespace {

/// Text that roff takes literally: no commands, hyphens that can be copied.
std::string literal(const std::string& text) {
  std::string result;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) result += "\\&";
    result += c == '\\' ? "\\e" : c == '-' ? "\\-" : std::string(1, c);
    line_begins = c == '\n';
  }
  return result;
}

std::string as_typed(const std::string& text) {
  return fmt::format(".nf\n{}\n.fi\n", literal(text));
}

std::string argument_entry(const ArgumentInfo& argument) {
  std::string head;
  for (const std::string& name : argument.names) {
    head += fmt::format("{}\\fB{}\\fR", head.empty() ? "" : ", ", literal(name));
  }
  if (!argument.value.empty()) {
    head += fmt::format("{}\\fI{}\\fR", head.empty() ? "" : " ", literal(argument.value));
  }
  return fmt::format(".TP\n{}\n{}\n", head, literal(argument.text));
}

std::string command_section(const CommandInfo& command) {
  std::string text =
      fmt::format(".SS edgeflow {}\n{}\n", literal(command.name), literal(command.text));
  for (const ArgumentInfo& argument : command.arguments) text += argument_entry(argument);
  return text + ".PP\n" + as_typed(command.footer);
}

}  // namespace

std::string man_page(const std::vector<CommandInfo>& commands) {
  std::string text = fmt::format(
      ".TH EDGEFLOW 1 \"\" \"edgeflow {}\" \"User Commands\"\n"
      ".SH NAME\nedgeflow \\- {}\n"
      ".SH SYNOPSIS\n.B edgeflow\n.I COMMAND\n[\\fIARGUMENT\\fR]...\n"
      ".SH COMMANDS\n",
      version_info().version, literal(commands.front().text));
  for (std::size_t c = 1; c < commands.size(); ++c) text += command_section(commands[c]);
  text += ".SH EXIT STATUS AND EXAMPLES\n" + as_typed(commands.front().footer);
  return text +
         ".SH ENVIRONMENT\n"
         ".TP\n.B EDGEFLOW_HOME\nFolder with models, devices, clusters, studies and scripts, if "
         "not "
         "those beside the program.\n"
         ".TP\n.B EDGEFLOW_PYTHON\nPython that draws figures and reports, if not "
         "/usr/bin/python3.\n";
}

}  // namespace edgeflow
