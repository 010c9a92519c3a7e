// How requests arrive, begin and are done.

#include <algorithm>

#include "sim/engine/lv08_limits.hpp"
#include "sim/engine/runtime.hpp"

namespace edgeflow {

void Runtime::begin() {
  if (options_.network_model == NetworkModel::kLv08 && effects_.contention) {
    check_lv08_rates(links_of_messages(), cluster_, disturbances_);
  }
  environment_.begin();
  for (const StreamId id : streams_.ids()) {
    const Stream& given = *streams_[id].stream;
    activities_.at(given.arrivals_s.front(), {RuntimeEvent::Kind::kArrival, number(id), nullptr});
    if (given.changes.empty()) continue;
    if (is_due(given.changes.front().at_s, 0)) {  // before those who arrive
      change_plan(id);
      continue;
    }
    activities_.at(given.changes.front().at_s, {RuntimeEvent::Kind::kPlan, number(id), nullptr});
  }
}

void Runtime::arrive(StreamId stream_id) {
  StreamState& stream = streams_[stream_id];
  const Stream& given = *stream.stream;
  const std::size_t count = given.arrivals_s.size();
  if (given.closed_loop) {
    const std::size_t in_flight = index(std::max(given.max_in_flight, 1));
    while (stream.arrived < std::min(count, in_flight)) count_arrival(stream);
    return admit(stream_id);
  }
  while (stream.arrived < count && is_due(given.arrivals_s[stream.arrived], now_s())) {
    count_arrival(stream);
  }
  admit(stream_id);
  if (stream.arrived < count) {
    activities_.at(given.arrivals_s[stream.arrived],
                   {RuntimeEvent::Kind::kArrival, number(stream_id), nullptr});
  }
}

void Runtime::count_arrival(StreamState& stream) {
  count_in_flight(stream);
  result_.requests[stream.first_record + stream.arrived++].arrival_s = now_s();
}

/// Requests that wait begin, as far as there is a plan and few enough are in flight.
void Runtime::admit(StreamId stream_id) {
  StreamState& stream = streams_[stream_id];
  while (!stream.restarts.empty()) {
    const Restart next = stream.restarts.front();
    if (!can_begin(stream_id, next.request)) return;
    stream.restarts.erase(stream.restarts.begin());
    begin_request(stream_id, next);
  }
  const Stream& given = *stream.stream;
  const std::size_t most = given.closed_loop ? 0 : index(given.max_in_flight);
  while (stream.admitted < stream.arrived &&
         (most == 0 || stream.admitted - stream.completed < most)) {
    const auto request = static_cast<std::int32_t>(stream.admitted);
    if (!can_begin(stream_id, request)) return;
    ++stream.admitted;
    begin_request(stream_id, {request, ++sequence_});
  }
}

void Runtime::begin_request(StreamId stream_id, const Restart& request) {
  StreamState& stream = streams_[stream_id];
  if (stream.idle_states.empty()) {
    states_.push_back(std::make_unique<RequestState>());
    stream.idle_states.push_back(states_.back().get());
  }
  RequestState& state = *stream.idle_states.back();
  stream.idle_states.pop_back();
  const RequestRecord& record = record_of(stream, request.request);
  state.stream = stream_id;
  state.request = request.request;
  state.plan = stream.plan;
  state.aborted = record.aborted;
  state.sequence = request.sequence;
  state.arrival_s = record.arrival_s;
  state.begin_s = now_s();
  PlanState& plan = plan_of(state);
  ++plan.requests;
  state.reset(*plan.executable);
  for (const DeviceId d : devices_.ids()) {
    if (devices_[d].scheduling != Scheduling::kExclusive || state.jobs_left[d] == 0) continue;
    devices_[d].requests.insert(&state);
  }
  for (const UnitId unit : plan.executable->first_units) make_ready(state, unit);
  check_backlog();
}

void Runtime::count_in_flight(StreamState& stream) {
  const auto in_flight = static_cast<double>(stream.arrived - stream.completed);
  stream.in_flight_s += in_flight * (now_s() - stream.counted_until_s);
  stream.counted_until_s = now_s();
}

void Runtime::complete(RequestState& state, UnitId last_result) {
  StreamState& stream = streams_[state.stream];
  RequestRecord record = account(state, last_result);
  RequestRecord& place = record_of(stream, state.request);
  record.energy_J = place.energy_J + plan_of(state).request_energy_J;
  place = record;
  result_.makespan_s = std::max(result_.makespan_s, record.finish_s);
  count_in_flight(stream);
  ++stream.completed;
  const bool next = stream.stream->closed_loop && stream.arrived < stream.stream->arrivals_s.size();
  if (next) count_arrival(stream);
  admit(state.stream);
}

/// All units of a request are done, also those whose output nobody needs.
void Runtime::retire(RequestState& state) {
  result_.makespan_s = std::max(result_.makespan_s, now_s());
  ++plan_of(state).done;
  recycle(state);
  if (--requests_left_ == 0) stop(Status::kOk, "");
}

/// The state is free for another request.
void Runtime::recycle(RequestState& state) {
  --plan_of(state).requests;
  settle_weights(state.stream, state.plan);
  streams_[state.stream].idle_states.push_back(&state);
}

}  // namespace edgeflow
