#include "sim/engine/runtime.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "sim/engine/lv08_limits.hpp"
#include "sim/engine/offered_load.hpp"
#include "sim/engine/platform.hpp"
#include "workloads/input/machine_error.hpp"

namespace edgeflow {
namespace {

const ExecutableUnit& unit_of(const RequestState& state, UnitId unit) {
  return state.executable->units[unit];
}

const ExecutableMessage& message_of(const RequestState& state, MessageId message) {
  return state.executable->messages[message];
}

Attempt attempt_of(const RequestState& state, bool aborted) {
  return {state.stream, state.request, state.plan, state.aborted, aborted};
}

}  // namespace

namespace sg4 = simgrid::s4u;

Runtime::Runtime(std::span<const Stream> streams, std::span<const PlanRoutings> routings,
                 const SimulationOptions& options, const Disturbances& disturbances,
                 const Platform& platform)
    : given_(streams),
      cluster_(streams.front().first().cluster),
      effects_(streams.front().first().effects),
      options_(options),
      disturbances_(disturbances),
      activities_(platform.hosts, bytes_scale(options.network_model),
                  [this](std::span<const RuntimeEvent> events) { return handle_instant(events); }),
      environment_(disturbances, cluster_, effects_.latency, options.network_model, platform,
                   activities_) {
  for (std::size_t s = 0; s < streams.size(); ++s) {
    StreamState& state = streams_.emplace_back();
    state.stream = &streams[s];
    for (const PlanId p : streams[s].plans.ids()) {
      const ExecutablePlan& executable = *streams[s].plans[p];
      PlanState& plan = state.plans.emplace_back();
      plan.executable = &executable;
      plan.ends = &platform.ends[routings[s][p]];
      WorkDone work = whole_request(executable);
      leave_to_changes(work);
      plan.request_energy_J = energy_J(work, executable);
      for (const Failure& failure : disturbances.failures) {
        plan.needs.push_back(uses(executable.plan, executable.cluster, failure));
      }
      plan.begun.resize(executable.messages.size());
      for (auto* by_message : {&plan.parts_sent, &plan.received, &plan.lost}) {
        by_message->resize(executable.messages.size());
      }
    }
    state.plans.front().loaded = true;
    state.first_record = requests_left_;
    requests_left_ += streams[s].arrivals_s.size();
  }
  for (const DeviceId d : ids_of<DeviceId>(cluster_)) {
    double weight_bytes = 0;
    for (const Stream& stream : streams) weight_bytes += stream.first().memory().weight_bytes[d];
    const Device& device = cluster_.device(d);
    devices_.emplace_back(device.scheduling(), MemoryMeter(weight_bytes, device.memory_bytes));
  }
  carrying_.links_s.resize(cluster_.network().links.size());
  carrying_.transmit_s.resize(cluster_.size());
  carrying_.receive_s.resize(cluster_.size());
  RequestRecord not_done;
  not_done.finish_s = RequestState::kNotYet;
  result_.requests.resize(requests_left_, not_done);
  result_.offered = offered_load(streams);
}

SimulationResult Runtime::run(sg4::Engine& engine) {
  for (Recorder* recorder : options_.recorders) recorder->begin();
  activities_.run(engine);
  rethrow_machines_fault(thrown_);
  if (!stopped_) stop(Status::kDeadlock, waiting_units());
  if (result_.status == Status::kOk) {
    check_bytes();
  } else if (disturbed_) {
    std::erase_if(result_.requests, [](const RequestRecord& record) {
      return record.finish_s == RequestState::kNotYet;
    });
  } else {
    result_.requests.clear();
  }
  report_devices_and_links();
  result_.activities = activities_.started();
  account_energy(cluster_, result_);
  if (result_.status == Status::kOk) {
    check_memory();
    check_laws();
  }
  for (Recorder* recorder : options_.recorders) recorder->end();
  return std::move(result_);
}

std::set<int> Runtime::links_of_messages() const {
  std::set<int> links;
  for (const StreamState& stream : streams_) {
    for (const PlanState& plan : stream.plans) {
      for (const Route& route : plan.executable->routes) {
        links.insert(route.links.begin(), route.links.end());
      }
    }
  }
  return links;
}

// Instants.

bool Runtime::handle_instant(std::span<const RuntimeEvent> events) {
  try {
    if (sequence_ == 0 && events.empty()) begin();
    bool arrivals = false;
    bool changes = false;
    for (const RuntimeEvent& event : events) {
      if (event.kind == RuntimeEvent::Kind::kArrival) {
        arrivals = true;
      } else if (event.kind < RuntimeEvent::Kind::kPlan) {
        handle(event);
      } else {
        changes = true;
      }
    }
    if (arrivals) handle_arrivals(events);
    if (changes) handle_changes(events);
    for (DeviceState& device : devices_) {
      if (device.has_next()) begin_next(device);
      if (device.messages.has_next()) begin_next(device.messages);
    }
  } catch (const std::exception& error) {  // must not reach SimGrid
    thrown_ = std::current_exception();
    stop(Status::kFailed, error.what());
  }
  if (stopped_) {  // while SimGrid knows
    end_s_ = now_s();
    background_bytes_ = environment_.background_bytes();
    for (const Trace& trace : disturbances_.bandwidths) carry_over(trace.of);
  }
  return !stopped_;
}

/// In the order of the streams.
void Runtime::handle_arrivals(std::span<const RuntimeEvent> events) {
  for (const StreamId stream : streams_.ids()) {
    const bool arrives = std::ranges::any_of(events, [&](const RuntimeEvent& event) {
      return event.kind == RuntimeEvent::Kind::kArrival && event.stream() == stream;
    });
    if (arrives) arrive(stream);
  }
  finish_instant();
}

/// After what was done just in time, what changes from now on.
void Runtime::handle_changes(std::span<const RuntimeEvent> events) {
  for (const RuntimeEvent& event : events) {
    if (!event.of_environment()) continue;
    if (event.kind == RuntimeEvent::Kind::kBandwidth) {
      carry_over(environment_.changed_links(event));
    }
    environment_.handle(event);
    check_background();
    if (event.kind == RuntimeEvent::Kind::kFailure) {
      handle_failure(index(event.index));
    }
  }
  for (const RuntimeEvent& event : events) {
    if (event.kind == RuntimeEvent::Kind::kPlan) change_plan(event.stream());
  }
  for (const StreamId stream : streams_.ids()) admit(stream);
  finish_instant();
}

void Runtime::handle(const RuntimeEvent& event) {
  switch (event.kind) {
    case RuntimeEvent::Kind::kComputed: {
      const ExecutableUnit& unit = unit_of(*event.state, event.unit());
      vacate(*event.state, unit.device, /*overlaps=*/false,
             event.state->units[event.unit()].start_s, unit.duration_s);
      job_done(*event.state, unit.device);
      finish(*event.state, event.unit());
      break;
    }
    case RuntimeEvent::Kind::kPacked: {
      const ExecutableMessage& message = message_of(*event.state, event.message());
      const double begun_s = event.state->messages[event.message()].finish_s;  // see begin
      if (message.blocks) {
        count_work(*event.state, message.from_device, begun_s, message.send_s);  // see unblock
      } else {
        vacate(*event.state, message.from_device, message.send_overlaps, begun_s, message.send_s);
        if (!message.send_overlaps) job_done(*event.state, message.from_device);
      }
      if (!takes_no_time(message.send_s)) {
        record_message_work(*event.state, event.message(), MessageWork::kSend);
      }
      leave(*event.state, event.message());
      break;
    }
    case RuntimeEvent::Kind::kDelivered:
      receive(*event.state, event.message());
      break;
    case RuntimeEvent::Kind::kUnpacked: {
      const ExecutableMessage& message = message_of(*event.state, event.message());
      vacate(*event.state, message.to, message.receive_overlaps,
             event.state->messages[event.message()].finish_s, message.receive_s);
      if (!message.receive_overlaps) job_done(*event.state, message.to);
      record_message_work(*event.state, event.message(), MessageWork::kReceive);
      deliver(*event.state, event.message());
      break;
    }
    default:
      break;
  }
  finish_instant();
}

void Runtime::begin_next(Worker& worker) {
  const Waiting next = worker.waiting.top();
  worker.waiting.pop();
  worker.busy = true;
  begin(next);
}

// Units and messages.

void Runtime::deliver_input(RequestState& state, UnitId unit, LastInput input) {
  state.last_input[unit] = input;
  if (--state.missing_providers[unit] == 0) make_ready(state, unit);
}

void Runtime::make_ready(RequestState& state, UnitId unit) {
  state.units[unit].ready_s = now_s();
  const Waiting job(now_s(), unit, state);
  if (takes_no_time(unit_of(state, unit).duration_s)) {
    instant_.push_back(job);
  } else {
    enqueue(job);
  }
}

/// Lets the job's device do it, in its turn.
void Runtime::enqueue(const Waiting& job) {
  if (!effects_.queueing) return begin(job);
  if (job.task() == DeviceTask::kCompute) {
    return devices_[unit_of(job.state(), job.unit()).device].waiting.push(job);
  }
  const ExecutableMessage& message = message_of(job.state(), job.message());
  Worker& worker = job.task() == DeviceTask::kSend
                       ? worker_of(message.from_device, message.send_overlaps)
                       : worker_of(message.to, message.receive_overlaps);
  worker.waiting.push(job);
}

Runtime::Worker& Runtime::worker_of(DeviceId device, bool overlaps) {
  return overlaps ? devices_[device].messages : devices_[device];
}

void Runtime::begin(const Waiting& job) {
  RequestState& state = job.state();
  if (job.task() == DeviceTask::kCompute) return start(state, job.unit());
  const ExecutableMessage& message = message_of(state, job.message());
  // Kept where the time of delivery will be.
  state.messages[job.message()].finish_s = now_s();
  if (job.task() == DeviceTask::kSend) {
    occupy(message.from_device, message.send_overlaps, message.send_s,
           {RuntimeEvent::Kind::kPacked, job.position(), &state});
  } else {
    occupy(message.to, message.receive_overlaps, message.receive_s,
           {RuntimeEvent::Kind::kUnpacked, job.position(), &state});
  }
}

/// A thread for messages does not take from what the device computes.
void Runtime::occupy(DeviceId device, bool overlaps, double duration_s, const RuntimeEvent& done) {
  if (effects_.queueing && !overlaps && !takes_no_time(duration_s)) {
    activities_.compute(host_of(device), duration_s, done);
  } else {
    activities_.at(now_s() + duration_s, done);
  }
}

/// A device has done what it began then, or as much of it as it will.
void Runtime::vacate(const RequestState& state, DeviceId device, bool overlaps, double begun_s,
                     double duration_s) {
  worker_of(device, overlaps).busy = false;
  if (!overlaps) count_work(state, device, begun_s, duration_s);
}

/// Where speeds change, what takes `duration_s` by the plan takes as long as it does.
void Runtime::count_work(const RequestState& state, DeviceId device, double begun_s,
                         double duration_s) {
  const double work_s = speeds_change() ? now_s() - begun_s : duration_s;
  devices_[device].busy_s += work_s;
  if (!speeds_change()) return;
  const Device& its = cluster_.device(device);
  record_of(streams_[state.stream], state.request).energy_J += (its.busy_W - its.idle_W) * work_s;
}

/// Sets a device free that waited for its message to arrive.
void Runtime::unblock(RequestState& state, MessageId id) {
  const ExecutableMessage& message = message_of(state, id);
  if (!message.blocks || !effects_.queueing) return;
  devices_[message.from_device].busy = false;
  job_done(state, message.from_device);
}

/// Lets the next request have an exclusive device when the last of a request's jobs there is done.
void Runtime::job_done(RequestState& state, DeviceId device) {
  if (--state.jobs_left[device] == 0) devices_[device].requests.erase(&state);
}

void Runtime::record_message_work(const RequestState& state, MessageId message, MessageWork work,
                                  bool aborted) {
  const MessageTimes times{state.messages[message].finish_s, now_s()};  // see begin
  for (Recorder* recorder : options_.recorders) {
    recorder->message_worked(attempt_of(state, aborted), message, work, times);
  }
}

void Runtime::record_unit(const RequestState& state, UnitId unit, bool aborted) {
  UnitTimes times = state.units[unit];
  times.finish_s = now_s();
  for (Recorder* recorder : options_.recorders) {
    recorder->unit_done(attempt_of(state, aborted), unit, times);
  }
  if (!options_.record) return;
  result_.units.push_back({state.request, unit, times.ready_s, times.start_s, times.finish_s,
                           state.stream, state.plan, state.aborted, aborted});
}

void Runtime::record_message(const RequestState& state, MessageId message, double carried,
                             bool aborted) {
  const MessageTimes times{state.messages[message].start_s, now_s()};
  for (Recorder* recorder : options_.recorders) {
    recorder->message_done(attempt_of(state, aborted), message, times, carried);
  }
  if (!options_.record) return;
  result_.transfers.push_back({state.request, message, times.start_s, times.finish_s, state.stream,
                               state.plan, state.aborted, carried, aborted});
}

void Runtime::start(RequestState& state, UnitId unit) {
  const ExecutableUnit& its = unit_of(state, unit);
  state.units[unit].start_s = now_s();
  change_memory(its.device, its.output_bytes);
  if (takes_no_time(its.duration_s)) return;
  occupy(its.device, /*overlaps=*/false, its.duration_s,
         {RuntimeEvent::Kind::kComputed, number(unit), &state});
}

/// Does what takes no time, and what follows from it.
void Runtime::finish_instant() {
  for (std::size_t i = 0; i < instant_.size(); ++i) {  // grows while it is walked
    const Waiting next = instant_[i];
    if (next.task() == DeviceTask::kCompute) {
      start(next.state(), next.unit());
      finish(next.state(), next.unit());
    } else {
      receive(next.state(), next.message());
    }
  }
  instant_.clear();
}

void Runtime::finish(RequestState& state, UnitId unit) {
  const ExecutableUnit& its = unit_of(state, unit);
  state.units[unit].finish_s = now_s();
  record_unit(state, unit);
  --state.units_left;
  release_inputs(state, unit);
  if (state.output_users[unit] == 0) change_memory(its.device, -its.output_bytes);
  for (const MessageId message : state.executable->sends(unit)) send(state, message);
  for (const UnitId consumer : state.executable->local_consumers[unit]) {
    deliver_input(state, consumer, LastInput(unit));
  }
  if (its.is_result && --state.results_left == 0) complete(state, unit);
  if (state.done()) retire(state);
}

void Runtime::send(RequestState& state, MessageId message) {
  const ExecutableMessage& its = message_of(state, message);
  const bool waits = effects_.queueing ? its.has_send_job() : !takes_no_time(its.send_s);
  if (!waits) return leave(state, message);
  enqueue({now_s(), DeviceTask::kSend, message, state});
}

void Runtime::leave(RequestState& state, MessageId id) {
  const ExecutableMessage& message = message_of(state, id);
  PlanState& plan = plan_of(state);
  state.messages[id].start_s = now_s();
  ++plan.begun[id];
  change_memory(message.to, message.bytes);
  ++messages_under_way_;
  check_backlog();
  const RuntimeEvent done{RuntimeEvent::Kind::kDelivered, number(id), &state};
  const double late_s = jitter_s(disturbances_, state.stream, state.request, message);
  if (takes_no_time(late_s + message.alone_s())) {
    instant_.emplace_back(now_s(), DeviceTask::kReceive, id, state);
  } else if (over_links(message)) {
    const bool delayed = options_.network_model == NetworkModel::kCm02;
    if (!delayed) check_lv08_time(message.alone_s());
    activities_.transfer(
        late_s + (delayed ? message.latency_s : 0),
        {(*plan.ends)[message.from_device], (*plan.ends)[message.to], message.link_bytes}, done);
  } else {
    activities_.at(now_s() + late_s + message.alone_s(), done);
  }
}

/// Whether SimGrid transfers a message, or it just takes its time. SimGrid never ends a transfer of
/// nothing that takes no time.
bool Runtime::over_links(const ExecutableMessage& message) const {
  const bool latency = options_.network_model != NetworkModel::kCm02 && message.latency_s > 0;
  return effects_.contention && (message.link_bytes > 0 || latency);
}

void Runtime::receive(RequestState& state, MessageId message) {
  --messages_under_way_;
  unblock(state, message);
  carry(state, message, 1);
  if (takes_no_time(message_of(state, message).receive_s)) return deliver(state, message);
  enqueue({now_s(), DeviceTask::kReceive, message, state});
}

void Runtime::deliver(RequestState& state, MessageId id) {
  const ExecutableMessage& message = message_of(state, id);
  state.messages[id].finish_s = now_s();
  ++plan_of(state).received[id];
  record_message(state, id);
  --state.messages_left;
  release_output(state, message.from);
  for (const UnitId consumer : message.consumers) deliver_input(state, consumer, LastInput(id));
  if (state.done()) retire(state);
}

void Runtime::release_inputs(RequestState& state, UnitId unit) {
  const ExecutablePlan& plan = *state.executable;
  for (const UnitId provider : plan.local_providers[unit]) release_output(state, provider);
  for (const MessageId id : plan.arrivals[unit]) {
    if (--state.message_users[id] > 0) continue;
    change_memory(plan.messages[id].to, -plan.messages[id].bytes);
  }
}

void Runtime::release_output(RequestState& state, UnitId unit) {
  if (--state.output_users[unit] > 0) return;
  change_memory(unit_of(state, unit).device, -unit_of(state, unit).output_bytes);
}

void Runtime::change_memory(DeviceId device, double bytes) {
  MemoryMeter& memory = devices_[device].memory;
  memory.change(now_s(), bytes);
  for (Recorder* recorder : options_.recorders) {
    recorder->memory_changed(device, now_s(), memory.level_bytes());
  }
  if (memory.overflow_bytes() == 0 || stopped_) return;
  const std::size_t in_flight = requests_in_flight();
  stop(
      Status::kOutOfMemory,
      fmt::format("{} needs {:.0f} bytes at {:g} s, but has {:.0f}{}", cluster_.device(device).name,
                  memory.overflow_bytes(), memory.overflow_s(), memory.capacity_bytes(),
                  in_flight > 1 ? fmt::format("; {} requests are in flight", in_flight) : ""));
}

}  // namespace edgeflow
