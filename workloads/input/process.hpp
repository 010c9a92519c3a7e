#pragma once
// Child processes: parts of this program and programs of others, what they write, and how they end.

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace edgeflow {

/// How a process ended, and what it used.
struct ProcessEnd {
  int exit_code = 0;
  int signal = 0;  // that it died by, 0 if it ended by itself
  double cpu_s = 0;
  long max_rss_kB = 0;

  /// Whether somebody else ended it: it died by a signal that is no fault of its own.
  bool from_outside() const;
  /// As shells have it: 128 + signal if it died by one.
  int shell_code() const { return signal != 0 ? 128 + signal : exit_code; }
  /// "SIGSEGV (Segmentation fault)", or "exit code 3".
  std::string description() const;
};

/// A file descriptor that is closed when its owner goes.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  int get() const { return number_; }
  void close();

 private:
  int number_;
};

/// Time in which a process could run, in s: that between two looks counts at most as kMostBetween,
/// because the machine or this process may have slept, and not at all while the process is stopped.
class RunClock {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr double kMostBetween_s = 1;

  explicit RunClock(double limit_s, Clock::time_point now = Clock::now())
      : limit_s_(limit_s), last_(now) {}
  /// To be called several times a second.
  void look(bool stopped, Clock::time_point now = Clock::now());
  bool over() const { return spent_s_ >= limit_s_; }

 private:
  double limit_s_;
  double spent_s_ = 0;
  Clock::time_point last_;
};

/// Writes all of `bytes`; false if nobody reads them.
bool write_all(int file, std::string_view bytes);

/// A running child process. One that is still there when its owner goes is killed.
class Process {
 public:
  /// How long whoever waits for one may look away, from its RunClock and from signals.
  static constexpr int kTick_ms = 200;

  /// Runs `body` in a copy of this process, which gets a pipe's end to write to and ends with exit
  /// code 0, or 1 if `body` returns false. It dies with this process, never calls handlers or
  /// destructors of it, and ignores `ignored` signals. Throws MachineError if there is no pipe
  /// or process to be had.
  static Process fork(const std::function<bool(int out)>& body, std::span<const int> ignored = {});

  /// Starts a program without a shell, looked up in PATH unless it has a slash, with this process's
  /// streams. Throws std::system_error if it cannot be started, MachineError if the machine is short
  /// of something. Precondition: there is at least one word.
  static Process start(std::span<const std::string> words);
  /// The same with `input` as its stdin and pipes from its stdout and stderr, with default signals,
  /// in a group of its own, under a supervisor (supervisor.hpp): it and what it started end when it
  /// has ended, when kill() is called, and with this process, whatever ends that.
  static Process start_supervised(std::span<const std::string> words, std::string_view input);

  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;
  ~Process();

  /// Pipes' ends to read from; -1 if there is none or it is closed.
  int out() const { return out_.get(); }
  int err() const { return err_.get(); }

  /// Appends what there is to read, waiting for something if there is nothing; false once the other
  /// end is closed.
  static bool read_some(int from, std::string& text);
  /// Appends all that is written to out() until it is closed; false if it could run for `limit_s` then.
  bool read_all(double limit_s, std::string& text);

  /// True once it has ended; never waits.
  bool ended();
  /// Whether somebody has stopped it (SIGSTOP), for now.
  bool stopped() const;
  void signal(int number) const;
  /// Kills it, and if it is supervised, what it started.
  void kill();
  /// Waits for its end.
  ProcessEnd wait();

 private:
  explicit Process(pid_t child) : child_(child) {}
  bool reap(int options);

  pid_t child_;      // -1: has ended
  Descriptor life_;  // of one that is supervised: closed, its supervisor ends it
  Descriptor out_;
  Descriptor err_;
  ProcessEnd end_;
};

}  // namespace edgeflow
