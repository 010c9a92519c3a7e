#include "partition/external/command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <system_error>
#include <vector>

namespace edgeflow {
namespace {

using Clock = std::chrono::steady_clock;

/// Closes a file descriptor in the end.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {
    if (number < 0) throw std::system_error(errno, std::generic_category(), "cannot run a command");
  }
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }
  void close() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }

 private:
  int number_;
};

class Pipe {
 public:
  Pipe() : Pipe(opened()) {}
  Descriptor read;
  Descriptor write;

 private:
  explicit Pipe(const std::array<int, 2>& ends) : read(ends[0]), write(ends[1]) {}
  static std::array<int, 2> opened() {
    std::array<int, 2> ends{-1, -1};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) ends = {-1, -1};
    return ends;
  }
};

/// A file in memory with `text`, to be read from its start.
int file_with(std::string_view text) {
  const int file = memfd_create("stdin", MFD_CLOEXEC);
  for (std::size_t done = 0; file >= 0 && done < text.size();) {
    const ssize_t count = write(file, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      close(file);
      return -1;
    }
    done += static_cast<std::size_t>(count);
  }
  if (file >= 0) lseek(file, 0, SEEK_SET);
  return file;
}

/// Starts the program in a process group of its own; errno if that fails.
int start(std::span<const std::string> words, int in, int out, int err, pid_t& child) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  const int error =
      posix_spawnp(&child, arguments[0], &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

/// Appends what is there; false at the end.
bool read_some(int from, std::string& text) {
  std::array<char, 65536> buffer;
  const ssize_t count = read(from, buffer.data(), buffer.size());
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  text.append(buffer.data(), static_cast<std::size_t>(count));
  return count > 0;
}

int exit_code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

CommandResult run_command(std::span<const std::string> words, std::string_view input,
                          double limit_s) {
  CommandResult result;
  const Descriptor in(file_with(input));
  Pipe out;
  Pipe err;
  pid_t child = 0;
  result.start_error = start(words, in.get(), out.write.get(), err.write.get(), child);
  if (result.start_error != 0) return result;
  out.write.close();
  err.write.close();
  const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                      std::chrono::duration<double>(limit_s));
  int status = 0;
  bool ended = false;
  std::array<pollfd, 2> waits{{{out.read.get(), POLLIN, 0}, {err.read.get(), POLLIN, 0}}};
  while (waits[0].fd >= 0 || waits[1].fd >= 0 || !ended) {
    // Something that the child started may hold the pipes open: 50 ms of silence after its end do.
    const int ready = poll(waits.data(), waits.size(), 50);
    if (ready == 0 && ended) break;
    for (std::size_t i = 0; ready > 0 && i < waits.size(); ++i) {
      if (waits[i].fd < 0 || waits[i].revents == 0) continue;
      std::string& text = i == 0 ? result.out : result.err;
      if (!read_some(waits[i].fd, text)) waits[i].fd = -1;
      if (i == 1 && text.size() > kKeptErrors) text.erase(0, text.size() - kKeptErrors);
    }
    ended = ended || waitpid(child, &status, WNOHANG) == child;
    result.too_long = result.out.size() > kMostOutput;
    result.timed_out = Clock::now() >= end && (!ended || waits[0].fd >= 0 || waits[1].fd >= 0);
    if (result.too_long || result.timed_out) break;
  }
  kill(-child, SIGKILL);
  if (!ended) waitpid(child, &status, 0);
  result.exit_code = exit_code_of(status);
  return result;
}

}  // namespace edgeflow
