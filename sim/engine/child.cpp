#include "sim/engine/child.hpp"

#include <fmt/format.h>

#include <exception>
#include <optional>
#include <string>
#include <system_error>

#include "sim/records/result_bytes.hpp"
#include "workloads/input/machine_error.hpp"
#include "workloads/input/process.hpp"

namespace edgeflow {
namespace {

SimulationResult ended(Status status, std::string message) {
  SimulationResult result;
  result.status = status;
  result.message = std::move(message);
  return result;
}

/// What the child tells: a result, or behind one of these letters what is wrong with the machine.
constexpr char kResult = 'r';
constexpr char kStop = 's';
constexpr char kTryAgain = 'a';

std::string answer_of(const std::function<SimulationResult()>& job) {
  try {
    try {
      return kResult + to_bytes(job());
    } catch (const std::exception& error) {
      rethrow_machines_fault();
      return kResult + to_bytes(ended(Status::kFailed, error.what()));
    } catch (...) {
      return kResult + to_bytes(ended(Status::kFailed, "unknown exception"));
    }
  } catch (const MachineError& error) {
    const bool stop = error.remedy() == MachineError::Remedy::kStop;
    return (stop ? kStop : kTryAgain) + std::string(error.what());
  }
}

void throw_machines_fault(const std::string& bytes, const ProcessEnd& end) {
  if (end.from_outside()) {
    throw MachineError("the simulation process was ended from outside by " + end.description(),
                       MachineError::Remedy::kTryAgain);
  }
  const char kind = bytes.empty() ? kResult : bytes.front();
  if (kind == kStop) throw MachineError(bytes.substr(1));
  if (kind == kTryAgain) throw MachineError(bytes.substr(1), MachineError::Remedy::kTryAgain);
}

SimulationResult result_of(const std::string& bytes, bool in_time, const ProcessEnd& end,
                           double timeout_s) {
  if (!in_time) {
    return ended(Status::kTimeout,
                 fmt::format("the simulation process was killed after {:g} s of wall-clock time",
                             timeout_s));
  }
  if (end.signal != 0) {
    return ended(Status::kCrashed, "the simulation process died by " + end.description());
  }
  const std::string_view behind = std::string_view(bytes).substr(bytes.empty() ? 0 : 1);
  if (std::optional<SimulationResult> result = from_bytes(behind)) return *std::move(result);
  return ended(Status::kFailed,
               fmt::format("the simulation process ended without a result, {}", end.description()));
}

}  // namespace

SimulationResult run_in_child(const std::function<SimulationResult()>& job, double timeout_s) {
  try {
    Process child = Process::fork([&](int out) { return write_all(out, answer_of(job)); });
    std::string bytes;
    const bool in_time = child.read_all(timeout_s, bytes);
    if (!in_time) child.kill();
    const ProcessEnd end = child.wait();
    if (in_time) throw_machines_fault(bytes, end);
    SimulationResult result = result_of(bytes, in_time, end, timeout_s);
    result.process.max_rss_kB = end.max_rss_kB;
    result.process.cpu_s = end.cpu_s;
    return result;
  } catch (const std::system_error& error) {
    return ended(Status::kFailed, error.what());
  }
}

}  // namespace edgeflow
