// Tokens and work queues as the simulator executes them.

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

#include "partition/prices/estimate.hpp"
#include "tests/support/baselines_fixture.hpp"
#include "tests/support/sim_fixture.hpp"

namespace edgeflow {
namespace {

using namespace sim_fixture;

/// When the simulation is done with each tile, in the order of the queue, and on which device.
struct Done {
  std::size_t device;
  double at_s;
};

std::vector<Done> done_tiles(const Plan& plan, const Graph& graph, const SimulationResult& result) {
  std::vector<Done> done;
  for (std::size_t u = 0; u < plan.units.size(); ++u) {
    const ExecutionUnit& unit = plan.units[u];
    if (unit.kind != UnitKind::kCompute || index(unit.layer) + 1 != graph.size()) continue;
    done.push_back({index(unit.device), unit_record(result, static_cast<int>(u)).finish_s});
  }
  return done;
}

}  // namespace

TEST_CASE("a unit waits for a token, which takes the latency and no bandwidth") {
  // Without the token the lower half has its input at 0.25 + 20/80 = 0.5 s. The upper half is done
  // at 0.5 s, its token arrives at 0.75 s; computed until 1.25 s, back at 1.25 + 0.25 + 0.25 s.
  const Graph graph = chain(1);
  const Cluster pis = cluster(devices(2));
  Plan plan = two_halves(0, 1);
  CHECK(latency_of(simulate_ok(plan, graph, pis)) == about(1.5));
  plan.units[2].requirements.push_back({UnitId{1}, {}});
  plan.units[1].forwarding.push_back({UnitId{2}, {}});
  const SimulationResult result = simulate_ok(plan, graph, pis);
  CHECK(unit_record(result, 2).ready_s == about(0.75));
  CHECK(latency_of(result) == about(1.75));
}

TEST_CASE("what a token wakes competes with all else that is ready when it arrives") {
  // At 1 s device 0 is done with `first`, which `last` waits for, and has a token that `middle` waits
  // for: of what is ready then, `middle` stands first. The token is sent by a unit of device 1 that is
  // done at 1 s less the latency: it gets the first two rows, 8 bytes, and takes what is left.
  const Graph graph = chain(2);
  Sketch sketch;
  const UnitId input = sketch.unit(0, 0);
  const UnitId first = sketch.unit(1, 0);
  const UnitId far = sketch.unit(1, 1, 0, 2);
  const UnitId middle = sketch.unit(1, 0);
  const UnitId last = sketch.unit(2, 0);
  const UnitId result_relay = sketch.relay(2, 0);
  sketch.feed(input, first).feed(input, far).feed(input, middle);
  sketch.feed(first, last).feed(last, result_relay);
  Plan plan = sketch.plan();
  plan.units[index(middle)].requirements.push_back({far, {}});
  plan.units[index(far)].forwarding.push_back({middle, {}});
  for (const double latency_s : {0.0, 0.25}) {
    auto list = devices(2);
    list[1].compute.mac_rate = 2 / (1 - latency_s - 8.0 / 80 - latency_s);
    const Cluster where = cluster(list, NetworkType::kSwitch, 80, latency_s);
    for (const bool contention : {true, false}) {
      CAPTURE(latency_s);
      CAPTURE(contention);
      Effects effects;
      effects.contention = contention;
      SimulationOptions options;
      options.effects = effects;
      const SimulationResult result = simulate_ok(plan, graph, where, options);
      const Estimate fair = estimate(plan, graph, where, {}, effects, Sharing::kMaxMin);
      const Estimate in_turn = estimate(plan, graph, where, {}, effects);
      const auto check = [](const UnitTimes& its_middle, const UnitTimes& its_last) {
        CHECK(its_middle.ready_s == about(1));
        CHECK(its_middle.start_s == about(1));
        CHECK(its_last.ready_s == about(1));
        CHECK(its_last.start_s == about(2));
      };
      const UnitRecord done_middle = unit_record(result, 3);
      const UnitRecord done_last = unit_record(result, 4);
      check({done_middle.ready_s, done_middle.start_s, 0},
            {done_last.ready_s, done_last.start_s, 0});
      check(fair.units[middle], fair.units[last]);
      check(in_turn.units[middle], in_turn.units[last]);
    }
  }
}

TEST_CASE("a request that ends with a token that takes no time is done once") {
  // Device 0 has the result at 1 s; the token to device 1, whose relay nothing needs, goes with it.
  Sketch sketch;
  const UnitId input = sketch.unit(0, 0);
  const UnitId here = sketch.unit(1, 0);
  const UnitId result_relay = sketch.relay(1, 0);
  const UnitId there = sketch.relay(0, 1, 0, 0);
  sketch.feed(input, here).feed(here, result_relay);
  Plan plan = sketch.plan();
  plan.units[index(there)].requirements.push_back({here, {}});
  plan.units[index(here)].forwarding.push_back({there, {}});
  SimulationOptions options;
  options.arrivals_s = {0, 0, 1};
  options.max_in_flight = 1;
  const Cluster where = cluster(devices(2), NetworkType::kSwitch, 80, /*latency_s=*/0);
  const SimulationResult result = simulate_ok(plan, chain(1), where, options);
  for (std::size_t r = 0; r < 3; ++r) {
    CHECK(result.requests[r].finish_s == about(1 + static_cast<double>(r)));
  }
  CHECK(result.transfers.size() == 3);
}

TEST_CASE("in a simulated work queue every tile goes to the device that is free first") {
  reference::Random random(71);
  int tiles = 0;
  int late = 0;  // tiles that somebody had to become free for
  for (int round = 0; round < 40; ++round) {
    const Graph graph = baselines::random_chain(random, 3);
    const Cluster drawn = reference::random_cluster(random);
    const std::size_t ahead = static_cast<std::size_t>(random.between(0, 2));
    const Plan plan = baselines::plan_by("deepthings", {graph, drawn, {}},
                                         {{"grid", "4x3"},
                                          {"layers", "3"},
                                          {"dealing", "work_queue"},
                                          {"ahead", std::to_string(ahead)}});
    const SimulationResult result = simulate_ok(plan, graph, drawn);
    const std::vector<Done> done = done_tiles(plan, graph, result);
    std::vector<std::vector<double>> mine(drawn.size());  // ends of the tiles taken so far
    for (const Done& tile : done) {
      const auto free_s = [&](std::size_t d) {
        const std::size_t has = mine[d].size();
        return has > ahead ? mine[d][has - 1 - ahead] : 0;
      };
      for (std::size_t d = 0; d < drawn.size(); ++d) {
        INFO("round " << round << ", device " << d << " against " << tile.device);
        CHECK(free_s(tile.device) <= free_s(d) * (1 + 1e-9));
      }
      if (!mine[tile.device].empty()) {
        CHECK(tile.at_s > mine[tile.device].back());  // one after the other
      }
      late += free_s(tile.device) > 0 ? 1 : 0;
      mine[tile.device].push_back(tile.at_s);
      ++tiles;
    }
  }
  CHECK(tiles > 200);
  CHECK(late > 100);
}

}  // namespace edgeflow
