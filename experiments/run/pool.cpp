#include "experiments/run/pool.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>

#include "experiments/run/run.hpp"
#include "workloads/input/random.hpp"

#ifdef EDGEFLOW_COVERAGE
extern "C" void __gcov_dump();  // _exit would lose the worker's counters
#endif

namespace edgeflow {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::json;

/// For writing results, beyond the time limit of the simulation.
constexpr double kGrace_s = 60;
/// How late a signal or a time limit may be noticed.
constexpr int kTick_ms = 200;

volatile std::sig_atomic_t interrupted = 0;

/// While it lives, SIGINT and SIGTERM set `interrupted`.
class SignalWatch {
 public:
  SignalWatch() {
    interrupted = 0;
    struct sigaction action {};
    action.sa_handler = [](int) { interrupted = 1; };
    sigaction(SIGINT, &action, &old_int_);
    sigaction(SIGTERM, &action, &old_term_);
  }
  ~SignalWatch() {
    sigaction(SIGINT, &old_int_, nullptr);
    sigaction(SIGTERM, &old_term_, nullptr);
  }
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  struct sigaction old_int_ {};
  struct sigaction old_term_ {};
};

// What a worker says, a line each: {"planned": true}, {"index": ..., "status": ...} for a run whose
// results are written, {"error": "..."} when they cannot be.

void say(int pipe_end, const Json& json) {
  const std::string line = json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  for (std::size_t sent = 0; sent < line.size();) {
    const ssize_t count = write(pipe_end, line.data() + sent, line.size() - sent);
    if (count < 0 && errno != EINTR) _exit(1);  // nobody listens
    if (count > 0) sent += static_cast<std::size_t>(count);
  }
}

Json to_json(const RunReport& report) {
  return {{"index", report.index},
          {"status", to_string(report.status)},
          {"latency_s", report.latency_s.value_or(0)},
          {"message", report.message}};
}

void work(const std::vector<Job>& jobs, const Task& task, const Results& results,
          const PoolOptions& options, int pipe_end) {
  try {
    const PlanOutcome planned = plan(jobs[task.front()]);
    say(pipe_end, {{"planned", true}});
    for (const std::size_t i : task) {
      const RunOptions how{options.timeout_s, results.folder_of(jobs[i]), options.trace};
      results.begin(jobs[i]);
      const Run run = edgeflow::run(jobs[i], planned, how);
      results.add(jobs[i], run);
      say(pipe_end, to_json(run.report));
    }
  } catch (const InputError& error) {
    say(pipe_end, {{"error", error.what()}});
  }
}

class Worker {
 public:
  Worker(const std::vector<Job>& jobs, Task task, const Results& results,
         const PoolOptions& options)
      : task_(std::move(task)), timeout_s_(options.timeout_s) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) fail("no pipe");
    fflush(nullptr);  // or the child writes the same buffered text again
    const pid_t parent = getpid();
    child_ = fork();
    if (child_ < 0) fail("no process");
    if (child_ == 0) {
      close(ends[0]);
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent) _exit(1);
      // Ctrl-C reaches all processes of the terminal; the parent decides.
      for (const int number : {SIGINT, SIGTERM, SIGPIPE}) std::signal(number, SIG_IGN);
      for (const int fatal : {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV}) {
        std::signal(fatal, SIG_DFL);
      }
      work(jobs, task_, results, options, ends[1]);
      fflush(nullptr);
#ifdef EDGEFLOW_COVERAGE
      __gcov_dump();
#endif
      _exit(0);
    }
    close(ends[1]);
    pipe_ = ends[0];
    set_deadline(timeout_s_);
  }
  ~Worker() {
    if (child_ > 0) {
      kill(child_, SIGKILL);
      (void)wait_status();
    }
    close(pipe_);
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  int pipe() const { return pipe_; }
  bool planned() const { return planned_; }
  bool overdue() const { return Clock::now() > deadline_; }
  /// Those whose results are not written.
  Task left() const { return {task_.begin() + static_cast<std::ptrdiff_t>(done_), task_.end()}; }

  /// Reads what the worker said; empty if it has ended.
  std::vector<Json> listen() {
    std::array<char, 1 << 12> buffer;
    const ssize_t count = read(pipe_, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) return {Json()};
    if (count <= 0) return {};
    text_.append(buffer.data(), static_cast<std::size_t>(count));
    std::vector<Json> lines{Json()};
    for (std::size_t end = 0; (end = text_.find('\n')) != std::string::npos;) {
      lines.push_back(Json::parse(text_.substr(0, end)));
      text_.erase(0, end + 1);
      planned_ = true;
      if (lines.back().contains("index")) ++done_;
      set_deadline(timeout_s_ + kGrace_s);
    }
    return lines;
  }

  /// Waits for its end. How it ended, if that was by a signal.
  std::string cause_of_death() {
    const int status = wait_status();
    if (!WIFSIGNALED(status)) return fmt::format("exit code {}", WEXITSTATUS(status));
    const char* name = sigabbrev_np(WTERMSIG(status));
    return name != nullptr ? fmt::format("SIG{} ({})", name, sigdescr_np(WTERMSIG(status)))
                           : fmt::format("signal {}", WTERMSIG(status));
  }

 private:
  [[noreturn]] static void fail(const char* what) {
    throw std::runtime_error(fmt::format("{}: {}", what, std::strerror(errno)));
  }
  void set_deadline(double seconds) {
    deadline_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                   std::chrono::duration<double>(std::min(seconds, 1e9)));
  }
  int wait_status() {
    int status = 0;
    while (waitpid(child_, &status, 0) < 0 && errno == EINTR) {
    }
    child_ = -1;
    return status;
  }

  Task task_;
  double timeout_s_;
  pid_t child_ = -1;
  int pipe_ = -1;
  bool planned_ = false;
  std::size_t done_ = 0;  // of the task
  std::string text_;      // of a line that has not ended
  Clock::time_point deadline_;
};

class Pool {
 public:
  Pool(const std::vector<Job>& jobs, std::vector<Task> tasks, const Results& results,
       const PoolOptions& options, const std::function<void(const Outcome&)>& done)
      : jobs_(jobs),
        tasks_(std::make_move_iterator(tasks.begin()), std::make_move_iterator(tasks.end())),
        results_(results),
        options_(options),
        done_(done) {}

  PoolEnd run() {
    const SignalWatch watch;
    while (!tasks_.empty() || !workers_.empty()) {
      if (interrupted != 0) return PoolEnd::kInterrupted;
      if (failed_ && options_.fail_fast) return PoolEnd::kFailedFast;
      while (!tasks_.empty() && workers_.size() < options_.workers) {
        Task task = std::move(tasks_.front());
        tasks_.pop_front();
        workers_.push_back(std::make_unique<Worker>(jobs_, std::move(task), results_, options_));
      }
      listen();
    }
    return failed_ && options_.fail_fast ? PoolEnd::kFailedFast : PoolEnd::kAllDone;
  }

 private:
  void listen() {
    std::vector<pollfd> polls;
    for (const auto& worker : workers_) polls.push_back({worker->pipe(), POLLIN, 0});
    if (poll(polls.data(), polls.size(), kTick_ms) < 0) return;  // a signal
    std::vector<std::unique_ptr<Worker>> going;
    for (std::size_t i = 0; i < polls.size(); ++i) {
      const bool goes_on = polls[i].revents != 0 ? hear(*workers_[i]) : in_time(*workers_[i]);
      if (goes_on) going.push_back(std::move(workers_[i]));
    }
    workers_ = std::move(going);
  }

  /// False if the worker has ended.
  bool hear(Worker& worker) {
    const std::vector<Json> lines = worker.listen();
    if (lines.empty()) {
      const std::string cause = worker.cause_of_death();
      if (worker.left().empty()) return false;
      give_up(worker, Status::kCrashed,
              fmt::format("the {} process died by {}", worker.planned() ? "running" : "planning",
                          cause));
      return false;
    }
    for (const Json& line : lines) {
      if (line.contains("error")) throw InputError({}, "", line["error"]);
      if (line.contains("index")) {
        report({line["index"], line["status"], line["latency_s"], line["message"]});
      }
    }
    return true;
  }

  bool in_time(Worker& worker) {
    if (!worker.overdue()) return true;
    give_up(worker, Status::kTimeout,
            fmt::format("{} was stopped after {:g} s of wall-clock time",
                        worker.planned() ? "the run" : "planning", options_.timeout_s));
    return false;
  }

  /// Writes what became of the job at hand; of all jobs of the task if their plan is missing.
  void give_up(const Worker& worker, Status status, const std::string& message) {
    Task left = worker.left();
    const std::size_t lost = worker.planned() ? 1 : left.size();
    for (std::size_t i = 0; i < lost; ++i) {
      const Run run = ended_run(jobs_[left[i]], status, message);
      results_.add(jobs_[left[i]], run);
      report({left[i], std::string(to_string(status)), 0, message});
    }
    left.erase(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(lost));
    if (!left.empty()) tasks_.push_front(std::move(left));
  }

  void report(const Outcome& outcome) {
    failed_ = failed_ || outcome.status != to_string(Status::kOk);
    done_(outcome);
  }

  const std::vector<Job>& jobs_;
  std::deque<Task> tasks_;
  const Results& results_;
  PoolOptions options_;
  const std::function<void(const Outcome&)>& done_;
  std::vector<std::unique_ptr<Worker>> workers_;
  bool failed_ = false;
};

}  // namespace

std::vector<Task> tasks_of(const std::vector<Job>& jobs) {
  std::vector<Task> tasks;
  std::map<std::string, std::size_t> by_plan;
  for (const Job& job : jobs) {
    const auto [place, added] = by_plan.emplace(plan_key(job), tasks.size());
    if (added) tasks.emplace_back();
    tasks[place->second].push_back(job.index);
  }
  return tasks;
}

std::vector<Task> divided(const std::vector<Task>& tasks, std::size_t pieces) {
  if (tasks.empty() || tasks.size() >= pieces) return tasks;
  const std::size_t parts = (pieces + tasks.size() - 1) / tasks.size();
  std::vector<Task> smaller;
  for (const Task& task : tasks) {
    for (std::size_t p = 0; p < parts; ++p) {
      const auto begin = static_cast<std::ptrdiff_t>(task.size() * p / parts);
      const auto end = static_cast<std::ptrdiff_t>(task.size() * (p + 1) / parts);
      if (begin < end) smaller.emplace_back(task.begin() + begin, task.begin() + end);
    }
  }
  return smaller;
}

std::vector<Task> shard_of(const std::vector<Job>& jobs, std::size_t number, std::size_t shards) {
  const std::vector<Task> tasks = divided(tasks_of(jobs), shards);
  std::vector<std::pair<std::uint64_t, std::size_t>> dealt;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    dealt.emplace_back(fnv1a(jobs[tasks[i].front()].config_hash), i);
  }
  std::sort(dealt.begin(), dealt.end());
  std::vector<Task> shard;
  for (std::size_t i = number - 1; i < dealt.size(); i += shards) {
    shard.push_back(tasks[dealt[i].second]);
  }
  std::sort(shard.begin(), shard.end());
  return shard;
}

PoolEnd run_tasks(const std::vector<Job>& jobs, std::vector<Task> tasks, const Results& results,
                  const PoolOptions& options, const std::function<void(const Outcome&)>& done) {
  return Pool(jobs, std::move(tasks), results, options, done).run();
}

}  // namespace edgeflow
