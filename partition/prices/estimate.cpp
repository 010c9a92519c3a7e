#include "partition/prices/estimate.hpp"

#include <algorithm>
#include <limits>
#include <queue>
#include <stdexcept>
#include <tuple>

#include "partition/prices/flows.hpp"

namespace edgeflow {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

/// A unit of a request, or the CPU work of a message.
struct Job {
  DeviceTask task;
  std::int32_t position;  // of the message or unit, in the plan
  std::int32_t request;

  static Job compute(UnitId unit, std::int32_t request) {
    return {DeviceTask::kCompute, number(unit), request};
  }
  static Job send(MessageId message, std::int32_t request) {
    return {DeviceTask::kSend, number(message), request};
  }
  static Job receive(MessageId message, std::int32_t request) {
    return {DeviceTask::kReceive, number(message), request};
  }
  UnitId unit() const { return UnitId{position}; }
  MessageId message() const { return MessageId{position}; }
};

/// A job that waits for its device; see runs_before.
class Waiting {
 public:
  Waiting(double ready_s, const Job& job) : ready_s_(ready_s), job_(job) {}
  double ready_s() const { return ready_s_; }
  static constexpr double arrival_s() { return 0; }  // of all requests
  std::int32_t request() const { return job_.request; }
  DeviceTask task() const { return job_.task; }
  std::int32_t position() const { return job_.position; }
  const Job& job() const { return job_; }

 private:
  double ready_s_;
  Job job_;
};

/// List schedule of requests that arrive together, driven by events. What is kept by request and unit
/// is at slot_of.
class Scheduler {
 public:
  Scheduler(const ExecutablePlan& plan, Sharing sharing, std::int32_t requests)
      : plan_(plan),
        requests_(requests),
        effects_(plan.effects),
        fair_(plan.effects.contention && sharing == Sharing::kMaxMin),
        times_(index(requests) * plan.units.size()),
        after_(times_.size(), kNoUnit),
        link_free_s_(plan.cluster.network().links.size(), 0),
        flows_(bandwidths(plan.cluster)) {
    for (std::int32_t request = 0; request < requests; ++request) {
      missing_.insert(missing_.end(), plan.providers.begin(), plan.providers.end());
    }
    for (const Device& device : plan.cluster.devices()) {
      const std::int32_t jobs = plan.jobs[id_at<DeviceId>(workers_.size())];
      workers_.emplace_back(device.scheduling(), jobs, index(requests));
    }
    for (const Device& device : plan.cluster.devices()) {
      workers_.emplace_back(thread_scheduling(device.scheduling()), 0, index(requests));
    }
  }

  void run() {
    for (std::int32_t request = 0; request < requests_; ++request) {
      for (const UnitId unit : plan_.first_units) become_ready(unit, request, 0);
    }
    settle(0);
    for (;;) {
      const double event_s = events_.empty() ? kNever : events_.top().time_s;
      const double flow_s = flows_.next_end_s();
      const double now = std::min(event_s, flow_s);
      if (now == kNever) break;
      if (is_due(flow_s, now)) {
        ended_.clear();
        flows_.end(now, kTimePrecision_s, ended_);
        for (const std::int32_t flow : ended_) {
          const auto messages = static_cast<std::int32_t>(plan_.messages.size());
          arrive(MessageId{flow % messages}, flow / messages, now);
        }
      }
      while (!events_.empty() && is_due(events_.top().time_s, now)) {
        const Event event = events_.top();
        events_.pop();
        happen(event, now);
      }
      settle(now);
    }
    if (done_ != times_.size()) throw std::logic_error("the plan never completes");
  }

  /// When the results of a request are there.
  double finish_s(std::int32_t request) const {
    double finish_s = 0;
    for (const UnitId unit : plan_.units.ids()) {
      if (!plan_.units[unit].is_result) continue;
      finish_s = std::max(finish_s, times_[slot_of(unit, request)].finish_s);
    }
    return finish_s;
  }

  /// Of the first request.
  Estimate take() {
    Estimate result;
    result.latency_s = finish_s(0);
    for (std::size_t u = 0; u < plan_.units.size(); ++u) {
      result.units.push_back(times_[u]);
      result.after.push_back(after_[u]);
    }
    return result;
  }

 private:
  enum class EventKind : std::uint8_t { kJobDone, kMessageThere, kFlowStarts };
  struct Event {
    double time_s;
    EventKind kind;
    Job job;
    bool operator>(const Event& other) const {
      return std::tie(time_s, kind, job.request, job.task, job.position) >
             std::tie(other.time_s, other.kind, other.job.request, other.job.task,
                      other.job.position);
    }
  };
  /// A device or, behind all devices, its thread for messages.
  struct Worker {
    Worker(Scheduling its_scheduling, std::int32_t jobs, std::size_t requests)
        : scheduling(its_scheduling),
          waiting(RunsLater{its_scheduling}),
          jobs_left(requests, jobs) {
      skip_done();
    }

    Scheduling scheduling;
    bool busy = false;
    UnitId last{-1};  // that it ran or runs, or whose message it sent or received
    std::priority_queue<Waiting, std::vector<Waiting>, RunsLater> waiting;
    std::vector<std::int32_t> jobs_left;  // by request
    std::size_t oldest = 0;               // request with jobs left

    void skip_done() {
      while (oldest < jobs_left.size() && jobs_left[oldest] == 0) ++oldest;
    }
    bool has_next() const {
      if (busy || waiting.empty()) return false;
      return scheduling != Scheduling::kExclusive || index(waiting.top().request()) == oldest;
    }
  };
  struct DoneUnit {
    UnitId unit;
    std::int32_t request;
  };
  struct LeavingMessage {
    std::int32_t request;
    MessageId message;
    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 sees a 0 in what <=> stands for.
    auto operator<=>(const LeavingMessage&) const = default;
  };

  static std::vector<double> bandwidths(const Cluster& cluster) {
    std::vector<double> result;
    for (const Link& link : cluster.network().links) result.push_back(link.bandwidth_Bps);
    return result;
  }

  std::size_t slot_of(UnitId unit, std::int32_t request) const {
    return index(request) * plan_.units.size() + index(unit);
  }

  void happen(const Event& event, double now) {
    switch (event.kind) {
      case EventKind::kJobDone: {
        if (!blocks(event.job)) vacate(event.job);
        return done(event.job, now);
      }
      case EventKind::kMessageThere:
        return arrive(event.job.message(), event.job.request, now);
      case EventKind::kFlowStarts: {
        const ExecutableMessage& message = plan_.messages[event.job.message()];
        const auto messages = static_cast<std::int32_t>(plan_.messages.size());
        return flows_.start(now, event.job.request * messages + event.job.position,
                            plan_.route_of(message).links, message.link_bytes);
      }
    }
  }

  DeviceId device_of(const Job& job) const {
    switch (job.task) {
      case DeviceTask::kSend:
        return plan_.messages[job.message()].from_device;
      case DeviceTask::kReceive:
        return plan_.messages[job.message()].to;
      case DeviceTask::kCompute:
        return plan_.units[job.unit()].device;
    }
    return {};
  }

  bool overlaps(const Job& job) const {
    if (job.task == DeviceTask::kCompute) return false;
    const ExecutableMessage& message = plan_.messages[job.message()];
    return job.task == DeviceTask::kSend ? message.send_overlaps : message.receive_overlaps;
  }

  Worker& worker_of(const Job& job) {
    return workers_[index(device_of(job)) + (overlaps(job) ? plan_.cluster.size() : 0)];
  }

  /// Whether the job's device is occupied beyond its end.
  bool blocks(const Job& job) const {
    return job.task == DeviceTask::kSend && plan_.messages[job.message()].blocks;
  }

  void vacate(const Job& job) {
    Worker& worker = worker_of(job);
    worker.busy = false;
    --worker.jobs_left[index(job.request)];
    worker.skip_done();
  }

  double duration_s(const Job& job) const {
    switch (job.task) {
      case DeviceTask::kSend:
        return plan_.messages[job.message()].send_s;
      case DeviceTask::kReceive:
        return plan_.messages[job.message()].receive_s;
      case DeviceTask::kCompute:
        return plan_.units[job.unit()].duration_s;
    }
    return 0;
  }

  /// Lets the job's device do it, in its turn.
  void enqueue(const Job& job, double now) {
    if (effects_.queueing && (blocks(job) || !takes_no_time(duration_s(job)))) {
      worker_of(job).waiting.emplace(now, job);
    } else {
      begin(job, now);
      if (takes_no_time(duration_s(job))) done(job, now);
    }
  }

  void begin(const Job& job, double now) {
    if (job.task == DeviceTask::kCompute) times_[slot_of(job.unit(), job.request)].start_s = now;
    const double duration = duration_s(job);
    if (takes_no_time(duration) && !(blocks(job) && effects_.queueing)) return;
    events_.push({now + duration, EventKind::kJobDone, job});
  }

  void done(const Job& job, double now) {
    switch (job.task) {
      case DeviceTask::kSend:
        return leaving_.push_back({job.request, job.message()});
      case DeviceTask::kReceive:
        return deliver(plan_.messages[job.message()], job.request, now);
      case DeviceTask::kCompute:
        return finish(job.unit(), job.request, now);
    }
  }

  void become_ready(UnitId unit, std::int32_t request, double now) {
    times_[slot_of(unit, request)].ready_s = now;
    enqueue(Job::compute(unit, request), now);
  }

  void finish(UnitId unit, std::int32_t request, double now) {
    times_[slot_of(unit, request)].finish_s = now;
    ++done_;
    finished_.push_back({unit, request});
  }

  void arrive(MessageId message, std::int32_t request, double now) {
    const Job send = Job::send(message, request);
    if (blocks(send) && effects_.queueing) vacate(send);
    enqueue(Job::receive(message, request), now);
  }

  void deliver(const ExecutableMessage& message, std::int32_t request, double now) {
    for (const UnitId consumer : message.consumers) provide(consumer, message.from, request, now);
  }

  void provide(UnitId unit, UnitId provider, std::int32_t request, double now) {
    const std::size_t slot = slot_of(unit, request);
    if (--missing_[slot] > 0) return;
    after_[slot] = provider;
    become_ready(unit, request, now);
  }

  /// After all events of an instant: hands over and sends what was finished, and gives every idle
  /// device its next job.
  void settle(double now) {
    while (!finished_.empty() || !leaving_.empty()) hand_over(now);  // messages may take no time
    for (Worker& worker : workers_) {
      if (worker.has_next()) begin_next(worker, now);
    }
  }

  /// In plan order.
  void hand_over(double now) {
    for (std::size_t i = 0; i < finished_.size(); ++i) {  // grows as units without time follow
      const DoneUnit done = finished_[i];
      for (const UnitId consumer : plan_.local_consumers[done.unit]) {
        provide(consumer, done.unit, done.request, now);
      }
    }
    for (const DoneUnit& done : finished_) {
      for (const MessageId message : plan_.sends(done.unit)) {
        enqueue(Job::send(message, done.request), now);
      }
    }
    finished_.clear();
    std::sort(leaving_.begin(), leaving_.end());
    for (const LeavingMessage& leaving : leaving_) leave(leaving.message, leaving.request, now);
    leaving_.clear();
  }

  void begin_next(Worker& worker, double now) {
    const Job next = worker.waiting.top().job();
    worker.waiting.pop();
    worker.busy = true;
    const bool computes = next.task == DeviceTask::kCompute;
    if (computes) {
      const std::size_t slot = slot_of(next.unit(), next.request);
      if (!is_due(now, times_[slot].ready_s)) after_[slot] = worker.last;
    }
    worker.last = computes ? next.unit() : plan_.messages[next.message()].from;
    begin(next, now);
  }

  void leave(MessageId id, std::int32_t request, double now) {
    const ExecutableMessage& message = plan_.messages[id];
    const Job job = Job::send(id, request);
    if (fair_ && !takes_no_time(message.transfer_s)) {
      return events_.push({now + message.latency_s, EventKind::kFlowStarts, job});
    }
    const Route& route = plan_.route_of(message);
    double begin = now;
    for (const int link : route.links) {
      if (effects_.contention) begin = std::max(begin, link_free_s_[index(link)]);
    }
    const double end = begin + message.transfer_s;
    for (const int link : route.links) link_free_s_[index(link)] = end;
    const double there = end + message.latency_s;
    if (takes_no_time(there - now)) return arrive(id, request, now);
    events_.push({there, EventKind::kMessageThere, job});
  }

  const ExecutablePlan& plan_;
  const std::int32_t requests_;
  const Effects effects_;
  const bool fair_;
  std::vector<std::int32_t> missing_;  // providers whose data is not yet there
  std::vector<UnitTimes> times_;
  std::vector<UnitId> after_;
  std::vector<Worker> workers_;
  std::vector<double> link_free_s_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::vector<DoneUnit> finished_;       // at this instant
  std::vector<LeavingMessage> leaving_;  // likewise
  Flows flows_;
  std::vector<std::int32_t> ended_;  // flows, at this instant
  std::size_t done_ = 0;
};

}  // namespace

Estimate estimate(const ExecutablePlan& plan, Sharing sharing) {
  Scheduler scheduler(plan, sharing, 1);
  scheduler.run();
  return scheduler.take();
}

std::vector<double> estimate_together(const ExecutablePlan& plan, std::int32_t requests) {
  Scheduler scheduler(plan, Sharing::kMaxMin, requests);
  scheduler.run();
  std::vector<double> finishes_s;
  for (std::int32_t r = 0; r < requests; ++r) finishes_s.push_back(scheduler.finish_s(r));
  return finishes_s;
}

double stream_period_s(const ExecutablePlan& plan) {
  constexpr std::int32_t kRequests = 8;
  const double alone_s = estimate(plan, Sharing::kMaxMin).latency_s;
  const std::vector<double> finishes_s = estimate_together(plan, kRequests);
  return (std::ranges::max(finishes_s) - alone_s) / (kRequests - 1);
}

Estimate estimate(const Plan& plan, const Graph& graph, const Cluster& cluster,
                  const ElementSize& size, const Effects& effects, Sharing sharing) {
  return estimate(ExecutablePlan(plan, graph, cluster, size, effects), sharing);
}

}  // namespace edgeflow
