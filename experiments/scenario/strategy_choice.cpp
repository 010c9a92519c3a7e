#include "experiments/scenario/strategy_choice.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "workloads/input/json.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kExternal = "external";

StrategyChoice read_named_strategy(const Yaml& yaml) {
  StrategyChoice choice;
  choice.name = yaml.as_string();
  choice.info = find_strategy(choice.name);
  if (choice.info != nullptr) return choice;
  std::vector<std::string_view> names;
  for (const StrategyInfo& info : strategies()) names.push_back(info.name);
  const auto near = nearest_name(choice.name, names);
  yaml.fail(fmt::format("there is no strategy {}", in_quotes(choice.name)),
            near ? fmt::format("did you mean \"{}\"?", *near)
                 : fmt::format("one of {}", fmt::join(names, ", ")));
}

/// A command as its option carries it: the words as a JSON list. From a list, from one word, or
/// from such a JSON list.
std::string read_command(const Yaml& yaml) {
  std::vector<std::string> words;
  if (yaml.is_list()) {
    for (const Yaml& item : yaml.items()) words.push_back(item.as_string());
  } else if (yaml.is_scalar() && yaml.as_string().starts_with("[")) {
    words = words_of_json(yaml.as_string());
  } else if (yaml.is_scalar()) {
    words.push_back(yaml.as_string());
  }
  if (words.empty()) {
    yaml.fail_expected("a program and its arguments such as [./my_strategy.py]");
  }
  return json_list(words);
}

/// The program of a command: a path relative to `folder`, or a name to be looked up in PATH.
std::string resolved_program(const std::string& program, const fs::path& folder) {
  if (program.find('/') == std::string::npos) return program;
  return fs::absolute(folder / program).lexically_normal().string();
}

/// Options of `external`, which may stand beside its name.
void read_external(const Yaml& yaml, StrategyChoice& choice) {
  const auto options = yaml.is_map() ? yaml.find("options") : std::nullopt;
  for (const char* key : {"command", "time_limit"}) {
    const auto beside = yaml.is_map() ? yaml.find(key) : std::nullopt;
    const auto inside = options && options->is_map() ? options->find(key) : std::nullopt;
    if (beside && inside) inside->fail(fmt::format("\"{}\" stands in two places", key));
    if (!beside && !inside) continue;
    const Yaml& value = beside ? *beside : *inside;
    const bool is_command = std::string_view(key) == "command";
    choice.options[key] = is_command ? read_command(value) : value.as_string();
    choice.places[key] = {value.position(), value.path()};
    if (!is_command) continue;
    choice.folder = folder_of(value);
    const std::vector<std::string> words = words_of_json(choice.options[key]);
    const std::string program = resolved_program(words.front(), choice.folder);
    if (program.find('/') != std::string::npos && access(program.c_str(), X_OK) != 0) {
      value.fail(fmt::format("cannot run {}: {}", program, std::strerror(errno)));
    }
  }
  if (!choice.options.contains("command")) {
    yaml.fail("external needs a program",
              "strategy: {name: external, command: [./my_strategy.py]}");
  }
}

/// An option as text; a list with blanks between.
std::string read_option_text(const Yaml& yaml, const OptionInfo& option) {
  if (!yaml.is_list() || !is_list(option.type)) return yaml.as_string();
  std::vector<std::string> items;
  for (const Yaml& item : yaml.items()) items.push_back(item.as_string());
  if (items.empty()) yaml.fail("is empty, expected " + values_text(option));
  return fmt::format("{}", fmt::join(items, " "));
}

}  // namespace

fs::path folder_of(const Yaml& yaml) {
  const std::string file = yaml.position().file;
  if (file == yaml.document().file()) return yaml.document().folder();
  return file.starts_with("--set ") ? fs::path() : fs::path(file).parent_path();
}

StrategyChoice read_strategy(const Yaml& yaml) {
  if (yaml.is_scalar()) {
    StrategyChoice choice = read_named_strategy(yaml);
    if (choice.name == kExternal) read_external(yaml, choice);
    return choice;
  }
  if (!yaml.is_map()) yaml.fail_expected("a strategy such as edgeflow or {name: edgeflow}");
  const Yaml name = yaml.at("name");
  const bool external = name.is_scalar() && name.as_string() == kExternal;
  if (external) {
    yaml.expect_keys({"name", "options", "command", "time_limit"});
  } else {
    yaml.expect_keys({"name", "options"});
  }
  StrategyChoice choice = read_named_strategy(name);
  if (external) read_external(yaml, choice);
  const auto options = yaml.find("options");
  if (!options || options->is_null()) return choice;
  std::vector<std::string_view> keys;
  for (const OptionInfo& option : choice.info->options) keys.push_back(option.key);
  if (keys.empty() && !options->entries().empty()) {
    options->fail(fmt::format("strategy \"{}\" has no options", choice.name));
  }
  options->expect_keys(keys);
  if (external) return choice;
  for (const OptionInfo& option : choice.info->options) {
    const auto value = options->find(option.key);
    if (!value) continue;
    const std::string key(option.key);
    choice.options[key] = read_option_text(*value, option);
    choice.places[key] = {value->position(), value->path()};
  }
  return choice;
}

std::vector<StrategyChoice> read_strategies(const Yaml& yaml) {
  const auto one = yaml.find("strategy");
  const auto several = yaml.find("strategies");
  if (one && several) several->fail("give \"strategy\" or \"strategies\", not both");
  if (one) return {read_strategy(*one)};
  if (!several) return {};
  std::vector<StrategyChoice> choices;
  for (const Yaml& item : several->items()) {
    StrategyChoice choice = read_strategy(item);
    const bool twice = std::any_of(choices.begin(), choices.end(), [&](const auto& other) {
      return other.name == choice.name && other.options == choice.options;
    });
    if (twice) item.fail(fmt::format("strategy \"{}\" stands here twice", choice.name));
    choices.push_back(std::move(choice));
  }
  if (choices.empty()) several->fail("is empty, expected at least one strategy");
  return choices;
}

Options StrategyChoice::resolved_options() const {
  Options resolved = options;
  const auto command = resolved.find("command");
  if (name != kExternal || command == resolved.end()) return resolved;
  std::vector<std::string> words = words_of_json(command->second);
  words.front() = resolved_program(words.front(), folder);
  command->second = json_list(words);
  return resolved;
}

void StrategyChoice::check_options(const Problem& problem) const {
  try {
    (void)read_options(*info, problem, options);
  } catch (const OptionError& mistake) {
    throw error(mistake);
  }
}

InputError StrategyChoice::error(const OptionError& error) const {
  const auto found = places.find(error.key());
  const OptionPlace place = found == places.end() ? OptionPlace{{}, error.key()} : found->second;
  return {place.position, place.path, error.what(), error.hint()};
}

std::string options_text(const StrategyChoice& strategy) {
  std::string text;
  for (const auto& [key, value] : strategy.options) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", key, value);
  }
  return text;
}

}  // namespace edgeflow
