#pragma once
// One request in flight: how far its units and messages are. Knows no SimGrid.

#include <cstdint>
#include <vector>

#include "partition/prices/estimate.hpp"
#include "sim/engine/tables.hpp"
#include "sim/records/recorder.hpp"
#include "sim/records/result.hpp"

namespace edgeflow {

/// What a unit got as its last input, as one number: message m is m, local provider p is ~p.
using LastInput = std::int32_t;
constexpr LastInput from_message(std::int32_t message) { return message; }
constexpr LastInput from_local(std::int32_t unit) { return ~unit; }

struct RequestState {
  static constexpr double kNotYet = -1;

  std::int32_t stream = 0;
  std::int32_t request = 0;   // of its stream
  std::int32_t plan = 0;      // of its stream
  std::int32_t aborted = 0;   // how often it was, before
  std::int64_t sequence = 0;  // of all streams, by the time when it was let in
  double arrival_s = 0;
  double begin_s = 0;  // when it was let in, at last: later than it arrived if it had to wait
  const PlanTables* tables = nullptr;
  // By unit.
  std::vector<std::int32_t> missing_inputs;
  std::vector<std::int32_t> output_holders;
  std::vector<LastInput> last_input;
  std::vector<UnitTimes> units;
  // By message.
  std::vector<std::int32_t> message_holders;
  std::vector<MessageTimes> messages;  // until it is delivered, the finish is free: see Runtime

  std::int32_t units_left = 0;
  std::int32_t messages_left = 0;
  std::int32_t results_left = 0;

  bool done() const { return units_left == 0 && messages_left == 0; }

  /// Makes this the state of a request of which nothing has happened. Reuses the memory.
  void reset(const PlanTables& new_tables);
};

/// Where the time went, walking back from `last_result` (the unit that completed the request) to
/// the input: at each unit its computing and queueing, then the input that came last.
RequestRecord account(const RequestState& state, std::int32_t last_result);

}  // namespace edgeflow
