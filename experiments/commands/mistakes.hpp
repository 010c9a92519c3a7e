#pragma once
// All mistakes of a file at once.

#include <functional>

#include "workloads/input/yaml.hpp"

namespace edgeflow {

/// Calls `read`. If it throws InputError for a value of the document, leaves that out and reads
/// again, to find what else is wrong; then throws an InputError that says the first mistake as it is
/// and below it the others, one a line. Not said is what is missing only because it was left out.
void read_all(const Document& document, const std::function<void(const Document&)>& read);

}  // namespace edgeflow
