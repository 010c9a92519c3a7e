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

/// List schedule of one request, driven by events.
class Scheduler {
 public:
  Scheduler(const Plan& plan, const Graph& graph, const Cluster& cluster, const ElementSize& size,
            const Effects& effects, Sharing sharing)
      : plan_(plan),
        cluster_(cluster),
        effects_(effects),
        fair_(effects.contention && sharing == Sharing::kMaxMin),
        messages_(messages_of(plan, size)),
        flows_(bandwidths(cluster)) {
    const std::size_t units = plan.units.size();
    times_.resize(units);
    after_.assign(units, UnitId{-1});
    missing_.resize(units);
    duration_s_.resize(units);
    local_.resize(units);
    first_message_.assign(units + 1, 0);
    for (std::size_t u = 0; u < units; ++u) {
      if (is_result(plan.units[u], graph, cluster)) results_.push_back(u);
      duration_s_[u] = unit_time_s(plan.units[u], graph, cluster, effects.overheads);
      for (const Forward& forward : plan.units[u].forwarding) {
        const std::size_t c = index(forward.consumer);
        if (plan.units[c].device != plan.units[u].device) continue;
        if (std::find(local_[u].begin(), local_[u].end(), c) != local_[u].end()) continue;
        local_[u].push_back(c);
        ++missing_[c];
      }
    }
    for (const Message& message : messages_) {
      ++first_message_[index(message.from) + 1];
      for (UnitId consumer : message.consumers) ++missing_[index(consumer)];
    }
    for (std::size_t u = 0; u < units; ++u) first_message_[u + 1] += first_message_[u];
    for (const Message& message : messages_) {
      const auto cpu_s = [&](DeviceId device) {
        return message_cpu_time_s(cluster.device(device).compute, message.bytes, effects.overheads);
      };
      routes_.push_back(cluster.route(plan.unit(message.from).device, message.to));
      send_s_.push_back(cpu_s(plan.unit(message.from).device));
      receive_s_.push_back(cpu_s(message.to));
    }
    devices_.resize(cluster.size());
    link_free_s_.assign(cluster.network().links.size(), 0);
  }

  Estimate run() {
    for (std::size_t u = 0; u < times_.size(); ++u) {
      if (missing_[u] == 0) become_ready(u, 0);
    }
    settle(0);
    for (;;) {
      const double event_s = events_.empty() ? kNever : events_.top().time_s;
      const double flow_s = flows_.next_end_s();
      const double now = std::min(event_s, flow_s);
      if (now == kNever) break;
      if (flow_s <= now + kTimePrecision_s) {
        ended_.clear();
        flows_.end(now, kTimePrecision_s, ended_);
        for (std::int32_t m : ended_) arrive(static_cast<std::size_t>(m), now);
      }
      while (!events_.empty() && events_.top().time_s <= now + kTimePrecision_s) {
        const Event event = events_.top();
        events_.pop();
        happen(event, now);
      }
      settle(now);
    }
    if (done_ != times_.size()) throw std::logic_error("the plan never completes");
    Estimate result;
    for (std::size_t u : results_) {
      result.latency_s = std::max(result.latency_s, times_[u].finish_s);
    }
    result.units = std::move(times_);
    result.after = std::move(after_);
    return result;
  }

 private:
  enum class Task : std::uint8_t { kSend, kReceive, kCompute };  // in order of precedence
  struct Job {
    Task task;
    std::size_t id;  // of the message or unit
    bool operator<(const Job& other) const {
      return std::tie(task, id) < std::tie(other.task, other.id);
    }
  };
  enum class EventKind : std::uint8_t { kJobDone, kMessageThere, kFlowStarts };
  struct Event {
    double time_s;
    EventKind kind;
    Job job;
    bool operator>(const Event& other) const {
      return std::tie(time_s, kind, job) > std::tie(other.time_s, other.kind, other.job);
    }
  };
  using Ready = std::pair<double, Job>;  // and since when
  struct DeviceState {
    bool busy = false;
    UnitId last{-1};  // that it ran or runs, or whose message it sent or received
    std::priority_queue<Ready, std::vector<Ready>, std::greater<>> ready;
  };

  static std::vector<double> bandwidths(const Cluster& cluster) {
    std::vector<double> result;
    for (const Link& link : cluster.network().links) result.push_back(link.bandwidth_Bps);
    return result;
  }

  void happen(const Event& event, double now) {
    switch (event.kind) {
      case EventKind::kJobDone:
        devices_[index(device_of(event.job))].busy = false;
        return done(event.job, now);
      case EventKind::kMessageThere:
        return arrive(event.job.id, now);
      case EventKind::kFlowStarts: {
        const Route& route = routes_[event.job.id];
        return flows_.start(now, static_cast<std::int32_t>(event.job.id), route.links,
                            messages_[event.job.id].bytes * route.crossings);
      }
    }
  }

  DeviceId device_of(const Job& job) const {
    switch (job.task) {
      case Task::kSend:
        return plan_.unit(messages_[job.id].from).device;
      case Task::kReceive:
        return messages_[job.id].to;
      case Task::kCompute:
        return plan_.units[job.id].device;
    }
    return {};
  }

  double duration_s(const Job& job) const {
    return (job.task == Task::kSend      ? send_s_
            : job.task == Task::kReceive ? receive_s_
                                         : duration_s_)[job.id];
  }

  /// Lets the job's device do it, in its turn.
  void enqueue(const Job& job, double now) {
    if (duration_s(job) == 0) {
      start(job, now);
      done(job, now);  // takes no time: never queues
    } else if (effects_.queueing) {
      devices_[index(device_of(job))].ready.emplace(now, job);
    } else {
      start(job, now);
    }
  }

  void start(const Job& job, double now) {
    if (job.task == Task::kCompute) times_[job.id].start_s = now;
    if (duration_s(job) > 0) events_.push({now + duration_s(job), EventKind::kJobDone, job});
  }

  void done(const Job& job, double now) {
    switch (job.task) {
      case Task::kSend:
        return leaving_.push_back(job.id);
      case Task::kReceive:
        return deliver(messages_[job.id], now);
      case Task::kCompute:
        return finish(job.id, now);
    }
  }

  void become_ready(std::size_t u, double now) {
    times_[u].ready_s = now;
    enqueue({Task::kCompute, u}, now);
  }

  void finish(std::size_t u, double now) {
    times_[u].finish_s = now;
    ++done_;
    finished_.push_back(u);
  }

  void arrive(std::size_t m, double now) { enqueue({Task::kReceive, m}, now); }

  void deliver(const Message& message, double now) {
    for (UnitId consumer : message.consumers) provide(index(consumer), message.from, now);
  }

  void provide(std::size_t u, UnitId provider, double now) {
    if (--missing_[u] > 0) return;
    after_[u] = provider;
    become_ready(u, now);
  }

  /// After all events of an instant: hands over and sends what was finished, in plan order, and
  /// gives every idle device its next unit.
  void settle(double now) {
    for (std::size_t i = 0; i < finished_.size();
         ++i) {  // grows while units that take no time follow
      const UnitId provider{static_cast<std::int32_t>(finished_[i])};
      for (std::size_t consumer : local_[finished_[i]]) provide(consumer, provider, now);
    }
    for (std::size_t u : finished_) {
      for (std::size_t m = first_message_[u]; m < first_message_[u + 1]; ++m) {
        enqueue({Task::kSend, m}, now);
      }
    }
    finished_.clear();
    std::sort(leaving_.begin(), leaving_.end());
    for (std::size_t m : leaving_) leave(m, now);
    leaving_.clear();
    for (DeviceState& device : devices_) {
      if (device.busy || device.ready.empty()) continue;
      const Job next = device.ready.top().second;
      device.ready.pop();
      device.busy = true;
      const bool computes = next.task == Task::kCompute;
      if (computes && now > times_[next.id].ready_s + kTimePrecision_s) {
        after_[next.id] = device.last;
      }
      device.last = computes ? UnitId{static_cast<std::int32_t>(next.id)} : messages_[next.id].from;
      start(next, now);
    }
  }

  void leave(std::size_t m, double now) {
    const Route& route = routes_[m];
    const double latency_s = effects_.latency ? route.latency_s : 0;
    const Job job{Task::kSend, m};
    if (fair_) return events_.push({now + latency_s, EventKind::kFlowStarts, job});
    double begin = now;
    for (int link : route.links) {
      if (effects_.contention)
        begin = std::max(begin, link_free_s_[static_cast<std::size_t>(link)]);
    }
    const double end = begin + messages_[m].bytes / cluster_.bandwidth_Bps(route);
    for (int link : route.links) link_free_s_[static_cast<std::size_t>(link)] = end;
    events_.push({end + latency_s, EventKind::kMessageThere, job});
  }

  const Plan& plan_;
  const Cluster& cluster_;
  const Effects effects_;
  const bool fair_;
  const std::vector<Message> messages_;
  std::vector<std::size_t> first_message_;       // of each unit: messages stand in order of senders
  std::vector<std::vector<std::size_t>> local_;  // consumers on the same device
  std::vector<int> missing_;                     // providers and messages not yet there
  std::vector<double> duration_s_;               // by unit
  std::vector<Route> routes_;                    // by message
  std::vector<double> send_s_, receive_s_;       // CPU time, by message
  std::vector<UnitTimes> times_;
  std::vector<UnitId> after_;
  std::vector<DeviceState> devices_;
  std::vector<double> link_free_s_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::vector<std::size_t> results_;   // units that bring results to the sink
  std::vector<std::size_t> finished_;  // units, at this instant
  std::vector<std::size_t> leaving_;   // messages, at this instant
  Flows flows_;
  std::vector<std::int32_t> ended_;  // flows, at this instant
  std::size_t done_ = 0;
};

}  // namespace

Estimate estimate(const Plan& plan, const Graph& graph, const Cluster& cluster,
                  const ElementSize& size, const Effects& effects, Sharing sharing) {
  return Scheduler(plan, graph, cluster, size, effects, sharing).run();
}

}  // namespace edgeflow
