// How a device sends, in closed form. See the fixture for the numbers: a layer takes 1 s, a link 0.5 s
// for the 40 bytes of one, and 0.25 s more.

#include <doctest/doctest.h>

#include "partition/prices/demand.hpp"
#include "tests/support/sim_fixture.hpp"

using namespace edgeflow;
using namespace edgeflow::sim_fixture;

namespace {

std::vector<Device> devices_that(Sends sends, std::size_t count, double message_overhead_s) {
  auto list = devices(count);
  for (Device& device : list) {
    device.compute.sends = sends;
    device.compute.message_overhead_s = message_overhead_s;
  }
  return list;
}

/// Device 0 has the input; each of the first `count` devices computes all of the only layer, and the
/// sink wants that of the last one.
Plan copies(int count) {
  Sketch sketch;
  const UnitId input = sketch.unit(0, 0);
  UnitId last{};
  for (int d = 0; d < count; ++d) sketch.feed(input, last = sketch.unit(1, d));
  sketch.feed(last, sketch.relay(1, 0));
  return sketch.plan();
}

SimulationResult run(Sends sends, int count, double message_overhead_s) {
  return simulate_ok(
      copies(count), chain(1),
      cluster(devices_that(sends, static_cast<std::size_t>(count), message_overhead_s)));
}

}  // namespace

TEST_CASE("a device whose sends hold it computes as soon as the message has left") {
  const auto result = run(Sends::kHold, 2, 0.5);
  CHECK(unit_record(result, 1).start_s == about(0.5));
}

TEST_CASE("a device whose sends block computes when the message has arrived") {
  // Sent until 0.5, there at 1.25, received until 1.75; back from 2.75: 0.5, 0.75, 0.5.
  const auto result = run(Sends::kBlock, 2, 0.5);
  CHECK(unit_record(result, 1).start_s == about(1.25));
  CHECK(unit_record(result, 2).start_s == about(1.75));
  CHECK(latency_of(result) == about(2.75 + 0.5 + 0.75 + 0.5));
  // While it waits it does not compute.
  CHECK(result.devices[0].busy_s == about(0.5 + 1 + 0.5));
  CHECK(result.devices[1].busy_s == about(0.5 + 1 + 0.5));
}

TEST_CASE("sends block also where messages take no CPU time, one after the other") {
  const auto result = run(Sends::kBlock, 3, 0);
  REQUIRE(result.transfers.size() == 3);
  CHECK(result.transfers[0].finish_s == about(0.75));
  CHECK(result.transfers[1].start_s == about(0.75));
  CHECK(result.transfers[1].finish_s == about(1.5));
  CHECK(unit_record(result, 1).start_s == about(1.5));
  // Without: both at once, each with half of the uplink.
  const auto held = run(Sends::kHold, 3, 0);
  CHECK(held.transfers[0].finish_s == about(1.25));
  CHECK(held.transfers[1].finish_s == about(1.25));
  CHECK(unit_record(held, 1).start_s == 0);
}

TEST_CASE("without queueing nobody waits for what it sends") {
  SimulationOptions options;
  options.effects.queueing = false;
  const auto result =
      simulate_ok(copies(2), chain(1), cluster(devices_that(Sends::kBlock, 2, 0.5)), options);
  CHECK(unit_record(result, 1).start_s == 0);
  CHECK(latency_of(result) == about(0.5 + 0.75 + 0.5 + 1 + 0.5 + 0.75 + 0.5));
}

TEST_CASE("sends that overlap take the time of another thread, one message at a time") {
  // To device 1: 0.5, 0.75. To device 2: packed from 0.5 to 1, there at 1.75.
  const auto result = run(Sends::kOverlap, 3, 0.5);
  CHECK(unit_record(result, 1).start_s == 0);
  CHECK(result.transfers[0].start_s == about(0.5));
  CHECK(result.transfers[1].start_s == about(1));
  CHECK(unit_record(result, 2).start_s == about(1.75));
  CHECK(unit_record(result, 3).start_s == about(2.25));
  CHECK(latency_of(result) == about(3.25 + 0.5 + 0.75 + 0.5));
  CHECK(result.devices[0].busy_s == about(1));
  CHECK(result.devices[1].busy_s == about(1));
}

TEST_CASE("a device unpacks while it computes if its sends overlap") {
  // Device 1 has two inputs of another request to unpack; each takes 0.5 of its thread's time.
  SimulationOptions options;
  options.arrivals_s = {0, 0};
  options.effects.contention = false;
  const auto list = devices_that(Sends::kOverlap, 2, 0.5);
  const auto result = simulate_ok(whole_layers({1}), chain(1), cluster(list), options);
  // Packed at 0.5 and 1, there at 1.25 and 1.75, unpacked at 1.75 and 2.25, computed at 2.75 and
  // 3.75; of the first the result is packed at 3.25, there at 4, unpacked at 4.5.
  CHECK(latency_of(result, 0) == about(4.5));
  CHECK(latency_of(result, 1) == about(5.5));
  CHECK(result.devices[1].busy_s == about(2));
}

TEST_CASE("what a device is asked for counts what it waits for, and threads apart") {
  const Graph graph = chain(1);
  const auto demand_of = [&](Sends sends, double message_overhead_s) {
    const Cluster where = cluster(devices_that(sends, 3, message_overhead_s));
    const Plan plan = copies(3);
    return demand(*executable(plan, graph, where));
  };
  // Device 0 computes for 1 s, sends two messages and receives one.
  CHECK(demand_of(Sends::kHold, 0.5).device_s[DeviceId{0}] == about(1 + 3 * 0.5));
  CHECK(demand_of(Sends::kBlock, 0.5).device_s[DeviceId{0}] == about(1 + 3 * 0.5 + 2 * 0.75));
  CHECK(demand_of(Sends::kOverlap, 0.5).device_s[DeviceId{0}] == about(3 * 0.5));
  CHECK(demand_of(Sends::kOverlap, 0.1).device_s[DeviceId{0}] == about(1));
}

TEST_CASE("an exclusive device that waits for its sends is held by them") {
  auto list = devices_that(Sends::kBlock, 2, 0);
  list[0].own_scheduling = Scheduling::kExclusive;
  const Cluster where = cluster(list);
  const Graph graph = chain(2);
  // Layer 1 and the input on device 0, layer 2 on device 1: 1 s, then 0.75 s until it is there.
  const Plan plan = whole_layers({0, 1});
  CHECK(demand(*executable(plan, graph, where)).device_s[DeviceId{0}] == about(1.75));
  SimulationOptions options;
  options.arrivals_s = {0, 0};
  const auto result = simulate_ok(plan, graph, where, options);
  CHECK(latency_of(result, 0) == about(1.75 + 1 + 0.75));
  CHECK(latency_of(result, 1) == about(1.75 + 1.75 + 1 + 0.75));
}
