#include "workloads/input/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include "workloads/input/machine_error.hpp"
#include "workloads/input/supervisor.hpp"

#ifdef EDGEFLOW_COVERAGE
extern "C" void __gcov_dump();  // _exit would lose the child's counters
#endif

namespace edgeflow {
namespace {

[[noreturn]] void fail(int error, const char* what) {
  const std::system_error thrown(error, std::generic_category(), what);
  rethrow_machines_fault(std::make_exception_ptr(thrown));
  throw thrown;
}

struct Pipe {
  Descriptor read;
  Descriptor write;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) fail(errno, "no pipe");
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

/// A file in memory with `text`, to be read from its start.
Descriptor file_with(std::string_view text) {
  Descriptor file(memfd_create("stdin", MFD_CLOEXEC));
  if (file.get() < 0 || !write_all(file.get(), text)) fail(errno, "no file in memory");
  lseek(file.get(), 0, SEEK_SET);
  return file;
}

/// The child's side of Process::fork.
[[noreturn]] void run_body(const std::function<bool(int)>& body, int out,
                           std::span<const int> ignored, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  // Handlers of the parent would report a crash as the parent's.
  for (const int fatal : {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTERM}) {
    std::signal(fatal, SIG_DFL);
  }
  std::signal(SIGPIPE, SIG_IGN);
  for (const int number : ignored) std::signal(number, SIG_IGN);
  const bool good = body(out);
  fflush(nullptr);
#ifdef EDGEFLOW_COVERAGE
  __gcov_dump();
#endif
  _exit(good ? 0 : 1);
}

}  // namespace

bool ProcessEnd::from_outside() const {
  switch (signal) {
    case 0:
    case SIGABRT:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGSEGV:
    case SIGSYS:
    case SIGTRAP:
      return false;
    default:
      return true;
  }
}

void RunClock::look(bool stopped, Clock::time_point now) {
  const double passed_s = std::chrono::duration<double>(now - last_).count();
  if (!stopped) spent_s_ += std::min(passed_s, kMostBetween_s);
  last_ = now;
}

std::string ProcessEnd::description() const {
  if (signal == 0) return fmt::format("exit code {}", exit_code);
  const char* name = sigabbrev_np(signal);
  return name != nullptr ? fmt::format("SIG{} ({})", name, sigdescr_np(signal))
                         : fmt::format("signal {}", signal);
}

Descriptor::Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

void Descriptor::close() {
  if (number_ >= 0) ::close(number_);
  number_ = -1;
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(file, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) return false;
    if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

Process Process::fork(const std::function<bool(int)>& body, std::span<const int> ignored) {
  Pipe pipe = make_pipe();
  fflush(nullptr);  // or the child writes the same buffered text again
  const pid_t parent = getpid();
  const pid_t child = ::fork();
  if (child < 0) fail(errno, "no process");
  if (child == 0) {
    pipe.read.close();
    run_body(body, pipe.write.get(), ignored, parent);
  }
  Process process(child);
  process.out_ = std::move(pipe.read);
  return process;
}

Process Process::start(std::span<const std::string> words) {
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  // posix_spawn does not write them.
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int error = posix_spawnp(&child, arguments[0], nullptr, nullptr, arguments.data(), environ);
  if (error != 0) fail(error, "cannot be started");
  return Process(child);
}

Process Process::start_supervised(std::span<const std::string> words, std::string_view input) {
  const Descriptor in = file_with(input);
  Pipe out = make_pipe();
  Pipe err = make_pipe();
  Pipe life = make_pipe();
  Pipe started = make_pipe();
  fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) fail(errno, "no process");
  if (child == 0) {
    life.write.close();
    supervise(words,
              {in.get(), out.write.get(), err.write.get(), life.read.get(), started.write.get()});
  }
  Process process(child);
  process.out_ = std::move(out.read);
  process.err_ = std::move(err.read);
  process.life_ = std::move(life.write);
  started.write.close();
  std::string error;
  while (read_some(started.read.get(), error)) {
  }
  if (error.size() == sizeof(int)) {
    int number = 0;
    std::memcpy(&number, error.data(), sizeof number);
    fail(number, "cannot be started");
  }
  return process;
}

Process::Process(Process&& other) noexcept
    : child_(std::exchange(other.child_, -1)),
      life_(std::move(other.life_)),
      out_(std::move(other.out_)),
      err_(std::move(other.err_)),
      end_(other.end_) {}

Process::~Process() {
  if (child_ > 0) {
    kill();
    (void)wait();
  }
}

bool Process::read_some(int from, std::string& text) {
  std::array<char, 1 << 16> buffer;
  const ssize_t count = read(from, buffer.data(), buffer.size());
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  text.append(buffer.data(), static_cast<std::size_t>(count));
  return count > 0;
}

bool Process::read_all(double limit_s, std::string& text) {
  // Rounded up, so that short waits do not become busy loops.
  const int tick_ms = static_cast<int>(std::min(limit_s * 1e3 + 1, double{kTick_ms}));
  for (RunClock clock(limit_s); !clock.over(); clock.look(stopped())) {
    pollfd request{out_.get(), POLLIN, 0};
    if (poll(&request, 1, tick_ms) > 0 && !read_some(out_.get(), text)) return true;
  }
  return false;
}

bool Process::reap(int options) {
  int status = 0;
  rusage usage{};
  pid_t reaped = 0;
  do {
    reaped = wait4(child_, &status, options, &usage);
  } while (reaped < 0 && errno == EINTR);
  if (reaped != child_) return false;
  child_ = -1;
  if (WIFSIGNALED(status)) {
    end_.signal = WTERMSIG(status);
  } else {
    end_.exit_code = WEXITSTATUS(status);
  }
  end_.cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  end_.max_rss_kB = usage.ru_maxrss;
  return true;
}

bool Process::ended() { return child_ < 0 || reap(WNOHANG); }

bool Process::stopped() const {
  siginfo_t info{};  // left as it is if the child is not stopped
  const int options = WSTOPPED | WNOHANG | WNOWAIT;
  return child_ > 0 && waitid(P_PID, static_cast<id_t>(child_), &info, options) == 0 &&
         info.si_pid != 0;
}

void Process::signal(int number) const {
  if (child_ > 0) ::kill(child_, number);
}

void Process::kill() {
  if (life_.get() < 0) return signal(SIGKILL);
  life_.close();
}

ProcessEnd Process::wait() {
  if (child_ > 0) reap(0);
  return end_;
}

}  // namespace edgeflow
