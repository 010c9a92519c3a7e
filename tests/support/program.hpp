#pragma once
// Runs the real program, as users do.

#include <sys/wait.h>

#include <cstdlib>
#include <string>

#include "tests/support/paths.hpp"
#include "tests/support/scratch.hpp"

namespace edgeflow::test {

struct Outcome {
  int exit_code = -1;
  std::string out;
  std::string err;
};

/// Runs a command of the shell in the folder of `scratch`; $edgeflow is the program.
inline Outcome shell(const Scratch& scratch, const std::string& script) {
  const std::string folder = scratch.folder().string();
  const std::string command = "cd '" + folder + "' && { edgeflow='" + program_file() + "'; " +
                              script + "\n} >.stdout 2>.stderr </dev/null";
  const int status = std::system(command.c_str());  // NOLINT(bugprone-command-processor)
  Outcome outcome;
  if (WIFEXITED(status)) outcome.exit_code = WEXITSTATUS(status);
  outcome.out = read_text(scratch.folder() / ".stdout");
  outcome.err = read_text(scratch.folder() / ".stderr");
  std::filesystem::remove(scratch.folder() / ".stdout");
  std::filesystem::remove(scratch.folder() / ".stderr");
  return outcome;
}

/// Runs the program in the folder of `scratch`.
inline Outcome edgeflow(const Scratch& scratch, const std::string& arguments) {
  return shell(scratch, "\"$edgeflow\" " + arguments);
}

inline std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace edgeflow::test
