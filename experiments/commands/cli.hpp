#pragma once
// The command line.

namespace edgeflow {

/// Runs the program; returns its exit code (commands.hpp). Nothing is thrown.
int run_program(int argc, const char* const* argv);

}  // namespace edgeflow
