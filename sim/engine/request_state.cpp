#include "sim/engine/request_state.hpp"

namespace edgeflow {

void RequestState::reset(const PlanTables& new_tables) {
  tables = &new_tables;
  missing_inputs = tables->missing_inputs;
  output_holders = tables->output_holders;
  last_input.assign(tables->units.size(), 0);
  units.assign(tables->units.size(), {kNotYet, kNotYet, kNotYet});
  message_holders = tables->message_holders;
  messages.assign(tables->messages.size(), {kNotYet, kNotYet});
  units_left = static_cast<std::int32_t>(tables->units.size());
  messages_left = static_cast<std::int32_t>(tables->messages.size());
  results_left = tables->results;
}

RequestRecord account(const RequestState& state, std::int32_t last_result) {
  const PlanTables& tables = *state.tables;
  RequestRecord record;
  record.stream = state.stream;
  record.request = state.request;
  record.plan = state.plan;
  record.aborted = state.aborted;
  record.arrival_s = state.arrival_s;
  record.finish_s = state.units[static_cast<std::size_t>(last_result)].finish_s;
  record.wait_s = state.begin_s - state.arrival_s;
  std::int32_t unit = last_result;
  while (true) {
    const auto at = static_cast<std::size_t>(unit);
    record.compute_s += state.units[at].finish_s - state.units[at].start_s;
    record.queue_s += state.units[at].start_s - state.units[at].ready_s;
    if (tables.missing_inputs[at] == 0) return record;  // the input: ready on arrival
    const LastInput last = state.last_input[at];
    if (last < 0) {
      unit = ~last;
    } else {
      const auto message = static_cast<std::size_t>(last);
      record.transfer_s += state.messages[message].finish_s - state.messages[message].start_s;
      unit = tables.messages[message].from_unit;
    }
  }
}

}  // namespace edgeflow
