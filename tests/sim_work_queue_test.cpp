// Tokens and work queues as the simulator executes them.

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

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
