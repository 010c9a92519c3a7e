#pragma once
// The rules of execution, stated once. Four programs follow them, each for its own speed:
//   sim/engine/runtime.hpp          many requests, on SimGrid
//   partition/prices/estimate.hpp   one request
//   partition/joint/replay.hpp      the same without a plan, again from the middle
//   partition/joint/schedule.hpp    the same layer by layer, simplified
// They share what stands below; that they agree is checked over random problems by
// tests/sim_estimate_test.cpp, sim_invariants_test.cpp and partition_joint_test.cpp.
//
// Instants. Events closer than kTimePrecision_s are one instant. All that ends at an instant is
//   handled first, with all that follows and takes no time; then each idle device begins the first
//   of what waits for it.
// Units. A unit is ready when it has an input of each of its providers: at once from one on its own
//   device when that is done, else with the message that brings it. It then waits for its device;
//   one that takes no time waits for nothing and is done in the instant in which it is ready.
// Messages. Everything that a unit's consumers on another device need of it is one message, each
//   element once (messages_of); tokens go by themselves, with no bytes. A unit that is done sends
//   its messages at once, in forwarding order. A message takes CPU time of its sender
//   (message_cpu_time_s), for which it waits like a unit; then the route's latency; then its bytes
//   over all links of the route together; then CPU time of its receiver, again like a unit; then it
//   is there, for all units that it feeds. What takes no time is left out: a token on a route
//   without latency is there in the instant in which it leaves. A device whose sends block
//   (platforms/messaging.hpp) does nothing else from the beginning of that CPU time until the bytes
//   are at the receiver, and waits for itself even if there is no CPU time. One whose sends overlap
//   has a second thread, for the CPU time of messages alone, which serves requests as the device
//   does, or the oldest first if that serves them exclusively.
// Devices do one thing at a time, to its end: runs_before says which of what waits is next, by the
//   device's scheduling. One that serves requests exclusively leaves what it says is next waiting
//   as long as an older request in flight still needs the device.
// Links are shared max-min fairly (prices/flows.hpp) or, in simpler estimates, first come first
//   served: a message has all links of its route for itself.
// Requests are done when all units that bring a result to the sink are. Those that arrive at one
//   instant are let in after all that ended then, in the order of their streams; what fails, and
//   plans that change, come last.

#include <cstdint>

#include "platforms/scheduling.hpp"

namespace edgeflow {

/// Events closer than this are one instant (in the simulator also SimGrid's precision/timing), so
/// that rounding does not decide ties.
inline constexpr double kTimePrecision_s = 1e-12;

/// Whether something due at `due_s` belongs to the instant `now_s`, or to one before.
constexpr bool is_due(double due_s, double now_s) { return due_s <= now_s + kTimePrecision_s; }

/// Whether a unit, the CPU work of a message or its way is done in the instant in which it begins.
constexpr bool takes_no_time(double duration_s) { return duration_s == 0; }

/// What a device does. Of what is ready at the same time for the same request, in this order.
enum class DeviceTask : std::uint8_t { kSend, kReceive, kCompute };

/// Whether a device does `a` before `b` when both wait for it: what belongs to the request that
/// arrived first (of those that arrived together, the one that was let in first), then what was
/// ready first, then by task, then by position in the plan; with Scheduling::kFirstReady, what was
/// ready first before all. A Job has arrival_s() and request(), a number by the order of letting in,
/// of its request, ready_s(), task() and position(); those that are the same for all jobs may be
/// constant.
template <typename Job>
constexpr bool runs_before(const Job& a, const Job& b,
                           Scheduling scheduling = Scheduling::kOldestRequest) {
  if (scheduling != Scheduling::kFirstReady) {
    if (a.arrival_s() != b.arrival_s()) return a.arrival_s() < b.arrival_s();
    if (a.request() != b.request()) return a.request() < b.request();
  }
  if (a.ready_s() != b.ready_s()) return a.ready_s() < b.ready_s();
  if (a.request() != b.request()) return a.request() < b.request();
  if (a.task() != b.task()) return a.task() < b.task();
  return a.position() < b.position();
}

/// How a device's thread for messages serves requests, see above.
constexpr Scheduling thread_scheduling(Scheduling of_device) {
  return of_device == Scheduling::kExclusive ? Scheduling::kOldestRequest : of_device;
}

/// Orders a std::priority_queue so that its top is what runs first.
struct RunsLater {
  Scheduling scheduling = Scheduling::kOldestRequest;

  template <typename Job>
  constexpr bool operator()(const Job& a, const Job& b) const {
    return runs_before(b, a, scheduling);
  }
};

/// When a unit of a request was ready, begun and done.
struct UnitTimes {
  double ready_s = 0;
  double start_s = 0;
  double finish_s = 0;
};

}  // namespace edgeflow
