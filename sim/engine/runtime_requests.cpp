// How requests arrive, begin and are done.

#include <algorithm>

#include "sim/engine/runtime.hpp"

namespace edgeflow {

void Runtime::begin() {
  environment_.begin();
  for (std::size_t s = 0; s < streams_.size(); ++s) {
    const auto stream = static_cast<std::int32_t>(s);
    const Stream& given = *streams_[s].stream;
    activities_.at(given.arrivals_s.front(), {RuntimeEvent::Kind::kArrival, stream, nullptr});
    if (given.changes.empty()) continue;
    activities_.at(given.changes.front().at_s, {RuntimeEvent::Kind::kPlan, stream, nullptr});
  }
}

void Runtime::arrive(std::int32_t stream_index) {
  StreamState& stream = streams_[static_cast<std::size_t>(stream_index)];
  const Stream& given = *stream.stream;
  const std::size_t count = given.arrivals_s.size();
  if (given.closed_loop) {
    const auto in_flight = static_cast<std::size_t>(std::max(given.max_in_flight, 1));
    while (stream.arrived < std::min(count, in_flight)) count_arrival(stream);
    return let_in(stream_index);
  }
  while (stream.arrived < count && given.arrivals_s[stream.arrived] <= now_s() + kTimePrecision_s) {
    count_arrival(stream);
  }
  let_in(stream_index);
  if (stream.arrived < count) {
    activities_.at(given.arrivals_s[stream.arrived],
                   {RuntimeEvent::Kind::kArrival, stream_index, nullptr});
  }
}

void Runtime::count_arrival(StreamState& stream) {
  count_in_flight(stream);
  result_.requests[stream.first_record + stream.arrived++].arrival_s = now_s();
}

/// Requests that wait begin, as far as there is a plan and few enough are in flight.
void Runtime::let_in(std::int32_t stream_index) {
  StreamState& stream = streams_[static_cast<std::size_t>(stream_index)];
  while (!stream.restarts.empty()) {
    const Restart next = stream.restarts.front();
    if (!can_begin(stream_index, next.request)) return;
    stream.restarts.erase(stream.restarts.begin());
    begin_request(stream_index, next);
  }
  const Stream& given = *stream.stream;
  const auto most = static_cast<std::size_t>(given.closed_loop ? 0 : given.max_in_flight);
  while (stream.let_in < stream.arrived && (most == 0 || stream.let_in - stream.completed < most)) {
    const auto request = static_cast<std::int32_t>(stream.let_in);
    if (!can_begin(stream_index, request)) return;
    ++stream.let_in;
    begin_request(stream_index, {request, ++sequence_});
  }
}

void Runtime::begin_request(std::int32_t stream_index, const Restart& request) {
  StreamState& stream = streams_[static_cast<std::size_t>(stream_index)];
  if (stream.idle_states.empty()) {
    states_.push_back(std::make_unique<RequestState>());
    stream.idle_states.push_back(states_.back().get());
  }
  RequestState& state = *stream.idle_states.back();
  stream.idle_states.pop_back();
  const RequestRecord& record =
      result_.requests[stream.first_record + static_cast<std::size_t>(request.request)];
  state.stream = stream_index;
  state.request = request.request;
  state.plan = stream.plan;
  state.aborted = record.aborted;
  state.sequence = request.sequence;
  state.arrival_s = record.arrival_s;
  state.begin_s = now_s();
  PlanState& plan = plan_of(state);
  ++plan.requests;
  state.reset(*plan.tables);
  for (const std::int32_t unit : plan.tables->first_units) make_ready(state, unit);
  check_backlog();
}

void Runtime::count_in_flight(StreamState& stream) {
  const auto in_flight = static_cast<double>(stream.arrived - stream.completed);
  stream.in_flight_s += in_flight * (now_s() - stream.counted_until_s);
  stream.counted_until_s = now_s();
}

void Runtime::complete(RequestState& state, std::int32_t last_result) {
  StreamState& stream = streams_[static_cast<std::size_t>(state.stream)];
  RequestRecord record = account(state, last_result);
  RequestRecord& place =
      result_.requests[stream.first_record + static_cast<std::size_t>(state.request)];
  record.energy_J = place.energy_J + plan_of(state).request_energy_J;
  place = record;
  result_.makespan_s = std::max(result_.makespan_s, record.finish_s);
  count_in_flight(stream);
  ++stream.completed;
  const bool next = stream.stream->closed_loop && stream.arrived < stream.stream->arrivals_s.size();
  if (next) count_arrival(stream);
  let_in(state.stream);
}

/// All is done that a request needs.
void Runtime::retire(RequestState& state) {
  ++plan_of(state).done;
  put_away(state);
  if (--requests_left_ == 0) stop(Status::kOk, "");
}

void Runtime::put_away(RequestState& state) {
  --plan_of(state).requests;
  settle_weights(state.stream, state.plan);
  streams_[static_cast<std::size_t>(state.stream)].idle_states.push_back(&state);
}

}  // namespace edgeflow
