#pragma once
// A program that runs beside the test, and is waited for by what can be seen of it.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>
#include <string>
#include <vector>

#include "tests/support/paths.hpp"
#include "tests/support/scratch.hpp"

namespace edgeflow::test {

class Background {
 public:
  /// Starts the program of this build in the folder of `scratch`.
  Background(const Scratch& scratch, const std::vector<std::string>& arguments)
      : folder_(scratch.folder()), child_(fork()) {
    REQUIRE(child_ >= 0);
    if (child_ == 0) execute(arguments);
  }
  ~Background() {
    if (child_ > 0) (void)end_by(SIGKILL);
  }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  /// Waits until `holds`, which looks at files of the folder: it is asked again whenever something
  /// changed there. The test fails if the program ends first, or hangs.
  void wait_until(const std::function<bool()>& holds) const {
    const int changes = inotify_init1(IN_CLOEXEC);
    const int end = static_cast<int>(syscall(SYS_pidfd_open, child_, 0));
    REQUIRE(changes >= 0);
    REQUIRE(end >= 0);
    while (true) {
      watch(changes);  // before the question, or what happens in between would be missed
      if (holds()) break;
      std::array<pollfd, 2> waits{{{changes, POLLIN, 0}, {end, POLLIN, 0}}};
      REQUIRE_MESSAGE(poll(waits.data(), waits.size(), kHang_ms) > 0, "nothing happens any more");
      REQUIRE_MESSAGE(waits[1].revents == 0, "the program has ended");
      std::array<char, 1 << 16> events;
      REQUIRE(read(changes, events.data(), events.size()) > 0);
    }
    close(end);
    close(changes);
  }

  /// Waits until it ends by itself. How it ended, as waitpid says.
  int wait_for_end() {
    int status = 0;
    waitpid(child_, &status, 0);
    child_ = -1;
    return status;
  }

  /// Sends the signal and waits for the end. How it ended, as waitpid says.
  int end_by(int signal) {
    int status = 0;
    kill(child_, signal);
    waitpid(child_, &status, 0);
    child_ = -1;
    return status;
  }

 private:
  static constexpr int kHang_ms = 300'000;  // a guard: nothing is to take that long

  [[noreturn]] void execute(const std::vector<std::string>& arguments) const {
    std::vector<char*> words{const_cast<char*>("edgeflow")};
    for (const std::string& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    const int null = open("/dev/null", O_RDWR);
    for (const int end : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null, end);
    if (chdir(folder_.c_str()) == 0) execv(program_file().c_str(), words.data());
    _exit(3);
  }

  void watch(int changes) const {
    const auto add = [&](const std::filesystem::path& folder) {
      inotify_add_watch(changes, folder.c_str(), IN_CREATE | IN_DELETE | IN_MOVE | IN_CLOSE_WRITE);
    };
    add(folder_);
    std::error_code gone;
    std::filesystem::recursive_directory_iterator entry(folder_, gone);
    while (!gone && entry != std::filesystem::recursive_directory_iterator()) {
      if (entry->is_directory(gone)) add(entry->path());
      entry.increment(gone);
    }
  }

  std::filesystem::path folder_;
  pid_t child_;
};

}  // namespace edgeflow::test
