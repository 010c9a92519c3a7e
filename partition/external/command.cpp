#include "partition/external/command.hpp"

#include <poll.h>

#include <array>
#include <system_error>

#include "workloads/input/process.hpp"

namespace edgeflow {
namespace {

/// Something that the child started may hold the pipes open: so much silence after its end will do.
constexpr int kSilence_ms = 50;

/// Reads what the process writes until it has ended, takes too long or writes too much.
void listen(Process& process, double limit_s, CommandResult& result) {
  RunClock clock(limit_s);
  std::array<pollfd, 2> waits{{{process.out(), POLLIN, 0}, {process.err(), POLLIN, 0}}};
  bool ended = false;
  while (waits[0].fd >= 0 || waits[1].fd >= 0 || !ended) {
    const int ready = poll(waits.data(), waits.size(), kSilence_ms);
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
    result.timed_out = clock.over() && (!ended || waits[0].fd >= 0 || waits[1].fd >= 0);
    if (result.too_long || result.timed_out) return;
  }
}

}  // namespace

CommandResult run_command(std::span<const std::string> words, std::string_view input,
                          double limit_s) {
  CommandResult result;
  try {
    Process process = Process::start(words, Process::Streams::kPiped, input);
    listen(process, limit_s, result);
    process.kill();
    result.exit_code = process.wait().shell_code();
  } catch (const std::system_error& error) {
    result.start_error = error.code().value();
  }
  return result;
}

}  // namespace edgeflow
