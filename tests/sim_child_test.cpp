#include <doctest/doctest.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>

#include "sim/engine/child.hpp"
#include "sim/records/result_bytes.hpp"
#include "sim/simulate.hpp"
#include "workloads/input/machine_error.hpp"
#include "workloads/input/process.hpp"

using namespace edgeflow;

namespace {
constexpr double kPlenty_s = 60;
}

TEST_CASE("a child process hands back what its job returned") {
  const SimulationResult result = run_in_child(
      [] {
        SimulationResult made;
        made.status = Status::kInfeasible;
        made.message = "because";
        made.makespan_s = 1.5;
        made.process.wall_s = 0.25;
        made.activities = 7;
        made.offered = {0.5, "pi"};
        made.requests.push_back({1, 2, 3, 4, 5, 6});
        made.units.push_back({1, UnitId{2}, 3, 4, 5});
        made.transfers.push_back({1, MessageId{2}, 3, 4});
        made.devices.push_back({1, 2, 3, 4, 5});
        made.links.push_back({1, 2});
        return made;
      },
      kPlenty_s);
  CHECK(result.status == Status::kInfeasible);
  CHECK(result.message == "because");
  CHECK(result.makespan_s == 1.5);
  CHECK(result.process.wall_s == 0.25);
  CHECK(result.activities == 7);
  CHECK(result.offered.load == 0.5);
  CHECK(result.offered.resource == "pi");
  REQUIRE(result.requests.size() == 1);
  CHECK(result.requests[0].wait_s == 6);
  REQUIRE(result.units.size() == 1);
  CHECK(result.units[0].finish_s == 5);
  REQUIRE(result.transfers.size() == 1);
  CHECK(result.transfers[0].finish_s == 4);
  REQUIRE(result.devices.size() == 1);
  CHECK(result.devices[0].energy_J == 5);
  REQUIRE(result.links.size() == 1);
  CHECK(result.links[0].busy_s == 2);
  CHECK(result.process.max_rss_kB > 0);
}

TEST_CASE("a result larger than a pipe holds arrives whole") {
  constexpr int kUnits = 200'000;  // 6.4 MB, a pipe holds 64 KiB
  const SimulationResult result = run_in_child(
      [] {
        SimulationResult made;
        for (int i = 0; i < kUnits; ++i) made.units.push_back({i, UnitId{i + 1}, 0, 0, 2.0 * i});
        return made;
      },
      kPlenty_s);
  CHECK(result.status == Status::kOk);
  REQUIRE(result.units.size() == kUnits);
  bool equal = true;
  for (int i = 0; i < kUnits; ++i) {
    const UnitRecord& record = result.units[static_cast<std::size_t>(i)];
    equal =
        equal && record.request == i && record.unit == UnitId{i + 1} && record.finish_s == 2.0 * i;
  }
  CHECK(equal);
}

TEST_CASE("a job that crashes is reported with its signal") {
  const SimulationResult result =
      run_in_child([]() -> SimulationResult { std::abort(); }, kPlenty_s);
  CHECK(result.status == Status::kCrashed);
  CHECK(result.message == "the simulation process died by SIGABRT (Aborted)");
}

TEST_CASE("a job that hangs is killed at its time limit") {
  const SimulationResult result = run_in_child(
      []() -> SimulationResult {
        while (true) pause();
      },
      0.05);
  CHECK(result.status == Status::kTimeout);
  CHECK(result.message == "the simulation process was killed after 0.05 s of wall-clock time");
}

TEST_CASE("time counts as long as a process could run, whatever the clock says") {
  using std::chrono::hours;
  using std::chrono::milliseconds;
  const RunClock::Clock::time_point start{};
  RunClock clock(3, start);
  clock.look(false, start + hours(1));  // the machine slept: kMostBetween_s = 1 at most
  CHECK_FALSE(clock.over());
  clock.look(true, start + hours(2));  // the process was stopped
  clock.look(false, start + hours(2) + milliseconds(900));
  CHECK_FALSE(clock.over());
  clock.look(false, start + hours(3));
  CHECK_FALSE(clock.over());  // 1 + 0.9 + 1
  clock.look(false, start + hours(3) + milliseconds(200));
  CHECK(clock.over());
}

TEST_CASE("a limit of more than 292 years, which nanoseconds cannot count, is a limit") {
  RunClock clock(1e300);
  clock.look(false);
  CHECK_FALSE(clock.over());
  const SimulationResult result = run_in_child([] { return SimulationResult(); }, 1e300);
  CHECK(result.status == Status::kOk);
}

TEST_CASE("a process is stopped from SIGSTOP to SIGCONT") {
  const auto self = [](int signal) { return signal; };
  Process child = Process::fork([&](int) {
    raise(self(SIGSTOP));
    return true;
  });
  while (!child.stopped()) sched_yield();
  CHECK_FALSE(child.ended());
  CHECK(child.stopped());  // asking does not change it
  child.signal(SIGCONT);
  CHECK(child.wait().exit_code == 0);
  CHECK_FALSE(child.stopped());
}

TEST_CASE("an exception in a job becomes its message") {
  const SimulationResult result = run_in_child(
      []() -> SimulationResult { throw std::runtime_error("no such thing"); }, kPlenty_s);
  CHECK(result.status == Status::kFailed);
  CHECK(result.message == "no such thing");
}

namespace {
/// The MachineError that a job ends in; "none" if it has a result.
std::string fault_of(const std::function<SimulationResult()>& job, MachineError::Remedy remedy) {
  try {
    run_in_child(job, kPlenty_s);
  } catch (const MachineError& error) {
    CHECK(error.remedy() == remedy);
    return error.what();
  }
  return "none";
}
}  // namespace

TEST_CASE("what the machine does to a job is no result of it") {
  using enum MachineError::Remedy;
  CHECK(fault_of([]() -> SimulationResult { throw std::bad_alloc(); }, kTryAgain) ==
        "there is not enough memory");
  CHECK(fault_of([]() -> SimulationResult { throw MachineError("the disk is full"); }, kStop) ==
        "the disk is full");
  CHECK(fault_of(
            []() -> SimulationResult {
              throw std::system_error(EMFILE, std::generic_category(), "open");
            },
            kStop) == "open: Too many open files");
  for (const int signal : {SIGKILL, SIGTERM, SIGXCPU, SIGHUP}) {
    CHECK(fault_of(
              [&]() -> SimulationResult {
                std::signal(signal, SIG_DFL);
                std::raise(signal);
                return {};
              },
              kTryAgain)
              .starts_with("the simulation process was ended from outside by SIG"));
  }
}

TEST_CASE("a job that leaves without a result is a failure") {
  const SimulationResult result = run_in_child([]() -> SimulationResult { _exit(3); }, kPlenty_s);
  CHECK(result.status == Status::kFailed);
  CHECK(result.message == "the simulation process ended without a result, exit code 3");
}

TEST_CASE("what the parent has not written yet is written once") {
  std::FILE* file = std::tmpfile();
  REQUIRE(file != nullptr);
  std::fputs("once", file);
  run_in_child([] { return SimulationResult(); }, kPlenty_s);
  std::fflush(file);
  std::fseek(file, 0, SEEK_END);
  CHECK(std::ftell(file) == 4);
  std::fclose(file);
}

TEST_CASE("children leave no open files behind") {
  const auto next_file = [] {
    const int file = dup(0);
    close(file);
    return file;
  };
  const int before = next_file();
  run_in_child([] { return SimulationResult(); }, kPlenty_s);
  run_in_child([]() -> SimulationResult { std::abort(); }, kPlenty_s);
  CHECK(next_file() == before);
}

TEST_CASE("half a result is no result") {
  SimulationResult result;
  result.message = "text";
  result.units.resize(3);
  const std::string bytes = to_bytes(result);
  CHECK(from_bytes(bytes).has_value());
  CHECK_FALSE(from_bytes(bytes.substr(0, bytes.size() - 1)).has_value());
  CHECK_FALSE(from_bytes(bytes + "x").has_value());
  CHECK_FALSE(from_bytes("").has_value());
}

TEST_CASE("statuses have the names that result files use") {
  CHECK(to_string(Status::kOk) == "ok");
  CHECK(to_string(Status::kInfeasible) == "infeasible");
  CHECK(to_string(Status::kOutOfMemory) == "out_of_memory");
  CHECK(to_string(Status::kDeadlock) == "deadlock");
  CHECK(to_string(Status::kTimeout) == "timeout");
  CHECK(to_string(Status::kFailed) == "failed");
  CHECK(to_string(Status::kCrashed) == "crashed");
  CHECK(to_string(Status::kOverloaded) == "overloaded");
}
