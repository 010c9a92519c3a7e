// Closed forms of transfers on every kind of network. See the fixture for the numbers: a layer is
// 1 s or 40 bytes; links carry 80 byte/s and messages take 0.25 s more, unless said otherwise.

#include <doctest/doctest.h>

#include "tests/support/sim_fixture.hpp"

using namespace edgeflow;
using namespace edgeflow::sim_fixture;

namespace {

/// Equal devices on `network`; device 0 holds the input and wants the result.
Cluster on(const Network& network) {
  return Cluster("bench", devices(network.devices), network, DeviceId{0}, DeviceId{0});
}

/// The input, 40 bytes, goes to devices 1 to `receivers` at once; the first one sends a result.
std::vector<TransferRecord> broadcast(const Cluster& where, int receivers,
                                      SimulationOptions options = {}) {
  Sketch sketch;
  const UnitId input = sketch.unit(0, 0);
  std::vector<UnitId> copies;
  for (int d = 1; d <= receivers; ++d) {
    copies.push_back(sketch.unit(1, d));
    sketch.feed(input, copies.back());
  }
  sketch.feed(copies.front(), sketch.relay(1, 0));
  return simulate_ok(sketch.plan(), chain(1), where, options).transfers;
}

/// Devices 0 and 1 swap 20 bytes each, starting at 1 s. Returns when both are there.
std::vector<double> swap_ends_s(const Cluster& slow_first) {
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
  const auto result = simulate_ok(sketch.plan(), chain(2), slow_first);
  REQUIRE(result.transfers.size() == 4);
  CHECK(result.transfers[1].start_s == about(1));
  CHECK(result.transfers[2].start_s == about(1));
  return {result.transfers[1].finish_s, result.transfers[2].finish_s};
}

/// Device 0 takes 1 s for half a layer, as long as device 1 takes to get its half and compute it.
Cluster slow_first(const Network& network) {
  auto list = devices(2);
  list[0].compute.mac_rate = 5;
  return Cluster("bench", list, network, DeviceId{0}, DeviceId{0});
}

}  // namespace

TEST_CASE("on a hub a message takes its time once and both directions share") {
  const Network hub = make_hub(2, 80, 0.25);
  // There and back 0.25 + 40/80 each.
  CHECK(latency_of(simulate_ok(whole_layers({1}), chain(1), on(hub))) == about(2 * 0.75 + 1));
  // 2 x 20 bytes at once: 0.25 + 40/80.
  for (const double end_s : swap_ends_s(slow_first(hub))) CHECK(end_s == about(1.75));
}

TEST_CASE("in a mesh no two pairs share anything") {
  const std::vector<std::string> names{"a", "b", "c"};
  const Network mesh = make_mesh(names, 80, 0.25);
  const auto transfers = broadcast(on(mesh), 2);
  CHECK(transfers[0].finish_s == about(0.75));
  CHECK(transfers[1].finish_s == about(0.75));
  // 2 x 20 bytes in opposite directions: 0.25 + 20/80.
  const std::vector<std::string> two{"a", "b"};
  for (const double end_s : swap_ends_s(slow_first(make_mesh(two, 80, 0.25)))) {
    CHECK(end_s == about(1.5));
  }
}

TEST_CASE("on wifi a message takes air time at the rate of each station") {
  // 40/80 from device 0 at 80 byte/s, and 40/20 to device 1 at 20 byte/s.
  const Network air = make_wifi(2, 80, 0.25, {80, 20});
  const auto result = simulate_ok(whole_layers({1}), chain(1), on(air));
  CHECK(latency_of(result) == about(2 * (0.25 + 0.5 + 2) + 1));
  CHECK(result.links[0].busy_s == about(2 * 2.5));
}

TEST_CASE("the access point itself is one crossing and half the latency away") {
  const Network air = make_wifi(3, 80, 0.25, {80, 40, 80}, 0);
  const auto transfers = broadcast(on(air), 1);
  CHECK(transfers[0].finish_s == about(0.125 + 40.0 / 40));
  // Two stations share the air time: the fast one's 0.5 s of it take 1 s, then the other has 0.5 s
  // left.
  const auto both = broadcast(on(air), 2);
  CHECK(both[1].finish_s == about(0.125 + 1));
  CHECK(both[0].finish_s == about(0.125 + 1.5));
}

TEST_CASE("on wifi a message that crosses twice has twice the air time of one that crosses once") {
  // From device 0 to the access point and to device 2: 40 and 2 * 40 bytes on 80 byte/s, together. In
  // equal parts the first would be done after 1 s.
  const auto transfers = broadcast(on(make_wifi(3, 80, 0, {}, 1)), 2);
  CHECK(transfers[0].finish_s == about(1.5));
  CHECK(transfers[1].finish_s == about(1.5));
}

TEST_CASE("the two directions of a device's link have their own rates") {
  // Device 1 receives at 20 byte/s and sends at 40.
  const std::vector<std::string> names{"a", "b"};
  const Network network = make_switch(names, {{80, 80, 0.125, 0}, {40, 20, 0.25, 0}});
  const auto result = simulate_ok(whole_layers({1}), chain(1), on(network));
  CHECK(latency_of(result) == about((0.375 + 40.0 / 20) + 1 + (0.375 + 40.0 / 40)));
}

TEST_CASE("between sites messages share the uplinks, within a site they do not") {
  const std::vector<std::string> names{"a", "b", "c", "d"};
  const Port port{80, 80, 0.125, 0};
  Port far = port;
  far.site = 1;
  const std::vector<Site> sites{{"here", {40, 80, 1, 0}}, {"there", {80, 20, 2, 0}}};
  const Network network = make_switch(names, {port, port, far, far}, sites);
  CHECK(network.type == NetworkType::kStarOfStars);
  CHECK(broadcast(on(network), 1)[0].finish_s == about(0.25 + 0.5));
  // From 0 to 1, 2 and 3: the two far ones have 20 byte/s on their site's downlink, 10 each, the
  // near one the rest of the 80 of device 0's uplink.
  const auto transfers = broadcast(on(network), 3);
  CHECK(transfers[0].finish_s == about(0.25 + 40.0 / 80));  // before the others have started
  CHECK(transfers[1].finish_s == about(3.25 + 40.0 / 10));
  CHECK(transfers[2].finish_s == about(3.25 + 40.0 / 10));
}

TEST_CASE("of two bottlenecks in series each flow is held by its tightest, the rest is shared") {
  // 0 -- 80 -- (s) -- L2 -- (t), 1 at s, 2 and 3 at t, without latency.
  const auto line = [](double second_Bps) {
    Network network;
    network.type = NetworkType::kGraph;
    network.devices = 4;
    network.links = {
        {"first", 80, 0}, {"second", second_Bps, 0}, {"b", 1e4, 0}, {"c", 1e4, 0}, {"d", 1e4, 0}};
    const std::vector<Edge> edges{
        {0, 4, 0, 0}, {4, 5, 1, 1}, {4, 1, 2, 2}, {5, 2, 3, 3}, {5, 3, 4, 4}};
    network.paths = shortest_paths(4, 6, edges);
    return on(network);
  };
  // The second holds its two flows at 10 each; the third flow gets the other 60 of the first.
  auto transfers = broadcast(line(20), 3);
  CHECK(transfers[0].finish_s == about(40.0 / 60));
  CHECK(transfers[1].finish_s == about(40.0 / 10));
  CHECK(transfers[2].finish_s == about(40.0 / 10));
  // Of 60 on the second its two flows would get 30, more than their third of the first.
  transfers = broadcast(line(60), 3);
  for (std::size_t m = 0; m < 3; ++m) CHECK(transfers[m].finish_s == about(3 * 40.0 / 80));
}

TEST_CASE("over several links CM02 and LV08 take what their formulas say") {
  // 40 bytes over 80, 50 and 100 byte/s with 0.1, 0.2 and 0.3 s.
  Network network;
  network.type = NetworkType::kGraph;
  network.devices = 2;
  network.links = {{"a", 80, 0.1}, {"b", 50, 0.2}, {"c", 100, 0.3}, {"back", 1e3, 0.1}};
  network.paths = {{}, {0, 1, 2}, {3}, {}};
  CHECK(broadcast(on(network), 1)[0].finish_s == about(0.6 + 40.0 / 50));
  SimulationOptions options;
  options.network_model = NetworkModel::kLv08;
  CHECK(broadcast(on(network), 1, options)[0].finish_s == about(13.01 * 0.6 + 40 / (0.97 * 50)));
}

TEST_CASE("flows of different latency get equal shares") {
  // SimGrid would weigh them by it. 0 -- shared 80 -- (s), 1 and 2 behind it after 0.1 and 0.4 s.
  Network network;
  network.type = NetworkType::kGraph;
  network.devices = 3;
  network.links = {{"shared", 80, 0}, {"near", 1e4, 0.1}, {"far", 1e4, 0.4}};
  network.paths = shortest_paths(3, 4, std::vector<Edge>{{0, 3, 0, 0}, {3, 1, 1, 1}, {3, 2, 2, 2}});
  // Alone from 0.1 to 0.4: 24 of 40 bytes. Then 40 byte/s each: 16 left, 0.4 s. The other has then
  // 24 left and the link alone.
  const auto transfers = broadcast(on(network), 2);
  CHECK(transfers[0].finish_s == about(0.8));
  CHECK(transfers[1].finish_s == about(0.8 + 24.0 / 80));
}
