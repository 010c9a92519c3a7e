#include "sim/runtime.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <simgrid/simix.hpp>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace edgeflow {

namespace sg4 = simgrid::s4u;

bool Runtime::Waiting::operator>(const Waiting& other) const {
  return std::tie(ready_s, state->request, unit) >
         std::tie(other.ready_s, other.state->request, other.unit);
}

Runtime::Runtime(const Plan& plan, const Graph& graph, const Cluster& cluster,
                 const PlanTables& tables, const SimulationOptions& options,
                 const std::vector<sg4::Host*>& hosts)
    : plan_(plan),
      graph_(graph),
      cluster_(cluster),
      tables_(tables),
      options_(options),
      activities_(hosts, [this](const RuntimeEvent& event) { post(event); }),
      sent_(tables.messages.size()),
      received_(tables.messages.size()) {
  for (std::size_t d = 0; d < cluster.size(); ++d) {
    devices_.emplace_back(MemoryMeter(tables.weight_bytes[d], cluster.devices()[d].memory_bytes));
  }
  result_.requests.resize(options.arrivals_s.size());
}

SimulationResult Runtime::run(sg4::Engine& engine, const std::vector<sg4::Host*>& hosts) {
  sg4::Engine::on_deadlock_cb([this] { stop(Status::kDeadlock, waiting_units()); });
  for (std::size_t d = 0; d < hosts.size(); ++d) {
    sg4::Actor::create("runtime", hosts[d], [this, d] { serve(static_cast<std::int32_t>(d)); });
  }
  schedule_arrival(options_.arrivals_s.front());
  engine.run();
  if (result_.status == Status::kOk) {
    check_bytes();
  } else {
    result_.requests.clear();
  }
  report_devices_and_links();
  result_.activities = activities_.started();
  return std::move(result_);
}

// Actors.

void Runtime::serve(std::int32_t device_index) {
  DeviceState& device = devices_[static_cast<std::size_t>(device_index)];
  std::vector<RuntimeEvent> batch;
  while (!stopped_) {
    std::swap(batch, device.inbox);
    try {
      for (const RuntimeEvent& event : batch) handle(event);
      if (!device.computing) pick_next(device);
    } catch (const std::exception& error) {  // leaving an actor, it would abort the process
      stop(Status::kFailed, error.what());
    }
    batch.clear();
    submit_commands();
    if (!device.inbox.empty() || stopped_) continue;
    device.asleep = true;
    device.wake->acquire();
  }
}

void Runtime::handle(const RuntimeEvent& event) {
  switch (event.kind) {
    case RuntimeEvent::Kind::kArrival:
      admit_requests();
      break;
    case RuntimeEvent::Kind::kReady:
      make_ready(*event.state, event.index);
      break;
    case RuntimeEvent::Kind::kComputed:
      devices_[static_cast<std::size_t>(event.device)].computing = false;
      finish(*event.state, event.index);
      break;
    case RuntimeEvent::Kind::kDelivered:
      deliver(*event.state, event.index);
      break;
  }
  finish_instant_units();
}

void Runtime::pick_next(DeviceState& device) {
  if (device.queue.empty()) return;
  const Waiting next = device.queue.top();
  device.queue.pop();
  device.computing = true;
  start(*next.state, next.unit);
}

void Runtime::submit_commands() {
  if (commands_.empty() && !stopped_) return;
  simgrid::kernel::actor::simcall_answered([this] {
    // Of all actors that run at this instant, the first one's simcall carries out everybody's.
    if (!stopped_) {
      for (const Command& command : commands_) carry_out(command);
      commands_.clear();
      return;
    }
    for (DeviceState& device : devices_) {
      if (std::exchange(device.asleep, false)) device.wake->release();
    }
  });
}

// Kernel mode.

void Runtime::post(const RuntimeEvent& event) {
  DeviceState& device = devices_[static_cast<std::size_t>(event.device)];
  device.inbox.push_back(event);
  if (std::exchange(device.asleep, false)) device.wake->release();
}

void Runtime::carry_out(const Command& command) {
  if (command.kind == Command::Kind::kArrive) {
    schedule_arrival(options_.closed_loop ? now_s() : options_.arrivals_s[admitted_]);
  } else if (command.kind == Command::Kind::kReady) {
    post({RuntimeEvent::Kind::kReady, row(command.index).device, command.index, command.state});
  } else if (command.kind == Command::Kind::kCompute) {
    const UnitRow& unit = row(command.index);
    const RuntimeEvent done{RuntimeEvent::Kind::kComputed, unit.device, command.index,
                            command.state};
    if (options_.effects.queueing) {
      activities_.compute(unit.duration_s, done);
    } else {
      activities_.at(now_s() + unit.duration_s, done);
    }
  } else {
    const MessageRow& message = tables_.messages[static_cast<std::size_t>(command.index)];
    const RuntimeEvent done{RuntimeEvent::Kind::kDelivered, message.to_device, command.index,
                            command.state};
    if (options_.effects.contention) {
      activities_.transfer(message.from_device, message.link_bytes, done);
    } else {
      activities_.at(now_s() + message.alone_s, done);
    }
  }
}

void Runtime::schedule_arrival(double date_s) {
  const auto source = static_cast<std::int32_t>(index(cluster_.source()));
  activities_.at(date_s, {RuntimeEvent::Kind::kArrival, source, 0, nullptr});
}

// Requests.

void Runtime::admit_requests() {
  const std::vector<double>& arrivals_s = options_.arrivals_s;
  begin_request();
  if (options_.closed_loop) return;
  while (admitted_ < arrivals_s.size() && arrivals_s[admitted_] <= now_s() + kTimePrecision_s) {
    begin_request();
  }
  if (admitted_ < arrivals_s.size()) commands_.push_back({Command::Kind::kArrive, 0, nullptr});
}

void Runtime::begin_request() {
  if (idle_states_.empty()) {
    states_.push_back(std::make_unique<RequestState>());
    idle_states_.push_back(states_.back().get());
  }
  RequestState& state = *idle_states_.back();
  idle_states_.pop_back();
  state.reset(tables_, static_cast<std::int32_t>(admitted_++), now_s());
  for (const std::int32_t unit : tables_.first_units) {
    if (row(unit).device == static_cast<std::int32_t>(index(cluster_.source()))) {
      make_ready(state, unit);
    } else {  // that device may sleep
      commands_.push_back({Command::Kind::kReady, unit, &state});
    }
  }
}

void Runtime::complete_request(RequestState& state, std::int32_t last_result) {
  const RequestRecord record = account(state, tables_, last_result);
  result_.requests[static_cast<std::size_t>(state.request)] = record;
  result_.makespan_s = std::max(result_.makespan_s, record.finish_s);
  if (options_.closed_loop && admitted_ < options_.arrivals_s.size()) {
    commands_.push_back({Command::Kind::kArrive, 0, nullptr});
  }
}

void Runtime::retire(RequestState& state) {
  idle_states_.push_back(&state);
  if (++retired_ == options_.arrivals_s.size()) stop(Status::kOk, "");
}

// Units and messages.

void Runtime::feed(RequestState& state, std::int32_t unit, LastInput input) {
  const auto at = static_cast<std::size_t>(unit);
  state.last_input[at] = input;
  if (--state.missing_inputs[at] == 0) make_ready(state, unit);
}

void Runtime::make_ready(RequestState& state, std::int32_t unit) {
  const double ready_s = now_s();
  state.units[static_cast<std::size_t>(unit)].ready_s = ready_s;
  if (row(unit).duration_s == 0) {
    instant_.push_back({ready_s, unit, &state});
  } else if (options_.effects.queueing) {
    devices_[static_cast<std::size_t>(row(unit).device)].queue.push({ready_s, unit, &state});
  } else {
    start(state, unit);
  }
}

void Runtime::start(RequestState& state, std::int32_t unit) {
  state.units[static_cast<std::size_t>(unit)].start_s = now_s();
  change_memory(row(unit).device, row(unit).output_bytes);
  if (row(unit).duration_s > 0) commands_.push_back({Command::Kind::kCompute, unit, &state});
}

void Runtime::finish_instant_units() {
  for (std::size_t i = 0; i < instant_.size(); ++i) {  // grows while it is walked
    const Waiting next = instant_[i];
    start(*next.state, next.unit);
    finish(*next.state, next.unit);
  }
  instant_.clear();
}

void Runtime::finish(RequestState& state, std::int32_t unit) {
  UnitTimes& times = state.units[static_cast<std::size_t>(unit)];
  times.finish_s = now_s();
  devices_[static_cast<std::size_t>(row(unit).device)].busy_s += row(unit).duration_s;
  if (options_.record) {
    result_.units.push_back({state.request, unit, times.ready_s, times.start_s, times.finish_s});
  }
  --state.units_left;
  release_inputs(state, unit);
  if (tables_.output_holders[static_cast<std::size_t>(unit)] == 0) {
    change_memory(row(unit).device, -row(unit).output_bytes);
  }
  for (const std::int32_t message : tables_.sends[unit]) send(state, message);
  for (const std::int32_t consumer : tables_.local_consumers[unit]) {
    feed(state, consumer, from_local(unit));
  }
  if (row(unit).is_result && --state.results_left == 0) complete_request(state, unit);
  if (state.done()) retire(state);
}

void Runtime::send(RequestState& state, std::int32_t message) {
  const auto at = static_cast<std::size_t>(message);
  state.messages[at].start_s = now_s();
  ++sent_[at];
  change_memory(tables_.messages[at].to_device, tables_.messages[at].bytes);
  commands_.push_back({Command::Kind::kSend, message, &state});
}

void Runtime::deliver(RequestState& state, std::int32_t message) {
  const auto at = static_cast<std::size_t>(message);
  MessageTimes& times = state.messages[at];
  times.finish_s = now_s();
  ++received_[at];
  if (options_.record) {
    result_.transfers.push_back({state.request, message, times.start_s, times.finish_s});
  }
  --state.messages_left;
  release_output(state, tables_.messages[at].from_unit);
  for (const std::int32_t consumer : tables_.receivers[message]) {
    feed(state, consumer, from_message(message));
  }
  if (state.done()) retire(state);
}

void Runtime::release_inputs(RequestState& state, std::int32_t unit) {
  for (const std::int32_t provider : tables_.local_providers[unit]) release_output(state, provider);
  for (const std::int32_t message : tables_.arrivals[unit]) {
    const auto at = static_cast<std::size_t>(message);
    if (--state.message_holders[at] > 0) continue;
    change_memory(tables_.messages[at].to_device, -tables_.messages[at].bytes);
  }
}

void Runtime::release_output(RequestState& state, std::int32_t unit) {
  if (--state.output_holders[static_cast<std::size_t>(unit)] > 0) return;
  change_memory(row(unit).device, -row(unit).output_bytes);
}

// The end.

void Runtime::change_memory(std::int32_t device, double bytes) {
  MemoryMeter& memory = devices_[static_cast<std::size_t>(device)].memory;
  memory.change(now_s(), bytes);
  if (memory.overflow_bytes() == 0) return;
  stop(Status::kOutOfMemory,
       fmt::format("{} needs {:.0f} bytes at {:g} s, but has {:.0f}",
                   cluster_.device(DeviceId(device)).name, memory.overflow_bytes(),
                   memory.overflow_s(), memory.capacity_bytes()));
}

void Runtime::stop(Status status, std::string message) {
  if (std::exchange(stopped_, true)) return;
  result_.status = status;
  result_.message = std::move(message);
}

std::string Runtime::waiting_units() const {
  constexpr int kNamed = 5;
  std::string text = "nothing can happen any more, but";
  int count = 0;
  for (const auto& state : states_) {
    for (std::size_t u = 0; u < plan_.units.size() && !state->done(); ++u) {
      if (state->units[u].ready_s != RequestState::kNotYet) continue;
      if (++count > kNamed) continue;
      const ExecutionUnit& unit = plan_.units[u];
      text += fmt::format("{} unit {} ({} on {}) of request {} waits for {} of {} inputs",
                          count > 1 ? "," : "", u, graph_.layer(unit.layer).name,
                          cluster_.device(unit.device).name, state->request,
                          state->missing_inputs[u], tables_.missing_inputs[u]);
    }
  }
  if (count > kNamed) text += fmt::format(" and {} more units wait", count - kNamed);
  return text;
}

void Runtime::report_devices_and_links() {
  const Network& network = cluster_.network();
  result_.devices.resize(devices_.size());
  result_.links.resize(network.links.size());
  for (std::size_t m = 0; m < tables_.messages.size(); ++m) {
    const MessageRow& message = tables_.messages[m];
    const auto from = static_cast<std::size_t>(message.from_device);
    const auto to = static_cast<std::size_t>(message.to_device);
    const auto sent = static_cast<double>(sent_[m]);
    result_.devices[from].sent_bytes += sent * message.bytes;
    result_.devices[to].received_bytes += static_cast<double>(received_[m]) * message.bytes;
    const Route route = cluster_.route(DeviceId(message.from_device), DeviceId(message.to_device));
    for (const int link : route.links) {
      result_.links[static_cast<std::size_t>(link)].bytes += sent * message.link_bytes;
    }
  }
  for (std::size_t l = 0; l < network.links.size(); ++l) {
    result_.links[l].busy_s = result_.links[l].bytes / network.links[l].bandwidth_Bps;
  }
  for (std::size_t d = 0; d < devices_.size(); ++d) {
    const Device& device = cluster_.devices()[d];
    DeviceRecord& record = result_.devices[d];
    devices_[d].memory.settle();
    record.peak_memory_bytes = devices_[d].memory.peak_bytes();
    record.busy_s = devices_[d].busy_s;
    record.energy_J =
        device.idle_W * result_.makespan_s + (device.busy_W - device.idle_W) * record.busy_s;
  }
}

void Runtime::check_bytes() const {
  const auto requests = static_cast<std::int64_t>(options_.arrivals_s.size());
  for (std::size_t m = 0; m < tables_.messages.size(); ++m) {
    if (sent_[m] == requests && received_[m] == requests) continue;
    throw std::logic_error(
        fmt::format("message {} was sent {} times and received {} times for {} requests", m,
                    sent_[m], received_[m], requests));
  }
}

}  // namespace edgeflow
