#include "sim/engine/request_state.hpp"

namespace edgeflow {

void RequestState::reset(const ExecutablePlan& its_plan) {
  executable = &its_plan;
  missing_providers = its_plan.providers;
  output_users = its_plan.output_users;
  last_input.assign(its_plan.units.size(), {});
  units.assign(its_plan.units.size(), {kNotYet, kNotYet, kNotYet});
  message_users = its_plan.message_users;
  messages.assign(its_plan.messages.size(), {kNotYet, kNotYet});
  carried.clear();
  jobs_left = its_plan.jobs;
  units_left = static_cast<std::int32_t>(its_plan.units.size());
  messages_left = static_cast<std::int32_t>(its_plan.messages.size());
  results_left = its_plan.results;
}

RequestRecord account(const RequestState& state, UnitId last_result) {
  const ExecutablePlan& plan = *state.executable;
  RequestRecord record;
  record.stream = state.stream;
  record.request = state.request;
  record.plan = state.plan;
  record.aborted = state.aborted;
  record.arrival_s = state.arrival_s;
  record.finish_s = state.units[last_result].finish_s;
  record.wait_s = state.begin_s - state.arrival_s;
  UnitId unit = last_result;
  while (true) {
    const UnitTimes& times = state.units[unit];
    record.compute_s += times.finish_s - times.start_s;
    record.queue_s += times.start_s - times.ready_s;
    if (plan.providers[unit] == 0) return record;  // the input: ready on arrival
    const LastInput last = state.last_input[unit];
    if (last.is_message()) {
      const UnitId from = plan.messages[last.message()].from;
      record.transfer_s += state.messages[last.message()].finish_s - state.units[from].finish_s;
      unit = from;
    } else {
      unit = last.provider();
    }
  }
}

}  // namespace edgeflow
