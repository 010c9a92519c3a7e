// Energy: a case by hand, and SimGrid's own plugin on random plans.

#include <doctest/doctest.h>

#include <random>

#include "partition/plans/builder.hpp"
#include "tests/support/sim_fixture.hpp"

using namespace edgeflow;
using namespace edgeflow::sim_fixture;

namespace {

doctest::Approx exactly(double value) { return doctest::Approx(value).epsilon(1e-9); }

std::vector<Device> powered_devices() {
  auto list = devices(2);
  list[0].idle_W = 1;
  list[0].busy_W = 3;
  list[0].transmit_W = 2;
  list[0].receive_W = 1.5;
  list[1].idle_W = 2;
  list[1].busy_W = 5;
  return list;
}

Cluster powered_links(std::vector<Device> list) {
  const std::vector<std::string> names{"pi-0", "pi-1"};
  const Port port{80, 80, 0.125, 0};
  Network network = make_switch(names, {port, port});
  for (Link& link : network.links) {
    link.idle_W = 0.1;
    link.busy_W = 0.3;
  }
  return Cluster("bench", std::move(list), network, DeviceId{0}, DeviceId{0});
}

}  // namespace

TEST_CASE("energy of a run computed by hand") {
  // 0.75 s there, 1 s of conv1 on device 1, 0.75 s back; interfaces and links work 0.5 s of each.
  const auto result = simulate_ok(whole_layers({1}), chain(1), powered_links(powered_devices()));
  CHECK(result.makespan_s == exactly(2.5));
  CHECK(result.devices[0].energy_J == exactly(1 * 2.5 + (2 - 1) * 0.5 + (1.5 - 1) * 0.5));
  CHECK(result.devices[1].energy_J == exactly(2 * 2.5 + (5 - 2) * 1));
  for (const LinkRecord& link : result.links) {
    CHECK(link.energy_J == exactly(0.1 * 2.5 + (0.3 - 0.1) * 0.5));
  }
  CHECK(result.requests[0].energy_J == exactly(3.25 + 8 + 4 * 0.35));
}

TEST_CASE("the CPU time of messages draws busy power") {
  auto list = powered_devices();
  list[1].compute.message_overhead_s = 0.5;
  const auto result = simulate_ok(whole_layers({1}), chain(1), powered_links(list));
  CHECK(result.devices[1].energy_J == exactly(2 * 3.5 + (5 - 2) * 2));
  // Idle 1 + 2 + 4 * 0.1 W; device 1 is busy for 2 s; interfaces and links work as above.
  CHECK(result.requests[0].energy_J ==
        exactly(3.4 * 3.5 + 3 * 2 + (2 - 1) * 0.5 + (1.5 - 1) * 0.5 + 4 * 0.2 * 0.5));
}

TEST_CASE("the energies of requests sum to the total") {
  SimulationOptions options;
  options.arrivals_s = {0, 0.3, 5};
  const auto result =
      simulate_ok(whole_layers({1, 0}), chain(2), powered_links(powered_devices()), options);
  double total_J = 0;
  for (const DeviceRecord& device : result.devices) total_J += device.energy_J;
  for (const LinkRecord& link : result.links) total_J += link.energy_J;
  double requests_J = 0;
  for (const RequestRecord& request : result.requests) requests_J += request.energy_J;
  CHECK(requests_J == exactly(total_J));
}

TEST_CASE("links and interfaces are busy by the bandwidth that held while they carried") {
  // pi-0:up has 80 byte/s, 160 from 0.5 s on and 20 from 0.625 s on; pi-1:down has 80. Of 40 bytes
  // from 0.25 s on, 20 go at 80 byte/s, 10 at 80 (of 160), 10 at 20: they are there at 1.125 s.
  SimulationOptions options;
  options.disturbances.bandwidths = {{{0}, {{0.5, 160}, {0.625, 20}}, 0}};
  const Cluster where = powered_links(powered_devices());
  const auto result = simulate_ok(whole_layers({1}), chain(1), where, options);
  CHECK(result.transfers[0].finish_s == exactly(1.125));
  const double up_s = 20.0 / 80 + 10.0 / 160 + 10.0 / 20;
  CHECK(result.links[0].busy_s == exactly(up_s));
  CHECK(result.links[3].busy_s == exactly(0.5));
  CHECK(result.devices[0].transmit_s == exactly(up_s));
  CHECK(result.devices[1].receive_s == exactly(0.5));
  // Then 1 s of conv1 and 0.75 s back, over links that stay as they are.
  CHECK(result.makespan_s == exactly(2.875));
  CHECK(result.devices[0].energy_J == exactly(1 * 2.875 + (2 - 1) * up_s + (1.5 - 1) * 0.5));
  CHECK(result.links[0].energy_J == exactly(0.1 * 2.875 + (0.3 - 0.1) * up_s));
  double total_J = result.devices[0].energy_J + result.devices[1].energy_J;
  for (const LinkRecord& link : result.links) total_J += link.energy_J;
  CHECK(result.requests[0].energy_J == exactly(total_J));
}

TEST_CASE("a shared medium that gets slower is full, not more than that") {
  // Four inputs at once: 40 bytes at 80 byte/s until 0.5 s, the other 120 at 8 byte/s until 15.5 s.
  // Their layers are done 1 s after one another from then on, and results take 5 s each alone: from
  // 16.5 s on the hub is never idle until it has carried the last of 160 bytes.
  SimulationOptions options;
  options.effects.latency = false;
  options.arrivals_s = {0, 0, 0, 0};
  options.disturbances.bandwidths = {{{0}, {{0.5, 8}}, 0}};
  const auto result = simulate_ok(whole_layers({1}), chain(1),
                                  cluster(powered_devices(), NetworkType::kHub), options);
  CHECK(result.makespan_s == exactly(16.5 + 160.0 / 8));
  CHECK(result.links[0].busy_s == exactly(15.5 + 160.0 / 8));
  CHECK(result.devices[0].transmit_s == exactly(15.5));
  CHECK(result.devices[0].receive_s == exactly(160.0 / 8));
  CHECK(result.devices[1].receive_s == exactly(15.5));
}

TEST_CASE("under LV08 links are busy by what they carry, 97 % at most") {
  // As in "bandwidths change under LV08 too": from 13.01 * 0.25 s on at 80, 20, then 800 byte/s.
  SimulationOptions options;
  options.network_model = NetworkModel::kLv08;
  options.disturbances.bandwidths = {{{0, 1, 2, 3}, {{3.5, 20}, {4, 800}}, 0}};
  const auto result = simulate_ok(whole_layers({1}), chain(1), cluster(powered_devices()), options);
  const double before_s = 3.5 - 13.01 * 0.25;
  const double left = 40 - 0.97 * (80 * before_s + 20 * 0.5);
  CHECK(result.links[0].busy_s == exactly(0.97 * (before_s + 0.5) + left / 800));
}

TEST_CASE("SimGrid's energy plugin counts the same joules on random plans") {
  std::mt19937_64 random(31);
  const Graph graph = chain(4);
  for (int round = 0; round < 20; ++round) {
    auto list = devices(2 + random() % 4);
    for (Device& device : list) {
      device.compute.mac_rate = static_cast<double>(1 + random() % 20);
      device.compute.message_overhead_s = 0.01 * static_cast<double>(random() % 3);
      device.idle_W = 0.1 * static_cast<double>(random() % 30);
      device.busy_W = device.idle_W + 0.1 * static_cast<double>(random() % 90);
    }
    const Cluster where = cluster(list, round % 2 == 0 ? NetworkType::kSwitch : NetworkType::kWifi);
    Assignment assignment;
    for (const Layer& layer : graph.layers()) {
      std::vector<std::int64_t> boundaries{0, kRows};
      while (boundaries.size() < list.size() + 1) {
        boundaries.push_back(static_cast<std::int64_t>(random() % (kRows + 1)));
      }
      std::ranges::sort(boundaries);
      assignment.push_back(cut(layer.output.box, Axis::kRow, boundaries));
    }
    SimulationOptions options;
    options.arrivals_s = {0, 1, 1.5};
    options.energy_plugin = true;
    const auto result =
        simulate_ok(build_plan(graph, where, assignment, "random"), graph, where, options);
    for (const DeviceRecord& device : result.devices) {
      CHECK(device.energy_J == exactly(device.plugin_energy_J));
    }
  }
}
