// `external`: a program of the user's plans.
//
// Problem: whatever the program solves. It gets the problem as JSON on stdin and answers a plan, or
// just shares by layer and device, as JSON on stdout (problem_json.hpp has both formats;
// scripts/external_strategy.py is an example). What it answers is validated like any other plan.
// The program runs without a shell. It is stopped after `time_limit`, and so is what it started, as
// when it has ended. What it writes to stderr is kept with the run (strategy.log).
// Deviations: a program need not answer the same every time; then neither do we.
// Strongest reading: yours; nothing is added to what the program answers.

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <system_error>

#include "partition/external/command.hpp"
#include "partition/external/problem_json.hpp"
#include "partition/options/strategy_info.hpp"
#include "partition/plans/problem.hpp"
#include "workloads/input/error.hpp"
#include "workloads/input/machine_error.hpp"

namespace edgeflow {
namespace {

/// Of what it wrote to stderr, in the message of a run; all is in its strategy.log.
constexpr std::size_t kShownErrors = 4096;

/// Somebody killed it, as the machine does when memory runs out; shells say so by their exit code.
bool killed_from_outside(const CommandResult& result) {
  return !result.timed_out && !result.too_long && result.exit_code == 128 + SIGKILL;
}

/// How the program failed, with what it wrote to stderr; empty if it did not.
std::string failure_of(const CommandResult& result, double limit_s) {
  std::string text;
  if (result.timed_out) {
    text = fmt::format("was stopped after {:g} s", limit_s);
  } else if (result.too_long) {
    text = fmt::format("was stopped: it wrote more than {} bytes", kMostOutput);
  } else if (result.exit_code > 128) {
    text = fmt::format("was killed by signal {}", result.exit_code - 128);
  } else if (result.exit_code != 0) {
    text = fmt::format("ended with exit code {}", result.exit_code);
  }
  if (text.empty()) return text;
  const std::size_t begin = result.err.size() - std::min(result.err.size(), kShownErrors);
  const auto end = result.err.find_last_not_of(" \n\t\r");
  if (end == std::string::npos || end < begin) return text + ", without a word on stderr";
  return text + "; on stderr: " + result.err.substr(begin, end + 1 - begin);
}

Plan plan(const Problem& problem, const OptionValues& options) {
  const auto& words = options.get<std::vector<std::string>>("command");
  if (words.empty()) throw Infeasible("external needs a command such as [./my_strategy.py]");
  const double limit_s = options.get<double>("time_limit");
  const CommandResult result = run_command(words, write_problem(problem), limit_s);
  if (problem.log != nullptr) *problem.log += result.err;
  if (result.start_error != 0) {
    throw StrategyFailed(fmt::format("cannot run {}: {}", words[0],
                                     std::generic_category().message(result.start_error)));
  }
  if (killed_from_outside(result)) {
    throw MachineError(fmt::format("{} was killed from outside", words[0]),
                       MachineError::Remedy::kTryAgain);
  }
  const std::string failure = failure_of(result, limit_s);
  if (!failure.empty()) {
    throw StrategyFailed(fmt::format("{} {}", words[0], without_controls(failure)));
  }
  try {
    return read_answer(result.out, fmt::format("answer of {}", words[0]), problem);
  } catch (const InputError& error) {
    throw StrategyFailed(without_controls(error.what()));
  } catch (const Infeasible& error) {
    throw Infeasible(without_controls(error.what()));
  }
}

constexpr std::array kOptions{
    OptionInfo{.key = "command",
               .type = OptionType::kCommand,
               .default_value = "",
               .meaning = "the program and its arguments; a path is relative to the scenario"},
    OptionInfo{.key = "time_limit",
               .type = OptionType::kDuration,
               .default_value = "60s",
               .meaning = "after which it is stopped"},
    OptionInfo{.key = "files",
               .type = OptionType::kCommand,
               .default_value = "",
               .meaning = "files and folders that it reads besides those in its command: runs are "
                          "made anew when they change"},
};

}  // namespace

extern const StrategyInfo kExternal;  // as in strategies.hpp
constinit const StrategyInfo kExternal{
    .name = "external",
    .summary = "a program of yours: the problem as JSON on stdin, a plan or shares on stdout",
    .paper =
        "yours; partition/external/problem_json.hpp has the format, scripts/external_strategy.py "
        "an example",
    .objective = "what the program does",
    .options = kOptions,
    .plan = plan,
};

}  // namespace edgeflow
