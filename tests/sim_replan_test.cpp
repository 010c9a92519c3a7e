// Failures that there are other plans for, in closed form. See the fixture for the numbers: a layer
// is 1 s or 40 bytes; the hub carries 80 byte/s and messages take 0.25 s more.

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <utility>

#include "platforms/remaining.hpp"
#include "tests/support/random_problem.hpp"
#include "tests/support/replanned.hpp"

using namespace edgeflow;
using namespace edgeflow::sim_fixture;

namespace {

/// The same with powers of all devices and links.
Cluster powered(const Cluster& where) {
  std::vector<Device> list(where.devices().begin(), where.devices().end());
  for (std::size_t d = 0; d < list.size(); ++d) {
    list[d].idle_W = 1 + 0.5 * static_cast<double>(d);
    list[d].busy_W = list[d].idle_W + 3;
    list[d].transmit_W = list[d].idle_W + 2;
    list[d].receive_W = list[d].idle_W + 1;
  }
  Network network = where.network();
  for (std::size_t l = 0; l < network.links.size(); ++l) {
    network.links[l].idle_W = 0.1;
    network.links[l].busy_W = 0.3 + 0.1 * static_cast<double>(l);
  }
  return {where.name(), std::move(list), std::move(network), where.source(), where.sink()};
}

}  // namespace

TEST_CASE("a request in flight at a failure starts again when the next plan is there") {
  // Sent until 0.75, computes on device 1 from then; fails at 1; on device 0 from 1.5 to 2.5.
  const auto result = moved(1).run_ok();
  const RequestRecord& request = result.requests[0];
  CHECK(request.finish_s == about(2.5));
  CHECK(request.wait_s == about(1.5));
  CHECK(request.compute_s == about(1));
  CHECK(request.transfer_s == 0);
  CHECK(request.plan == PlanId{1});
  CHECK(request.aborted == 1);
  CHECK(result.devices[0].busy_s == about(1));
  CHECK(result.devices[1].busy_s == about(0.25));
  CHECK(result.devices[0].sent_bytes == 40);
  CHECK(result.devices[1].received_bytes == 40);
  CHECK(result.lost_bytes == 40);
  CHECK(result.in_flight_s[0] == about(2.5));
  // The input unit and the layer that was aborted, then three units that were not.
  REQUIRE(result.units.size() == 5);
  CHECK(result.units[1].aborted);
  CHECK(result.units[1].finish_s == about(1));
  CHECK(result.units[1].attempt == 0);
  CHECK(!result.units[4].aborted);
  CHECK(result.units[4].plan == PlanId{1});
  CHECK(result.units[4].attempt == 1);
}

TEST_CASE("requests that are in flight or arrive without a plan begin in their order") {
  const auto result = moved(1, kHub, {0, 0.125, 1.25}).run_ok();
  for (const std::size_t r : {0U, 1U, 2U}) {
    CHECK(result.requests[r].finish_s == about(2.5 + static_cast<double>(r)));
    CHECK(result.requests[r].queue_s == about(static_cast<double>(r)));
    CHECK(result.requests[r].aborted == (r < 2 ? 1 : 0));
  }
  CHECK(result.requests[2].wait_s == about(0.25));
}

TEST_CASE("a closed loop goes on after a failure") {
  Replanned loop = moved(3, kHub, {0, 0, 0});
  loop.options.closed_loop = true;
  const auto result = loop.run_ok();
  // There and back: 2.5. In flight from then, again from 3.5 on. Then on device 0 only.
  CHECK(latency_of(result, 0) == about(2.5));
  CHECK(latency_of(result, 1) == about(1 + 1));
  CHECK(latency_of(result, 2) == about(1));
  CHECK(result.makespan_s == about(5.5));
}

TEST_CASE("a plan that takes over leaves requests in flight to theirs, until that fails") {
  const Cluster three = cluster(devices(3), NetworkType::kHub);
  const Replanned run = Replanned(three, {1, 2}, {0, 1.25}).changes({{1, PlanId{1}, ""}});
  CHECK(run.run_ok().requests[0].finish_s == about(2.5));
  // Device 1 fails at 1.5, when request 0 computes there: it begins by plan 1 at once. Request 1
  // has the hub from 1.5, shares it from 1.75 (20 bytes left each way of sharing) until 2.25, when
  // request 0 has 20 bytes left: 2.5. Device 2: request 1 from 2.25, request 0 from 3.25.
  Replanned failing = run;
  const auto result = failing.fails(1, 1.5).run_ok();
  CHECK(result.requests[0].aborted == 1);
  CHECK(result.requests[0].plan == PlanId{1});
  CHECK(result.requests[1].aborted == 0);
  CHECK(result.requests[1].finish_s == about(3.25 + 0.75));
  CHECK(result.requests[0].finish_s == about(4.25 + 0.75));
  CHECK(result.devices[1].busy_s == about(0.75));
}

TEST_CASE("planned anew in no time, a request goes before younger ones in the same instant") {
  // On device 1 since 0.75 s, thrown back at 1 s. Then device 0 is done with the first request of
  // another stream, whose second one, of 0.5 s, waits: it is younger than the one thrown back.
  const Replanned thrown_back =
      Replanned(kHub, {1, 0}).fails(1, 1).changes({{1, kNoPlan, ""}, {1, PlanId{1}, ""}});
  const Replanned others(kHub, {0}, {0, 0.5});
  for (const bool first : {true, false}) {
    std::vector<Stream> streams{thrown_back.stream(), others.stream()};
    if (!first) std::swap(streams[0], streams[1]);
    const auto result = simulate(streams, thrown_back.options);
    INFO(result.message);
    REQUIRE(result.status == Status::kOk);
    REQUIRE(result.requests.size() == 3);
    CHECK(result.requests[first ? 0 : 2].finish_s == about(2));
    CHECK(result.requests[first ? 0 : 2].wait_s == about(1));
    CHECK(result.requests[first ? 2 : 1].finish_s == about(3));
  }
}

TEST_CASE("what is aborted leaves links and devices to others at once") {
  // Both streams send over the hub from 0.25 on, 10 bytes each by 0.5; then the other one is alone.
  const Cluster three = cluster(devices(3), NetworkType::kHub);
  const Replanned hit =
      Replanned(three, {1, 0}).fails(1, 0.5).changes({{0.5, kNoPlan, ""}, {5, PlanId{1}, ""}});
  const Replanned other(three, {2});
  std::vector<Stream> streams{hit.stream(), other.stream()};
  const auto sending = simulate(streams, hit.options);
  REQUIRE(sending.status == Status::kOk);
  CHECK(sending.requests[1].finish_s == about(0.5 + 30.0 / 80 + 1 + 0.75));
  CHECK(sending.requests[0].finish_s == about(6));

  // On device 2, the half of the first stream, from 0.5 on, would hold up the second until 1.
  const Plan halves = two_halves(1, 2);
  const Plan at_home = whole_layers({0});
  const Plan on_two = two_halves(2, 0);
  const Effects effects{.contention = false};  // both messages, of 20 bytes, are there at 0.5
  streams[0].plans = {executable(halves, kLayer, three, effects),
                      executable(at_home, kLayer, three, effects)};
  streams[1].plans = {executable(on_two, kLayer, three, effects)};
  SimulationOptions options = hit.options;
  options.disturbances.failures[0].at_s = 0.75;
  streams[0].changes = {{0.75, kNoPlan, ""}, {5, PlanId{1}, ""}};
  const auto computing = simulate(streams, options);
  REQUIRE(computing.status == Status::kOk);
  CHECK(computing.requests[1].finish_s == about(0.75 + 0.5 + 0.5));
}

TEST_CASE("without a plan to come the run ends, and says why") {
  Replanned run =
      Replanned(kHub, {1}, {0, 4}).fails(1, 3).changes({{3, kNoPlan, "no device is left"}});
  const auto later = run.run();
  CHECK(later.status == Status::kFailed);
  CHECK(later.message ==
        "no device is left, and request 1 needs one at 4 s; 1 of 2 requests are done");
  REQUIRE(later.requests.size() == 1);
  CHECK(later.requests[0].finish_s == about(2.5));
  run.options.arrivals_s = {0, 2.75};
  CHECK(run.run().message ==
        "no device is left, and request 1 needs one at 3 s; 1 of 2 requests are done");
  // Of several that are thrown back, the first in line is named.
  run.options.arrivals_s = {2.5, 2.75};
  CHECK(run.run().message ==
        "no device is left, and request 0 needs one at 3 s; 0 of 2 requests are done");
}

TEST_CASE("after a repair the first plan serves again") {
  LastMemory memory({{DeviceId{0}, 0}, {DeviceId{1}, 4}});
  Replanned repaired = Replanned(kHub, {1, 0}, {0, 4, 5})
                           .fails(1, 1)
                           .changes({{1, kNoPlan, ""}, {1.5, PlanId{1}, ""}, {4.5, PlanId{0}, ""}});
  repaired.options.disturbances.failures[0].repair_s = 4;
  repaired.options.recorders = {&memory};
  const auto result = repaired.run_ok();
  CHECK(result.requests[1].plan == PlanId{1});  // in flight when the other takes over: it goes on
  CHECK(result.requests[1].finish_s == about(5));
  CHECK(result.requests[2].plan == PlanId{0});
  CHECK(result.requests[2].finish_s == about(7.5));
}

TEST_CASE("messages of a later plan take other routes") {
  // A triangle; the direct link from 0 to 1 fails while it carries, device 2 forwards then.
  Network triangle;
  triangle.type = NetworkType::kGraph;
  triangle.devices = triangle.nodes = 3;
  triangle.links = {{"0:1", 80, 0.25, 0, 0, {0, 1}},
                    {"0:2", 80, 0.25, 0, 0, {0, 2}},
                    {"1:2", 40, 0.25, 0, 0, {1, 2}}};
  triangle.edges = {{0, 1, 0, 0}, {0, 2, 1, 1}, {1, 2, 2, 2}};
  triangle.paths = shortest_paths(3, 3, triangle.edges);
  const Cluster before("bench", devices(3), triangle, DeviceId{0}, DeviceId{0});
  const auto left = remaining(before, {{}, {0}});
  REQUIRE(left);
  REQUIRE(left->rerouted);
  const Plan plan = whole_layers({1});
  Stream stream;
  stream.plans = {executable(plan, kLayer, before), executable(plan, kLayer, *left->rerouted)};
  stream.changes = {{0.5, kNoPlan, ""}, {1, PlanId{1}, ""}};
  SimulationOptions options;
  options.disturbances.policy = FailurePolicy::kReplan;
  options.disturbances.failures = {{-1, 0, 0.5}};
  for (const NetworkModel model : {NetworkModel::kCm02, NetworkModel::kLv08}) {
    options.network_model = model;
    const auto result = simulate({&stream, 1}, options);
    REQUIRE(result.status == Status::kOk);
    if (model == NetworkModel::kLv08) continue;  // other times
    // 0.5 s of latency and 40 bytes at 40 byte/s there, 1 s, and as long back.
    CHECK(result.requests[0].finish_s == about(1 + 1.5 + 1 + 1.5));
    CHECK(result.links[0].bytes == about(20));
    CHECK(result.links[1].bytes == about(80));
    CHECK(result.links[2].bytes == about(80));
  }
}

TEST_CASE("nothing is lost or counted twice, whatever fails when") {
  reference::Random random(7);
  int aborted = 0;
  for (int round = 0; round < 40; ++round) {
    const Graph graph = random_graph(random);
    const Cluster where = powered(random_cluster(random));
    if (where.size() == 1) continue;
    const auto plan = [&] {
      return build_plan(graph, where, random_assignment(random, graph, where), "random");
    };
    const Plan first = plan();
    const Plan second = plan();  // whatever it uses: what counts is how it takes over
    Stream stream;
    const Effects effects{random.chance(70), true, true, random.chance(70)};
    stream.plans = {executable(first, graph, where, effects),
                    executable(second, graph, where, effects)};
    SimulationOptions options;
    options.timeout_s = 60;
    options.record = true;
    const double alone_s = simulate({&stream, 1}, options).makespan_s;
    const auto at = [&](int percent) { return alone_s * static_cast<double>(percent) / 100; };
    stream.arrivals_s = {0, at(20), at(50), at(90)};
    const double failure_s = at(static_cast<int>(random.between(0, 120)));
    stream.changes = {{failure_s, kNoPlan, ""}, {failure_s + at(10), PlanId{1}, ""}};
    options.disturbances.policy = FailurePolicy::kReplan;
    options.disturbances.failures = {
        {static_cast<std::int32_t>(index(where.source())), -1, failure_s, failure_s + at(5)}};
    for (int l = 0; round % 2 == 1 && l < static_cast<int>(where.network().links.size()); ++l) {
      const double rate_Bps = where.network().links[index(l)].bandwidth_Bps;
      Trace trace{{l}, {{0, rate_Bps}}, at(7 + l % 5)};  // each link at times of its own
      trace.steps.push_back({trace.period_s / 2, rate_Bps * (l % 3 == 0 ? 0.2 : 3)});
      options.disturbances.bandwidths.push_back(trace);
    }
    const auto result = simulate({&stream, 1}, options);
    INFO("round " << round << ": " << result.message);
    REQUIRE(result.status == Status::kOk);

    std::map<DeviceId, double> busy_s;
    for (const UnitRecord& unit : result.units) {
      busy_s[stream.plans[unit.plan]->units[unit.unit].device] += unit.finish_s - unit.start_s;
    }
    double carried = 0;
    for (const TransferRecord& transfer : result.transfers) {
      carried += transfer.carried * stream.plans[transfer.plan]->messages[transfer.message].bytes;
    }
    double sent = 0;
    double received = 0;
    for (std::size_t d = 0; d < where.size(); ++d) {
      sent += result.devices[d].sent_bytes;
      received += result.devices[d].received_bytes;
      CHECK(result.devices[d].busy_s == doctest::Approx(busy_s[id_at<DeviceId>(d)]).epsilon(1e-9));
    }
    CHECK(sent == doctest::Approx(carried).epsilon(1e-9));
    CHECK(received == doctest::Approx(carried).epsilon(1e-9));
    double drawn_J = 0;
    for (const DeviceRecord& device : result.devices) drawn_J += device.energy_J;
    for (const LinkRecord& link : result.links) drawn_J += link.energy_J;
    CHECK(sum(result.requests) == doctest::Approx(drawn_J).epsilon(1e-9));
    double latencies_s = 0;
    for (const RequestRecord& request : result.requests) {
      const double latency_s = request.finish_s - request.arrival_s;
      latencies_s += latency_s;
      aborted += request.aborted;
      CHECK(latency_s == doctest::Approx(request.compute_s + request.transfer_s + request.queue_s +
                                         request.wait_s)
                             .epsilon(1e-9));
    }
    CHECK(latencies_s == doctest::Approx(result.in_flight_s[0]).epsilon(1e-9));
  }
  CHECK(aborted > 20);
}
