#include "sim/engine/runtime.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "sim/engine/offered_load.hpp"
#include "sim/engine/platform.hpp"

namespace edgeflow {
namespace {

const UnitRow& row_of(const RequestState& state, std::int32_t unit) {
  return state.tables->units[static_cast<std::size_t>(unit)];
}

const MessageRow& message_of(const RequestState& state, std::int32_t message) {
  return state.tables->messages[static_cast<std::size_t>(message)];
}

Attempt attempt_of(const RequestState& state, bool aborted) {
  return {state.stream, state.request, state.plan, state.aborted, aborted};
}

}  // namespace

namespace sg4 = simgrid::s4u;

bool Runtime::Waiting::operator>(const Waiting& other) const {
  return std::tie(ready_s, state->sequence, task, index) >
         std::tie(other.ready_s, other.state->sequence, other.task, other.index);
}

Runtime::Runtime(std::span<const Stream> streams, std::span<const std::vector<PlanTables>> tables,
                 std::span<const std::vector<std::size_t>> routings,
                 const SimulationOptions& options, const Disturbances& disturbances,
                 const Platform& platform)
    : cluster_(streams.front().cluster()),
      options_(options),
      disturbances_(disturbances),
      activities_(platform.hosts, bytes_scale(options.network_model),
                  [this](std::span<const RuntimeEvent> events) { return handle_instant(events); }),
      environment_(disturbances, cluster_, options.network_model, platform, activities_) {
  for (std::size_t s = 0; s < streams.size(); ++s) {
    StreamState& state = streams_.emplace_back();
    state.stream = &streams[s];
    for (std::size_t p = 0; p < streams[s].plans.size(); ++p) {
      const auto& [plan, cluster] = streams[s].plans[p];
      PlanState& placed = state.plans.emplace_back();
      placed.plan = plan;
      placed.cluster = cluster;
      placed.tables = &tables[s][p];
      placed.ends = &platform.ends[routings[s][p]];
      placed.request_energy_J = energy_J(whole_request(tables[s][p]), tables[s][p], *cluster);
      for (const Failure& failure : disturbances.failures) {
        placed.needs.push_back(uses(*plan, *cluster, failure));
      }
      for (auto* by_message : {&placed.sent, &placed.received, &placed.lost}) {
        by_message->resize(tables[s][p].messages.size());
      }
    }
    state.plans.front().loaded = true;
    state.first_record = requests_left_;
    requests_left_ += streams[s].arrivals_s.size();
  }
  for (std::size_t d = 0; d < cluster_.size(); ++d) {
    double weight_bytes = 0;
    for (const auto& table : tables) weight_bytes += table.front().weight_bytes[d];
    devices_.emplace_back(MemoryMeter(weight_bytes, cluster_.devices()[d].memory_bytes));
  }
  RequestRecord not_done;
  not_done.finish_s = RequestState::kNotYet;
  result_.requests.resize(requests_left_, not_done);
  const OfferedLoad offered = offered_load(streams, tables, options.effects);
  result_.offered_load = offered.load;
  result_.busiest = offered.resource;
}

SimulationResult Runtime::run(sg4::Engine& engine) {
  for (Recorder* recorder : options_.recorders) recorder->begin();
  activities_.run(engine);
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
  for (Recorder* recorder : options_.recorders) recorder->end();
  result_.activities = activities_.started();
  return std::move(result_);
}

// Instants.

bool Runtime::handle_instant(std::span<const RuntimeEvent> events) {
  try {
    if (sequence_ == 0 && events.empty()) begin();
    bool others = false;
    for (const RuntimeEvent& event : events) {
      if (event.kind < RuntimeEvent::Kind::kPlan) {
        handle(event);
      } else {
        others = true;
      }
    }
    if (others) handle_changes(events);
    for (DeviceState& device : devices_) {
      if (!device.computing && !device.queue.empty()) pick_next(device);
    }
  } catch (const std::exception& error) {  // must not reach SimGrid
    stop(Status::kFailed, error.what());
  }
  if (stopped_) background_bytes_ = environment_.background_bytes();  // while SimGrid knows
  return !stopped_;
}

/// After what was done just in time, what changes from now on.
void Runtime::handle_changes(std::span<const RuntimeEvent> events) {
  for (const RuntimeEvent& event : events) {
    if (!event.of_environment()) continue;
    environment_.handle(event);
    if (event.kind == RuntimeEvent::Kind::kFailure) {
      handle_failure(static_cast<std::size_t>(event.index));
    }
  }
  for (const RuntimeEvent& event : events) {
    if (event.kind == RuntimeEvent::Kind::kPlan) change_plan(event.index);
  }
  for (std::size_t s = 0; s < streams_.size(); ++s) let_in(static_cast<std::int32_t>(s));
  finish_instant_units();
}

void Runtime::handle(const RuntimeEvent& event) {
  switch (event.kind) {
    case RuntimeEvent::Kind::kArrival:
      arrive(event.index);
      break;
    case RuntimeEvent::Kind::kComputed:
      release(row_of(*event.state, event.index).device,
              row_of(*event.state, event.index).duration_s);
      finish(*event.state, event.index);
      break;
    case RuntimeEvent::Kind::kPacked:
      release(message_of(*event.state, event.index).from_device,
              message_of(*event.state, event.index).send_s);
      message_worked(*event.state, event.index, MessageWork::kSend);
      leave(*event.state, event.index);
      break;
    case RuntimeEvent::Kind::kDelivered:
      unpack(*event.state, event.index);
      break;
    case RuntimeEvent::Kind::kUnpacked:
      release(message_of(*event.state, event.index).to_device,
              message_of(*event.state, event.index).receive_s);
      message_worked(*event.state, event.index, MessageWork::kReceive);
      deliver(*event.state, event.index);
      break;
    default:
      break;
  }
  finish_instant_units();
}

void Runtime::pick_next(DeviceState& device) {
  const Waiting next = device.queue.top();
  device.queue.pop();
  device.computing = true;
  begin(next);
}

// Units and messages.

void Runtime::feed(RequestState& state, std::int32_t unit, LastInput input) {
  const auto at = static_cast<std::size_t>(unit);
  state.last_input[at] = input;
  if (--state.missing_inputs[at] == 0) make_ready(state, unit);
}

void Runtime::make_ready(RequestState& state, std::int32_t unit) {
  const double ready_s = now_s();
  const UnitRow& row = row_of(state, unit);
  state.units[static_cast<std::size_t>(unit)].ready_s = ready_s;
  const Waiting job{ready_s, Task::kCompute, unit, &state};
  if (row.duration_s == 0) {
    instant_.push_back(job);
  } else {
    enqueue(job);
  }
}

/// Lets the job's device do it, in its turn.
void Runtime::enqueue(const Waiting& job) {
  if (!options_.effects.queueing) return begin(job);
  const std::int32_t device = job.task == Task::kCompute ? row_of(*job.state, job.index).device
                              : job.task == Task::kSend
                                  ? message_of(*job.state, job.index).from_device
                                  : message_of(*job.state, job.index).to_device;
  devices_[static_cast<std::size_t>(device)].queue.push(job);
}

void Runtime::begin(const Waiting& job) {
  if (job.task == Task::kCompute) return start(*job.state, job.index);
  const MessageRow& row = message_of(*job.state, job.index);
  // Kept where the time of delivery will be.
  job.state->messages[static_cast<std::size_t>(job.index)].finish_s = now_s();
  if (job.task == Task::kSend) {
    occupy(row.from_device, row.send_s, {RuntimeEvent::Kind::kPacked, job.index, job.state});
  } else {
    occupy(row.to_device, row.receive_s, {RuntimeEvent::Kind::kUnpacked, job.index, job.state});
  }
}

void Runtime::occupy(std::int32_t device, double duration_s, const RuntimeEvent& done) {
  if (options_.effects.queueing) {
    activities_.compute(device, duration_s, done);
  } else {
    activities_.at(now_s() + duration_s, done);
  }
}

void Runtime::release(std::int32_t device, double duration_s) {
  DeviceState& state = devices_[static_cast<std::size_t>(device)];
  state.computing = false;
  state.busy_s += duration_s;
}

void Runtime::message_worked(const RequestState& state, std::int32_t message, MessageWork work,
                             bool aborted) {
  const double start_s = state.messages[static_cast<std::size_t>(message)].finish_s;
  for (Recorder* recorder : options_.recorders) {
    recorder->message_worked(attempt_of(state, aborted), message, work, {start_s, now_s()});
  }
}

void Runtime::record_unit(const RequestState& state, std::int32_t unit, bool aborted) {
  UnitTimes times = state.units[static_cast<std::size_t>(unit)];
  times.finish_s = now_s();
  for (Recorder* recorder : options_.recorders) {
    recorder->unit_done(attempt_of(state, aborted), unit, times);
  }
  if (!options_.record) return;
  result_.units.push_back({state.request, unit, times.ready_s, times.start_s, times.finish_s,
                           state.stream, state.plan, state.aborted, aborted});
}

void Runtime::record_message(const RequestState& state, std::int32_t message, double carried,
                             bool aborted) {
  const MessageTimes times{state.messages[static_cast<std::size_t>(message)].start_s, now_s()};
  for (Recorder* recorder : options_.recorders) {
    recorder->message_done(attempt_of(state, aborted), message, times, carried);
  }
  if (!options_.record) return;
  result_.transfers.push_back({state.request, message, times.start_s, times.finish_s, state.stream,
                               state.plan, state.aborted, carried, aborted});
}

void Runtime::start(RequestState& state, std::int32_t unit) {
  const UnitRow& row = row_of(state, unit);
  state.units[static_cast<std::size_t>(unit)].start_s = now_s();
  change_memory(row.device, row.output_bytes);
  if (row.duration_s == 0) return;
  occupy(row.device, row.duration_s, {RuntimeEvent::Kind::kComputed, unit, &state});
}

void Runtime::finish_instant_units() {
  for (std::size_t i = 0; i < instant_.size(); ++i) {  // grows while it is walked
    const Waiting next = instant_[i];
    start(*next.state, next.index);
    finish(*next.state, next.index);
  }
  instant_.clear();
}

void Runtime::finish(RequestState& state, std::int32_t unit) {
  const UnitRow& row = row_of(state, unit);
  state.units[static_cast<std::size_t>(unit)].finish_s = now_s();
  record_unit(state, unit);
  --state.units_left;
  release_inputs(state, unit);
  if (state.tables->output_holders[static_cast<std::size_t>(unit)] == 0) {
    change_memory(row.device, -row.output_bytes);
  }
  for (const std::int32_t message : state.tables->sends[unit]) send(state, message);
  for (const std::int32_t consumer : state.tables->local_consumers[unit]) {
    feed(state, consumer, from_local(unit));
  }
  if (row.is_result && --state.results_left == 0) complete(state, unit);
  if (state.done()) retire(state);
}

void Runtime::send(RequestState& state, std::int32_t message) {
  state.messages[static_cast<std::size_t>(message)].start_s = now_s();
  if (message_of(state, message).send_s == 0) return leave(state, message);
  enqueue({now_s(), Task::kSend, message, &state});
}

void Runtime::leave(RequestState& state, std::int32_t message) {
  const MessageRow& row = message_of(state, message);
  const PlanState& plan = plan_of(state);
  ++plan_of(state).sent[static_cast<std::size_t>(message)];
  change_memory(row.to_device, row.bytes);
  ++messages_under_way_;
  check_backlog();
  const RuntimeEvent done{RuntimeEvent::Kind::kDelivered, message, &state};
  const double late_s = jitter_s(disturbances_, state.stream, state.request, row.from_device,
                                 row.to_device, row.rank);
  if (over_links(row)) {
    const bool delayed = options_.network_model == NetworkModel::kCm02;
    const auto end = [&](std::int32_t device) {
      return (*plan.ends)[static_cast<std::size_t>(device)];
    };
    activities_.transfer(late_s + (delayed ? row.latency_s : 0),
                         {end(row.from_device), end(row.to_device), row.link_bytes}, done);
  } else {
    activities_.at(now_s() + late_s + row.alone_s, done);
  }
}

/// Whether SimGrid transfers a message, or it just takes its time. SimGrid never ends a transfer of
/// nothing that takes no time.
bool Runtime::over_links(const MessageRow& message) const {
  const bool latency = options_.network_model != NetworkModel::kCm02 && message.latency_s > 0;
  return options_.effects.contention && (message.link_bytes > 0 || latency);
}

void Runtime::unpack(RequestState& state, std::int32_t message) {
  --messages_under_way_;
  if (message_of(state, message).receive_s == 0) return deliver(state, message);
  enqueue({now_s(), Task::kReceive, message, &state});
}

void Runtime::deliver(RequestState& state, std::int32_t message) {
  const auto at = static_cast<std::size_t>(message);
  state.messages[at].finish_s = now_s();
  ++plan_of(state).received[at];
  record_message(state, message);
  --state.messages_left;
  release_output(state, message_of(state, message).from_unit);
  for (const std::int32_t consumer : state.tables->receivers[message]) {
    feed(state, consumer, from_message(message));
  }
  if (state.done()) retire(state);
}

void Runtime::release_inputs(RequestState& state, std::int32_t unit) {
  const PlanTables& tables = *state.tables;
  for (const std::int32_t provider : tables.local_providers[unit]) release_output(state, provider);
  for (const std::int32_t message : tables.arrivals[unit]) {
    if (--state.message_holders[static_cast<std::size_t>(message)] > 0) continue;
    const MessageRow& row = message_of(state, message);
    change_memory(row.to_device, -row.bytes);
  }
}

void Runtime::release_output(RequestState& state, std::int32_t unit) {
  if (--state.output_holders[static_cast<std::size_t>(unit)] > 0) return;
  const UnitRow& row = row_of(state, unit);
  change_memory(row.device, -row.output_bytes);
}

void Runtime::change_memory(std::int32_t device, double bytes) {
  MemoryMeter& memory = devices_[static_cast<std::size_t>(device)].memory;
  memory.change(now_s(), bytes);
  for (Recorder* recorder : options_.recorders) {
    recorder->memory_changed(device, now_s(), memory.level_bytes());
  }
  if (memory.overflow_bytes() == 0 || stopped_) return;
  const std::size_t in_flight = requests_in_flight();
  stop(Status::kOutOfMemory,
       fmt::format("{} needs {:.0f} bytes at {:g} s, but has {:.0f}{}",
                   cluster_.device(DeviceId(device)).name, memory.overflow_bytes(),
                   memory.overflow_s(), memory.capacity_bytes(),
                   in_flight > 1 ? fmt::format("; {} requests are in flight", in_flight) : ""));
}

}  // namespace edgeflow
