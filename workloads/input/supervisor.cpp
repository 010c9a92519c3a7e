#include "workloads/input/supervisor.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "workloads/input/process.hpp"

namespace edgeflow {
namespace {

constexpr int kCannotRun = 127;  // as shells have it

/// As programs expect them: those that this program ignores would stay ignored.
void set_default_signals() {
  for (int number = 1; number < NSIG; ++number) std::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void become(std::span<const std::string> words, const SupervisedStreams& streams,
                         pid_t supervisor) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != supervisor) _exit(kCannotRun);
  set_default_signals();
  dup2(streams.in, STDIN_FILENO);
  dup2(streams.out, STDOUT_FILENO);
  dup2(streams.err, STDERR_FILENO);
  std::vector<char*> arguments;
  // execvp does not write them.
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  const int error = errno;
  (void)write_all(streams.started, {reinterpret_cast<const char*>(&error), sizeof error});
  _exit(kCannotRun);
}

/// The parent of a process by /proc/PID/stat; 0 if it is gone.
pid_t parent_of(const char* process) {
  std::array<char, 64> path{};
  std::snprintf(path.data(), path.size(), "/proc/%.20s/stat", process);
  const int file = open(path.data(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  std::array<char, 512> text{};
  const ssize_t count = read(file, text.data(), text.size() - 1);
  close(file);
  // PID (name) state parent; the name may hold anything.
  const std::string stat(text.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  const std::size_t behind = stat.rfind(')');
  return behind + 4 < stat.size() ? std::atoi(stat.c_str() + behind + 4) : 0;
}

/// Kills the children of this process; false if there are none that it may kill.
bool kill_children() {
  DIR* const processes = opendir("/proc");
  if (processes == nullptr) return false;
  bool any = false;
  while (const dirent* entry = readdir(processes)) {  // NOLINT(concurrency-mt-unsafe)
    const pid_t process = std::atoi(entry->d_name);
    if (process <= 0 || parent_of(entry->d_name) != getpid()) continue;
    any = kill(process, SIGKILL) == 0 || any;
  }
  closedir(processes);
  return any;
}

/// Kills the program's group, and then whatever comes to light when its parents have ended.
void end_all(pid_t program) {
  kill(-program, SIGKILL);
  while (waitpid(-1, nullptr, WNOHANG) >= 0) {
    if (!kill_children()) return;
    waitpid(-1, nullptr, 0);
  }
}

}  // namespace

void supervise(std::span<const std::string> words, const SupervisedStreams& streams) {
  // Not with the terminal's group: what ends that must not end this.
  setpgid(0, 0);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) std::signal(number, SIG_IGN);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t self = getpid();
  const pid_t program = fork();
  if (program == 0) become(words, streams, self);
  if (program < 0) {
    const int error = errno;
    (void)write_all(streams.started, {reinterpret_cast<const char*>(&error), sizeof error});
    _exit(kCannotRun);
  }
  const int ended = static_cast<int>(syscall(SYS_pidfd_open, program, 0));
  // Nothing stays open but these two, or others would wait for this process.
  const int life = dup2(streams.life, 0);
  const int end = dup2(ended, 1);
  close_range(2, ~0U, 0);
  std::array<pollfd, 2> waits{{{life, POLLIN, 0}, {end, POLLIN, 0}}};
  while (poll(waits.data(), waits.size(), -1) < 0) {
  }
  int status = 0;
  const bool by_itself = waitpid(program, &status, WNOHANG) == program;
  end_all(program);
  if (!by_itself) _exit(128 + SIGKILL);
  _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

}  // namespace edgeflow
