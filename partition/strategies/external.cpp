// `external`: a program of the user's plans.
//
// Problem: whatever the program solves. It gets the problem as JSON on stdin and answers a plan, or
// just shares by layer and device, as JSON on stdout (problem_json.hpp has both formats;
// scripts/external_strategy.py is an example). What it answers is validated like any other plan.
// The program runs without a shell. It is stopped after `time_limit`, and so is what it started.
// Deviations: a program need not answer the same every time; then neither do we.

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <system_error>

#include "partition/external/command.hpp"
#include "partition/external/problem_json.hpp"
#include "partition/options/options.hpp"
#include "partition/plans/problem.hpp"
#include "partition/strategies/strategies.hpp"
#include "workloads/input/quantity.hpp"
#include "workloads/input/yaml.hpp"

namespace edgeflow {
namespace {

std::vector<std::string> words_of(const Options& options) {
  const std::string& text = options.at("command");
  if (text.empty()) throw Infeasible("external needs a command such as [./my_strategy.py]");
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_array() || json.empty()) {
    throw OptionError("command", "expected a list of words such as [./my_strategy.py]");
  }
  std::vector<std::string> words;
  for (const auto& word : json) {
    if (!word.is_string() || word.get<std::string>().empty()) {
      throw OptionError("command", "expected a list of words that are not empty");
    }
    words.push_back(word.get<std::string>());
  }
  return words;
}

double limit_s_of(const Options& options) {
  const auto limit_s = parse_quantity(options.at("time_limit"), Quantity::kDuration);
  if (limit_s && *limit_s > 0) return *limit_s;
  throw OptionError("time_limit", fmt::format("got \"{}\", expected {}", options.at("time_limit"),
                                              describe(Quantity::kDuration)));
}

/// How the program failed, with what it wrote to stderr; empty if it did not.
std::string failure_of(const CommandResult& result, const std::string& limit) {
  std::string text;
  if (result.timed_out) {
    text = fmt::format("was stopped after {}", limit);
  } else if (result.too_long) {
    text = fmt::format("was stopped: it wrote more than {} bytes", kMostOutput);
  } else if (result.exit_code > 128) {
    text = fmt::format("was killed by signal {}", result.exit_code - 128);
  } else if (result.exit_code != 0) {
    text = fmt::format("ended with exit code {}", result.exit_code);
  }
  if (text.empty()) return text;
  const auto end = result.err.find_last_not_of(" \n\t\r");
  if (end == std::string::npos) return text + ", without a word on stderr";
  return text + "; on stderr: " + result.err.substr(0, end + 1);
}

}  // namespace

Plan plan_external(const Problem& problem, const Options& options) {
  const std::vector<std::string> words = words_of(options);
  const CommandResult result = run_command(words, write_problem(problem), limit_s_of(options));
  if (result.start_error != 0) {
    throw StrategyFailed(fmt::format("cannot run {}: {}", words[0],
                                     std::generic_category().message(result.start_error)));
  }
  const std::string failure = failure_of(result, options.at("time_limit"));
  if (!failure.empty()) throw StrategyFailed(fmt::format("{} {}", words[0], failure));
  try {
    return read_answer(result.out, fmt::format("answer of {}", words[0]), problem);
  } catch (const InputError& error) {
    throw StrategyFailed(error.what());
  }
}

}  // namespace edgeflow
