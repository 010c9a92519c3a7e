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

/// A unit, or the CPU work of a message.
struct Job {
  DeviceTask task;
  std::int32_t position;  // of the message or unit, in the plan

  static Job compute(UnitId unit) { return {DeviceTask::kCompute, number(unit)}; }
  static Job send(MessageId message) { return {DeviceTask::kSend, number(message)}; }
  static Job receive(MessageId message) { return {DeviceTask::kReceive, number(message)}; }
  UnitId unit() const { return UnitId{position}; }
  MessageId message() const { return MessageId{position}; }
};

/// A job that waits for its device; see runs_before.
class Waiting {
 public:
  Waiting(double ready_s, const Job& job) : ready_s_(ready_s), job_(job) {}
  double ready_s() const { return ready_s_; }
  static constexpr double arrival_s() { return 0; }
  static constexpr int request() { return 0; }  // the only one
  DeviceTask task() const { return job_.task; }
  std::int32_t position() const { return job_.position; }
  const Job& job() const { return job_; }

 private:
  double ready_s_;
  Job job_;
};

/// List schedule of one request, driven by events.
class Scheduler {
 public:
  Scheduler(const ExecutablePlan& plan, Sharing sharing)
      : plan_(plan),
        effects_(plan.effects),
        fair_(plan.effects.contention && sharing == Sharing::kMaxMin),
        missing_(plan.providers),
        times_(plan.units.size()),
        after_(plan.units.size(), kNoUnit),
        devices_(plan.cluster.size()),
        link_free_s_(plan.cluster.network().links.size(), 0),
        flows_(bandwidths(plan.cluster)) {}

  Estimate run() {
    for (const UnitId unit : plan_.first_units) become_ready(unit, 0);
    settle(0);
    for (;;) {
      const double event_s = events_.empty() ? kNever : events_.top().time_s;
      const double flow_s = flows_.next_end_s();
      const double now = std::min(event_s, flow_s);
      if (now == kNever) break;
      if (is_due(flow_s, now)) {
        ended_.clear();
        flows_.end(now, kTimePrecision_s, ended_);
        for (const std::int32_t message : ended_) arrive(MessageId{message}, now);
      }
      while (!events_.empty() && is_due(events_.top().time_s, now)) {
        const Event event = events_.top();
        events_.pop();
        happen(event, now);
      }
      settle(now);
    }
    if (done_ != times_.size()) throw std::logic_error("the plan never completes");
    Estimate result;
    for (const UnitId unit : plan_.units.ids()) {
      if (!plan_.units[unit].is_result) continue;
      result.latency_s = std::max(result.latency_s, times_[unit].finish_s);
    }
    result.units = std::move(times_);
    result.after = std::move(after_);
    return result;
  }

 private:
  enum class EventKind : std::uint8_t { kJobDone, kMessageThere, kFlowStarts };
  struct Event {
    double time_s;
    EventKind kind;
    Job job;
    bool operator>(const Event& other) const {
      return std::tie(time_s, kind, job.task, job.position) >
             std::tie(other.time_s, other.kind, other.job.task, other.job.position);
    }
  };
  struct DeviceState {
    bool busy = false;
    UnitId last{-1};  // that it ran or runs, or whose message it sent or received
    std::priority_queue<Waiting, std::vector<Waiting>, RunsLater> waiting;
  };

  static std::vector<double> bandwidths(const Cluster& cluster) {
    std::vector<double> result;
    for (const Link& link : cluster.network().links) result.push_back(link.bandwidth_Bps);
    return result;
  }

  void happen(const Event& event, double now) {
    switch (event.kind) {
      case EventKind::kJobDone:
        devices_[device_of(event.job)].busy = false;
        return done(event.job, now);
      case EventKind::kMessageThere:
        return arrive(event.job.message(), now);
      case EventKind::kFlowStarts: {
        const ExecutableMessage& message = plan_.messages[event.job.message()];
        return flows_.start(now, event.job.position, plan_.route_of(message).links,
                            message.link_bytes);
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
    if (takes_no_time(duration_s(job))) {
      begin(job, now);
      done(job, now);
    } else if (effects_.queueing) {
      devices_[device_of(job)].waiting.emplace(now, job);
    } else {
      begin(job, now);
    }
  }

  void begin(const Job& job, double now) {
    if (job.task == DeviceTask::kCompute) times_[job.unit()].start_s = now;
    const double duration = duration_s(job);
    if (!takes_no_time(duration)) events_.push({now + duration, EventKind::kJobDone, job});
  }

  void done(const Job& job, double now) {
    switch (job.task) {
      case DeviceTask::kSend:
        return leaving_.push_back(job.message());
      case DeviceTask::kReceive:
        return deliver(plan_.messages[job.message()], now);
      case DeviceTask::kCompute:
        return finish(job.unit(), now);
    }
  }

  void become_ready(UnitId unit, double now) {
    times_[unit].ready_s = now;
    enqueue(Job::compute(unit), now);
  }

  void finish(UnitId unit, double now) {
    times_[unit].finish_s = now;
    ++done_;
    finished_.push_back(unit);
  }

  void arrive(MessageId message, double now) { enqueue(Job::receive(message), now); }

  void deliver(const ExecutableMessage& message, double now) {
    for (const UnitId consumer : message.consumers) provide(consumer, message.from, now);
  }

  void provide(UnitId unit, UnitId provider, double now) {
    if (--missing_[unit] > 0) return;
    after_[unit] = provider;
    become_ready(unit, now);
  }

  /// After all events of an instant: hands over and sends what was finished, in plan order, and
  /// gives every idle device its next job.
  void settle(double now) {
    for (std::size_t i = 0; i < finished_.size(); ++i) {  // grows as units without time follow
      const UnitId provider = finished_[i];
      for (const UnitId consumer : plan_.local_consumers[provider]) {
        provide(consumer, provider, now);
      }
    }
    for (const UnitId unit : finished_) {
      for (const MessageId message : plan_.sends(unit)) enqueue(Job::send(message), now);
    }
    finished_.clear();
    std::sort(leaving_.begin(), leaving_.end());
    for (const MessageId message : leaving_) leave(message, now);
    leaving_.clear();
    for (DeviceState& device : devices_) {
      if (device.busy || device.waiting.empty()) continue;
      const Job next = device.waiting.top().job();
      device.waiting.pop();
      device.busy = true;
      const bool computes = next.task == DeviceTask::kCompute;
      if (computes && !is_due(now, times_[next.unit()].ready_s)) {
        after_[next.unit()] = device.last;
      }
      device.last = computes ? next.unit() : plan_.messages[next.message()].from;
      begin(next, now);
    }
  }

  void leave(MessageId id, double now) {
    const ExecutableMessage& message = plan_.messages[id];
    const Job job = Job::send(id);
    if (fair_) return events_.push({now + message.latency_s, EventKind::kFlowStarts, job});
    const Route& route = plan_.route_of(message);
    double begin = now;
    for (const int link : route.links) {
      if (effects_.contention) begin = std::max(begin, link_free_s_[index(link)]);
    }
    const double end = begin + message.transfer_s;
    for (const int link : route.links) link_free_s_[index(link)] = end;
    events_.push({end + message.latency_s, EventKind::kMessageThere, job});
  }

  const ExecutablePlan& plan_;
  const Effects effects_;
  const bool fair_;
  IdVector<UnitId, std::int32_t> missing_;  // providers whose data is not yet there
  IdVector<UnitId, UnitTimes> times_;
  IdVector<UnitId, UnitId> after_;
  IdVector<DeviceId, DeviceState> devices_;
  std::vector<double> link_free_s_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::vector<UnitId> finished_;    // at this instant
  std::vector<MessageId> leaving_;  // at this instant
  Flows flows_;
  std::vector<std::int32_t> ended_;  // flows, at this instant
  std::size_t done_ = 0;
};

}  // namespace

Estimate estimate(const ExecutablePlan& plan, Sharing sharing) {
  return Scheduler(plan, sharing).run();
}

Estimate estimate(const Plan& plan, const Graph& graph, const Cluster& cluster,
                  const ElementSize& size, const Effects& effects, Sharing sharing) {
  return estimate(ExecutablePlan(plan, graph, cluster, size, effects), sharing);
}

}  // namespace edgeflow
