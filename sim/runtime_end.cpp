// How a run ends: by failures, by overload, or with all requests done; and what is reported then.

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "sim/runtime.hpp"

namespace edgeflow {

// Overload.

std::size_t Runtime::requests_in_flight() const {
  std::size_t in_flight = 0;
  for (const StreamState& stream : streams_) in_flight += stream.let_in - stream.completed;
  return in_flight;
}

/// Ends a hopeless run.
void Runtime::check_backlog() {
  if (result_.offered_load <= 1 || stopped_) return;
  const std::size_t requests = requests_in_flight();
  const std::size_t messages = messages_under_way_;
  if (requests <= kMostInFlight && messages <= kMostMessages * devices_.size()) return;
  stop(
      Status::kOverloaded,
      fmt::format("{} is asked for {:.3g} times what it can do; stopped at {:g} s with {} requests "
                  "in flight and {} messages under way",
                  result_.busiest, result_.offered_load, now_s(), requests, messages));
}

// Failures.

bool Runtime::needs(const PlanTables& tables, const Failure& failure) const {
  const Network& network = cluster_.network();
  const auto on_it = [&](const UnitRow& unit) { return unit.device == failure.device; };
  const auto over_it = [&](const MessageRow& message) {
    const std::vector<int> links =
        cluster_.route(DeviceId(message.from_device), DeviceId(message.to_device)).links;
    return std::ranges::any_of(links, [&](int link) {
      const auto& ends = network.links[static_cast<std::size_t>(link)].devices;
      return link == failure.link ||  // or a device that forwards
             (failure.link < 0 && std::ranges::find(ends, failure.device) != ends.end());
    });
  };
  if (std::ranges::any_of(tables.messages, over_it)) return true;
  if (failure.link >= 0) return false;
  const bool between_all = network.access_point == static_cast<std::size_t>(failure.device);
  return std::ranges::any_of(tables.units, on_it) || (between_all && !tables.messages.empty());
}

/// Stops the run if a request is in flight that needs what has just failed.
void Runtime::check_in_flight(const Failure& failure) {
  for (const auto& state : states_) {
    if (stopped_ || state->results_left == 0 || !needs(*state->tables, failure)) continue;
    fail(failure, fmt::format("with request {} in flight", state->request));
  }
}

/// Whether all is there that the stream's next request needs; stops the run if not.
bool Runtime::can_begin(std::int32_t stream_index) {
  const StreamState& stream = streams_[static_cast<std::size_t>(stream_index)];
  for (const Failure* failure : environment_.down()) {
    if (!needs(*stream.tables, *failure)) continue;
    fail(*failure, fmt::format("and is needed by request {}, which begins at {:g} s", stream.let_in,
                               now_s()));
    return false;
  }
  return true;
}

void Runtime::fail(const Failure& failure, const std::string& what) {
  std::size_t done = 0;
  for (const StreamState& stream : streams_) done += stream.completed;
  disturbed_ = !stopped_;
  stop(Status::kFailed,
       fmt::format("{} {} fails at {:g} s, {}; {} of {} requests are done",
                   failure.link < 0 ? "device" : "link",
                   failure.link < 0
                       ? cluster_.device(DeviceId(failure.device)).name
                       : cluster_.network().links[static_cast<std::size_t>(failure.link)].name,
                   failure.at_s, what, done, result_.requests.size()));
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
    const Stream& stream = *streams_[static_cast<std::size_t>(state->stream)].stream;
    for (std::size_t u = 0; u < state->units.size() && !state->done(); ++u) {
      if (state->units[u].ready_s != RequestState::kNotYet) continue;
      if (++count > kNamed) continue;
      const ExecutionUnit& unit = stream.plan->units[u];
      text += fmt::format("{} unit {} ({} on {}) of request {} waits for {} of {} inputs",
                          count > 1 ? "," : "", u, stream.graph->layer(unit.layer).name,
                          cluster_.device(unit.device).name, state->request,
                          state->missing_inputs[u], state->tables->missing_inputs[u]);
    }
  }
  if (count > kNamed) text += fmt::format(" and {} more units wait", count - kNamed);
  return text;
}

void Runtime::report_devices_and_links() {
  const Network& network = cluster_.network();
  result_.devices.resize(devices_.size());
  result_.links.resize(network.links.size());
  for (const StreamState& stream : streams_) {
    result_.in_flight_s.push_back(stream.in_flight_s);
    for (std::size_t m = 0; m < stream.sent.size(); ++m) {
      const MessageRow& message = stream.tables->messages[m];
      const auto from = static_cast<std::size_t>(message.from_device);
      const auto to = static_cast<std::size_t>(message.to_device);
      const auto sent = static_cast<double>(stream.sent[m]);
      result_.devices[from].sent_bytes += sent * message.bytes;
      result_.devices[to].received_bytes += static_cast<double>(stream.received[m]) * message.bytes;
      result_.devices[from].transmit_s += sent * message.tx_s;
      result_.devices[to].receive_s += sent * message.rx_s;
      const Route route =
          cluster_.route(DeviceId(message.from_device), DeviceId(message.to_device));
      for (const int link : route.links) {
        result_.links[static_cast<std::size_t>(link)].bytes += sent * message.link_bytes;
      }
    }
  }
  for (std::size_t l = 0; l < network.links.size(); ++l) {
    if (!background_bytes_.empty()) result_.links[l].background_bytes = background_bytes_[l];
    result_.links[l].busy_s = result_.links[l].bytes / network.links[l].bandwidth_Bps;
  }
  for (std::size_t d = 0; d < devices_.size(); ++d) {
    DeviceRecord& record = result_.devices[d];
    devices_[d].memory.settle();
    record.peak_memory_bytes = devices_[d].memory.peak_bytes();
    record.busy_s = devices_[d].busy_s;
  }
}

void Runtime::check_bytes() const {
  for (const StreamState& stream : streams_) {
    const auto requests = static_cast<std::int64_t>(stream.stream->arrivals_s.size());
    for (std::size_t m = 0; m < stream.sent.size(); ++m) {
      if (stream.sent[m] == requests && stream.received[m] == requests) continue;
      throw std::logic_error(
          fmt::format("message {} was sent {} times and received {} times for {} requests", m,
                      stream.sent[m], stream.received[m], requests));
    }
  }
}

}  // namespace edgeflow
