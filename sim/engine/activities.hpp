#pragma once
// Starts SimGrid activities and timers, and reports what ended, an instant at a time.
//
// There are no actors: activities belong to SimGrid's kernel, whose completion callbacks fire at
// their true end. The callbacks collect events and hand them over when all that ends at this
// instant has ended, which SimGrid's models know: what is ready at the same time then competes on
// equal terms, whatever the order in which SimGrid goes through it. An actor that is woken once per
// instant would do the same, but costs 30 % of the run.

#include <simgrid/s4u.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <span>
#include <vector>

#include "partition/plans/plan.hpp"
#include "sim/engine/platform.hpp"
#include "sim/records/ids.hpp"

namespace edgeflow {

struct RequestState;

struct RuntimeEvent {
  enum class Kind : std::uint8_t {
    kArrival,    // the next request of stream `index` is due
    kComputed,   // unit `index` of `state` is done
    kPacked,     // message `index` of `state` has had its sender's CPU time
    kDelivered,  // message `index` of `state` is there
    kUnpacked,   // and has had its receiver's CPU time
    kPlan,       // stream `index` makes its next change of plan
    // Of the environment, with the index of a trace, a background traffic or a failure.
    kBandwidth,      // the trace's next step
    kSpeed,          // likewise
    kBackground,     // the traffic begins, or its next message
    kBackgroundEnd,  // a message of the traffic is there
    kFailure,
    kRepair,
  };
  Kind kind = Kind::kArrival;
  std::int32_t index = 0;
  RequestState* state = nullptr;

  UnitId unit() const { return UnitId{index}; }
  MessageId message() const { return MessageId{index}; }
  StreamId stream() const { return StreamId{index}; }
  bool of_environment() const { return kind >= Kind::kBandwidth; }
};

class Activities {
 public:
  /// `handle` gets all events of an instant (none at the start), in a deterministic order; it
  /// returns false to end the simulation. It may call the members below; nothing else may.
  /// Transfers are of `bytes_scale` times their bytes, see platform.hpp.
  Activities(IdVector<HostId, simgrid::s4u::Host*> hosts, double bytes_scale,
             std::function<bool(std::span<const RuntimeEvent>)> handle);
  Activities(const Activities&) = delete;
  Activities& operator=(const Activities&) = delete;

  /// Occupies `host` for `duration_s`.
  void compute(HostId host, double duration_s, const RuntimeEvent& event);
  struct Transfer {
    HostId from{};
    HostId to{};
    double link_bytes = 0;
  };
  /// Sends from one host to another, after `delay_s`.
  void transfer(double delay_s, const Transfer& transfer, const RuntimeEvent& event);
  /// The same at once, with a handle to see how much is left.
  simgrid::s4u::ActivityPtr transfer_now(const Transfer& transfer, const RuntimeEvent& event);
  /// Reports `event` at `date_s`, using no resource.
  void at(double date_s, const RuntimeEvent& event);

  struct Stopped {
    RuntimeEvent event;  // that will not be reported
    double left = 0;     // the part of a transfer that was not there; of a timer, seconds
  };
  /// The part that is left of each transfer under way whose event is one of these.
  struct UnderWay {
    RuntimeEvent event;
    double left = 0;
  };
  std::vector<UnderWay> transfers(const std::function<bool(const RuntimeEvent&)>& of) const;
  /// Stops all that is under way for a request.
  std::vector<Stopped> stop(const RequestState& state);

  /// Runs the engine: hands over an empty instant at the start, then one after another until
  /// `handle` has enough or nothing can happen any more but events of the environment.
  void run(simgrid::s4u::Engine& engine);

  std::int64_t started() const { return started_; }  // not counting timers

 private:
  struct Slot {
    simgrid::s4u::ActivityPtr activity;
    RuntimeEvent event;
    double amount = 0;  // of work or bytes, as SimGrid counts them

    double left() const { return amount > 0 ? activity->get_remaining() / amount : 0; }
  };
  struct Timer {
    double date_s;
    std::int64_t sequence;  // first set, first reported
    RuntimeEvent event;
    std::optional<Transfer> transfer;  // starts; if there is none, the event is reported
    bool operator>(const Timer& other) const {
      return date_s != other.date_s ? date_s > other.date_s : sequence > other.sequence;
    }
  };

  void hand_over();
  void hand_over_if_complete();
  Slot* take_slot(const RuntimeEvent& event);
  void finish(const simgrid::s4u::Activity& activity);
  void set_timer(Timer timer);
  void expect(const RuntimeEvent& event) { pending_ += event.of_environment() ? 0 : 1; }
  simgrid::s4u::ActivityPtr start(const Transfer& transfer, const RuntimeEvent& event);
  void report_due_timers();
  void stop_engine_at(double date_s);

  IdVector<HostId, simgrid::s4u::Host*> hosts_;
  double bytes_scale_;
  std::function<bool(std::span<const RuntimeEvent>)> handle_;
  std::vector<RuntimeEvent> instant_;  // what has ended and was not handed over
  std::vector<RuntimeEvent> handling_;
  std::vector<simgrid::kernel::resource::Model*> models_;
  bool done_ = false;
  std::int64_t pending_ = 0;  // events to come, without those of the environment
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<Slot*> free_slots_;
  std::vector<simgrid::s4u::ActivityPtr> finished_;  // must outlive their own callback
  std::vector<simgrid::s4u::ActivityPtr> stopped_;   // SimGrid reports their end later
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  std::int64_t timers_set_ = 0;
  std::int64_t started_ = 0;
};

}  // namespace edgeflow
