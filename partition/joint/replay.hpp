#pragma once
// What estimate() says with Sharing::kMaxMin of a schedule's plan, without building the plan.
//
// Schedule is fast because it handles layers in order; here devices take whatever is ready first
// and messages under way share links fairly, event by event.
//
// A changed schedule is replayed from the last snapshot of the accepted run, the base, before
// anything that changed could have happened: the same events follow as from the start, so latencies
// are the same to the bit.

#include <cstdint>
#include <limits>
#include <vector>

#include "partition/flows.hpp"
#include "partition/joint/schedule.hpp"

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

 private:
  struct Ready {
    double ready_s;
    std::int32_t unit;
    bool operator>(const Ready& other) const {
      return ready_s != other.ready_s ? ready_s > other.ready_s : unit > other.unit;
    }
  };
  struct Pending {
    double start_s;
    std::int32_t message;  // (node, from, to) as in Schedule
    double bytes;
    bool operator>(const Pending& other) const { return start_s > other.start_s; }
  };
  /// Everything that what follows depends on.
  struct State {
    double now_s = 0;
    Flows flows;
    std::vector<std::int32_t> missing;       // by unit: node * devices + device
    std::vector<double> done_s;              // by device: when its unit is done
    std::vector<std::int32_t> running;       // by device
    std::vector<std::vector<Ready>> queues;  // by device, heaps
    std::vector<Pending> pending;            // messages in their latency, a heap
    std::size_t logged = 0;
  };
  /// What happened when.
  struct History {
    std::vector<double> ready_s;     // by unit; infinity: there is none
    std::vector<double> arrival_s;   // by (node, from, to); from == to: when the unit is done
    std::vector<std::int32_t> done;  // units in the order in which they are done
    double end_s = 0;
  };

  std::size_t arrival(std::size_t unit, std::size_t to) const { return unit * devices_ + to; }
  void begin();
  double run(double limit_s);
  void take_snapshot();
  void rewind_to(const State& snapshot);
  double first_touched_s() const;
  void provide(std::size_t node, std::size_t from, std::size_t to, double now);
  void become_ready(std::size_t unit, double now);
  void settle(double now);
  void compute_tails();

  const Schedule& schedule_;
  const Tables& tables_;
  const std::size_t devices_;
  State state_;
  History base_, tried_;
  std::vector<std::int32_t> finished_, ended_;  // at this instant

  // Snapshots by time: the first kept_ of base_snapshots_ hold for the run as well.
  std::vector<State> snapshots_;
  std::vector<std::size_t> base_snapshots_, tried_snapshots_, free_snapshots_;
  std::size_t kept_ = 0;
  double next_snapshot_s_ = 0;

  std::vector<double> tails_s_;          // by unit of the base: from its end to the base's end
  std::vector<double> arrival_tails_s_;  // scratch
  std::vector<char> units_changed_, sends_changed_;  // by node
  std::int64_t events_ = 0;
};

}  // namespace edgeflow::joint
