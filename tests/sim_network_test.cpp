// Closed forms of transfers. See the fixture for the numbers: layer 1 s or 40 bytes, 80 byte/s,
// latency 0.25 s.

#include <doctest/doctest.h>

#include "tests/support/sim_fixture.hpp"

using namespace edgeflow;
using namespace edgeflow::sim_fixture;

TEST_CASE("a message takes latency plus size over bandwidth") {
  // conv1 on 0 | 40 bytes | conv2 on 1 | 40 bytes back: 1 + (0.25 + 0.5) + 1 + (0.25 + 0.5)
  const auto result = simulate_ok(whole_layers({0, 1}), chain(2), cluster(devices(2)));
  CHECK(latency_of(result) == about(3.5));
  REQUIRE(result.transfers.size() == 2);
  CHECK(result.transfers[0].start_s == about(1));
  CHECK(result.transfers[0].finish_s == about(1.75));
}

TEST_CASE("two equal flows on one uplink each get half") {
  // 2 x 20 bytes leave device 0 at once: 0.25 + 20 / (80 / 2) = 0.75 each; half a layer is 0.5 s;
  // then both results come in through device 0's downlink, again 0.75.
  const auto result = simulate_ok(two_halves(1, 2), chain(1), cluster(devices(3)));
  REQUIRE(result.transfers.size() == 4);
  CHECK(result.transfers[0].finish_s == about(0.75));
  CHECK(result.transfers[1].finish_s == about(0.75));
  CHECK(latency_of(result) == about(0.75 + 0.5 + 0.75));
}

TEST_CASE("a flow that joins another on a downlink takes half of it from then on") {
  // The input goes to both at once, 2 x 40 bytes: 0.25 + 1. conv1 takes 1 s on device 1 and 1.25 s
  // on device 2, so that their 40 bytes start at 2.25 and 2.5. The first has 20 bytes left when the
  // second joins and gets 40 byte/s: 0.25 + 0.25 + 0.5. Then the second has 20 left and the link
  // alone: 0.25 + 0.5 + 0.25.
  auto list = devices(3);
  list[2].compute.mac_rate = 8;
  Sketch sketch;
  const UnitId input = sketch.unit(0, 0);
  const UnitId first = sketch.unit(1, 1);
  const UnitId second = sketch.unit(1, 2);
  const UnitId result_relay = sketch.relay(1, 0);
  sketch.feed(input, first).feed(input, second);
  sketch.feed(first, result_relay).feed(second, result_relay);
  const auto result = simulate_ok(sketch.plan(), chain(1), cluster(list));
  REQUIRE(result.transfers.size() == 4);
  CHECK(result.transfers[2].start_s == about(2.25));
  CHECK(result.transfers[2].finish_s == about(2.25 + 0.25 + 0.25 + 0.5));
  CHECK(result.transfers[3].start_s == about(2.5));
  CHECK(result.transfers[3].finish_s == about(2.5 + 0.25 + 0.5 + 0.25));
}

TEST_CASE("flows in opposite directions do not disturb each other") {
  // Device 0 takes 1 s for its half. Device 1 gets its half at 0.25 + 20/80 = 0.5 and is done at 1
  // too. Then they swap: 20 bytes each way take 0.25 + 0.25.
  auto list = devices(2);
  list[0].compute.mac_rate = 5;
  Sketch sketch;
  const UnitId input = sketch.unit(0, 0);
  const UnitId upper = sketch.unit(1, 0, 0, 5);
  const UnitId lower = sketch.unit(1, 1, 5, 10);
  const UnitId swapped_lower = sketch.unit(2, 0, 5, 10);
  const UnitId swapped_upper = sketch.unit(2, 1, 0, 5);
  const UnitId result_relay = sketch.relay(2, 0);
  sketch.feed(input, upper).feed(input, lower);
  sketch.feed(upper, swapped_upper).feed(lower, swapped_lower);
  sketch.feed(swapped_lower, result_relay).feed(swapped_upper, result_relay);
  const auto result = simulate_ok(sketch.plan(), chain(2), cluster(list));
  REQUIRE(result.transfers.size() == 4);
  for (const std::size_t m : {1U, 2U}) {
    CHECK(result.transfers[m].start_s == about(1));
    CHECK(result.transfers[m].finish_s == about(1.5));
  }
}

TEST_CASE("a message from station to station crosses the air twice, with one latency") {
  // 0.25 + 2 * 40 / 80, there and back
  const auto where = cluster(devices(2), NetworkType::kWifi);
  const auto result = simulate_ok(whole_layers({1}), chain(1), where);
  CHECK(latency_of(result) == about(1.25 + 1 + 1.25));
  REQUIRE(result.links.size() == 1);
  CHECK(result.links[0].bytes == 160);  // 2 messages of 40 bytes, 2 crossings each
  CHECK(result.links[0].busy_s == about(2));
  CHECK(result.devices[0].sent_bytes == 40);
}

TEST_CASE("all flows share the one wireless medium") {
  // 2 messages of 20 bytes, 4 crossings of 20 bytes in all: 0.25 + 80 / 80
  const auto where = cluster(devices(3), NetworkType::kWifi);
  const auto result = simulate_ok(two_halves(1, 2), chain(1), where);
  REQUIRE(result.transfers.size() == 4);
  CHECK(result.transfers[0].finish_s == about(1.25));
  CHECK(result.transfers[1].finish_s == about(1.25));
}

TEST_CASE("the slower of the two links limits a message") {
  // Device 1 has 20 byte/s: 0.25 + 40 / 20 each way.
  const std::vector<double> bandwidths{80, 20};
  const Cluster where("bench", devices(2), NetworkType::kSwitch, 80, kLatency_s, DeviceId{0},
                      DeviceId{0}, bandwidths);
  const auto result = simulate_ok(whole_layers({1}), chain(1), where);
  CHECK(latency_of(result) == about(2.25 + 1 + 2.25));
}

TEST_CASE("the latency of tiny messages is not lost") {
  // 0.25 + 40 / 1e9, there and back
  const auto where = cluster(devices(2), NetworkType::kSwitch, 1e9);
  const auto result = simulate_ok(whole_layers({1}), chain(1), where);
  CHECK(latency_of(result) == about(1 + 2 * (0.25 + 40e-9)));
}

TEST_CASE("an empty message takes the latency") {
  for (const NetworkType type : {NetworkType::kSwitch, NetworkType::kWifi}) {
    const auto result =
        simulate_ok(whole_layers({1}), chain(1), cluster(devices(2), type), {}, {0, 0});
    CHECK(latency_of(result) == about(0.25 + 1 + 0.25));
  }
}

TEST_CASE("an empty message without latency takes no time") {
  for (const bool contention : {true, false}) {
    SimulationOptions options;
    options.effects.latency = false;
    options.effects.contention = contention;
    const auto result =
        simulate_ok(whole_layers({1}), chain(1), cluster(devices(2)), options, {0, 0});
    CHECK(latency_of(result) == about(1));
  }
}

TEST_CASE("a network without latency shares its links in equal parts too") {
  // As above without the 0.25 s.
  const auto where = cluster(devices(3), NetworkType::kSwitch, kBandwidth_Bps, 0);
  const auto result = simulate_ok(two_halves(1, 2), chain(1), where);
  CHECK(latency_of(result) == about(0.5 + 0.5 + 0.5));
}

TEST_CASE("LV08 lengthens latency by 13.01 and takes 3 % of the bandwidth") {
  SimulationOptions options;
  options.network_model = NetworkModel::kLv08;
  const auto result = simulate_ok(whole_layers({1}), chain(1), cluster(devices(2)), options);
  const double message_s = 13.01 * 0.25 + 40 / (0.97 * 80);
  CHECK(latency_of(result) == about(2 * message_s + 1));
}

TEST_CASE("many flows on one link get equal parts") {
  // The input goes to n - 1 devices at once, 40 bytes each: 0.25 + 40 (n - 1) / 80.
  constexpr int kDevices = 33;
  Sketch sketch;
  const UnitId input = sketch.unit(0, 0);
  std::vector<UnitId> copies;
  for (int d = 1; d < kDevices; ++d) {
    copies.push_back(sketch.unit(1, d));
    sketch.feed(input, copies.back());
  }
  sketch.feed(copies.back(), sketch.relay(1, 0));
  const auto result = simulate_ok(sketch.plan(), chain(1), cluster(devices(kDevices)));
  REQUIRE(result.transfers.size() == kDevices);
  for (int m = 0; m < kDevices - 1; ++m) {
    CHECK(result.transfers[static_cast<std::size_t>(m)].finish_s ==
          about(0.25 + 0.5 * (kDevices - 1)));
  }
}

TEST_CASE("a message costs its sender and its receiver CPU time by number and by bytes") {
  // 40 bytes: device 0 takes 0.1 + 40/400 = 0.2, device 1 0.3 + 40/200 = 0.5, the network 0.75.
  auto list = devices(2);
  list[0].compute.message_overhead_s = 0.1;
  list[0].compute.serialization_rate_Bps = 400;
  list[1].compute.message_overhead_s = 0.3;
  list[1].compute.serialization_rate_Bps = 200;
  const auto result = simulate_ok(whole_layers({1}), chain(1), cluster(list));
  CHECK(latency_of(result) == about(0.2 + 0.75 + 0.5 + 1 + 0.5 + 0.75 + 0.2));
  REQUIRE(result.transfers.size() == 2);
  CHECK(result.transfers[0].start_s == about(0.2));  // when it left
  CHECK(result.transfers[0].finish_s == about(1.45));
  CHECK(result.devices[0].busy_s == about(0.4));
  CHECK(result.devices[1].busy_s == about(2));
  CHECK(result.requests[0].transfer_s == about(2 * 1.45));
  CHECK(result.requests[0].compute_s == about(1));
}

TEST_CASE("of what is ready at once a device first sends, then receives, then computes") {
  // Device 0 has the input at 0: it packs 40 bytes for 0.5 s, then computes its own conv1 until
  // 1.5. Device 1 has the message at 0.5 + 0.75, takes 0.5 to unpack it, and computes from 1.75.
  auto list = devices(2);
  for (Device& device : list) device.compute.message_overhead_s = 0.5;
  Sketch sketch;
  const UnitId input = sketch.unit(0, 0);
  const UnitId here = sketch.unit(1, 0);
  const UnitId there = sketch.unit(1, 1);
  const UnitId result_relay = sketch.relay(1, 0);
  sketch.feed(input, here).feed(input, there);
  sketch.feed(here, result_relay).feed(there, result_relay);
  const auto result = simulate_ok(sketch.plan(), chain(1), cluster(list));
  CHECK(unit_record(result, 1).start_s == about(0.5));
  CHECK(unit_record(result, 1).finish_s == about(1.5));
  CHECK(unit_record(result, 2).start_s == about(1.75));
  CHECK(latency_of(result) == about(2.75 + 0.5 + 0.75 + 0.5));
}

TEST_CASE("without overheads a message costs CPU time by bytes only, without queueing no turn") {
  auto list = devices(2);
  for (Device& device : list) {
    device.compute.message_overhead_s = 0.5;
    device.compute.serialization_rate_Bps = 160;
  }
  SimulationOptions options;
  options.effects.overheads = false;
  options.effects.queueing = false;
  const auto result = simulate_ok(whole_layers({1}), chain(1), cluster(list), options);
  CHECK(latency_of(result) == about(2 * (0.25 + 0.75 + 0.25) + 1));
}

TEST_CASE("a message too large to be simulated ends the run, and says so") {
  // 40 bytes at a rate that makes the medium, 80 byte/s, be crossed 80 / 1e-9 times: 3.2e12 bytes.
  const Network air = make_wifi(2, 80, 0, {1e-9, 1e-9}, 0);
  const Cluster slow("slow", devices(2), air, DeviceId{0}, DeviceId{0});
  SimulationOptions options;
  options.timeout_s = 60;
  const auto result = simulate(whole_layers({1}), chain(1), slow, {}, options);
  CHECK(result.status == Status::kFailed);
  CHECK(result.message.find("3.2e+12 bytes on its links") != std::string::npos);
}

TEST_CASE(
    "a message that takes longer, or a rate that is lower than LV08 can count fails, with the "
    "reason") {
  SimulationOptions options;
  options.network_model = NetworkModel::kLv08;
  options.timeout_s = 60;
  const auto at = [&](double bandwidth_Bps, double element_bytes) {
    auto list = devices(2);
    for (Device& device : list) device.memory_bytes = 1e12;
    return simulate(whole_layers({1}), chain(1), cluster(list, NetworkType::kSwitch, bandwidth_Bps),
                    {element_bytes, element_bytes}, options);
  };
  // 10 elements in 32 years; at half the rate that is too long.
  CHECK(at(41, 4e9).status == Status::kOk);
  const auto late = at(20, 4e9);
  CHECK(late.status == Status::kFailed);
  CHECK(late.message.find("a message takes 2e+09 s") != std::string::npos);
  CHECK(at(10, 4).status == Status::kOk);
  const auto slow = at(9, 4);
  CHECK(slow.status == Status::kFailed);
  CHECK(slow.message.find("9 byte/s are less than the 10 that can be simulated") !=
        std::string::npos);
  options.network_model = NetworkModel::kCm02;
  CHECK(at(20, 4e9).status == Status::kOk);
  CHECK(at(9, 4).status == Status::kOk);
}

TEST_CASE("what is too slow for LV08 may also come later, or be others' traffic, or not be used") {
  SimulationOptions options;
  options.network_model = NetworkModel::kLv08;
  const auto status_with = [&](const Disturbances& disturbances, int device = 1) {
    options.disturbances = disturbances;
    return simulate(whole_layers({device}), chain(1),
                    cluster(devices(2), NetworkType::kSwitch, 1e4), {}, options)
        .status;
  };
  const auto later = [](double bandwidth_Bps) {
    Disturbances disturbances;
    disturbances.bandwidths = {{{0}, {{1e5, bandwidth_Bps}}, 0}};
    return disturbances;
  };
  const auto beside = [](double rate_Bps) {
    Disturbances disturbances;
    disturbances.background = {{0, 1, rate_Bps, 0, 0}};
    return disturbances;
  };
  CHECK(status_with(Disturbances()) == Status::kOk);
  CHECK(status_with(later(9)) == Status::kFailed);
  CHECK(status_with(later(10)) == Status::kOk);
  CHECK(status_with(later(9), 0) == Status::kOk);
  CHECK(status_with(beside(9)) == Status::kFailed);
  CHECK(status_with(beside(10)) == Status::kOk);
}
