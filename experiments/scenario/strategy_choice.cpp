#include "experiments/scenario/strategy_choice.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "workloads/input/file_hash.hpp"
#include "workloads/input/json.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kExternal = "external";
constexpr std::size_t kMaxLabel = 60;
constexpr std::size_t kMaxWord = 4096;  // of a command, which stands in tables and messages
constexpr std::array<std::string_view, 3> kExternalKeys{"command", "time_limit", "files"};

/// What may have been meant by a name that is none: one nearly so called, else those that say the
/// word of themselves, as `chain`.
std::string hint_for(const std::string& name) {
  std::vector<std::string_view> names;
  std::vector<std::string_view> about;
  for (const StrategyInfo& info : strategies()) {
    names.push_back(info.name);
    const bool says = info.summary.find(name) != std::string_view::npos ||
                      info.paper.find(name) != std::string_view::npos;
    if (says) about.push_back(info.name);
  }
  if (const auto near = nearest_name(name, names))
    return fmt::format("did you mean \"{}\"?", *near);
  if (about.empty() || name.size() < 3) return fmt::format("one of {}", fmt::join(names, ", "));
  return fmt::format("did you mean {}? 'edgeflow list strategies' says what each does",
                     fmt::join(about, " or "));
}

StrategyChoice read_named_strategy(const Yaml& yaml) {
  StrategyChoice choice;
  choice.name = yaml.as_string();
  choice.info = find_strategy(choice.name);
  if (choice.info != nullptr) return choice;
  yaml.fail(fmt::format("there is no strategy {}", in_quotes(choice.name)), hint_for(choice.name));
}

/// Words as an option carries them: as a JSON list. From a list, from one word, or from such a JSON
/// list.
std::string read_words(const Yaml& yaml, const char* expected) {
  std::vector<std::string> words;
  if (yaml.is_list()) {
    for (const Yaml& item : yaml.items()) words.push_back(item.as_string());
  } else if (yaml.is_scalar() && yaml.as_string().starts_with("[")) {
    words = words_of_json(yaml.as_string());
  } else if (yaml.is_scalar()) {
    words.push_back(yaml.as_string());
  }
  if (words.empty()) yaml.fail_expected(expected);
  for (const std::string& word : words) {
    if (word.size() <= kMaxWord) continue;
    yaml.fail(
        fmt::format("{} has {} bytes, expected at most {}", in_quotes(word), word.size(), kMaxWord),
        "put it into a file");
  }
  return json_list(words);
}

/// The program of a command: a path relative to `folder`, or a name to be looked up in PATH.
std::string resolved_program(const std::string& program, const fs::path& folder) {
  if (program.find('/') == std::string::npos) return program;
  return fs::absolute(folder / program).lexically_normal().string();
}

/// What `command` runs must be there.
void check_program(const Yaml& yaml, const std::string& word, const fs::path& folder) {
  const std::string program = resolved_program(word, folder);
  if (program.find('/') != std::string::npos && access(program.c_str(), X_OK) != 0) {
    yaml.fail(fmt::format("cannot run {}: {}", program, std::strerror(errno)));
  }
}

/// `files` as its option carries it, which is as `command`; all must be there.
std::string read_files(const Yaml& yaml, const fs::path& folder) {
  std::string files = read_words(yaml, "a list of files and folders such as [weights.json]");
  for (const std::string& file : words_of_json(files)) {
    std::error_code error;
    if (!fs::exists(folder / file, error)) {
      yaml.fail(fmt::format("there is no file {}", in_quotes((folder / file).string())));
    }
  }
  return files;
}

/// Of the file that a word of a command names; empty if it names none.
std::string hash_of_word(const fs::path& word, const fs::path& folder) {
  for (const fs::path& file : {word, folder / word}) {
    std::error_code error;  // the word may be longer than file names can be
    if (fs::is_regular_file(file, error)) return " " + content_hash(file);
  }
  return "";
}

/// Options of `external`, which may stand beside its name.
void read_external(const Yaml& yaml, StrategyChoice& choice) {
  const auto options = yaml.is_map() ? yaml.find("options") : std::nullopt;
  for (const std::string_view key : kExternalKeys) {
    const auto beside = yaml.is_map() ? yaml.find(key) : std::nullopt;
    const auto inside = options && options->is_map() ? options->find(key) : std::nullopt;
    if (beside && inside) inside->fail(fmt::format("\"{}\" stands in two places", key));
    if (!beside && !inside) continue;
    const Yaml& value = beside ? *beside : *inside;
    std::string& option = choice.options[std::string(key)];
    if (key == "command") {
      choice.folder = folder_of(value);
      option = read_words(value, "a program and its arguments such as [./my_strategy.py]");
      check_program(value, words_of_json(option).front(), choice.folder);
    } else {
      option = key == "files" ? read_files(value, choice.folder) : value.as_string();
    }
    choice.places[std::string(key)] = {value.position(), value.path()};
  }
  if (!choice.options.contains("command")) {
    yaml.fail("external needs a program",
              "strategy: {name: external, command: [./my_strategy.py]}");
  }
}

void read_label(const Yaml& yaml, StrategyChoice& choice) {
  choice.label = yaml.as_string();
  choice.label_place = {yaml.position(), yaml.path()};
  if (choice.label.size() > kMaxLabel || choice.label.find_first_of("\r\n") != std::string::npos) {
    yaml.fail_expected(fmt::format("a line of at most {} bytes", kMaxLabel));
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
    yaml.expect_keys({"name", "label", "options", "command", "time_limit", "files"});
  } else {
    yaml.expect_keys({"name", "label", "options"});
  }
  StrategyChoice choice = read_named_strategy(name);
  if (const auto label = yaml.find("label")) read_label(*label, choice);
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
  Labels labels;
  for (const Yaml& item : several->items()) {
    StrategyChoice choice = read_strategy(item);
    const bool twice = std::any_of(choices.begin(), choices.end(), [&](const auto& other) {
      return other.name == choice.name && other.options == choice.options;
    });
    if (twice) item.fail(fmt::format("strategy \"{}\" stands here twice", choice.name));
    labels.add(choice);
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
  if (const auto named = resolved.find("files"); named != resolved.end()) {
    std::vector<std::string> files = words_of_json(named->second);
    for (std::string& file : files) file = fs::absolute(folder / file).lexically_normal().string();
    named->second = json_list(files);
  }
  return resolved;
}

std::string StrategyChoice::named_files() const {
  if (name != kExternal) return "";
  std::vector<std::string> words = words_of_json(options.at("command"));
  words.front() = resolved_program(words.front(), folder);
  std::string hashes;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    hashes += hash_of_word(word, folder);
    if (equals != std::string::npos) hashes += hash_of_word(word.substr(equals + 1), folder);
  }
  if (const auto files = options.find("files"); files != options.end()) {
    for (const std::string& file : words_of_json(files->second)) {
      hashes += " " + content_hash(folder / file);
    }
  }
  return hashes;
}

std::string StrategyChoice::found_program() const {
  if (info != nullptr && !info->plugin_hash.empty()) return std::string(info->plugin_hash);
  if (name != kExternal) return "";
  const std::string program = words_of_json(options.at("command")).front();
  if (program.find('/') != std::string::npos) return "";
  return content_hash(found_in_path(program));
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

std::string label_of(const StrategyChoice& strategy) {
  if (!strategy.label.empty()) return strategy.label;
  const std::string options = options_text(strategy);
  return options.empty() ? strategy.name : fmt::format("{} ({})", strategy.name, options);
}

void Labels::add(const StrategyChoice& strategy) {
  const auto [place, is_new] = by_label_.try_emplace(label_of(strategy), strategy);
  const StrategyChoice& other = place->second;
  if (is_new || (other.name == strategy.name && other.options == strategy.options)) return;
  const auto& [position, path] = (strategy.label.empty() ? other : strategy).label_place;
  throw InputError(position, path,
                   fmt::format("two strategies have the label {}", in_quotes(place->first)),
                   "give each its own, or none");
}

}  // namespace edgeflow
