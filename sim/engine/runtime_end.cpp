// How a run ends: by failures, by overload, or with all requests done; and what is reported then.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "sim/engine/laws.hpp"
#include "sim/engine/runtime.hpp"

namespace edgeflow {

// Overload.

std::size_t Runtime::requests_in_flight() const {
  std::size_t in_flight = 0;
  for (const StreamState& stream : streams_) in_flight += stream.admitted - stream.completed;
  return in_flight;
}

/// Ends a hopeless run.
void Runtime::check_backlog() {
  if (result_.offered.load <= 1 || stopped_) return;
  const std::size_t requests = requests_in_flight();
  const std::size_t messages = messages_under_way_;
  if (requests <= kMostInFlight && messages <= kMostMessages * devices_.size()) return;
  stop(
      Status::kOverloaded,
      fmt::format("{} is asked for {:.3g} times what it can do; stopped at {:g} s with {} requests "
                  "in flight and {} messages under way",
                  result_.offered.resource, result_.offered.load, now_s(), requests, messages));
}

/// Ends a run beside traffic of others that a link cannot carry.
void Runtime::check_background() {
  const std::size_t messages = environment_.messages_under_way();
  if (messages <= kMostMessages * devices_.size() || stopped_) return;
  const OfferedLoad load = environment_.background_load();
  if (load.load <= 1) return;
  stop(Status::kOverloaded, fmt::format("{}; stopped at {:g} s with {} of its messages under way",
                                        background_overload(load), now_s(), messages));
}

// Failures.

void Runtime::handle_failure(std::size_t failure) {
  for (const auto& state : states_) {
    if (state->done() || !plan_of(*state).needs[failure]) continue;
    if (disturbances_.policy == FailurePolicy::kReplan) {
      abort(*state);
    } else if (state->results_left > 0) {
      return fail(fmt::format("{}, with request {} in flight",
                              failing(disturbances_.failures[failure]), state->request));
    }
  }
}

/// Whether all is there that a stream's request needs; stops the run if it never will be.
bool Runtime::can_begin(StreamId stream_id, std::int32_t request) {
  if (stopped_) return false;
  const StreamState& stream = streams_[stream_id];
  if (stream.plan == kNoPlan) {
    const std::string& why = stream.stream->changes[stream.changes - 1].why_none;
    if (!why.empty()) {
      fail(fmt::format("{}, and request {} needs one at {:g} s", why, request, now_s()));
    }
    return false;
  }
  const PlanState& plan = stream.plans[stream.plan];
  for (std::size_t f = 0; f < plan.needs.size(); ++f) {
    if (!plan.needs[f] || !environment_.is_down(f)) continue;
    fail(fmt::format("{}, and is needed by request {}, which begins at {:g} s",
                     failing(disturbances_.failures[f]), request, now_s()));
    return false;
  }
  return true;
}

std::string Runtime::failing(const Failure& failure) const {
  return fmt::format("{} {} fails at {:g} s", failure.link < 0 ? "device" : "link",
                     failure.link < 0 ? cluster_.device(DeviceId(failure.device)).name
                                      : cluster_.network().links[index(failure.link)].name,
                     failure.at_s);
}

void Runtime::fail(const std::string& what) {
  std::size_t done = 0;
  for (const StreamState& stream : streams_) done += stream.completed;
  disturbed_ = !stopped_;
  stop(Status::kFailed,
       fmt::format("{}; {} of {} requests are done", what, done, result_.requests.size()));
}

// The end.

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
    if (state->done()) continue;
    const ExecutablePlan& plan = *state->executable;
    for (const UnitId u : plan.units.ids()) {
      if (state->units[u].ready_s != RequestState::kNotYet) continue;
      if (++count > kNamed) continue;
      const ExecutionUnit& unit = plan.plan.unit(u);
      text += fmt::format("{} unit {} ({} on {}) of request {} waits for {} of {} inputs",
                          count > 1 ? "," : "", index(u), plan.graph.layer(unit.layer).name,
                          cluster_.device(unit.device).name, state->request,
                          state->missing_providers[u], plan.providers[u]);
    }
  }
  if (count > kNamed) text += fmt::format(" and {} more units wait", count - kNamed);
  return text;
}

void Runtime::report_messages(const PlanState& plan) {
  for (const MessageId m : plan.begun.ids()) {
    const ExecutableMessage& message = plan.executable->messages[m];
    DeviceRecord& from = result_.devices[index(message.from_device)];
    DeviceRecord& to = result_.devices[index(message.to)];
    const double sent = plan.sent(m);
    from.sent_bytes += sent * message.bytes;
    to.received_bytes += plan.received[m] * message.bytes;
    if (!bandwidths_change()) {
      from.transmit_s += sent * message.transmitting_s;
      to.receive_s += sent * message.receiving_s;
    }
    for (const int link : plan.executable->route_of(message).links) {
      result_.links[index(link)].bytes += sent * message.link_bytes;
    }
  }
}

void Runtime::report_devices_and_links() {
  const Network& network = cluster_.network();
  result_.devices.resize(devices_.size());
  result_.links.resize(network.links.size());
  for (const StreamState& stream : streams_) {
    result_.in_flight_s.push_back(stream.in_flight_s);
    for (const PlanState& plan : stream.plans) report_messages(plan);
  }
  for (std::size_t l = 0; l < network.links.size(); ++l) {
    if (!background_bytes_.empty()) result_.links[l].background_bytes = background_bytes_[l];
    result_.links[l].busy_s = bandwidths_change()
                                  ? carrying_.links_s[l]
                                  : result_.links[l].bytes / network.links[l].bandwidth_Bps;
  }
  for (const DeviceId d : devices_.ids()) {
    DeviceRecord& record = result_.devices[index(d)];
    devices_[d].memory.settle();
    record.peak_memory_bytes = devices_[d].memory.peak_bytes();
    record.busy_s = devices_[d].busy_s;
    record.transmit_s += carrying_.transmit_s[d];
    record.receive_s += carrying_.receive_s[d];
  }
}

/// Every request that was done has had each message of its plan once; what was aborted was counted
/// when it was.
void Runtime::check_bytes() const {
  const auto equal = [](double a, double b) { return std::abs(a - b) <= 1e-9 * std::max(a, b); };
  for (const StreamState& stream : streams_) {
    for (const PlanState& plan : stream.plans) {
      for (const MessageId m : plan.begun.ids()) {
        const double times = static_cast<double>(plan.done) + plan.lost[m];
        if (equal(plan.sent(m), times) && equal(plan.received[m], times)) continue;
        throw std::logic_error(
            fmt::format("message {} was sent {} times and received {} times instead of {} times",
                        index(m), plan.sent(m), plan.received[m], times));
      }
    }
  }
}

/// When all requests are done, devices hold the weights of the plans in use and nothing else.
void Runtime::check_memory() const {
  for (const DeviceId d : devices_.ids()) {
    double weight_bytes = 0;
    for (const StreamState& stream : streams_) {
      for (const PlanState& plan : stream.plans) {
        if (plan.loaded) weight_bytes += plan.executable->memory().weight_bytes[d];
      }
    }
    const MemoryMeter& memory = devices_[d].memory;
    if (std::abs(memory.level_bytes() - weight_bytes) <= 1e-9 * memory.peak_bytes()) continue;
    throw std::logic_error(fmt::format("{} ends with {:.0f} bytes instead of {:.0f} of weights",
                                       cluster_.device(d).name, memory.level_bytes(),
                                       weight_bytes));
  }
}

void Runtime::check_laws() const {
  const std::string broken =
      broken_law(given_, options_.network_model, disturbances_, end_s_, result_);
  if (!broken.empty()) throw std::logic_error(broken);
}

}  // namespace edgeflow
