// Which request a device serves: closed forms, queueing theory, and a limit for all of them. See the
// fixture for the numbers: a layer takes 1 s, a link 0.75 s for one.

#include <doctest/doctest.h>

#include <cmath>
#include <numeric>
#include <random>

#include "partition/prices/demand.hpp"
#include "partition/prices/estimate.hpp"
#include "tests/support/random_problem.hpp"
#include "tests/support/sim_fixture.hpp"

using namespace edgeflow;
using namespace edgeflow::sim_fixture;
using reference::Random;

namespace {

constexpr auto kAll = {Scheduling::kOldestRequest, Scheduling::kFirstReady, Scheduling::kExclusive};

std::vector<Device> devices_with(std::size_t count, Scheduling scheduling) {
  auto list = devices(count);
  for (Device& device : list) device.own_scheduling = scheduling;
  return list;
}

std::vector<double> finishes_s(const SimulationResult& result) {
  std::vector<double> times_s;
  for (const RequestRecord& request : result.requests) times_s.push_back(request.finish_s);
  return times_s;
}

/// When requests that arrive together are done.
std::vector<double> finishes_s(const Plan& plan, int layers, std::vector<Device> list,
                               std::size_t requests) {
  SimulationOptions options;
  options.arrivals_s.assign(requests, 0);
  return finishes_s(simulate_ok(plan, chain(layers), cluster(std::move(list)), options));
}

void check_times(const std::vector<double>& times_s, const std::vector<double>& expected_s) {
  REQUIRE(times_s.size() == expected_s.size());
  for (std::size_t i = 0; i < times_s.size(); ++i) CHECK(times_s[i] == about(expected_s[i]));
}

/// P(wait <= t) in M/D/1 with service times of 1 s (Erlang 1909):
///   (1 - rho) sum_{k=0}^{floor t} (rho (k - t))^k / k! exp(-rho (k - t))
long double waits_at_most(long double t_s, long double rho) {
  long double sum = 0;
  for (int k = 0; k <= static_cast<int>(t_s); ++k) {
    const long double x = rho * (k - t_s);
    sum += std::pow(x, k) / std::tgamma(k + 1.0L) * std::exp(-x);
  }
  return (1 - rho) * sum;
}

struct Interval {
  double mean = 0;
  double half_width = 0;  // of 95 %
};

/// Of independent batches; Student's t of 29 degrees of freedom is 2.045.
Interval interval_of(const std::vector<double>& thirty) {
  const double mean = std::accumulate(thirty.begin(), thirty.end(), 0.0) / 30;
  double squares = 0;
  for (const double value : thirty) squares += (value - mean) * (value - mean);
  return {mean, 2.045 * std::sqrt(squares / 29 / 30)};
}

}  // namespace

TEST_CASE("requests that arrive together are served one after the other") {
  const Plan plan = whole_layers(std::vector<int>(20, 0));
  for (const Scheduling scheduling : {Scheduling::kOldestRequest, Scheduling::kExclusive}) {
    check_times(finishes_s(plan, 20, devices_with(1, scheduling), 4), {20, 40, 60, 80});
  }
}

TEST_CASE("first ready first lets requests share a device") {
  // The first layers of all four, then the second ones, ...
  check_times(finishes_s(whole_layers({0, 0, 0}), 3, devices_with(1, Scheduling::kFirstReady), 4),
              {9, 10, 11, 12});
}

TEST_CASE("the oldest request goes first when it comes back to a device") {
  // Layers 1, 3, 4 and 5 on device 0, layer 2 on device 1. The first request: 0 to 1 | 1.75 to 2.75
  // | 3.5 to 6.5. The second: 1 to 2 | 2.75 to 3.75 | ready at 4.5. First ready first does its layer
  // 3 from 5.5, before the first one's layer 5, and its layers 4 and 5 from 7.5.
  const Plan plan = whole_layers({0, 1, 0, 0, 0});
  check_times(finishes_s(plan, 5, devices_with(2, Scheduling::kOldestRequest), 2), {6.5, 9.5});
  check_times(finishes_s(plan, 5, devices_with(2, Scheduling::kFirstReady), 2), {7.5, 9.5});
}

TEST_CASE("an exclusive device waits for the rest of a request") {
  // Layers 1, 3 and 4 on device 0, layer 2 on device 1: device 0 is held from 0 to 5.5.
  const Plan plan = whole_layers({0, 1, 0, 0});
  check_times(finishes_s(plan, 4, devices_with(2, Scheduling::kExclusive), 3), {5.5, 11, 16.5});
  const Graph graph = chain(4);
  const Cluster where = cluster(devices_with(2, Scheduling::kExclusive));
  const Demand request = demand(*executable(plan, graph, where));
  CHECK(request.device_s[DeviceId{0}] == about(5.5));
  CHECK(request.device_s[DeviceId{1}] == about(1));
  CHECK(request.period_s() == about(5.5));
}

TEST_CASE("each device has its own scheduling") {
  // Layers 1 and 3 on device 0, layer 2 on device 1. Exclusive is only device 1, which does one
  // thing per request: no difference. Exclusive is only device 0: held until 4.5.
  const Plan plan = whole_layers({0, 1, 0});
  auto list = devices_with(2, Scheduling::kOldestRequest);
  list[1].own_scheduling = Scheduling::kExclusive;
  check_times(finishes_s(plan, 3, list, 2), {4.5, 5.5});
  list[0].own_scheduling = Scheduling::kExclusive;
  list[1].own_scheduling = Scheduling::kOldestRequest;
  check_times(finishes_s(plan, 3, list, 2), {4.5, 9});
}

TEST_CASE("messages wait for a device's processor by the same rule") {
  // One layer on device 1; a message takes 0.5 s of CPU at each end, 0.75 s on the way. Device 0
  // sends the first request's input from 0 to 0.5, the second's to 1, the third's to 1.5, ...; the
  // first's result is there at 0.5 + 0.75 + 0.5 + 1 + 0.5 + 0.75 = 4 and received until 4.5.
  auto list = devices_with(2, Scheduling::kOldestRequest);
  for (Device& device : list) device.compute.message_overhead_s = 0.5;
  const std::vector<double> times_s = finishes_s(whole_layers({1}), 1, list, 12);
  CHECK(times_s[0] == about(4.5));
  // Device 1 receives, computes and sends one request after the other, 2 s each.
  for (std::size_t i = 1; i < times_s.size(); ++i) CHECK(times_s[i] - times_s[i - 1] == about(2));
  // First ready first: device 1 computes the first request from 1.75 to 2.75, receives what came
  // at 1.75 and 2.25, and sends from 3.75 to 4.25; device 0 sends all inputs, until 6, before it
  // receives what came at 5.
  for (Device& device : list) device.own_scheduling = Scheduling::kFirstReady;
  CHECK(finishes_s(whole_layers({1}), 1, list, 12)[0] == about(6.5));
}

TEST_CASE("a device with a model of many layers is M/D/1 at the mean and at the 99th percentile") {
  constexpr double kRho = 0.8;
  constexpr double kMeanWait_s = kRho / (2 * (1 - kRho));  // Pollaczek-Khinchine
  long double p99_s = 0;
  while (waits_at_most(p99_s, kRho) < 0.99L) p99_s += 0.001L;
  constexpr int kLayers = 20;
  constexpr std::size_t kPerBatch = 1500;
  std::mt19937_64 random(1909);
  SimulationOptions options;
  options.arrivals_s.clear();
  double now_s = 0;
  for (std::size_t i = 0; i < 31 * kPerBatch; ++i) {  // the first batch warms up
    now_s -= std::log((static_cast<double>(random() >> 11U) + 0.5) * 0x1p-53) / kRho;
    options.arrivals_s.push_back(now_s);
  }
  auto list = devices(1);
  list[0].memory_bytes = 1e15;
  list[0].compute.mac_rate = kRows * kLayers;
  options.timeout_s = 60;
  const auto result = simulate(whole_layers(std::vector<int>(kLayers, 0)), chain(kLayers),
                               cluster(list), {}, options);
  REQUIRE(result.status == Status::kOk);
  std::vector<double> means_s;
  std::vector<double> shares;  // that waits longer
  for (std::size_t b = 1; b <= 30; ++b) {
    double sum_s = 0;
    int longer = 0;
    for (std::size_t i = b * kPerBatch; i < (b + 1) * kPerBatch; ++i) {
      const double wait_s = result.requests[i].finish_s - result.requests[i].arrival_s - 1;
      sum_s += wait_s;
      longer += wait_s > static_cast<double>(p99_s) ? 1 : 0;
    }
    means_s.push_back(sum_s / kPerBatch);
    shares.push_back(static_cast<double>(longer) / kPerBatch);
  }
  const Interval mean = interval_of(means_s);
  CAPTURE(mean.mean);
  CHECK(mean.half_width < 0.1 * kMeanWait_s);
  CHECK(std::abs(mean.mean - kMeanWait_s) < mean.half_width);
  const Interval share = interval_of(shares);
  CAPTURE(share.mean);
  CHECK(share.half_width < 0.005);
  CHECK(std::abs(share.mean - 0.01) < share.half_width);
}

TEST_CASE("a closed loop keeps a pipeline of equal stages at the rate of a stage") {
  // Two layers, 1 s, on each of four devices, 0.75 s between them.
  const Plan plan = whole_layers({0, 0, 1, 1, 2, 2, 3, 3});
  for (const Scheduling scheduling : kAll) {
    auto list = devices_with(4, scheduling);
    for (Device& device : list) device.compute.mac_rate = 2 * kRows;
    SimulationOptions options;
    options.arrivals_s.assign(40, 0);
    options.closed_loop = true;
    options.max_in_flight = 10;
    options.effects.contention = false;
    const auto times_s = finishes_s(simulate_ok(plan, chain(8), cluster(list), options));
    CHECK(times_s.back() - times_s[19] == about(20));
  }
}

TEST_CASE("no stream of requests is served faster than what one demands allows") {
  Random random(63);
  for (int round = 0; round < 150; ++round) {
    INFO("round " << round);
    const Cluster where = reference::random_cluster(random);
    std::vector<Device> list(where.devices().begin(), where.devices().end());
    for (Device& device : list) {
      device.own_scheduling = std::data(kAll)[random.between(0, 2)];
      if (random.chance(30)) device.compute.message_overhead_s = 1e-5;
      device.compute.sends = static_cast<Sends>(random.between(0, 2));
    }
    const Cluster mixed(where.name(), list, where.network(), where.source(), where.sink());
    const Graph graph = reference::random_graph(random, {.max_layers = 8});
    const Plan plan =
        build_plan(graph, mixed, reference::random_assignment(random, graph, mixed), "random");
    SimulationOptions options;
    const std::size_t requests = 12;
    options.arrivals_s.assign(requests, 0);
    options.closed_loop = random.chance(50);
    options.max_in_flight = static_cast<std::int32_t>(random.between(1, 12));
    const auto result = simulate_ok(plan, graph, mixed, options);
    double end_s = 0;  // also of what no result waits for
    for (const UnitRecord& unit : result.units) end_s = std::max(end_s, unit.finish_s);
    for (const TransferRecord& message : result.transfers) {
      end_s = std::max(end_s, message.finish_s);
    }
    const double period_s = demand(*executable(plan, graph, mixed)).period_s();
    CHECK(end_s >= static_cast<double>(requests) * period_s * (1 - 1e-9));
  }
}

TEST_CASE("requests that arrive together are estimated as they are simulated") {
  Random random(64);
  for (int round = 0; round < 80; ++round) {
    INFO("round " << round);
    const Cluster where = reference::random_cluster(random);  // with schedulings at random
    const Graph graph = reference::random_graph(random, {.max_layers = 8});
    const Plan plan =
        build_plan(graph, where, reference::random_assignment(random, graph, where), "random");
    SimulationOptions options;
    options.arrivals_s.assign(static_cast<std::size_t>(random.between(1, 6)), 0);
    const std::vector<double> simulated_s = finishes_s(simulate_ok(plan, graph, where, options));
    const std::vector<double> estimated_s = estimate_together(
        *executable(plan, graph, where), static_cast<std::int32_t>(options.arrivals_s.size()));
    REQUIRE(estimated_s.size() == simulated_s.size());
    for (std::size_t r = 0; r < simulated_s.size(); ++r) {
      CHECK(estimated_s[r] == doctest::Approx(simulated_s[r]).epsilon(1e-6));
    }
  }
}

TEST_CASE("the period of a queue is that of its slowest stage") {
  // Layers of 1, 0.5 and 1 s on three devices, 0.75 s between them, without contention.
  auto list = devices_with(3, Scheduling::kOldestRequest);
  list[1].compute.mac_rate = 2 * kRows;
  Effects effects;
  effects.contention = false;
  const Graph graph = chain(3);
  const Cluster where = cluster(list);
  CHECK(stream_period_s(*executable(whole_layers({0, 1, 2}), graph, where, effects)) == about(1));
}
