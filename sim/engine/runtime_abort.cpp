// What becomes of plans and requests when something fails that there are other plans for.

#include <algorithm>
#include <utility>

#include "sim/engine/runtime.hpp"

namespace edgeflow {

// Plans.

/// The change that is due, and those of the same instant: requests that were thrown back then begin
/// in it, too.
void Runtime::change_plan(StreamId stream_id) {
  StreamState& stream = streams_[stream_id];
  const std::vector<PlanChange>& changes = stream.stream->changes;
  do {
    const PlanId before = std::exchange(stream.plan, changes[stream.changes++].plan);
    if (before != kNoPlan) settle_weights(stream_id, before);
    if (stream.plan != kNoPlan) settle_weights(stream_id, stream.plan);
    if (stream.changes == changes.size()) return;
  } while (is_due(changes[stream.changes].at_s, now_s()));
  activities_.at(changes[stream.changes].at_s,
                 {RuntimeEvent::Kind::kPlan, number(stream_id), nullptr});
}

/// A plan's weights are on its devices as long as requests begin or are in flight by it.
void Runtime::settle_weights(StreamId stream_id, PlanId plan_id) {
  const StreamState& stream = streams_[stream_id];
  PlanState& plan = streams_[stream_id].plans[plan_id];
  const bool wanted = stream.plan == plan_id || plan.requests > 0;
  if (wanted == plan.loaded) return;
  plan.loaded = wanted;
  const IdVector<DeviceId, double>& weight_bytes = plan.executable->memory().weight_bytes;
  for (const DeviceId d : weight_bytes.ids()) {
    if (weight_bytes[d] == 0) continue;
    change_memory(d, wanted ? weight_bytes[d] : -weight_bytes[d]);
  }
}

// Requests.

/// Throws a request back to its start, or if its results are there and only other units are left,
/// ends it.
void Runtime::abort(RequestState& state) {
  StreamState& stream = streams_[state.stream];
  PlanState& plan = plan_of(state);
  Aborted aborted = begin_abort(state);
  stop_waiting(state, aborted);
  for (const Activities::Stopped& stopped : activities_.stop(state)) {
    stop_activity(state, stopped, aborted);
  }
  release_memory(state, aborted);

  RequestRecord& record = record_of(stream, state.request);
  const bool completed = state.results_left == 0;
  WorkDone work = aborted.work;
  leave_to_changes(work);
  record.energy_J += energy_J(work, *plan.executable);
  if (completed) record.energy_J -= plan.request_energy_J;  // counted as a whole when it completed
  for (const MessageId m : plan.lost.ids()) {
    plan.lost[m] += aborted.work.carried[m];
    result_.lost_bytes +=
        (aborted.work.carried[m] - (completed ? 1 : 0)) * plan.executable->messages[m].bytes;
  }
  state.units_left = state.messages_left = state.results_left = 0;
  recycle(state);
  if (completed) {
    result_.makespan_s = std::max(result_.makespan_s, now_s());
    if (--requests_left_ == 0) stop(Status::kOk, "");
    return;
  }
  ++record.aborted;
  const Restart restart{state.request, state.sequence};
  const auto place =
      std::ranges::upper_bound(stream.restarts, restart.request, {}, &Restart::request);
  stream.restarts.insert(place, restart);
}

/// As if all that has started, or left, were done.
Runtime::Aborted Runtime::begin_abort(const RequestState& state) const {
  Aborted aborted{whole_request(*state.executable), {}};
  for (const UnitId u : state.units.ids()) {
    if (state.units[u].start_s == RequestState::kNotYet) aborted.work.units_s[u] = 0;
  }
  for (const MessageId m : state.messages.ids()) {
    const bool left = state.messages[m].start_s != RequestState::kNotYet;
    aborted.left.push_back(left);
    if (left) continue;
    aborted.work.send_s[m] = aborted.work.receive_s[m] = aborted.work.carried[m] = 0;
  }
  return aborted;
}

/// What waits for a device does so no longer.
void Runtime::stop_waiting(RequestState& state, Aborted& aborted) {
  const auto stop = [&](Worker& worker) {
    worker.requests.erase(&state);
    std::vector<Waiting> kept;
    for (; !worker.waiting.empty(); worker.waiting.pop()) {
      const Waiting& job = worker.waiting.top();
      if (&job.state() != &state) {
        kept.push_back(job);
      } else if (job.task() == DeviceTask::kReceive) {
        aborted.work.receive_s[job.message()] = 0;
        ++plan_of(state).received[job.message()];
        record_message(state, job.message(), 1, /*aborted=*/true);
      }
    }
    worker.waiting = decltype(worker.waiting)(RunsLater{worker.scheduling}, std::move(kept));
  };
  for (DeviceState& device : devices_) {
    stop(device);
    stop(device.messages);
  }
}

/// Counts what was done of something that was under way.
void Runtime::stop_activity(RequestState& state, const Activities::Stopped& stopped,
                            Aborted& aborted) {
  WorkDone& work = aborted.work;
  PlanState& plan = plan_of(state);
  if (stopped.event.kind == RuntimeEvent::Kind::kComputed) {
    const UnitId unit = stopped.event.unit();
    work.units_s[unit] = now_s() - state.units[unit].start_s;
    vacate(state, plan.executable->units[unit].device, /*overlaps=*/false,
           state.units[unit].start_s, work.units_s[unit]);
    return record_unit(state, unit, /*aborted=*/true);
  }
  const MessageId m = stopped.event.message();
  const ExecutableMessage& message = plan.executable->messages[m];
  const double worked_s = now_s() - state.messages[m].finish_s;  // see begin
  switch (stopped.event.kind) {
    case RuntimeEvent::Kind::kPacked:
      vacate(state, message.from_device, message.send_overlaps, state.messages[m].finish_s,
             worked_s);
      if (!takes_no_time(message.send_s)) {
        record_message_work(state, m, MessageWork::kSend, /*aborted=*/true);
      }
      work.send_s[m] = worked_s;
      break;
    case RuntimeEvent::Kind::kDelivered: {
      --messages_under_way_;
      if (message.blocks) devices_[message.from_device].busy = false;
      const double left = over_links(message) ? stopped.left
                          : message.transfer_s > 0
                              ? std::min(stopped.left / message.transfer_s, 1.0)
                              : 1;
      work.receive_s[m] = 0;
      work.carried[m] = 1 - left;
      carry(state, m, 1 - left);
      --plan.begun[m];
      plan.parts_sent[m] += 1 - left;
      plan.received[m] += 1 - left;
      record_message(state, m, 1 - left, /*aborted=*/true);
      break;
    }
    default:  // kUnpacked
      vacate(state, message.to, message.receive_overlaps, state.messages[m].finish_s, worked_s);
      record_message_work(state, m, MessageWork::kReceive, /*aborted=*/true);
      work.receive_s[m] = worked_s;
      ++plan.received[m];
      record_message(state, m, 1, /*aborted=*/true);
  }
}

/// See memory.hpp for what is there until when.
void Runtime::release_memory(const RequestState& state, const Aborted& aborted) {
  const ExecutablePlan& plan = *state.executable;
  for (const UnitId u : plan.units.ids()) {
    const UnitTimes& times = state.units[u];
    const bool done = times.finish_s != RequestState::kNotYet && state.output_users[u] == 0;
    if (times.start_s == RequestState::kNotYet || done) continue;
    change_memory(plan.units[u].device, -plan.units[u].output_bytes);
  }
  for (const MessageId m : plan.messages.ids()) {
    if (!aborted.left[m] || state.message_users[m] == 0) continue;
    change_memory(plan.messages[m].to, -plan.messages[m].bytes);
  }
}

}  // namespace edgeflow
