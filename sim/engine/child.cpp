// run_in_child: fork, a pipe for the result, poll with a time limit, wait4.

#include "sim/engine/child.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <optional>
#include <string>

#include "sim/records/result_bytes.hpp"

#ifdef EDGEFLOW_COVERAGE
extern "C" void __gcov_dump();  // _exit would lose the child's counters
#endif

namespace edgeflow {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

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

bool write_all(int file, const std::string& bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = write(file, bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno != EINTR) return false;
    if (count > 0) done += static_cast<std::size_t>(count);
  }
  return true;
}

[[noreturn]] void child_main(const std::function<SimulationResult()>& job, int pipe_end,
                             pid_t parent) {
  // A simulation must not outlive a sweep that was killed.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  std::signal(SIGPIPE, SIG_IGN);
  // Handlers of the parent would report the crash as the parent's.
  for (const int fatal : {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTERM}) {
    std::signal(fatal, SIG_DFL);
  }
  const bool written = write_all(pipe_end, to_bytes(run_guarded(job)));
  fflush(nullptr);
#ifdef EDGEFLOW_COVERAGE
  __gcov_dump();
#endif
  _exit(written ? 0 : 1);  // no destructors or exit handlers: they belong to the parent
}

/// Appends what arrives to `bytes` until the other end closes; false if the time limit comes first.
bool read_until_closed(int file, Clock::time_point start, double timeout_s, std::string& bytes) {
  std::array<char, 1 << 16> buffer;
  while (true) {
    const double left_s = timeout_s - seconds_since(start);
    if (left_s <= 0) return false;
    pollfd poll_request{file, POLLIN, 0};
    // Rounded up, so that the last wait does not become a busy loop.
    const int ready = poll(&poll_request, 1, static_cast<int>(std::min(left_s * 1e3 + 1, 1e9)));
    if (ready <= 0) continue;  // time limit or interrupted: the loop looks at the clock
    const ssize_t count = read(file, buffer.data(), buffer.size());
    if (count > 0) bytes.append(buffer.data(), static_cast<std::size_t>(count));
    if (count == 0) return true;
    if (count < 0 && errno != EINTR) return true;
  }
}

std::string describe_signal(int number) {
  const char* name = sigabbrev_np(number);
  return name != nullptr ? fmt::format("SIG{} ({})", name, sigdescr_np(number))
                         : fmt::format("signal {}", number);
}

SimulationResult judge(const std::string& bytes, bool in_time, int wait_status, double timeout_s) {
  if (!in_time) {
    return ended(Status::kTimeout,
                 fmt::format("the simulation process was killed after {:g} s of wall-clock time",
                             timeout_s));
  }
  if (WIFSIGNALED(wait_status)) {
    return ended(Status::kCrashed,
                 "the simulation process died by " + describe_signal(WTERMSIG(wait_status)));
  }
  if (std::optional<SimulationResult> result = from_bytes(bytes)) return *std::move(result);
  return ended(Status::kFailed,
               fmt::format("the simulation process ended without a result, exit code {}",
                           WEXITSTATUS(wait_status)));
}

}  // namespace

SimulationResult run_in_child(const std::function<SimulationResult()>& job, double timeout_s) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return ended(Status::kFailed, fmt::format("no pipe: {}", std::strerror(errno)));
  }
  fflush(nullptr);  // or the child writes the same buffered text again
  const Clock::time_point start = Clock::now();
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    child_main(job, ends[1], parent);
  }
  const int fork_error = errno;
  close(ends[1]);
  if (child < 0) {
    close(ends[0]);
    return ended(Status::kFailed, fmt::format("no process: {}", std::strerror(fork_error)));
  }

  std::string bytes;
  const bool in_time = read_until_closed(ends[0], start, timeout_s, bytes);
  close(ends[0]);
  if (!in_time) kill(child, SIGKILL);
  int wait_status = 0;
  rusage usage{};
  while (wait4(child, &wait_status, 0, &usage) < 0 && errno == EINTR) {
  }
  SimulationResult result = judge(bytes, in_time, wait_status, timeout_s);
  result.process.max_rss_kB = usage.ru_maxrss;
  result.process.cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  return result;
}

}  // namespace edgeflow
