#include "partition/external/command.hpp"

#include <poll.h>

#include <array>
#include <system_error>

#include "workloads/input/process.hpp"

namespace edgeflow {
namespace {

/// How late the end of a program that closed its pipes, or a limit, may be noticed.
constexpr int kTick_ms = 50;

/// Reads what the process writes until it has ended, takes too long or writes too much.
void listen(Process& process, double limit_s, CommandResult& result) {
  std::array<pollfd, 2> waits{{{process.out(), POLLIN, 0}, {process.err(), POLLIN, 0}}};
  RunClock clock(limit_s);
  for (bool ended = false; !ended || waits[0].fd >= 0 || waits[1].fd >= 0;) {
    const int ready = poll(waits.data(), waits.size(), ended ? 0 : kTick_ms);
    // At its end nobody is left to hold the pipes open, except strangers who were handed them.
    if (ready == 0 && ended) return;
    for (std::size_t i = 0; ready > 0 && i < waits.size(); ++i) {
      if (waits[i].fd < 0 || waits[i].revents == 0) continue;
      std::string& text = i == 0 ? result.out : result.err;
      if (!Process::read_some(waits[i].fd, text)) waits[i].fd = -1;
      if (i == 1 && text.size() > kKeptErrors) text.erase(0, text.size() - kKeptErrors);
    }
    clock.look(process.stopped());
    ended = process.ended();
    result.too_long = result.out.size() > kMostOutput;
    result.timed_out = clock.over() && !ended;
    if (result.too_long || result.timed_out) return;
  }
}

}  // namespace

CommandResult run_command(std::span<const std::string> words, std::string_view input,
                          double limit_s) {
  CommandResult result;
  try {
    Process process = Process::start_supervised(words, input);
    listen(process, limit_s, result);
    if (result.timed_out || result.too_long) process.kill();
    result.exit_code = process.wait().shell_code();
  } catch (const std::system_error& error) {
    result.start_error = error.code().value();
  }
  return result;
}

}  // namespace edgeflow
