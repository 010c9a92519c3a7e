// Closed forms of computing: what runs when. See the fixture for the numbers: layer 1 s or 40
// bytes, 80 byte/s, latency 0.25 s.

#include <doctest/doctest.h>

#include "tests/support/sim_fixture.hpp"

using namespace edgeflow;
using namespace edgeflow::sim_fixture;

namespace {

/// Two whole copies of conv1 on device 0, both results relayed.
Plan two_copies() {
  Sketch sketch;
  const UnitId input = sketch.unit(0, 0);
  const UnitId first = sketch.unit(1, 0);
  const UnitId second = sketch.unit(1, 0);
  sketch.feed(input, first).feed(input, second);
  const UnitId result_relay = sketch.relay(1, 0);
  sketch.feed(first, result_relay).feed(second, result_relay);
  return sketch.plan();
}

}  // namespace

TEST_CASE("on one device a request takes the sum of its units' times") {
  auto list = devices(1);
  list[0].compute.overhead_s = 0.5;
  const auto result = simulate_ok(whole_layers({0, 0, 0}), chain(3), cluster(list));
  CHECK(latency_of(result) == about(3 * 1.5));
  CHECK(result.makespan_s == about(3 * 1.5));
  CHECK(result.activities == 3);
}

TEST_CASE("a run lasts until work is done that no result needs") {
  // The result is rows [0, 5), there at 0.5 s. The others reach device 1 then, and take until 1 s.
  auto list = devices(2);
  for (Device& device : list) {
    device.idle_W = device.transmit_W = device.receive_W = 1;
    device.busy_W = 3;
  }
  Sketch sketch;
  const UnitId input = sketch.unit(0, 0);
  const UnitId upper = sketch.unit(1, 0, 0, 5);
  sketch.feed(input, upper).feed(input, sketch.unit(1, 1, 5, 10));
  sketch.feed(upper, sketch.relay(1, 0, 0, 5));
  const auto result = simulate_ok(sketch.plan(), chain(1), cluster(list));
  CHECK(latency_of(result) == about(0.5));
  CHECK(result.makespan_s == about(1));
  CHECK(result.devices[1].busy_s == about(0.5));
  CHECK(result.devices[0].energy_J == about(1 + 2 * 0.5));
  CHECK(result.devices[1].energy_J == about(1 + 2 * 0.5));
}

TEST_CASE("transfers overlap with computing") {
  // Device 0: upper half until 0.5, lower half until 1. The upper half travels 0.5 to 1 meanwhile,
  // is computed on device 1 until 1.5, and is back at 2.
  Sketch sketch;
  const UnitId input = sketch.unit(0, 0);
  const UnitId upper1 = sketch.unit(1, 0, 0, 5);
  const UnitId lower1 = sketch.unit(1, 0, 5, 10);
  const UnitId upper2 = sketch.unit(2, 1, 0, 5);
  const UnitId lower2 = sketch.unit(2, 0, 5, 10);
  const UnitId result_relay = sketch.relay(2, 0);
  sketch.feed(input, upper1).feed(input, lower1);
  sketch.feed(upper1, upper2).feed(lower1, lower2);
  sketch.feed(upper2, result_relay).feed(lower2, result_relay);
  const auto result = simulate_ok(sketch.plan(), chain(2), cluster(devices(2)));
  CHECK(latency_of(result) == about(2));
  CHECK(unit_record(result, 2).finish_s == about(1));
  CHECK(unit_record(result, 3).start_s == about(1));
}

TEST_CASE("a pipeline of stages delivers one request per bottleneck time") {
  // 1 s on device 0 | 0.75 s | 2 s on device 1 | 0.75 s: the first after 4.5 s, then one every 2 s.
  auto list = devices(2);
  list[1].compute.mac_rate = 5;
  constexpr std::size_t kRequests = 20;
  SimulationOptions options;
  options.arrivals_s.assign(kRequests, 0);
  const auto result = simulate_ok(whole_layers({0, 1}), chain(2), cluster(list), options);
  CHECK(result.makespan_s == about(4.5 + (kRequests - 1) * 2));
  for (std::size_t i = 0; i < kRequests; ++i) {
    CHECK(result.requests[i].finish_s == about(4.5 + static_cast<double>(i) * 2));
  }
}

TEST_CASE("requests that arrive faster than they are served queue") {
  // 1 s of work every 0.5 s: request i is done at i + 1 and waited i / 2.
  SimulationOptions options;
  options.arrivals_s = {0, 0.5, 1, 1.5};
  const auto result = simulate_ok(whole_layers({0}), chain(1), cluster(devices(1)), options);
  for (std::size_t i = 0; i < 4; ++i) {
    const auto n = static_cast<double>(i);
    CHECK(result.requests[i].arrival_s == about(n / 2));
    CHECK(result.requests[i].finish_s == about(n + 1));
    CHECK(result.requests[i].queue_s == about(n / 2));
  }
}

TEST_CASE("requests that arrive slower than they are served do not meet") {
  SimulationOptions options;
  options.arrivals_s = {1, 6, 11};
  const auto result = simulate_ok(whole_layers({0, 1}), chain(2), cluster(devices(2)), options);
  for (std::size_t i = 0; i < 3; ++i) CHECK(latency_of(result, i) == about(3.5));
  CHECK(result.makespan_s == about(14.5));
}

TEST_CASE("in a closed loop a request arrives when the one before is done") {
  SimulationOptions options;
  options.arrivals_s.assign(3, 0);
  options.closed_loop = true;
  const auto result = simulate_ok(whole_layers({0, 1}), chain(2), cluster(devices(2)), options);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(result.requests[i].arrival_s == about(3.5 * static_cast<double>(i)));
    CHECK(latency_of(result, i) == about(3.5));
  }
}

TEST_CASE("in a closed loop as many requests are in flight as told") {
  SimulationOptions options;
  options.arrivals_s.assign(4, 0);
  options.closed_loop = true;
  options.max_in_flight = 3;
  const auto result = simulate_ok(whole_layers({0}), chain(1), cluster(devices(1)), options);
  for (const auto& [request, arrival_s] : {std::pair(0, 0.0), {1, 0.0}, {2, 0.0}, {3, 1.0}}) {
    const auto i = static_cast<std::size_t>(request);
    CHECK(result.requests[i].arrival_s == about(arrival_s));
    CHECK(result.requests[i].finish_s == about(request + 1));
  }
}

TEST_CASE("a request is done when the last of its results is, once") {
  // Both halves of the layer are computed where they are wanted, by 0.5 and by 1 s.
  Sketch halves;
  const UnitId input = halves.unit(0, 0);
  for (const std::int64_t begin : {0, 5}) {
    const UnitId half = halves.unit(1, 0, begin, begin + 5);
    halves.feed(input, half).feed(half, halves.relay(1, 0, begin, begin + 5));
  }
  SimulationOptions options;
  options.arrivals_s = {0, 0};
  options.closed_loop = true;
  const auto result = simulate_ok(halves.plan(), chain(1), cluster(devices(1)), options);
  CHECK(result.requests[0].finish_s == about(1));
  CHECK(result.requests[1].arrival_s == about(1));
  CHECK(result.requests[1].finish_s == about(2));
}

TEST_CASE("of units that are ready at the same instant the earlier request's run first") {
  // Two requests at once, two units each: request 0 first, in plan order.
  SimulationOptions options;
  options.arrivals_s = {0, 0};
  const auto result = simulate_ok(two_copies(), chain(1), cluster(devices(1)), options);
  CHECK(unit_record(result, 1, 0).start_s == about(0));
  CHECK(unit_record(result, 2, 0).start_s == about(1));
  CHECK(unit_record(result, 1, 1).start_s == about(2));
  CHECK(unit_record(result, 2, 1).start_s == about(3));
}

TEST_CASE("at one instant an earlier request's unit goes before a later one's message") {
  // Device 0 has half of the layer (0.5 s) and packs the other half's input (0.25 s).
  auto list = devices(2);
  list[0].compute.message_overhead_s = 0.25;
  SimulationOptions options;
  options.arrivals_s = {0, 0};
  const auto result = simulate_ok(two_halves(0, 1), chain(1), cluster(list), options);
  CHECK(unit_record(result, 1, 0).start_s == about(0.25));
  CHECK(unit_record(result, 1, 1).start_s == about(1));
}

TEST_CASE("while a device is busy, units queue in the order in which they got ready") {
  // Device 0 has 20 s of work. Meanwhile units 4 and 5 get ready on it: unit 5 first, because
  // device 2 computes its row in 0.1 s, while device 1 takes 1 s for the ten of unit 4.
  auto list = devices(3);
  list[0].compute.mac_rate = 0.5;
  Sketch sketch;
  const UnitId input = sketch.unit(0, 0);
  const UnitId slow = sketch.unit(1, 0);
  const UnitId ten_rows = sketch.unit(1, 1);
  const UnitId one_row = sketch.unit(1, 2, 0, 1);
  const UnitId after_ten_rows = sketch.unit(2, 0);
  const UnitId after_one_row = sketch.unit(2, 0, 0, 1);
  const UnitId result_relay = sketch.relay(2, 0);
  sketch.feed(input, slow).feed(input, ten_rows).feed(input, one_row);
  sketch.feed(ten_rows, after_ten_rows).feed(one_row, after_one_row);
  sketch.feed(slow, result_relay);
  sketch.feed(after_ten_rows, result_relay).feed(after_one_row, result_relay);
  const auto result = simulate_ok(sketch.plan(), chain(2), cluster(list));
  CHECK(unit_record(result, 5).ready_s < unit_record(result, 4).ready_s);
  CHECK(unit_record(result, 5).start_s == about(20));
  CHECK(unit_record(result, 4).start_s == about(20 + 2));
}

TEST_CASE("a tenth of a nanosecond decides who is first") {
  // As above, but device 0 is idle and the senders differ by 1e-10 s of 1 s only.
  auto list = devices(3);
  list[1].compute.mac_rate = 10 / (1 + 1e-10);
  Sketch sketch;
  const UnitId input = sketch.unit(0, 0);
  const UnitId later = sketch.unit(1, 1);
  const UnitId sooner = sketch.unit(1, 2);
  const UnitId after_later = sketch.unit(2, 0);
  const UnitId after_sooner = sketch.unit(2, 0);
  const UnitId result_relay = sketch.relay(2, 0);
  sketch.feed(input, later).feed(input, sooner);
  sketch.feed(later, after_later).feed(sooner, after_sooner);
  sketch.feed(after_later, result_relay).feed(after_sooner, result_relay);
  const auto result = simulate_ok(sketch.plan(), chain(2), cluster(list));
  CHECK(unit_record(result, 4).start_s < unit_record(result, 3).start_s);
}

TEST_CASE("units that take no time do not wait for a busy device") {
  // conv1's upper half is back on device 0, through a relay and on its way to device 1 again, while
  // device 0 computes the lower half all the time: it is slow, 10 s.
  auto list = devices(2);
  list[0].compute.mac_rate = 0.5;
  Sketch sketch;
  const UnitId input = sketch.unit(0, 0);
  const UnitId upper = sketch.unit(1, 1, 0, 5);
  const UnitId lower = sketch.unit(1, 0, 5, 10);
  const UnitId through = sketch.relay(1, 0, 0, 5);
  const UnitId again = sketch.unit(2, 1, 0, 5);
  const UnitId lower2 = sketch.unit(2, 0, 5, 10);
  const UnitId result_relay = sketch.relay(2, 0);
  sketch.feed(input, upper).feed(input, lower).feed(upper, through).feed(through, again);
  sketch.feed(lower, lower2).feed(again, result_relay).feed(lower2, result_relay);
  const auto result = simulate_ok(sketch.plan(), chain(2), cluster(list));
  // 0.5 there, 0.5 computing, 0.5 back, no time in the relay, 0.5 there, 0.5 computing
  CHECK(unit_record(result, 3).finish_s == about(1.5));
  CHECK(unit_record(result, 4).finish_s == about(2.5));
  CHECK(latency_of(result) == about(20));
}

TEST_CASE("one message serves all units of a device that need it") {
  // Upper and lower half on device 1 overlap in nothing, a third unit needs all: still 40 bytes.
  Sketch sketch;
  const UnitId input = sketch.unit(0, 0);
  const UnitId result_relay = sketch.relay(1, 0);
  for (const auto& [begin, end] : {std::pair{0, 5}, {5, 10}, {0, 10}}) {
    const UnitId part = sketch.unit(1, 1, begin, end);
    sketch.feed(input, part);
    sketch.feed(part, result_relay);
  }
  const auto result = simulate_ok(sketch.plan(), chain(1), cluster(devices(2)));
  CHECK(result.devices[0].sent_bytes == 40);
  CHECK(result.devices[1].received_bytes == 40);
  CHECK(result.devices[1].sent_bytes == 20 + 20 + 40);
  CHECK(unit_record(result, 2).start_s == about(0.75));
}

TEST_CASE("without contention every message has its route to itself") {
  SimulationOptions options;
  options.effects.contention = false;
  const auto wired = simulate_ok(two_halves(1, 2), chain(1), cluster(devices(3)), options);
  CHECK(latency_of(wired) == about(0.5 + 0.5 + 0.5));  // 0.25 + 20 / 80 each
  const auto where = cluster(devices(3), NetworkType::kWifi);
  const auto wireless = simulate_ok(two_halves(1, 2), chain(1), where, options);
  CHECK(latency_of(wireless) == about(0.75 + 0.5 + 0.75));  // 0.25 + 2 * 20 / 80 each
}

TEST_CASE("without latency a message takes size over bandwidth") {
  for (const bool contention : {true, false}) {
    SimulationOptions options;
    options.effects.contention = contention;
    options.effects.latency = false;
    const auto result = simulate_ok(whole_layers({0, 1}), chain(2), cluster(devices(2)), options);
    CHECK(latency_of(result) == about(1 + 0.5 + 1 + 0.5));
  }
}

TEST_CASE("without overheads units take their MACs and bytes only") {
  auto list = devices(2);
  for (Device& device : list) device.compute.overhead_s = 0.5;
  SimulationOptions options;
  options.effects.overheads = false;
  const auto result = simulate_ok(whole_layers({0, 1}), chain(2), cluster(list), options);
  CHECK(latency_of(result) == about(3.5));
}

TEST_CASE("without queueing units of one device run side by side") {
  SimulationOptions options;
  CHECK(latency_of(simulate_ok(two_copies(), chain(1), cluster(devices(1)), options)) == about(2));
  options.effects.queueing = false;
  const auto result = simulate_ok(two_copies(), chain(1), cluster(devices(1)), options);
  CHECK(latency_of(result) == about(1));
  CHECK(result.devices[0].busy_s == about(2));
}

TEST_CASE("the same simulation gives the same records") {
  SimulationOptions options;
  options.arrivals_s = {0, 0.1, 0.3};
  const auto where = cluster(devices(3), NetworkType::kWifi);
  const auto one = simulate_ok(two_halves(1, 2), chain(1), where, options);
  const auto two = simulate_ok(two_halves(1, 2), chain(1), where, options);
  REQUIRE(one.units.size() == two.units.size());
  for (std::size_t i = 0; i < one.units.size(); ++i) {
    CHECK(one.units[i].start_s == two.units[i].start_s);
    CHECK(one.units[i].finish_s == two.units[i].finish_s);
  }
}

TEST_CASE("a computation of hours that starts after a fraction of a second ends") {
  // Doubles of this size are 1.5e-11 s apart, more than what counts as one instant.
  for (int i = 1; i <= 40; ++i) {
    auto list = devices(2);
    list[0].compute.mac_rate = 10.0 / (0.1 * i);  // conv1 takes 0.1 i
    list[1].compute.mac_rate = 10.0 / (1e5 + 0.7 * i);
    const auto where = cluster(list, NetworkType::kSwitch, 7e-3, 0.3);
    const auto result = simulate_ok(whole_layers({0, 1}), chain(2), where);
    CHECK(latency_of(result) == about(0.1 * i + 1e5 + 0.7 * i + 2 * (0.3 + 40 / 7e-3)));
  }
}
