#pragma once
// What estimate() says with Sharing::kMaxMin of a schedule's plan, without building the plan.
//
// Schedule is fast because it handles layers in order; here all goes event by event, by the rules
// of partition/plans/execution.hpp. All messages carry something.
//
// A changed schedule is replayed from the last snapshot of the accepted run, the base, before
// anything that changed could have happened: the same events follow as from the start, so latencies
// are the same to the bit.

#include <cstdint>
#include <limits>
#include <vector>

#include "partition/joint/schedule.hpp"
#include "partition/plans/execution.hpp"
#include "partition/prices/flows.hpp"

namespace edgeflow::joint {

class Replay {
 public:
  explicit Replay(const Schedule& schedule);

  /// Latency of the schedule as edited and tried; infinity as soon as it exceeds `limit_s`.
  double latency_s(double limit_s = std::numeric_limits<double>::infinity());

  /// The same for a schedule that differs from the base by Schedule::changed_units and
  /// changed_sends. Precondition: there is a base.
  double changed_latency_s(double limit_s);
  /// Makes the last run, which ended within its limit, the base.
  void accept();
  /// True if in the base a delay of this unit delays the end.
  bool critical(std::size_t node, std::size_t device) const;
  /// Units and messages done so far in all runs, a measure of effort.
  std::int64_t events() const { return events_; }
  /// Flows at each of these moments, likewise.
  std::int64_t rates() const { return rates_; }

 private:
  // Units and messages have numbers that are quickly taken apart.
  static std::int32_t unit_id(std::size_t node, std::size_t device) {
    return static_cast<std::int32_t>(node * kMaxDevices + device);
  }
  static std::int32_t message_id(std::int32_t unit, std::size_t to) {
    return unit * static_cast<std::int32_t>(kMaxDevices) + static_cast<std::int32_t>(to);
  }
  struct Unit {
    explicit Unit(std::int32_t id)
        : node(static_cast<std::uint32_t>(id) / kMaxDevices),
          device(static_cast<std::uint32_t>(id) % kMaxDevices) {}
    std::size_t node, device;
  };
  /// Of a message, or of a unit: from == to.
  struct Arrival {
    explicit Arrival(std::int32_t message)
        : node(static_cast<std::uint32_t>(message) / (kMaxDevices * kMaxDevices)),
          from(static_cast<std::uint32_t>(message) / kMaxDevices % kMaxDevices),
          to(static_cast<std::uint32_t>(message) % kMaxDevices) {}
    std::size_t node, from, to;
  };
  /// A unit, or the CPU work of a message.
  struct Job {
    std::int32_t id = 0;  // of the unit or message
    DeviceTask task = DeviceTask::kCompute;
  };
  struct Ready {
    double at_s;
    Job job;
    // Among those of its task in the plan, where messages stand by unit: of one unit only those
    // that wait to be sent need their order.
    std::int32_t place;

    // As runs_before wants it: all are of one request.
    double ready_s() const { return at_s; }
    static constexpr double arrival_s() { return 0; }
    static constexpr int request() { return 0; }
    DeviceTask task() const { return job.task; }
    std::int32_t position() const { return place; }
  };
  /// A message that leaves at this instant.
  struct Leaving {
    std::int32_t place;
    std::int32_t message;
  };
  struct Pending {
    double start_s;
    std::int32_t message;
    double bytes;
  };
  struct Event {
    double time_s;
    std::int32_t message;  // that arrives, or is to the device itself: its unit is done
  };
  /// Everything that what follows depends on, but for what units wait for.
  struct State {
    double now_s = 0;
    Flows flows;
    // By worker: devices, and behind them their threads for messages if there are any.
    std::vector<double> done_s;              // when its job is
    std::vector<Job> running;                // job
    std::vector<std::vector<Ready>> queues;  // the next one last
    DeviceSet blocked = 0;                   // devices that wait for their message to arrive
    std::vector<Pending> pending;            // messages in their latency, by time
    std::size_t started = 0;                 // so many of these are no longer pending
    std::size_t logged = 0;                  // events
  };
  /// What happened when in the base. Of units and messages that are no longer there, arrivals hold
  /// anything.
  struct History {
    std::vector<double> ready_s;    // by node, device; infinity: there is no such unit
    std::vector<double> arrival_s;  // by node, from, to; from == to: when the unit is done
    std::vector<Event> events;
    double end_s = 0;
  };
  /// What happened in the last run, which went on from the base's first `kept` events.
  struct Run {
    std::size_t kept = 0;
    std::vector<std::int32_t> changed_units;  // nodes; not if nothing is kept
    std::vector<Ready> ready;
    std::vector<Event> events;
    double end_s = 0;
  };

  std::size_t unit_at(std::size_t node, std::size_t device) const {
    return node * devices_ + device;
  }
  std::size_t arrival_at(std::size_t node, std::size_t from, std::size_t to) const {
    return unit_at(node, from) * devices_ + to;
  }
  template <typename Visit>
  void for_each_dependency(std::size_t node, std::size_t device, Visit visit) const;
  void begin();
  double run(double limit_s);
  void take_snapshot();
  void rewind_to(const State& snapshot);
  double first_touched_s() const;
  void provide(std::size_t node, std::size_t from, std::size_t to, double now);
  void become_ready(std::size_t node, std::size_t device, double now);
  void enqueue(std::size_t worker, const Ready& ready);
  const Schedule::Send& send_of(const Arrival& message) const;
  std::size_t worker_of(std::size_t device) const;
  void send(const Unit& unit, double now);
  void leave(std::int32_t message, const Schedule::Send& send, double now);
  void arrive(std::int32_t message, double now);
  void deliver(std::int32_t message, double now);
  void job_done(std::size_t worker, double now);
  double duration_s(const Job& job) const;
  void settle(double now);
  void compute_tails();

  const Schedule& schedule_;
  const CostTables& tables_;
  const std::size_t devices_;
  const std::size_t workers_;
  State state_;
  std::vector<std::int32_t> missing_;  // arrivals that a unit waits for, by node, device
  History base_;
  Run tried_;
  std::vector<std::int32_t> finished_, ended_;  // at this instant
  std::vector<Leaving> leaving_;                // likewise
  std::uint64_t woken_ = 0;  // workers that at this instant became idle or got something to do

  // Snapshots by time: the first kept_ of base_snapshots_ hold for the run as well.
  std::vector<State> snapshots_;
  std::vector<std::size_t> base_snapshots_, tried_snapshots_, free_snapshots_;
  std::size_t kept_ = 0;
  double next_snapshot_s_ = 0;

  std::vector<double> tails_s_;          // by unit of the base: from its end to the base's end
  std::vector<double> arrival_tails_s_;  // scratch, by arrival: -infinity
  std::vector<char> changed_;            // by node: units or messages
  std::int64_t events_ = 0;
  std::int64_t rates_ = 0;
};

}  // namespace edgeflow::joint
