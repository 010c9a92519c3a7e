// What a run adds up to: critical path, bytes, memory, energy, and runs that do not end well. See
// the fixture for the numbers: layer 1 s or 40 bytes, 80 byte/s, latency 0.25 s.

#include <doctest/doctest.h>

#include "tests/support/sim_fixture.hpp"

using namespace edgeflow;
using namespace edgeflow::sim_fixture;

namespace {

SimulationResult simulate_short(const Plan& plan, const Graph& graph, const Cluster& where,
                                SimulationOptions options = {}) {
  options.timeout_s = 60;
  return simulate(plan, graph, where, {}, options);
}

}  // namespace

TEST_CASE("compute, transfer and queue of a lone chain are told apart") {
  const auto result = simulate_ok(whole_layers({0, 1}), chain(2), cluster(devices(2)));
  const RequestRecord& request = result.requests[0];
  CHECK(request.compute_s == about(2));
  CHECK(request.transfer_s == about(1.5));
  CHECK(request.queue_s == about(0));
  CHECK(request.wait_s == about(0));
}

TEST_CASE("the parts of the critical path sum to the latency of every request") {
  SimulationOptions options;
  for (int i = 0; i < 12; ++i) options.arrivals_s.push_back(0.37 * i);
  auto list = devices(3);
  list[2].compute.mac_rate = 7;
  for (const NetworkType type : {NetworkType::kSwitch, NetworkType::kWifi}) {
    const auto result = simulate_ok(two_halves(1, 2), chain(1), cluster(list, type), options);
    for (std::size_t i = 0; i < result.requests.size(); ++i) {
      const RequestRecord& request = result.requests[i];
      CHECK(request.compute_s + request.transfer_s + request.queue_s + request.wait_s ==
            about(latency_of(result, i)));
      CHECK(request.transfer_s > 0);
    }
  }
}

TEST_CASE("devices and links count the bytes of all requests") {
  SimulationOptions options;
  options.arrivals_s.assign(5, 0);
  const auto result = simulate_ok(two_halves(1, 2), chain(1), cluster(devices(3)), options);
  REQUIRE(result.devices.size() == 3);
  CHECK(result.devices[0].sent_bytes == 5 * 40);
  CHECK(result.devices[0].received_bytes == 5 * 40);
  CHECK(result.devices[2].sent_bytes == 5 * 20);
  CHECK(result.devices[2].received_bytes == 5 * 20);
  REQUIRE(result.links.size() == 6);  // up and down of each device
  CHECK(result.links[0].bytes == 5 * 40);
  CHECK(result.links[0].busy_s == about(5 * 0.5));
  CHECK(result.links[1].bytes == 5 * 40);
  CHECK(result.links[4].bytes == 5 * 20);
  CHECK(result.links[5].bytes == 5 * 20);
  CHECK(result.devices[1].busy_s == about(5 * 0.5));
}

TEST_CASE("interfaces send and receive as fast as their own ends of a route") {
  const std::vector<std::string> names{"pi-0", "pi-1"};
  const Network ports = make_switch(names, {Port{80, 160, 0.125, 0}, Port{20, 40, 0.125, 0}});
  const Cluster where("bench", devices(2), ports, DeviceId{0}, DeviceId{0});
  const auto result = simulate_ok(whole_layers({1}), chain(1), where);
  // 40 bytes leave device 0 by 80 byte/s and reach device 1 by 40; back, 20 and 160.
  CHECK(result.devices[0].transmit_s == about(40.0 / 80));
  CHECK(result.devices[1].receive_s == about(40.0 / 40));
  CHECK(result.devices[1].transmit_s == about(40.0 / 20));
  CHECK(result.devices[0].receive_s == about(40.0 / 160));
}

TEST_CASE("the offered load of a device counts both its units and its part of messages") {
  auto list = devices(2);
  list[0].compute.message_overhead_s = 0.125;
  list[1].compute.message_overhead_s = 0.5;
  SimulationOptions options;
  options.arrivals_s = {0, 10, 20};
  const auto result = simulate_ok(whole_layers({1}), chain(1), cluster(list), options);
  // 1 s of computing, 0.5 s of receiving and 0.5 s of sending, every 10 s.
  CHECK(result.offered.load == about(0.2));
  CHECK(result.offered.resource == "pi-1");
}

TEST_CASE("energy is idle power all the time and the rest while computing") {
  // 3.5 s in all, device 0 computes 1 s of it, device 1 computes 1 s.
  auto list = devices(2);
  list[0].idle_W = 2;
  list[0].busy_W = 5;
  list[1].idle_W = 1;
  list[1].busy_W = 10;
  const auto result = simulate_ok(whole_layers({0, 1}), chain(2), cluster(list));
  CHECK(result.devices[0].energy_J == about(2 * 3.5 + 3 * 1));
  CHECK(result.devices[1].energy_J == about(1 * 3.5 + 9 * 1));
}

TEST_CASE("records are kept only when asked for") {
  const auto result = simulate_short(whole_layers({0, 1}), chain(2), cluster(devices(2)));
  CHECK(result.status == Status::kOk);
  CHECK(result.units.empty());
  CHECK(result.transfers.empty());
  CHECK(result.requests.size() == 1);
  CHECK(result.process.wall_s > 0);
  CHECK(result.process.max_rss_kB > 0);
}

TEST_CASE("records are sorted by request, then by unit or message") {
  SimulationOptions options;
  options.arrivals_s = {0, 0};
  const auto result = simulate_ok(two_halves(1, 2), chain(1), cluster(devices(3)), options);
  REQUIRE(result.units.size() == 8);
  REQUIRE(result.transfers.size() == 8);
  for (int i = 0; i < 8; ++i) {
    const auto at = static_cast<std::size_t>(i);
    CHECK(result.units[at].request == i / 4);
    CHECK(result.units[at].unit == UnitId{i % 4});
    CHECK(result.transfers[at].request == i / 4);
    CHECK(result.transfers[at].message == MessageId{i % 4});
  }
}

TEST_CASE("memory holds the weights, what is in use, and what is on its way") {
  // Device 0: 4 bytes of weights of conv1 and 40 bytes of input until conv1 is done; conv1's 40
  // bytes from its start: 84. Then conv1's 40 bytes until they are sent, then the result coming
  // back. Device 1: 4 bytes of weights, 40 bytes coming in from 1 to 1.75, then 40 bytes of conv2
  // besides.
  const auto result = simulate_ok(whole_layers({0, 1}), chain(2), cluster(devices(2)));
  CHECK(result.devices[0].peak_memory_bytes == 4 + 80);
  CHECK(result.devices[1].peak_memory_bytes == 4 + 80);
}

TEST_CASE("the input counts at its own element size") {
  // 10 bytes of input and 40 of conv1 on device 0; 40 and 40 on device 1.
  const auto result = simulate_ok(whole_layers({0, 1}), chain(2), cluster(devices(2)), {}, {4, 1});
  CHECK(result.devices[0].peak_memory_bytes == 4 + 10 + 40);
  CHECK(result.devices[1].peak_memory_bytes == 4 + 80);
}

TEST_CASE("an output stays until its last consumer is done") {
  // conv1 (40 bytes) feeds conv2 twice: copy one from 1 to 2, copy two from 2 to 3 on the same
  // device. While copy two computes: conv1, copy one (waits for the relay), copy two, weights of
  // conv1, conv2.
  Sketch sketch;
  const UnitId input = sketch.unit(0, 0);
  const UnitId conv1 = sketch.unit(1, 0);
  const UnitId one = sketch.unit(2, 0);
  const UnitId two = sketch.unit(2, 0);
  const UnitId result_relay = sketch.relay(2, 0);
  sketch.feed(input, conv1).feed(conv1, one).feed(conv1, two);
  sketch.feed(one, result_relay).feed(two, result_relay);
  const auto result = simulate_ok(sketch.plan(), chain(2), cluster(devices(1)));
  CHECK(result.devices[0].peak_memory_bytes == 3 * 40 + 2 * 4);
}

TEST_CASE("with several requests in flight a device holds what each of them has there") {
  // Three requests at 0 s; conv1 on device 0 from 0, 1 and 2 s, conv2 on device 1 from 1.75, 2.75
  // and 3.75 s, messages under way from 1, 2 and 3 s for 0.75 s; 4 bytes of weights on each.
  // Device 0, 0 to 1 s: three inputs and the first conv1, 4 + 120 + 40. From 1 to 1.75 s: two
  // inputs, the first conv1 until it is delivered, the second in the making: as much.
  // Device 1, 3 to 3.5 s: the first conv2 until its result is delivered, the second in the making
  // and its input, and the third's input coming in: 4 + 40 + 80 + 40.
  SimulationOptions options;
  options.arrivals_s = {0, 0, 0};
  auto list = devices(2);
  const auto result = simulate_ok(whole_layers({0, 1}), chain(2), cluster(list), options);
  CHECK(result.devices[0].peak_memory_bytes == 164);
  CHECK(result.devices[1].peak_memory_bytes == 164);
  list[1].memory_bytes = 163;
  const auto overflow = simulate_short(whole_layers({0, 1}), chain(2), cluster(list), options);
  CHECK(overflow.status == Status::kOutOfMemory);
  CHECK(overflow.message == "pi-1 needs 164 bytes at 3 s, but has 163; 3 requests are in flight");
}

TEST_CASE("a device that overflows stops the run and is named") {
  // As above, device 1 needs 4 + 40 from 1 s on and 4 + 80 from 1.75 s on.
  auto list = devices(2);
  list[1].memory_bytes = 83;
  auto result = simulate_short(whole_layers({0, 1}), chain(2), cluster(list));
  CHECK(result.status == Status::kOutOfMemory);
  CHECK(result.message == "pi-1 needs 84 bytes at 1.75 s, but has 83");
  CHECK(result.requests.empty());
  list[1].memory_bytes = 84;
  CHECK(simulate_short(whole_layers({0, 1}), chain(2), cluster(list)).status == Status::kOk);
}

TEST_CASE("weights that do not fit are an overflow from the start") {
  auto list = devices(2);
  list[1].memory_bytes = 3;
  const auto result = simulate_short(whole_layers({0, 1}), chain(2), cluster(list));
  CHECK(result.status == Status::kOutOfMemory);
  CHECK(result.message == "pi-1 needs 4 bytes at 0 s, but has 3");
}

TEST_CASE("requests that pile up overflow the source") {
  // Every waiting request holds its input of 40 bytes; the device computes one at a time.
  auto list = devices(1);
  list[0].memory_bytes = 4 + 3 * 40 + 40;
  SimulationOptions options;
  options.arrivals_s = {0, 0, 0};
  CHECK(simulate_short(whole_layers({0}), chain(1), cluster(list), options).status == Status::kOk);
  options.arrivals_s = {0, 0, 0, 0};
  CHECK(simulate_short(whole_layers({0}), chain(1), cluster(list), options).status ==
        Status::kOutOfMemory);
}

TEST_CASE("a plan that waits for what nobody sends is a deadlock that names the unit") {
  Sketch sketch;
  const UnitId input = sketch.unit(0, 0);
  const UnitId upper = sketch.unit(1, 1, 0, 5);
  const UnitId lower = sketch.unit(1, 1, 5, 10);
  const UnitId result_relay = sketch.relay(1, 0);
  sketch.feed(input, upper).promise(input, lower);
  sketch.feed(upper, result_relay).feed(lower, result_relay);
  const auto result = simulate_short(sketch.plan(), chain(1), cluster(devices(2)));
  CHECK(result.status == Status::kDeadlock);
  CHECK(result.message ==
        "nothing can happen any more, but unit 2 (conv1 on pi-1) of request 0 waits for 1 of 1 "
        "inputs, unit 3 (conv1 on pi-0) of request 0 waits for 1 of 2 inputs");
  CHECK(result.requests.empty());
}

TEST_CASE("a plan without a result is refused") {
  Sketch sketch;
  sketch.feed(sketch.unit(0, 0), sketch.unit(1, 0));
  const auto result = simulate_short(sketch.plan(), chain(1), cluster(devices(1)));
  CHECK(result.status == Status::kFailed);
  CHECK(result.message == "the plan brings no result to the sink");
}

TEST_CASE("arrivals that make no sense are refused") {
  const auto run = [](std::vector<double> arrivals_s) {
    SimulationOptions options;
    options.arrivals_s = std::move(arrivals_s);
    return simulate_short(whole_layers({0}), chain(1), cluster(devices(1)), options);
  };
  CHECK(run({}).message == "no request arrives");
  CHECK(run({1, 0}).status == Status::kFailed);
  CHECK(run({-1}).status == Status::kFailed);
}
