#include "experiments/run/pool.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <deque>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "workloads/input/process.hpp"

namespace edgeflow {
namespace {

using Json = nlohmann::json;

/// For writing results, beyond the time limit of the simulation.
constexpr double kGrace_s = 60;
/// Ctrl-C reaches all processes of the terminal; the pool decides.
constexpr std::array<int, 2> kIgnored{SIGINT, SIGTERM};

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

/// A line to the pool; without one that listens the process ends.
void say(int out, const Json& json) {
  const bool heard =
      write_all(out, json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  if (!heard) _exit(1);
}

/// The process of a task, and how far it is.
class Worker {
 public:
  Worker(Task task, const TaskWork& work, double timeout_s)
      : task_(std::move(task)),
        timeout_s_(timeout_s),
        process_(Process::fork([&](int out) { return run(task_, work, out); }, kIgnored)),
        clock_(timeout_s) {}

  int pipe() const { return process_.out(); }
  bool planned() const { return planned_; }
  bool overdue() {
    clock_.look(process_.stopped());
    return clock_.over();
  }
  const Task& task() const { return task_; }
  /// Those whose results are not written.
  Task left() const { return {task_.begin() + static_cast<std::ptrdiff_t>(done_), task_.end()}; }

  /// Reads what the worker said into `lines`; false if it has ended.
  bool listen(std::vector<Json>& lines) {
    if (!Process::read_some(process_.out(), text_)) return false;
    for (std::size_t end = 0; (end = text_.find('\n')) != std::string::npos;) {
      lines.push_back(Json::parse(text_.substr(0, end)));
      text_.erase(0, end + 1);
      if (lines.back().contains("planned")) planned_ = true;
      if (lines.back().contains("index")) ++done_;
      clock_ = RunClock(timeout_s_ + kGrace_s);
    }
    return true;
  }

  /// Waits for its end.
  ProcessEnd wait() { return process_.wait(); }

 private:
  static bool run(const Task& task, const TaskWork& work, int out) {
    const TaskProgress progress(out);
    try {
      work.run(task, progress);
    } catch (const InputError& error) {
      progress.failed(error);
    } catch (const MachineError& error) {
      progress.failed(error);
    }
    return true;
  }

  Task task_;
  double timeout_s_;
  Process process_;
  bool planned_ = false;
  std::size_t done_ = 0;  // of the task
  std::string text_;      // of a line that has not ended
  RunClock clock_;
};

class Pool {
 public:
  Pool(std::vector<Task> tasks, const TaskWork& work, const PoolOptions& options,
       const std::function<void(const Outcome&)>& done)
      : tasks_(std::make_move_iterator(tasks.begin()), std::make_move_iterator(tasks.end())),
        work_(work),
        options_(options),
        done_(done) {}

  PoolEnd run() {
    const SignalWatch watch;
    while (!tasks_.empty() || !workers_.empty()) {
      if (interrupted != 0) return PoolEnd::kInterrupted;
      if (failed_ && options_.fail_fast) return PoolEnd::kFailedFast;
      begin_tasks();
      listen();
    }
    if (failed_ && options_.fail_fast) return PoolEnd::kFailedFast;
    if (!fault_.empty()) throw MachineError(fault_);
    return PoolEnd::kAllDone;
  }

 private:
  /// Looks at each task once.
  void begin_tasks() {
    for (std::size_t n = tasks_.size(); n > 0 && workers_.size() < options_.workers; --n) {
      Task task = std::move(tasks_.front());
      tasks_.pop_front();
      const std::optional<Task> left = work_.claim ? work_.claim(task) : task;
      if (!left) {
        tasks_.push_back(std::move(task));
      } else if (!left->empty()) {
        workers_.push_back(std::make_unique<Worker>(*left, work_, options_.timeout_s));
      }
    }
  }

  void listen() {
    std::vector<pollfd> polls;
    for (const auto& worker : workers_) polls.push_back({worker->pipe(), POLLIN, 0});
    if (poll(polls.data(), polls.size(), Process::kTick_ms) < 0) return;  // a signal
    std::vector<std::unique_ptr<Worker>> going;
    for (std::size_t i = 0; i < polls.size(); ++i) {
      const bool goes_on = polls[i].revents != 0 ? hear(*workers_[i]) : in_time(*workers_[i]);
      if (goes_on) {
        going.push_back(std::move(workers_[i]));
      } else if (work_.release) {
        work_.release(workers_[i]->task());
      }
    }
    workers_ = std::move(going);
  }

  /// False if the worker has ended.
  bool hear(Worker& worker) {
    std::vector<Json> lines;
    if (!worker.listen(lines)) {
      const ProcessEnd end = worker.wait();
      if (worker.left().empty()) return false;
      const char* const what = worker.planned() ? "running" : "planning";
      if (end.from_outside()) {
        try_again(worker, fmt::format("the {} process was ended from outside by {}", what,
                                      end.description()));
      } else {
        give_up(worker, Status::kCrashed,
                fmt::format("the {} process died by {}", what, end.description()));
      }
      return false;
    }
    for (const Json& line : lines) {
      if (line.contains("error")) throw InputError({}, "", line["error"]);
      if (line.contains("stop")) throw MachineError(line["stop"]);
      if (line.contains("try_again")) {
        try_again(worker, line["try_again"]);
        return false;
      }
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

  /// Puts what is left behind all other tasks, a few times.
  void try_again(const Worker& worker, const std::string& why) {
    Task left = worker.left();
    if (++tries_[left.front()] == kTries) {
      fault_ = fmt::format("run {}, tried {} times: {}", left.front(), kTries, why);
      left.erase(left.begin(), worker.planned() ? left.begin() + 1 : left.end());
    }
    if (!left.empty()) tasks_.push_back(std::move(left));
  }

  /// Says what became of the job at hand; of all jobs of the task if their plan is missing.
  void give_up(const Worker& worker, Status status, const std::string& message) {
    Task left = worker.left();
    const std::size_t lost = worker.planned() ? 1 : left.size();
    for (std::size_t i = 0; i < lost; ++i) {
      work_.give_up(left[i], status, message);
      report({left[i], std::string(to_string(status)), 0, message});
    }
    left.erase(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(lost));
    if (!left.empty()) tasks_.push_front(std::move(left));
  }

  void report(const Outcome& outcome) {
    failed_ = failed_ || outcome.status != to_string(Status::kOk);
    done_(outcome);
  }

  std::deque<Task> tasks_;
  const TaskWork& work_;
  PoolOptions options_;
  const std::function<void(const Outcome&)>& done_;
  std::vector<std::unique_ptr<Worker>> workers_;
  bool failed_ = false;
  std::map<std::size_t, int> tries_;  // by the run that was begun
  std::string fault_;                 // of the machine, for which runs were given up
};

}  // namespace

void TaskProgress::planned() const { say(out_, {{"planned", true}}); }

void TaskProgress::drawn() const { say(out_, {{"drawn", true}}); }

void TaskProgress::done(const RunReport& report) const {
  say(out_, {{"index", report.index},
             {"status", to_string(report.status)},
             {"latency_s", report.latency_s.value_or(0)},
             {"message", report.message}});
}

void TaskProgress::failed(const InputError& error) const { say(out_, {{"error", error.what()}}); }

void TaskProgress::failed(const MachineError& error) const {
  const bool stop = error.remedy() == MachineError::Remedy::kStop;
  say(out_, {{stop ? "stop" : "try_again", error.what()}});
}

PoolEnd run_tasks(std::vector<Task> tasks, const TaskWork& work, const PoolOptions& options,
                  const std::function<void(const Outcome&)>& done) {
  return Pool(std::move(tasks), work, options, done).run();
}

}  // namespace edgeflow
