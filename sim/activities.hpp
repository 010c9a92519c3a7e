#pragma once
// Starts SimGrid activities and timers, and reports their ends as events.
//
// All of it runs in SimGrid's kernel mode (before Engine::run, or inside a simcall): then
// activities belong to the kernel and their completion callback fires at their true end, without an
// actor that waits for each.

#include <simgrid/s4u.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <vector>

namespace edgeflow {

struct RequestState;

struct RuntimeEvent {
  enum class Kind : std::uint8_t {
    kArrival,    // the next request is due
    kReady,      // unit `index` of `state`, which needs nothing, is due
    kComputed,   // unit `index` of `state` is done
    kDelivered,  // message `index` of `state` is there
  };
  Kind kind = Kind::kArrival;
  std::int32_t device = 0;  // whose business it is
  std::int32_t index = 0;
  RequestState* state = nullptr;
};

class Activities {
 public:
  /// `report` is called in kernel mode, for all events of an instant before any actor runs.
  Activities(std::vector<simgrid::s4u::Host*> hosts,
             std::function<void(const RuntimeEvent&)> report);
  Activities(const Activities&) = delete;
  Activities& operator=(const Activities&) = delete;

  /// Occupies the host of event.device for `duration_s`.
  void compute(double duration_s, const RuntimeEvent& event);
  /// Sends `link_bytes` from the host of `from_device` to that of event.device.
  void transfer(std::int32_t from_device, double link_bytes, const RuntimeEvent& event);
  /// Reports `event` at `date_s`, using no resource.
  void at(double date_s, const RuntimeEvent& event);

  std::int64_t started() const { return started_; }  // not counting timers

 private:
  struct Slot {
    simgrid::s4u::ActivityPtr activity;
    RuntimeEvent event;
  };
  struct Timer {
    double date_s;
    std::int64_t sequence;  // first set, first reported
    RuntimeEvent event;
    bool operator>(const Timer& other) const {
      return date_s != other.date_s ? date_s > other.date_s : sequence > other.sequence;
    }
  };

  Slot* take_slot(const RuntimeEvent& event);
  void finish(const simgrid::s4u::Activity& activity);
  void report_due_timers();
  void stop_engine_at(double date_s);

  std::vector<simgrid::s4u::Host*> hosts_;
  std::function<void(const RuntimeEvent&)> report_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<Slot*> free_slots_;
  std::vector<simgrid::s4u::ActivityPtr> finished_;  // must outlive their own callback
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  std::int64_t timers_set_ = 0;
  std::int64_t started_ = 0;
};

}  // namespace edgeflow
