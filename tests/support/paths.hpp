#pragma once
// Where things are that tests use. Only paths.cpp knows, so that a checkout of another name
// compiles to the same objects.

#include <string>

namespace edgeflow::test {

/// The folder tests/data.
std::string data_folder();
/// The `edgeflow` program of this build.
std::string program_file();

}  // namespace edgeflow::test
