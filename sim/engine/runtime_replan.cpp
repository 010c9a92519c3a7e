// What becomes of plans and requests when something fails that there are other plans for.

#include <algorithm>
#include <utility>

#include "sim/engine/runtime.hpp"

namespace edgeflow {

// Plans.

void Runtime::change_plan(std::int32_t stream_index) {
  StreamState& stream = streams_[static_cast<std::size_t>(stream_index)];
  const std::vector<PlanChange>& changes = stream.stream->changes;
  const std::int32_t before = std::exchange(stream.plan, changes[stream.changes++].plan);
  if (before >= 0) settle_weights(stream_index, before);
  if (stream.plan >= 0) settle_weights(stream_index, stream.plan);
  if (stream.changes == changes.size()) return;
  activities_.at(changes[stream.changes].at_s, {RuntimeEvent::Kind::kPlan, stream_index, nullptr});
}

/// A plan's weights are on its devices as long as requests begin or are in flight by it.
void Runtime::settle_weights(std::int32_t stream_index, std::int32_t plan_index) {
  StreamState& stream = streams_[static_cast<std::size_t>(stream_index)];
  PlanState& plan = stream.plans[static_cast<std::size_t>(plan_index)];
  const bool wanted = stream.plan == plan_index || plan.requests > 0;
  if (wanted == plan.loaded) return;
  plan.loaded = wanted;
  const std::vector<double>& weight_bytes = plan.tables->weight_bytes;
  for (std::size_t d = 0; d < weight_bytes.size(); ++d) {
    if (weight_bytes[d] == 0) continue;
    change_memory(static_cast<std::int32_t>(d), wanted ? weight_bytes[d] : -weight_bytes[d]);
  }
}

// Requests.

/// Throws a request back to its start, or if its results are there and only other units are left,
/// ends it.
void Runtime::abort(RequestState& state) {
  StreamState& stream = streams_[static_cast<std::size_t>(state.stream)];
  PlanState& plan = plan_of(state);
  Aborted aborted = begin_abort(state);
  stop_waiting(state, aborted);
  for (const Activities::Stopped& stopped : activities_.stop(state)) {
    stop_activity(state, stopped, aborted);
  }
  give_back_memory(state, aborted);

  RequestRecord& record =
      result_.requests[stream.first_record + static_cast<std::size_t>(state.request)];
  const bool completed = state.results_left == 0;
  record.energy_J += energy_J(aborted.work, *plan.tables, *plan.cluster);
  if (completed) record.energy_J -= plan.request_energy_J;  // counted as a whole when it completed
  for (std::size_t m = 0; m < plan.lost.size(); ++m) {
    plan.lost[m] += aborted.work.carried[m];
    result_.lost_bytes +=
        (aborted.work.carried[m] - (completed ? 1 : 0)) * plan.tables->messages[m].bytes;
  }
  state.units_left = state.messages_left = state.results_left = 0;
  put_away(state);
  if (completed) {
    if (--requests_left_ == 0) stop(Status::kOk, "");
    return;
  }
  ++record.aborted;
  const Restart restart{state.request, state.sequence};
  const auto place =
      std::ranges::upper_bound(stream.restarts, restart.request, {}, &Restart::request);
  stream.restarts.insert(place, restart);
}

/// As if all that has started were done.
Runtime::Aborted Runtime::begin_abort(const RequestState& state) const {
  const PlanTables& tables = *state.tables;
  Aborted aborted{whole_request(tables), {}};
  for (std::size_t u = 0; u < tables.units.size(); ++u) {
    if (state.units[u].start_s == RequestState::kNotYet) aborted.work.units_s[u] = 0;
  }
  for (std::size_t m = 0; m < tables.messages.size(); ++m) {
    const bool begun = state.messages[m].start_s != RequestState::kNotYet;
    aborted.left.push_back(begun);
    if (begun) continue;
    aborted.work.send_s[m] = aborted.work.receive_s[m] = aborted.work.carried[m] = 0;
  }
  return aborted;
}

/// What waits for a device does so no longer.
void Runtime::stop_waiting(RequestState& state, Aborted& aborted) {
  WorkDone& work = aborted.work;
  for (DeviceState& device : devices_) {
    std::vector<Waiting> kept;
    for (; !device.queue.empty(); device.queue.pop()) {
      const Waiting& job = device.queue.top();
      if (job.state != &state) {
        kept.push_back(job);
        continue;
      }
      const auto at = static_cast<std::size_t>(job.index);
      if (job.task == Task::kSend) {
        work.send_s[at] = work.receive_s[at] = work.carried[at] = 0;
        aborted.left[at] = false;
      } else if (job.task == Task::kReceive) {
        work.receive_s[at] = 0;
        ++plan_of(state).received[at];
        record_message(state, job.index, 1, /*aborted=*/true);
      }
    }
    device.queue = decltype(device.queue)(std::greater<>(), std::move(kept));
  }
}

/// Counts what was done of something that was under way.
void Runtime::stop_activity(RequestState& state, const Activities::Stopped& stopped,
                            Aborted& aborted) {
  const std::int32_t index = stopped.event.index;
  const auto at = static_cast<std::size_t>(index);
  WorkDone& work = aborted.work;
  PlanState& plan = plan_of(state);
  if (stopped.event.kind == RuntimeEvent::Kind::kComputed) {
    work.units_s[at] = now_s() - state.units[at].start_s;
    release(plan.tables->units[at].device, work.units_s[at]);
    return record_unit(state, index, /*aborted=*/true);
  }
  const MessageRow& message = plan.tables->messages[at];
  const double worked_s = now_s() - state.messages[at].finish_s;  // see begin
  switch (stopped.event.kind) {
    case RuntimeEvent::Kind::kPacked:
      release(message.from_device, worked_s);
      message_worked(state, index, MessageWork::kSend, /*aborted=*/true);
      work.send_s[at] = worked_s;
      work.receive_s[at] = work.carried[at] = 0;
      aborted.left[at] = false;
      break;
    case RuntimeEvent::Kind::kDelivered: {
      --messages_under_way_;
      const double carrying_s = message.alone_s - message.latency_s;
      const double left = over_links(message) ? stopped.left
                          : carrying_s > 0    ? std::min(stopped.left / carrying_s, 1.0)
                                              : 1;
      work.receive_s[at] = 0;
      work.carried[at] = 1 - left;
      plan.sent[at] -= left;
      plan.received[at] += 1 - left;
      record_message(state, index, 1 - left, /*aborted=*/true);
      break;
    }
    default:  // kUnpacked
      release(message.to_device, worked_s);
      message_worked(state, index, MessageWork::kReceive, /*aborted=*/true);
      work.receive_s[at] = worked_s;
      ++plan.received[at];
      record_message(state, index, 1, /*aborted=*/true);
  }
}

/// See memory.hpp for what is there until when.
void Runtime::give_back_memory(const RequestState& state, const Aborted& aborted) {
  const PlanTables& tables = *state.tables;
  for (std::size_t u = 0; u < tables.units.size(); ++u) {
    const UnitTimes& times = state.units[u];
    const bool done = times.finish_s != RequestState::kNotYet && state.output_holders[u] == 0;
    if (times.start_s == RequestState::kNotYet || done) continue;
    change_memory(tables.units[u].device, -tables.units[u].output_bytes);
  }
  for (std::size_t m = 0; m < tables.messages.size(); ++m) {
    if (!aborted.left[m] || state.message_holders[m] == 0) continue;
    change_memory(tables.messages[m].to_device, -tables.messages[m].bytes);
  }
}

}  // namespace edgeflow
