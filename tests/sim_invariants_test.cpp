// What holds for every simulation, over seeded random problems: agreement with the estimate, bytes
// that neither appear nor vanish, memory, and where the time went.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "partition/prices/bound.hpp"
#include "partition/prices/estimate.hpp"
#include "partition/strategy.hpp"
#include "sim/simulate.hpp"
#include "tests/support/quick_plan.hpp"
#include "tests/support/random_problem.hpp"
#include "tests/support/sim_fixture.hpp"

namespace edgeflow {
namespace {

using reference::Random;

struct RandomProblem {
  Graph graph;
  Cluster cluster;
  ElementSize size;
  Plan plan;
};

RandomProblem random_problem(Random& random) {
  Graph graph = random_graph(random);
  Cluster cluster = random_cluster(random);
  const ElementSize size{random.chance(50) ? 4.0 : 2.0, random.chance(50) ? 4.0 : 1.0};
  Plan plan = build_plan(graph, cluster, random_assignment(random, graph, cluster), "random");
  return {std::move(graph), std::move(cluster), size, std::move(plan)};
}

SimulationResult run(const RandomProblem& problem, SimulationOptions options = {}) {
  options.timeout_s = 60;
  SimulationResult result =
      simulate(problem.plan, problem.graph, problem.cluster, problem.size, options);
  INFO(result.message);
  REQUIRE(result.status == Status::kOk);
  REQUIRE(result.requests.size() == options.arrivals_s.size());
  return result;
}

double latency_of(const RequestRecord& request) { return request.finish_s - request.arrival_s; }

bool about(double a, double b, double tolerance = 1e-9) {
  return std::abs(a - b) <= tolerance * std::max({std::abs(a), std::abs(b), 1e-9});
}

}  // namespace

TEST_CASE("without contention the simulation takes as long as the estimate says") {
  Random random(41);
  for (int round = 0; round < 40; ++round) {
    const RandomProblem problem = random_problem(random);
    const auto& [graph, cluster, size, plan] = problem;
    for (unsigned bits = 0; bits < 8; ++bits) {
      SimulationOptions options;
      options.effects = {false, (bits & 1U) != 0, (bits & 2U) != 0, (bits & 4U) != 0};
      options.record = true;
      INFO("round " << round << ", effects " << bits);
      const SimulationResult simulated = run(problem, options);
      const Estimate predicted = estimate(plan, graph, cluster, size, options.effects);
      CAPTURE(simulated.makespan_s);
      CAPTURE(predicted.latency_s);
      CHECK(about(latency_of(simulated.requests[0]), predicted.latency_s));
      for (const UnitRecord& record : simulated.units) {
        const UnitTimes& times = predicted.units[record.unit];
        CHECK(std::abs(record.finish_s - times.finish_s) <= 1e-9 * predicted.latency_s + 1e-11);
      }
    }
  }
}

TEST_CASE("without contention the simulation of every strategy's plan agrees with the estimate") {
  Random random(42);
  for (int round = 0; round < 15; ++round) {
    RandomProblem problem = random_problem(random);
    for (const StrategyInfo& strategy : strategies()) {
      INFO("round " << round << ", strategy " << strategy.name);
      const auto& [graph, cluster, size, plan] = problem;
      try {
        problem.plan = quick_plan(strategy, {graph, cluster, size});
      } catch (const Infeasible&) {  // says so
        continue;
      }
      SimulationOptions options;
      options.effects.contention = false;
      CHECK(about(latency_of(run(problem, options).requests[0]),
                  estimate(plan, graph, cluster, size, options.effects).latency_s));
    }
  }
}

TEST_CASE("a unit that needs nothing runs as soon as the request arrives, on any device") {
  // Rows 5 to 10 see padding only. Computed on device 1 from 0 to 0.5 s, then 20 bytes at 80 byte/s
  // and a latency of 0.25 s: the result is there at 1 s.
  sim_fixture::Sketch sketch;
  const UnitId input = sketch.unit(0, 0);
  const UnitId upper = sketch.unit(1, 0, 0, 5);
  const UnitId lower = sketch.unit(1, 1, 5, 10);
  const UnitId result = sketch.relay(1, 0);
  sketch.feed(input, upper).feed(upper, result).feed(lower, result);
  SimulationOptions options;
  options.arrivals_s = {3, 7};
  const SimulationResult done = sim_fixture::simulate_ok(
      sketch.plan(), sim_fixture::chain(1), sim_fixture::cluster(sim_fixture::devices(2)), options);
  for (const RequestRecord& request : done.requests) {
    CHECK(latency_of(request) == doctest::Approx(1.0).epsilon(1e-12));
    CHECK(request.compute_s == doctest::Approx(0.5).epsilon(1e-12));
    CHECK(request.transfer_s == doctest::Approx(0.5).epsilon(1e-12));
  }
}

TEST_CASE(
    "no simulation beats the lower bound, and contention never makes one faster than the "
    "longest message") {
  Random random(43);
  for (int round = 0; round < 80; ++round) {
    const RandomProblem problem = random_problem(random);
    const auto& [graph, cluster, size, plan] = problem;
    INFO("round " << round);
    const double latency_s = latency_of(run(problem).requests[0]);
    CHECK(latency_s >= lower_bound_s(graph, cluster) * (1 - 1e-9));
    for (const Message& message : messages_of(plan, size)) {
      const DeviceId from = plan.unit(message.from).device;
      CHECK(latency_s >=
            message.bytes / cluster.route_bandwidth_Bps(from, message.to) * (1 - 1e-9));
    }
  }
}

TEST_CASE("every byte of the plan's messages is sent and received once per request") {
  Random random(44);
  for (int round = 0; round < 40; ++round) {
    const RandomProblem problem = random_problem(random);
    const auto& [graph, cluster, size, plan] = problem;
    INFO("round " << round);
    SimulationOptions options;
    options.arrivals_s = {0, 0.0005, 0.0005};
    const SimulationResult result = run(problem, options);
    std::vector<double> sent(cluster.size(), 0);
    std::vector<double> received(cluster.size(), 0);
    for (const Message& message : messages_of(plan, size)) {
      sent[index(plan.unit(message.from).device)] += 3 * message.bytes;
      received[index(message.to)] += 3 * message.bytes;
    }
    REQUIRE(result.devices.size() == cluster.size());
    for (std::size_t d = 0; d < cluster.size(); ++d) {
      CHECK(result.devices[d].sent_bytes == sent[d]);  // integers: exact
      CHECK(result.devices[d].received_bytes == received[d]);
    }
  }
}

TEST_CASE("a device never holds less than its weights, nor less than one unit's output") {
  Random random(45);
  for (int round = 0; round < 40; ++round) {
    const RandomProblem problem = random_problem(random);
    const auto& [graph, cluster, size, plan] = problem;
    INFO("round " << round);
    const SimulationResult result = run(problem);
    const auto weights = weight_elements(plan, graph, cluster);
    for (std::size_t d = 0; d < cluster.size(); ++d) {
      const double weight_bytes = static_cast<double>(weights[d]) * size.activation_bytes;
      double largest_bytes = 0;  // units that take time and so hold their output for a while
      for (const ExecutionUnit& unit : plan.units) {
        if (index(unit.device) != d || unit_time_s(unit, graph, cluster) <= 0) continue;
        largest_bytes = std::max(largest_bytes,
                                 static_cast<double>(unit.output.volume()) * size.activation_bytes);
      }
      CHECK(result.devices[d].peak_memory_bytes >= weight_bytes + largest_bytes);
    }
  }
}

TEST_CASE("the parts of the critical path sum to the latency of each request") {
  Random random(46);
  for (int round = 0; round < 60; ++round) {
    const RandomProblem problem = random_problem(random);
    INFO("round " << round);
    SimulationOptions options;
    options.arrivals_s = {0, 0.001, 0.0015, 0.0015};
    options.closed_loop = round % 3 == 0;
    const SimulationResult result = run(problem, options);
    for (const RequestRecord& request : result.requests) {
      CHECK(request.compute_s >= 0);
      CHECK(request.transfer_s >= 0);
      CHECK(request.queue_s >= -1e-12);
      CHECK(request.wait_s >= -1e-12);
      CHECK(std::abs(request.compute_s + request.transfer_s + request.queue_s + request.wait_s -
                     latency_of(request)) <= 1e-9 * result.makespan_s);
    }
  }
}

TEST_CASE("a device is busy for exactly the time of its units") {
  Random random(47);
  for (int round = 0; round < 40; ++round) {
    const RandomProblem problem = random_problem(random);
    const auto& [graph, cluster, size, plan] = problem;
    INFO("round " << round);
    const SimulationResult result = run(problem);
    std::vector<double> busy_s(cluster.size(), 0);
    for (const ExecutionUnit& unit : plan.units) {
      busy_s[index(unit.device)] += unit_time_s(unit, graph, cluster);
    }
    for (std::size_t d = 0; d < cluster.size(); ++d) {
      CHECK(about(result.devices[d].busy_s, busy_s[d]));
    }
  }
}

}  // namespace edgeflow
