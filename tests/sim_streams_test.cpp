// Streams of requests: closed forms of queueing theory, several models on one cluster, and what is
// told to recorders. See the fixture for the numbers: a layer takes 1 s, a link 0.75 s for one.

#include <doctest/doctest.h>

#include <cmath>
#include <numeric>
#include <random>

#include "sim/engine/offered_load.hpp"
#include "tests/support/random_problem.hpp"
#include "tests/support/sim_fixture.hpp"

using namespace edgeflow;
using namespace edgeflow::sim_fixture;
using reference::Random;

namespace {

Stream stream_of(const Plan& plan, const Graph& graph, const Cluster& where,
                 std::vector<double> arrivals_s, const Effects& effects = {}) {
  Stream stream;
  stream.plans = {executable(plan, graph, where, effects)};
  stream.arrivals_s = std::move(arrivals_s);
  return stream;
}

SimulationResult simulate_streams(const std::vector<Stream>& streams, bool record = false) {
  SimulationOptions options;
  options.timeout_s = 60;
  options.record = record;
  SimulationResult result = simulate(streams, options);
  INFO(result.message);
  REQUIRE(result.status == Status::kOk);
  return result;
}

/// So quick that only the links can be overloaded.
std::vector<Device> quick_devices(std::size_t count) {
  auto list = devices(count);
  for (Device& device : list) device.compute.mac_rate *= 1000;
  return list;
}

double parts_of(const RequestRecord& request) {
  return request.compute_s + request.transfer_s + request.queue_s + request.wait_s;
}

double latency_of(const RequestRecord& request) { return request.finish_s - request.arrival_s; }

}  // namespace

TEST_CASE("a pipeline takes one request's time to fill, then one of its slowest stage each") {
  Random random(61);
  for (int round = 0; round < 20; ++round) {
    const auto stages = static_cast<std::size_t>(random.between(2, 6));
    auto list = devices(stages);
    std::vector<int> where;
    double fill_s = 0;
    double slowest_s = 0;
    for (std::size_t d = 0; d < stages; ++d) {
      const double stage_s = 0.01 * static_cast<double>(random.between(1, 300));
      list[d].compute.mac_rate = static_cast<double>(kRows) / stage_s;
      where.push_back(static_cast<int>(d));
      fill_s += stage_s + 0.75;  // and on to the next device; from the last back to the first
      slowest_s = std::max(slowest_s, stage_s);
    }
    SimulationOptions options;
    options.effects.contention = false;
    options.arrivals_s.assign(static_cast<std::size_t>(random.between(1, 40)), 0);
    const auto result =
        simulate_ok(whole_layers(where), chain(static_cast<int>(stages)), cluster(list), options);
    const auto later = static_cast<double>(options.arrivals_s.size() - 1);
    CHECK(result.makespan_s == doctest::Approx(fill_s + later * slowest_s).epsilon(1e-9));
  }
}

TEST_CASE("the mean waiting time of a Poisson stream at one device is that of M/D/1") {
  // Pollaczek-Khinchine for constant service times of 1/mu: rho / (2 mu (1 - rho)).
  constexpr double kRho = 0.7;
  constexpr double kExpected_s = kRho / (2 * (1 - kRho));
  constexpr std::size_t kBatches = 30;
  constexpr std::size_t kPerBatch = 4000;
  std::mt19937_64 random(1909);
  SimulationOptions options;
  options.arrivals_s.clear();
  double now_s = 0;
  for (std::size_t i = 0; i < kBatches * kPerBatch + kPerBatch; ++i) {  // the first warms up
    now_s -= std::log((static_cast<double>(random() >> 11U) + 0.5) * 0x1p-53) / kRho;
    options.arrivals_s.push_back(now_s);
  }
  auto list = devices(1);
  list[0].memory_bytes = 1e15;
  options.timeout_s = 60;
  const auto result = simulate(whole_layers({0}), chain(1), cluster(list), {}, options);
  REQUIRE(result.status == Status::kOk);
  std::vector<double> means_s;
  for (std::size_t b = 1; b <= kBatches; ++b) {
    double sum_s = 0;
    for (std::size_t i = 0; i < kPerBatch; ++i) sum_s += result.requests[b * kPerBatch + i].queue_s;
    means_s.push_back(sum_s / kPerBatch);
  }
  const double mean_s = std::accumulate(means_s.begin(), means_s.end(), 0.0) / kBatches;
  double squares = 0;
  for (const double batch_s : means_s) squares += (batch_s - mean_s) * (batch_s - mean_s);
  // 95 %: Student's t of 29 degrees of freedom is 2.045.
  const double half_width_s = 2.045 * std::sqrt(squares / (kBatches - 1) / kBatches);
  CAPTURE(mean_s);
  CHECK(half_width_s < 0.05 * kExpected_s);
  CHECK(std::abs(mean_s - kExpected_s) < half_width_s);
}

TEST_CASE("requests in flight, integrated over time, are the sum of the latencies") {
  // Little's law without the division: the one is counted while the simulation runs.
  Random random(62);
  for (int round = 0; round < 60; ++round) {
    INFO("round " << round);
    const Cluster where = reference::random_cluster(random);
    std::vector<Graph> graphs;
    std::vector<Plan> plans;
    const auto count = static_cast<std::size_t>(random.between(1, 3));
    for (std::size_t s = 0; s < count; ++s) {
      graphs.push_back(reference::random_graph(random, {.max_layers = 8}));
      plans.push_back(build_plan(graphs.back(), where,
                                 random_assignment(random, graphs.back(), where), "random"));
    }
    std::vector<Stream> streams;
    for (std::size_t s = 0; s < count; ++s) {
      std::vector<double> arrivals_s(static_cast<std::size_t>(random.between(1, 20)));
      for (double& date_s : arrivals_s) date_s = 1e-4 * static_cast<double>(random.between(0, 99));
      std::ranges::sort(arrivals_s);
      streams.push_back(stream_of(plans[s], graphs[s], where, arrivals_s));
      streams.back().closed_loop = random.chance(30);
      streams.back().max_in_flight = static_cast<std::int32_t>(random.between(0, 4));
    }
    const auto result = simulate_streams(streams);
    REQUIRE(result.in_flight_s.size() == count);
    std::vector<double> latencies_s(count, 0);
    for (const RequestRecord& request : result.requests) {
      latencies_s[index(request.stream)] += latency_of(request);
    }
    for (std::size_t s = 0; s < count; ++s) {
      CHECK(result.in_flight_s[s] == doctest::Approx(latencies_s[s]).epsilon(1e-9));
    }
  }
}

TEST_CASE("the parts of the critical path sum to the latency of ten thousand random requests") {
  Random random(63);
  std::size_t requests = 0;
  while (requests < 10'000) {
    const Cluster where = reference::random_cluster(random);
    const Graph graph = reference::random_graph(random, {.max_layers = 8});
    const Plan plan = build_plan(graph, where, random_assignment(random, graph, where), "random");
    std::vector<double> arrivals_s(200);
    for (double& date_s : arrivals_s) date_s = 1e-5 * static_cast<double>(random.between(0, 9999));
    std::ranges::sort(arrivals_s);
    std::vector<Stream> streams{stream_of(plan, graph, where, arrivals_s)};
    streams[0].closed_loop = random.chance(30);
    streams[0].max_in_flight = static_cast<std::int32_t>(random.between(0, 9));
    const auto result = simulate_streams(streams);
    requests += result.requests.size();
    double worst = 0;
    for (const RequestRecord& request : result.requests) {
      worst = std::max(worst, std::abs(parts_of(request) - latency_of(request)));
    }
    CHECK(worst <= 1e-9 * result.makespan_s);
  }
}

TEST_CASE("two models share a device, first come first served") {
  // Each takes 1 s; the second stream's request arrives half a second later and waits as long.
  const Graph graph = chain(1);
  const Plan plan = whole_layers({0});
  const Cluster where = cluster(devices(1));
  const auto result =
      simulate_streams({stream_of(plan, graph, where, {0}), stream_of(plan, graph, where, {0.5})});
  REQUIRE(result.requests.size() == 2);
  CHECK(result.requests[0].finish_s == about(1));
  CHECK(result.requests[1].stream == StreamId{1});
  CHECK(result.requests[1].request == 0);
  CHECK(result.requests[1].finish_s == about(2));
  CHECK(result.requests[1].queue_s == about(0.5));
  CHECK(result.devices[0].busy_s == about(2));
  CHECK(result.devices[0].peak_memory_bytes == 2 * 4 + 80 + 40);  // weights of both
}

TEST_CASE("streams with sources of their own do not meet on devices and links of their own") {
  // The first goes from device 0 to 1 and back, the second from 2 to 3 and back.
  const Graph graph = chain(2);
  const Cluster first = cluster(devices(4));
  const Cluster second("bench", devices(4), NetworkType::kSwitch, kBandwidth_Bps, kLatency_s,
                       DeviceId{2}, DeviceId{2});
  const Plan first_plan = whole_layers({0, 1});
  Plan second_plan = whole_layers({2, 3});
  for (ExecutionUnit& unit : second_plan.units) {
    if (unit.kind != UnitKind::kCompute) unit.device = DeviceId{2};
  }
  const auto result = simulate_streams({stream_of(first_plan, graph, first, {0, 10}),
                                        stream_of(second_plan, graph, second, {0, 10})});
  for (const RequestRecord& request : result.requests) CHECK(latency_of(request) == about(3.5));
}

TEST_CASE("of what is ready at the same time, the request that was let in first goes first") {
  // Device 0 takes 1 s for the layer of the first stream, and 1 s to pack the message of the
  // second, which is let in after the first at the same time. That one takes 0.75 s each way, 1 s
  // of CPU time at each of its four ends, and 1 s on device 1.
  auto list = devices(2);
  for (Device& device : list) device.compute.message_overhead_s = 1;
  const Graph graph = chain(1);
  const Cluster where = cluster(list);
  const Plan here = whole_layers({0});
  const Plan there = whole_layers({1});
  const auto result =
      simulate_streams({stream_of(here, graph, where, {1}), stream_of(there, graph, where, {1})});
  CHECK(result.requests[0].finish_s == about(2));
  CHECK(result.requests[1].finish_s == about(2 + 1 + 0.75 + 1 + 1 + 1 + 0.75 + 1));
}

TEST_CASE("of requests of several streams that arrive together, the first stream's goes first") {
  // At 2 s, whatever came before.
  const auto where = cluster(devices(1));
  const Graph model = chain(1);
  const Plan plan = whole_layers({0});
  const std::vector<double> rare{2};
  const std::vector<double> often{0.5, 2};
  for (const bool first_is_rare : {true, false}) {
    std::vector<Stream> streams;
    for (const bool is_rare : {first_is_rare, !first_is_rare}) {
      streams.push_back(stream_of(plan, model, where, is_rare ? rare : often));
    }
    const SimulationResult result = simulate_streams(streams);
    CHECK(result.requests[first_is_rare ? 0 : 1].finish_s == about(3));
    CHECK(result.requests[2].finish_s == about(4));
  }
}

TEST_CASE("more requests than may be in flight wait before their first unit") {
  SimulationOptions options;
  options.arrivals_s = {0, 0, 0, 7};
  options.max_in_flight = 1;
  const auto result = simulate_ok(whole_layers({0}), chain(1), cluster(devices(1)), options);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(result.requests[i].wait_s == about(static_cast<double>(i)));
    CHECK(result.requests[i].queue_s == about(0));
    CHECK(result.requests[i].compute_s == about(1));
  }
  CHECK(result.requests[3].wait_s == about(0));
  CHECK(result.requests[3].finish_s == about(8));
}

TEST_CASE("a closed loop keeps as many requests in flight as it is asked to") {
  // Two stages of 1 s, 0.75 s apart: one request takes 3.5 s; two of them share it without waiting.
  SimulationOptions options;
  options.arrivals_s.assign(6, 0);
  options.closed_loop = true;
  options.max_in_flight = 2;
  const auto result = simulate_ok(whole_layers({0, 1}), chain(2), cluster(devices(2)), options);
  CHECK(result.requests[0].arrival_s == about(0));
  CHECK(result.requests[1].arrival_s == about(0));
  CHECK(result.requests[2].arrival_s == about(3.5));
  CHECK(result.requests[3].arrival_s == about(4.5));
  CHECK(result.makespan_s == about(3 * 3.5 + 1));
}

TEST_CASE("memory is given back when requests end, however many there were") {
  SimulationOptions options;
  options.closed_loop = true;
  const auto one = simulate_ok(whole_layers({0, 1}), chain(2), cluster(devices(2)), options);
  options.arrivals_s.assign(500, 0);
  const auto many = simulate_ok(whole_layers({0, 1}), chain(2), cluster(devices(2)), options);
  for (std::size_t d = 0; d < 2; ++d) {
    CHECK(many.devices[d].peak_memory_bytes == one.devices[d].peak_memory_bytes);
  }
}

namespace {

/// Checks the order of what it is told; an exception becomes a failed run.
class Checker : public Recorder {
 public:
  void unit_done(const Attempt&, UnitId, const UnitTimes& times) override {
    next(times.finish_s);
    ++units_;
  }
  void message_done(const Attempt&, MessageId, const MessageTimes& times, double) override {
    next(times.finish_s);
    ++messages_;
  }
  void memory_changed(DeviceId, double now_s, double bytes) override {
    next(now_s);
    if (bytes < 0) throw std::logic_error("negative memory");
  }
  void end() override {
    if (units_ != 3 * 4 || messages_ != 3 * 4) throw std::logic_error("not all were told");
  }

 private:
  void next(double date_s) {
    if (date_s < last_s_) throw std::logic_error("out of order");
    last_s_ = date_s;
  }
  double last_s_ = 0;
  int units_ = 0;
  int messages_ = 0;
};

class Complainer : public Recorder {
 public:
  void unit_done(const Attempt&, UnitId, const UnitTimes&) override {
    throw std::runtime_error("the disk is full");
  }
};

}  // namespace

TEST_CASE("recorders are told of every unit and message once, in the order of time") {
  Checker checker;
  SimulationOptions options;
  options.arrivals_s = {0, 0.1, 0.4};
  options.recorders = {&checker};
  simulate_ok(two_halves(1, 2), chain(1), cluster(devices(3)), options);
}

TEST_CASE("a recorder that cannot write fails the run with its words") {
  Complainer complainer;
  SimulationOptions options;
  options.recorders = {&complainer};
  const auto result = simulate(whole_layers({0}), chain(1), cluster(devices(1)), {}, options);
  CHECK(result.status == Status::kFailed);
  CHECK(result.message == "the disk is full");
}

TEST_CASE("a run that overflows ends at once, whatever is still under way") {
  // Thousands of messages that would take days; what is left of them nobody wants to know.
  auto list = devices(2);
  list[1].memory_bytes = 4 + 3 * 40;
  SimulationOptions options;
  options.arrivals_s.assign(2000, 0);
  options.timeout_s = 60;
  const auto result = simulate(whole_layers({1}), chain(1), cluster(list), {}, options);
  CHECK(result.status == Status::kOutOfMemory);
  CHECK(result.message.find("requests are in flight") != std::string::npos);
}

TEST_CASE("the offered load is that of the busiest device or link, before anything is simulated") {
  // Per request: device 1 computes 1 s, device 0 nothing; its uplink and downlink carry 40 bytes at
  // 80 byte/s: 0.5 s. At 3 requests in 4 s: (3 - 1) / 4 per second.
  const Graph graph = chain(1);
  const Plan plan = whole_layers({1});
  const auto load_of = [&](const Cluster& where, const Effects& effects, bool closed = false) {
    Stream stream = stream_of(plan, graph, where, {1, 2, 5}, effects);
    stream.closed_loop = closed;
    return offered_load({&stream, 1});
  };
  const Cluster plain = cluster(devices(2));
  CHECK(load_of(plain, {}).load == about(0.5));
  CHECK(load_of(plain, {}).resource == "pi-1");
  Effects effects;
  effects.queueing = false;  // then no device can be busy
  CHECK(load_of(plain, effects).load == about(0.25));
  CHECK(load_of(plain, effects).resource == "link pi-0:up");
  effects.contention = false;
  CHECK(load_of(plain, effects).load == 0);
  CHECK(load_of(plain, {}, /*closed=*/true).load == 0);
  // 0.3 s for each message, and 2 s of packing its 40 bytes: 2.3 s on either device, and 1 s.
  auto list = devices(2);
  for (Device& device : list) {
    device.compute.message_overhead_s = 0.3;
    device.compute.serialization_rate_Bps = 20;
  }
  CHECK(load_of(cluster(list), {}).load == about(0.5 * (1 + 2 * 2.3)));
}

TEST_CASE("a hopeless overload ends before it takes forever") {
  // 10^12 requests per second, each two messages from device 0 at once: with 2000 requests there
  // would be thousands of flows on one link, and days of simulated time.
  std::vector<double> arrivals_s;
  for (int i = 0; i < 2000; ++i) arrivals_s.push_back(1e-12 * i);
  const Graph graph = chain(1);
  const Plan plan = two_halves(1, 2);
  const Cluster where = cluster(quick_devices(3));
  SimulationOptions options;
  options.timeout_s = 60;
  const Stream stream = stream_of(plan, graph, where, arrivals_s);
  const auto result = simulate({&stream, 1}, options);
  CHECK(result.status == Status::kOverloaded);
  // Of 40 bytes each at 80 byte/s: 0.5 s at 10^12 per second.
  CHECK(result.offered.load == doctest::Approx(5e11));
  CHECK(result.message.find("link pi-0:up is asked for 5e+11 times what it can do") == 0);
  CHECK(result.requests.empty());
}

TEST_CASE("a batch that arrives at one instant is no overload, however large") {
  const Graph graph = chain(1);
  const Plan plan = whole_layers({0});
  auto list = devices(1);
  list[0].memory_bytes = 1e15;
  const Cluster where = cluster(list);
  const auto result =
      simulate_streams({stream_of(plan, graph, where, std::vector<double>(10'500, 0))});
  CHECK(result.offered.load == 0);
  CHECK(result.makespan_s == doctest::Approx(10'500));
}

TEST_CASE("requests that pile up by the ten thousand end a run that cannot keep up") {
  // 1 s each, a hundred per second: the backlog passes 10,000 after 101 s.
  std::vector<double> arrivals_s;
  for (int i = 0; i < 12'000; ++i) arrivals_s.push_back(0.01 * i);
  auto list = devices(1);
  list[0].memory_bytes = 1e15;
  const Graph graph = chain(1);
  const Plan plan = whole_layers({0});
  const Cluster where = cluster(list);
  SimulationOptions options;
  options.timeout_s = 60;
  const Stream stream = stream_of(plan, graph, where, arrivals_s);
  const auto result = simulate({&stream, 1}, options);
  CHECK(result.status == Status::kOverloaded);
  CHECK(result.message.find("pi-0 is asked for 100 times what it can do; stopped at 101") == 0);
}

TEST_CASE("a run that is stopped by the clock still says what was asked of the cluster") {
  const Graph graph = chain(1);
  const Plan plan = two_halves(1, 2);
  const Cluster where = cluster(quick_devices(3));
  SimulationOptions options;
  options.timeout_s = 1e-9;
  const Stream stream = stream_of(plan, graph, where, {0, 0.1, 0.2});
  const auto result = simulate({&stream, 1}, options);
  CHECK(result.status == Status::kTimeout);
  CHECK(result.offered.load == doctest::Approx(5));
  CAPTURE(result.message);
  CHECK(result.message.find("; link pi-0:up is asked for 5 times what it can do") !=
        std::string::npos);
}
