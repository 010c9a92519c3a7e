#pragma once
// Running another program: text in, text out, within a time.

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace edgeflow {

struct CommandResult {
  int start_error = 0;     // errno if it could not be started; then all else is empty
  bool timed_out = false;  // killed, with everything that it started
  bool too_long = false;   // likewise, after kMostOutput bytes
  int exit_code = 0;       // 128 + signal if it was killed by one
  std::string out;
  std::string err;  // its last kKeptErrors bytes
};

inline constexpr std::size_t kMostOutput = std::size_t{64} << 20;
inline constexpr std::size_t kKeptErrors = std::size_t{1} << 20;

/// Runs `words` without a shell: the program, looked up in PATH unless it has a slash, and its
/// arguments. Its stdin is a file with `input`. Returns at most about `limit_s` later; what it
/// started has ended then. Precondition: there is at least one word.
CommandResult run_command(std::span<const std::string> words, std::string_view input,
                          double limit_s);

}  // namespace edgeflow
