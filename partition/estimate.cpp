#include "partition/estimate.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <queue>
#include <stdexcept>

#include "partition/flows.hpp"

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
        for (std::int32_t m : ended_) arrive(messages_[static_cast<std::size_t>(m)], now);
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
    return result;
  }

 private:
  enum class EventKind : std::uint8_t { kUnitDone, kMessageThere, kFlowStarts };
  struct Event {
    double time_s;
    EventKind kind;
    std::size_t id;
    bool operator>(const Event& other) const {
      return std::tie(time_s, kind, id) > std::tie(other.time_s, other.kind, other.id);
    }
  };
  using Ready = std::pair<double, std::size_t>;  // ready time, unit
  struct DeviceState {
    bool busy = false;
    std::priority_queue<Ready, std::vector<Ready>, std::greater<>> ready;
  };

  static std::vector<double> bandwidths(const Cluster& cluster) {
    std::vector<double> result;
    for (const Link& link : cluster.network().links) result.push_back(link.bandwidth_Bps);
    return result;
  }

  void happen(const Event& event, double now) {
    switch (event.kind) {
      case EventKind::kUnitDone:
        devices_[index(plan_.units[event.id].device)].busy = false;
        return finish(event.id, now);
      case EventKind::kMessageThere:
        return arrive(messages_[event.id], now);
      case EventKind::kFlowStarts: {
        const Message& message = messages_[event.id];
        const Route route = cluster_.route(plan_.unit(message.from).device, message.to);
        assert(route.links.size() <= 2);
        return flows_.start(now, static_cast<std::int32_t>(event.id), route.links.front(),
                            route.links.back(), message.bytes * route.crossings);
      }
    }
  }

  void become_ready(std::size_t u, double now) {
    times_[u].ready_s = now;
    if (duration_s_[u] == 0) {
      times_[u].start_s = now;
      finish(u, now);  // takes no time: never queues
    } else if (effects_.queueing) {
      devices_[index(plan_.units[u].device)].ready.emplace(now, u);
    } else {
      start(u, now);
    }
  }

  void start(std::size_t u, double now) {
    times_[u].start_s = now;
    events_.push({now + duration_s_[u], EventKind::kUnitDone, u});
  }

  void finish(std::size_t u, double now) {
    times_[u].finish_s = now;
    ++done_;
    finished_.push_back(u);
  }

  void arrive(const Message& message, double now) {
    for (UnitId consumer : message.consumers) provide(index(consumer), now);
  }

  void provide(std::size_t u, double now) {
    if (--missing_[u] == 0) become_ready(u, now);
  }

  /// After all events of an instant: hands over and sends what was finished, in plan order, and
  /// gives every idle device its next unit.
  void settle(double now) {
    for (std::size_t i = 0; i < finished_.size();
         ++i) {  // grows while units that take no time follow
      for (std::size_t consumer : local_[finished_[i]]) provide(consumer, now);
    }
    std::sort(finished_.begin(), finished_.end());
    for (std::size_t u : finished_) {
      for (std::size_t m = first_message_[u]; m < first_message_[u + 1]; ++m) send(m, now);
    }
    finished_.clear();
    for (DeviceState& device : devices_) {
      if (device.busy || device.ready.empty()) continue;
      const std::size_t next = device.ready.top().second;
      device.ready.pop();
      device.busy = true;
      start(next, now);
    }
  }

  void send(std::size_t m, double now) {
    const Message& message = messages_[m];
    const Route route = cluster_.route(plan_.unit(message.from).device, message.to);
    const double latency_s = effects_.latency ? route.latency_s : 0;
    if (fair_) return events_.push({now + latency_s, EventKind::kFlowStarts, m});
    double begin = now;
    double wire_s = 0;
    for (int link : route.links) {
      const auto l = static_cast<std::size_t>(link);
      if (effects_.contention) begin = std::max(begin, link_free_s_[l]);
      wire_s = std::max(
          wire_s, message.bytes * route.crossings / cluster_.network().links[l].bandwidth_Bps);
    }
    for (int link : route.links) link_free_s_[static_cast<std::size_t>(link)] = begin + wire_s;
    events_.push({begin + wire_s + latency_s, EventKind::kMessageThere, m});
  }

  const Plan& plan_;
  const Cluster& cluster_;
  const Effects effects_;
  const bool fair_;
  const std::vector<Message> messages_;
  std::vector<std::size_t> first_message_;       // of each unit: messages stand in order of senders
  std::vector<std::vector<std::size_t>> local_;  // consumers on the same device
  std::vector<int> missing_;                     // providers and messages not yet there
  std::vector<double> duration_s_;
  std::vector<UnitTimes> times_;
  std::vector<DeviceState> devices_;
  std::vector<double> link_free_s_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::vector<std::size_t> results_;   // units that bring results to the sink
  std::vector<std::size_t> finished_;  // at this instant
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
