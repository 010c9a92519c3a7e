#pragma once
// A simulation in a process of its own.

#include <functional>

#include "sim/records/result.hpp"

namespace edgeflow {

/// Runs `job` in a child process and returns what it returned, or how it ended. Throws MachineError
/// where that says nothing of the job. Used by simulate; apart so that crashes, hangs and exceptions
/// can be tested.
SimulationResult run_in_child(const std::function<SimulationResult()>& job, double timeout_s);

}  // namespace edgeflow
