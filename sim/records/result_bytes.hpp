#pragma once
// A SimulationResult as bytes, to hand it from a child process to its parent: native layout, for
// two processes of the same program only.

#include <optional>
#include <string>
#include <string_view>

#include "sim/records/result.hpp"

namespace edgeflow {

std::string to_bytes(const SimulationResult& result);

/// Nothing if `bytes` is not exactly what to_bytes wrote, as when its writer died half-way.
std::optional<SimulationResult> from_bytes(std::string_view bytes);

}  // namespace edgeflow
