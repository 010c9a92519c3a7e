#pragma once
// What wants to know of events as they happen, such as a writer of tables: what is recorded needs
// no memory, however long the run.

#include <cstdint>

#include "partition/plans/execution.hpp"
#include "partition/plans/plan.hpp"
#include "sim/records/ids.hpp"

namespace edgeflow {

struct MessageTimes {
  double start_s = 0;
  double finish_s = 0;
};

/// The CPU work that a message costs one of its devices.
enum class MessageWork : std::uint8_t { kSend, kReceive };

/// Whose units and messages they are.
struct Attempt {
  StreamId stream{};
  std::int32_t request = 0;  // of the stream, from 0
  PlanId plan{};
  std::int32_t number = 0;  // how often the request was aborted before
  bool aborted = false;     // what is told did not come to its end
};

/// Made in the calling process, called in the child process that simulates, so that what it keeps
/// in memory is lost: it writes. Events come in the order of time (of their ends, for those that
/// last), those of one instant in a deterministic order. May throw: the status becomes `failed`.
class Recorder {
 public:
  Recorder() = default;
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;
  virtual ~Recorder() = default;

  virtual void begin() {}
  /// A unit has finished, or was aborted.
  virtual void unit_done(const Attempt& /*attempt*/, UnitId /*unit*/, const UnitTimes& /*times*/) {}
  /// A message has left and arrived, or was aborted when the part `carried` of it was there.
  virtual void message_done(const Attempt& /*attempt*/, MessageId /*message*/,
                            const MessageTimes& /*times*/, double /*carried*/) {}
  /// Its sender or receiver has done its CPU work for a message, if that takes any time, or has
  /// aborted it.
  virtual void message_worked(const Attempt& /*attempt*/, MessageId /*message*/,
                              MessageWork /*work*/, const MessageTimes& /*times*/) {}
  /// From `now_s` on, `device` holds `bytes`. Several calls for one instant: the last one counts.
  virtual void memory_changed(DeviceId /*device*/, double /*now_s*/, double /*bytes*/) {}
  /// After the last event, also of a run that did not end well.
  virtual void end() {}
};

}  // namespace edgeflow
