#include "sim/engine/child.hpp"

#include <fmt/format.h>

#include <exception>
#include <new>
#include <optional>
#include <string>
#include <system_error>

#include "sim/records/result_bytes.hpp"
#include "workloads/input/process.hpp"

namespace edgeflow {
namespace {

SimulationResult ended(Status status, std::string message) {
  SimulationResult result;
  result.status = status;
  result.message = std::move(message);
  return result;
}

SimulationResult run_guarded(const std::function<SimulationResult()>& job) {
  try {
    return job();
  } catch (const std::bad_alloc&) {
    return ended(Status::kFailed, "the simulation process ran out of memory");
  } catch (const std::exception& error) {
    return ended(Status::kFailed, error.what());
  } catch (...) {
    return ended(Status::kFailed, "unknown exception");
  }
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
  if (std::optional<SimulationResult> result = from_bytes(bytes)) return *std::move(result);
  return ended(Status::kFailed,
               fmt::format("the simulation process ended without a result, {}", end.description()));
}

}  // namespace

SimulationResult run_in_child(const std::function<SimulationResult()>& job, double timeout_s) {
  const auto deadline = deadline_in(timeout_s);
  try {
    Process child =
        Process::fork([&](int out) { return write_all(out, to_bytes(run_guarded(job))); });
    std::string bytes;
    const bool in_time = child.read_all(deadline, bytes);
    if (!in_time) child.kill();
    const ProcessEnd end = child.wait();
    SimulationResult result = result_of(bytes, in_time, end, timeout_s);
    result.process.max_rss_kB = end.max_rss_kB;
    result.process.cpu_s = end.cpu_s;
    return result;
  } catch (const std::system_error& error) {
    return ended(Status::kFailed, error.what());
  }
}

}  // namespace edgeflow
