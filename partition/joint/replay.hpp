#pragma once
// What estimate() says with Sharing::kMaxMin of a schedule's plan, without building the plan.
//
// Schedule is fast because it handles layers in order; here devices take whatever is ready first
// and messages under way share links fairly, event by event. Some ten times slower.

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

  void begin();
  void provide(std::size_t node, std::size_t from, std::size_t to, double now);
  void become_ready(std::size_t unit, double now);
  void settle(double now);

  const Schedule& schedule_;
  const Tables& tables_;
  const std::size_t devices_;
  Flows flows_;
  std::vector<std::int32_t> missing_;           // by unit: node * devices + device
  std::vector<double> done_s_;                  // by device: when its unit is done
  std::vector<std::int32_t> running_;           // by device
  std::vector<std::vector<Ready>> queues_;      // by device, heaps
  std::vector<Pending> pending_;                // messages in their latency, a heap
  std::vector<std::int32_t> finished_, ended_;  // at this instant
};

}  // namespace edgeflow::joint
