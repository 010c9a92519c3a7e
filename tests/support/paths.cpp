#include "tests/support/paths.hpp"

namespace edgeflow::test {

std::string data_folder() { return EDGEFLOW_TEST_DATA; }

std::string program_file() { return EDGEFLOW_PROGRAM; }

}  // namespace edgeflow::test
