#pragma once
// One request in flight: how far its units and messages are. Knows no SimGrid.

#include <cstdint>
#include <map>
#include <vector>

#include "partition/plans/executable_plan.hpp"
#include "partition/plans/execution.hpp"
#include "sim/records/recorder.hpp"
#include "sim/records/result.hpp"

namespace edgeflow {

/// What brought a unit its last input: a message, or a unit on its own device.
class LastInput {
 public:
  constexpr LastInput() = default;
  constexpr explicit LastInput(MessageId message) : code_(number(message)) {}
  constexpr explicit LastInput(UnitId provider) : code_(~number(provider)) {}

  constexpr bool is_message() const { return code_ >= 0; }
  constexpr MessageId message() const { return MessageId{code_}; }
  constexpr UnitId provider() const { return UnitId{~code_}; }

 private:
  std::int32_t code_ = 0;  // message m is m, provider p is ~p
};

struct RequestState {
  static constexpr double kNotYet = -1;

  StreamId stream{};
  std::int32_t request = 0;  // of its stream
  PlanId plan{};
  std::int32_t aborted = 0;   // how often it was, before
  std::int64_t sequence = 0;  // of all streams, by the time when it was let in
  double arrival_s = 0;
  double begin_s = 0;  // when it was let in, at last: later than it arrived if it had to wait
  const ExecutablePlan* executable = nullptr;
  IdVector<UnitId, std::int32_t> missing_providers;
  IdVector<UnitId, std::int32_t> output_users;  // that still need the unit's output
  IdVector<UnitId, LastInput> last_input;
  IdVector<UnitId, UnitTimes> units;
  IdVector<MessageId, std::int32_t> message_users;  // units that still need the message
  IdVector<MessageId, MessageTimes> messages;  // the finish is free until delivery: see Runtime
  std::map<MessageId, double> carried;  // parts counted when bandwidths changed: Runtime::carry

  IdVector<DeviceId, std::int32_t> jobs_left;  // by device, see ExecutablePlan::jobs

  std::int32_t units_left = 0;
  std::int32_t messages_left = 0;
  std::int32_t results_left = 0;

  bool done() const { return units_left == 0 && messages_left == 0; }

  /// Makes this the state of a request of which nothing has happened. Reuses the memory.
  void reset(const ExecutablePlan& its_plan);
};

/// Where the time went, walking back from `last_result` (the unit that completed the request) to
/// the input: at each unit its computing and queueing, then the input that came last.
RequestRecord account(const RequestState& state, UnitId last_result);

}  // namespace edgeflow
