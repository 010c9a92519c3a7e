// Closed forms of what changes, contends or fails during a run. See the fixture for the numbers: a
// layer is 1 s or 40 bytes; the hub carries 80 byte/s and messages take 0.25 s more.

#include "sim/setup/disturbances.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "partition/prices/estimate.hpp"
#include "tests/support/sim_fixture.hpp"

using namespace edgeflow;
using namespace edgeflow::sim_fixture;

namespace {

const Cluster kHub = cluster(devices(2), NetworkType::kHub);

/// The first one between two devices.
ExecutableMessage first_message(int from, int to) {
  ExecutableMessage message;
  message.from_device = DeviceId{from};
  message.to = DeviceId{to};
  return message;
}

SimulationOptions with(const Disturbances& disturbances) {
  SimulationOptions options;
  options.disturbances = disturbances;
  return options;
}

/// The only layer on device 1: there, 1 s, and back. Alone, messages last from 0 to 0.75 and from
/// 1.75 to 2.5.
SimulationResult there_and_back(const Disturbances& disturbances) {
  return simulate_ok(whole_layers({1}), chain(1), kHub, with(disturbances));
}

SimulationResult fails(const Disturbances& disturbances, SimulationOptions options = {}) {
  options.disturbances = disturbances;
  SimulationResult result = simulate(whole_layers({1}), chain(1), kHub, {}, options);
  REQUIRE(result.status == Status::kFailed);
  return result;
}

}  // namespace

TEST_CASE("a transfer ends when the integral of a changing bandwidth is its bytes") {
  Disturbances changing;
  changing.bandwidths = {{{0}, {{0.5, 20}, {1.25, 100}}, 0}};
  const auto result = there_and_back(changing);
  // 40 = 0.25 s * 80 + 0.75 s * 20 + 0.05 s * 100, from 0.25 s on.
  CHECK(result.transfers[0].finish_s == about(1.3));
  // 1.3 + 1 + 0.25 + 40/100.
  CHECK(result.transfers[1].finish_s == about(2.95));
}

TEST_CASE("a trace with a period starts over") {
  Disturbances changing;
  changing.bandwidths = {{{0}, {{0, 80}, {0.5, 20}}, 1}};
  const auto result = there_and_back(changing);
  // 40 = 0.25 * 80 + 0.5 * 20 + 0.125 * 80.
  CHECK(result.transfers[0].finish_s == about(1.125));
  // From 2.375 on: 40 = 0.125 * 80 + 0.5 * 20 + 0.25 * 80.
  CHECK(result.transfers[1].finish_s == about(3.25));
}

TEST_CASE("a unit is done when the integral of a changing speed is its time") {
  auto list = devices(1);
  list[0].idle_W = 1;
  list[0].busy_W = 3;
  SimulationOptions options;
  options.disturbances.speeds = {{{0}, {{0.5, 0.5}, {1, 0.25}}, 0}};
  const auto result = simulate_ok(whole_layers({0}), chain(1), cluster(list), options);
  // 1 = 0.5 s * 1 + 0.5 s * 0.5 + 1 s * 0.25.
  CHECK(latency_of(result) == about(2));
  CHECK(result.requests[0].compute_s == about(2));
  CHECK(result.devices[0].busy_s == about(2));
  CHECK(result.devices[0].energy_J == about(2 * 3));
  CHECK(result.requests[0].energy_J == about(2 * 3));

  options.disturbances.speeds = {{{0}, {{0, 1}, {0.5, 0.5}}, 1}};  // 0.75 in each second
  const auto twice = simulate_ok(whole_layers({0, 0}), chain(2), cluster(list), options);
  CHECK(latency_of(twice) == about(2.5));
  options.effects.queueing = false;  // a device then does all at once
  CHECK(latency_of(simulate_ok(whole_layers({0}), chain(1), cluster(list), options)) == about(1));
}

TEST_CASE("a slow device has slow messages, but what another thread does") {
  // 0.5 s of CPU time on both sides of each message, and 0.75 s on the way: there, 1 s, and back.
  SimulationOptions options;
  options.disturbances.speeds = {{{0}, {{0, 0.5}}, 0}};
  for (const auto& [sends, latency_s] :
       {std::pair(Sends::kHold, 1 + 0.75 + 0.5 + 1 + 0.5 + 0.75 + 1),
        std::pair(Sends::kBlock, 1 + 0.75 + 0.5 + 1 + 0.5 + 0.75 + 1),
        std::pair(Sends::kOverlap, 4 * 0.5 + 2 * 0.75 + 1)}) {
    auto list = devices(2);
    for (Device& device : list) {
      device.idle_W = 1;
      device.busy_W = 3;
      device.transmit_W = device.receive_W = 1;
      device.compute.message_overhead_s = 0.5;
      device.compute.sends = sends;
    }
    const auto result = simulate_ok(whole_layers({1}), chain(1), cluster(list), options);
    CHECK(latency_of(result) == about(latency_s));
    const bool overlaps = sends == Sends::kOverlap;
    CHECK(result.devices[0].busy_s == about(overlaps ? 0 : 2));
    CHECK(result.devices[1].busy_s == about(overlaps ? 1 : 2));
    CHECK(result.devices[0].energy_J == about(latency_s + 2 * result.devices[0].busy_s));
    CHECK(result.requests[0].energy_J ==
          about(result.devices[0].energy_J + result.devices[1].energy_J));
  }
}

TEST_CASE("one constant background flow halves the rate of a transfer") {
  Disturbances others;
  others.background = {{0, 1, 0, 0, 0}};
  const auto result = there_and_back(others);
  CHECK(result.transfers[0].finish_s == about(0.25 + 40.0 / 40));
  CHECK(result.transfers[1].finish_s == about(2.5 + 40.0 / 40));
  // From 0 to 3.5 s: 40 byte/s beside the messages, 80 alone.
  CHECK(result.links[0].background_bytes == doctest::Approx(2 * 40 + 1.5 * 80).epsilon(1e-9));
  CHECK(result.links[0].bytes == 80);
  CHECK(result.devices[0].sent_bytes == 40);
}

TEST_CASE("a background flow of a given rate takes that and no more") {
  Disturbances others;
  others.background = {{1, 0, 20, 0, 0}};
  const auto result = there_and_back(others);
  CHECK(result.transfers[0].finish_s == about(0.25 + 40.0 / 60));
  CHECK(result.links[0].background_bytes == doctest::Approx(20 * result.makespan_s).epsilon(1e-9));
}

TEST_CASE("a constant background flow is there from the start, with latency or without") {
  Disturbances others;
  others.background = {{0, 1, 0, 0, 0}};
  SimulationOptions options = with(others);
  for (const bool latency : {true, false}) {
    options.effects.latency = latency;
    const auto result = simulate_ok(whole_layers({0}), chain(1), kHub, options);
    CHECK(result.links[0].background_bytes == doctest::Approx(80).epsilon(1e-9));  // in 1 s
  }
}

TEST_CASE("messages of others take the latency of their route, unless it is left out") {
  const Cluster far = cluster(devices(2), NetworkType::kHub, 80, /*latency_s=*/100);
  Disturbances others;
  others.background = {{0, 1, 0, 1e-3, 40}};
  SimulationOptions options = with(others);
  options.arrivals_s = {0, 49};  // 1 s each on device 0
  for (const bool latency : {true, false}) {
    options.effects.latency = latency;
    const auto result = simulate_ok(whole_layers({0}), chain(1), far, options);
    CHECK((result.links[0].background_bytes > 0) == !latency);
  }
}

TEST_CASE("background traffic of a slow station takes the medium for longer") {
  Disturbances others;
  others.background = {{1, 0, 10, 0, 0}};
  // Device 0 is the access point; the air has 80 byte/s, the other station half of it.
  const Network air = make_wifi(2, 80, kLatency_s, {80, 40}, 0);
  const Cluster wifi("bench", devices(2), air, DeviceId{0}, DeviceId{0});
  const auto result = simulate_ok(whole_layers({1}), chain(1), wifi, with(others));
  // 10 byte/s of payload leave 60 of 80 to a message, which takes twice its bytes as well.
  const double latency_s = wifi.route(DeviceId{0}, DeviceId{1}).latency_s;
  CHECK(result.transfers[0].finish_s == about(latency_s + 2 * 40.0 / 60));
  CHECK(result.links[0].background_bytes ==
        doctest::Approx(2 * 10 * result.makespan_s).epsilon(1e-9));
}

TEST_CASE("background messages come at random, as often as told, the same for the same seed") {
  Disturbances others;
  others.background = {{0, 1, 0, 1e-3, 40}};
  others.seed = 7;
  SimulationOptions options = with(others);
  options.arrivals_s = {0, 100};
  const auto run = [&] {
    return simulate_ok(whole_layers({0}), chain(1), kHub, options).links[0].background_bytes;
  };
  const double bytes = run();
  CHECK(bytes == run());
  // 101 s * 40/s messages, with a standard deviation of the root of that.
  CHECK(std::abs(bytes / 1e-3 - 4040) < 4 * std::sqrt(4040.0));
  options.disturbances.seed = 8;
  CHECK(bytes != run());
}

TEST_CASE("messages of others beyond what a link ever carries are an overload at once") {
  Disturbances others;
  others.background = {{0, 1, 0, 8, 6}};  // 48 of 80 byte/s
  CHECK(there_and_back(others).links[0].background_bytes > 0);
  others.background.push_back({1, 0, 0, 8, 5});
  const auto result = simulate(whole_layers({1}), chain(1), kHub, {}, with(others));
  CHECK(result.status == Status::kOverloaded);
  CHECK(result.message == "link hub is asked by background traffic for 1.1 times what it can do");
  CHECK(result.activities == 0);
  // What takes all that the link has does not go beyond; a constant stream does with what it gets.
  others.background = {{0, 1, 0, 8, 10}};
  there_and_back(others);
  others.background = {{0, 1, 1000, 0, 0}};
  there_and_back(others);
}

TEST_CASE("a link that is quicker later, or is no link at all, is not overloaded") {
  Disturbances others;
  others.background = {{0, 1, 0, 8, 11}};
  others.bandwidths = {{{0}, {{5, 100}}, 0}};
  there_and_back(others);
  others.bandwidths.clear();
  SimulationOptions options = with(others);
  options.effects.contention = false;
  simulate_ok(whole_layers({1}), chain(1), kHub, options);
}

TEST_CASE("messages of others from a slow station overload the air by their crossings") {
  Disturbances others;
  others.background = {{1, 0, 0, 8, 6}};
  const Network air = make_wifi(2, 80, kLatency_s, {80, 40}, 0);  // half of the medium's rate
  const Cluster wifi("bench", devices(2), air, DeviceId{0}, DeviceId{0});
  const auto result = simulate(whole_layers({1}), chain(1), wifi, {}, with(others));
  CHECK(result.message == "link wifi is asked by background traffic for 1.2 times what it can do");
}

TEST_CASE("messages of others that pile up on a link for good end a run") {
  Disturbances others;
  others.background = {{0, 1, 0, 8, 5}};
  others.bandwidths = {{{0}, {{1, 1}}, 0}};
  SimulationOptions options = with(others);
  options.arrivals_s = {0, 400};
  const auto result = simulate(whole_layers({0}), chain(1), kHub, {}, options);
  CHECK(result.status == Status::kOverloaded);
  // More than 500 for each device, after some 1000 / (5 per second).
  CHECK(result.message.find("link hub is asked by background traffic for 40 times what it can do; "
                            "stopped at ") == 0);
  CHECK(result.message.ends_with(" s with 1001 of its messages under way"));
  // From 100 s on it carries them, and what has piled up.
  options.disturbances.bandwidths[0].steps.push_back({100, 80});
  simulate_ok(whole_layers({0}), chain(1), kHub, options);
  // Of the 1500 until then, some 25 are under way when the link is slow for 5 s.
  options.disturbances.bandwidths[0].steps = {{300, 1}, {305, 80}};
  simulate_ok(whole_layers({0}), chain(1), kHub, options);
}

TEST_CASE("jitter delays a message by what its distribution says, whatever the plan") {
  Disturbances noise;
  noise.seed = 3;
  for (const auto distribution : {JitterDistribution::kExponential, JitterDistribution::kUniform}) {
    noise.jitter = {distribution, 0.5};
    const double late_s = jitter_s(noise, StreamId{0}, 0, first_message(0, 1));
    CHECK(late_s > 0);
    CHECK(there_and_back(noise).transfers[0].finish_s == about(0.75 + late_s));
    const auto halves = simulate_ok(two_halves(0, 1), chain(1), kHub, with(noise));
    CHECK(halves.transfers[0].finish_s == about(0.25 + 20.0 / 80 + late_s));
  }
}

TEST_CASE("jitter has the mean and the spread of its distribution") {
  Disturbances noise;
  constexpr int kDraws = 20000;
  for (const auto distribution : {JitterDistribution::kExponential, JitterDistribution::kUniform}) {
    noise.jitter = {distribution, 2};
    double sum = 0;
    double squares = 0;
    for (int request = 0; request < kDraws; ++request) {
      const double late_s = jitter_s(noise, StreamId{0}, request, first_message(0, 1));
      CHECK(late_s > 0);
      sum += late_s;
      squares += late_s * late_s;
    }
    const double mean_s = sum / kDraws;
    // The variance: mean^2, and of 0 to 2 mean its third.
    const double variance = distribution == JitterDistribution::kUniform ? 4.0 / 3 : 4.0;
    CHECK(std::abs(mean_s - 2) < 4 * std::sqrt(variance / kDraws));
    CHECK(squares / kDraws - mean_s * mean_s == doctest::Approx(variance).epsilon(0.05));
  }
}

TEST_CASE("log-normal jitter has the mean and the quantiles that it is told") {
  Disturbances noise;
  noise.jitter = {JitterDistribution::kLognormal, 2.9e-3, 67e-3};
  const LognormalShape shape = lognormal_shape(2.9e-3, 67e-3);
  const double variance = std::exp(shape.sigma * shape.sigma) - 1;  // over the mean^2
  constexpr int kDraws = 100'000;
  double sum = 0;
  int below_median = 0;
  int beyond = 0;
  for (int request = 0; request < kDraws; ++request) {
    const double late_s = jitter_s(noise, StreamId{0}, request, first_message(0, 1));
    sum += late_s;
    below_median += late_s < std::exp(shape.mu) ? 1 : 0;
    beyond += late_s > 67e-3 ? 1 : 0;
  }
  CHECK(std::abs(sum / kDraws / 2.9e-3 - 1) < 4 * std::sqrt(variance / kDraws));
  CHECK(std::abs(below_median - kDraws / 2) < 4 * std::sqrt(kDraws / 4.0));
  CHECK(std::abs(beyond - kDraws / 1000) < 4 * std::sqrt(kDraws / 1000.0));
}

TEST_CASE("a log-normal distribution has the mean and the 99.9 % quantile that it is made of") {
  for (const double ratio : {1.01, 2.0, 23.0, 118.0}) {
    const auto [mu, sigma] = lognormal_shape(0.5, 0.5 * ratio);
    CHECK(std::exp(mu + sigma * sigma / 2) == doctest::Approx(0.5).epsilon(1e-12));
    CHECK(std::exp(mu + sigma * 3.090232306167813) == doctest::Approx(0.5 * ratio).epsilon(1e-12));
    CHECK(sigma > 0);
    CHECK(sigma < 3.0903);  // the lighter of the two
  }
}

TEST_CASE("empirical jitter is linear between the quantiles of its table") {
  Disturbances noise;
  noise.seed = 5;
  noise.jitter.distribution = JitterDistribution::kUniform;
  noise.jitter.mean_s = 0.5;  // so that what comes is u itself
  Disturbances table = noise;
  table.jitter = {JitterDistribution::kEmpirical, 0, 0, {{0, 1}, {0.25, 1}, {0.5, 3}, {1, 103}}};
  bool seen[3] = {};
  for (int request = 0; request < 100; ++request) {
    const double u = jitter_s(noise, StreamId{0}, request, first_message(0, 1));
    const double late_s = jitter_s(table, StreamId{0}, request, first_message(0, 1));
    const double expected = u < 0.25  ? 1
                            : u < 0.5 ? 1 + 2 * (u - 0.25) / 0.25
                                      : 3 + 200 * (u - 0.5);
    CHECK(late_s == doctest::Approx(expected).epsilon(1e-12));
    seen[u < 0.25 ? 0 : u < 0.5 ? 1 : 2] = true;
  }
  CHECK((seen[0] && seen[1] && seen[2]));
}

TEST_CASE("a device that fails with a request in flight ends the run, what was done is kept") {
  Disturbances failing;
  failing.failures = {{1, -1, 6.0}};
  SimulationOptions options;
  options.arrivals_s = {0, 0, 0, 0};
  options.closed_loop = true;  // done at 2.5, 5, ...
  const auto result = fails(failing, options);
  CHECK(result.message ==
        "device pi-1 fails at 6 s, with request 2 in flight; 2 of 4 requests are done");
  REQUIRE(result.requests.size() == 2);
  CHECK(result.requests[1].finish_s == about(5));
}

TEST_CASE("a failure matters only to plans that use the device or link, and until its repair") {
  Disturbances failing;
  failing.failures = {{1, -1, 0.5}};
  CHECK(latency_of(simulate_ok(whole_layers({0}), chain(1), kHub, with(failing))) == about(1));
  failing.failures = {{-1, 0, 0.5}};
  CHECK(fails(failing).message ==
        "link hub fails at 0.5 s, with request 0 in flight; 0 of 1 requests are done");

  SimulationOptions options;
  options.arrivals_s = {0, 10};
  failing.failures = {{1, -1, 5.0}};
  CHECK(fails(failing, options).message ==
        "device pi-1 fails at 5 s, and is needed by request 1, which begins at 10 s; 1 of 2 "
        "requests are done");
  failing.failures[0].repair_s = 9;
  options.disturbances = failing;
  CHECK(latency_of(simulate_ok(whole_layers({1}), chain(1), kHub, options), 1) == about(2.5));
}

TEST_CASE("the failure of a device that only forwards matters") {
  Disturbances failing;
  failing.failures = {{1, -1, 0.5}};
  Network chain_of_three;  // 0 - 1 - 2, both ways
  chain_of_three.type = NetworkType::kGraph;
  chain_of_three.devices = 3;
  chain_of_three.links = {{"0:1", 80, 0, 0, 0, {0, 1}}, {"1:2", 80, 0, 0, 0, {1, 2}}};
  chain_of_three.paths = {{}, {0}, {0, 1}, {0}, {}, {1}, {1, 0}, {1}, {}};
  const Network air = make_wifi(3, 80, 0.25, {80, 80, 80}, 1);
  for (const Network& network : {chain_of_three, air}) {
    const Cluster where("bench", devices(3), network, DeviceId{0}, DeviceId{0});
    const auto result = simulate(whole_layers({2}), chain(1), where, {}, with(failing));
    CHECK(result.status == Status::kFailed);
    CHECK(result.message ==
          "device pi-1 fails at 0.5 s, with request 0 in flight; 0 of 1 requests are done");
    simulate_ok(whole_layers({0}), chain(1), where, with(failing));
  }
}

TEST_CASE("with everything ablated, disturbances leave simulated and estimated times equal") {
  Disturbances all;
  all.bandwidths = {{{0}, {{0, 1}, {0.1, 2}}, 0.3}};
  all.background = {{0, 1, 0, 0, 0}, {1, 0, 0, 5, 3}};
  all.jitter = {JitterDistribution::kExponential, 0.1};
  all.failures = {{1, -1, 0.2}};
  const std::vector<std::string> names{"pi-0", "pi-1"};
  const std::vector<Port> ports{{80, 60, 0.1, 0}, {70, 50, 0.2, 0}};
  const std::vector<Port> far_ports{{80, 60, 0.1, 0}, {70, 50, 0.2, 1}};
  const std::vector<Site> sites{{"here", {40, 30, 0.3, 0}}, {"there", {20, 10, 0.4, 1}}};
  const Network networks[] = {make_switch(names, ports), make_switch(names, far_ports, sites),
                              make_wifi(2, 80, 0.25, {80, 20}), make_hub(2, 80, 0.25),
                              make_mesh(names, 80, 0.25)};
  for (const Network& network : networks) {
    CAPTURE(to_string(network.type));
    const Cluster where("bench", devices(2), network, DeviceId{0}, DeviceId{0});
    SimulationOptions options = with(all);
    options.effects = {false, false, false, false, false};
    const double estimated_s =
        estimate(two_halves(0, 1), chain(1), where, {}, options.effects).latency_s;
    const auto result = simulate_ok(two_halves(0, 1), chain(1), where, options);
    CHECK(latency_of(result) == doctest::Approx(estimated_s).epsilon(1e-9));
  }
}

TEST_CASE("without contention bandwidths stay and nobody else sends, without latency no jitter") {
  Disturbances all;
  all.bandwidths = {{{0}, {{0, 1}}, 0}};
  all.background = {{0, 1, 0, 0, 0}};
  all.jitter = {JitterDistribution::kUniform, 0.1};
  SimulationOptions options = with(all);
  options.effects.contention = options.effects.latency = false;
  const auto result = simulate_ok(whole_layers({1}), chain(1), kHub, options);
  CHECK(latency_of(result) == about(0.5 + 1 + 0.5));
  CHECK(result.links[0].background_bytes == 0);
}

TEST_CASE("bandwidths change under LV08 too, less its 3 %") {
  Disturbances changing;
  changing.bandwidths = {{{0, 1, 2, 3}, {{3.5, 20}, {4, 800}}, 0}};
  SimulationOptions options = with(changing);
  options.network_model = NetworkModel::kLv08;
  const auto result = simulate_ok(whole_layers({1}), chain(1), cluster(devices(2)), options);
  // From 13.01 * 0.25 s on at 80, 0.5 s at 20, then at 800 byte/s.
  const double left = 40 - 0.97 * (80 * (3.5 - 13.01 * 0.25) + 0.5 * 20);
  CHECK(result.transfers[0].finish_s == about(4 + left / (0.97 * 800)));
}
