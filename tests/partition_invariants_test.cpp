// What holds for every plan, whoever made it: seeded random problems, and every strategy on them.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "partition/plans/plan_yaml.hpp"
#include "partition/plans/validate.hpp"
#include "partition/prices/bound.hpp"
#include "partition/prices/estimate.hpp"
#include "partition/strategy.hpp"
#include "tests/support/quick_plan.hpp"
#include "tests/support/random_problem.hpp"
#include "tests/support/reference_layout.hpp"

namespace edgeflow {
namespace {

using reference::Random;

constexpr int kProblems = 200;
constexpr Effects kNoEffects{
    .contention = false, .latency = false, .overheads = false, .queueing = false};

struct RandomProblem {
  Graph graph;
  Cluster cluster;
  ElementSize size;
  std::vector<Plan> plans;  // a random one and every strategy's
};

RandomProblem random_problem(Random& random) {
  const Graph drawn = random_graph(random);
  RandomProblem problem{random.chance(50) ? drawn : fold(drawn), random_cluster(random), {}, {}};
  problem.size.activation_bytes = random.chance(50) ? 4 : 2;
  problem.size.input_bytes = random.chance(50) ? 4 : 1;
  const auto& [graph, cluster, size, plans] = problem;
  problem.plans.push_back(
      build_plan(graph, cluster, random_assignment(random, graph, cluster), "random"));
  for (const StrategyInfo& strategy : strategies()) {
    try {
      problem.plans.push_back(quick_plan(strategy, {graph, cluster, size}));
    } catch (const Infeasible&) {  // says so
    }
  }
  return problem;
}

/// Calls `check` with every plan of every problem.
template <typename Check>
void for_each_plan(std::uint64_t seed, Check check) {
  Random random(seed);
  for (int round = 0; round < kProblems; ++round) {
    const RandomProblem problem = random_problem(random);
    for (const Plan& plan : problem.plans) {
      INFO("seed " << seed << ", round " << round << ", plan of " << plan.strategy);
      check(problem, plan);
    }
  }
}

using Edge = std::tuple<std::size_t, std::size_t, std::string>;  // from, to, region

std::multiset<Edge> needed_edges(const Plan& plan) {
  std::multiset<Edge> edges;
  for (std::size_t u = 0; u < plan.units.size(); ++u) {
    for (const Requirement& r : plan.units[u].requirements) {
      edges.emplace(index(r.provider), u, to_string(r.region));
    }
  }
  return edges;
}

std::multiset<Edge> sent_edges(const Plan& plan) {
  std::multiset<Edge> edges;
  for (std::size_t u = 0; u < plan.units.size(); ++u) {
    for (const Forward& f : plan.units[u].forwarding) {
      edges.emplace(u, index(f.consumer), to_string(f.region));
    }
  }
  return edges;
}

/// What units of `to` need of unit `from`: how many elements, by counting, and which units.
std::pair<std::int64_t, std::set<std::size_t>> needed_on(const Plan& plan, std::size_t from,
                                                         DeviceId to) {
  std::set<reference::Cell> cells;
  std::set<std::size_t> consumers;
  for (std::size_t u = 0; u < plan.units.size(); ++u) {
    if (plan.units[u].device != to) continue;
    for (const Requirement& r : plan.units[u].requirements) {
      if (index(r.provider) != from) continue;
      consumers.insert(u);
      reference::for_each_cell(r.region, [&](const reference::Cell& cell) { cells.insert(cell); });
    }
  }
  return {static_cast<std::int64_t>(cells.size()), consumers};
}

bool brings_result(const RandomProblem& problem, const ExecutionUnit& unit) {
  return unit.kind == UnitKind::kRelay && unit.device == problem.cluster.sink() &&
         std::ranges::count(problem.graph.outputs(), unit.layer) > 0;
}

/// The longest chain of units to a result when nothing but computing takes time.
double longest_chain_s(const Plan& plan, const RandomProblem& problem, bool with_overhead) {
  std::vector<double> finish_s(plan.units.size(), 0);
  for (std::size_t u = 0; u < plan.units.size(); ++u) {
    double ready_s = 0;
    for (const Requirement& r : plan.units[u].requirements) {
      ready_s = std::max(ready_s, finish_s[index(r.provider)]);
    }
    finish_s[u] =
        ready_s + unit_time_s(plan.units[u], problem.graph, problem.cluster, with_overhead);
  }
  double last_s = 0;
  for (std::size_t u = 0; u < plan.units.size(); ++u) {
    if (brings_result(problem, plan.units[u])) last_s = std::max(last_s, finish_s[u]);
  }
  return last_s;
}

bool about_at_least(double value, double least) { return value >= least * (1 - 1e-9); }

}  // namespace

TEST_CASE("every plan of the builder and of every strategy is valid") {
  for_each_plan(31, [](const RandomProblem& problem, const Plan& plan) {
    for (const Violation& violation : validate(plan, problem.graph, problem.cluster)) {
      FAIL_CHECK("unit " << violation.unit << ": " << violation.message);
    }
    CHECK(sent_edges(plan) == needed_edges(plan));
  });
}

TEST_CASE("a strategy returns the same plan for the same problem") {
  Random random(32);
  for (int round = 0; round < 20; ++round) {
    const RandomProblem problem = random_problem(random);
    for (const StrategyInfo& strategy : strategies()) {
      INFO("round " << round << ", strategy " << strategy.name);
      try {
        const Problem same{problem.graph, problem.cluster, problem.size};
        const Plan plan = quick_plan(strategy, same);
        CHECK(plan.units == quick_plan(strategy, same).units);
      } catch (const Infeasible&) {  // says so
      }
    }
  }
}

TEST_CASE(
    "messages carry what their receivers need, each element once, and nothing to themselves") {
  for_each_plan(33, [](const RandomProblem& problem, const Plan& plan) {
    const std::vector<Message> messages = messages_of(plan, problem.size);
    std::set<std::pair<std::size_t, DeviceId>> seen;
    for (const Message& message : messages) {
      const ExecutionUnit& from = plan.unit(message.from);
      CHECK(from.device != message.to);
      CHECK(seen.emplace(index(message.from), message.to).second);
      const auto [elements, consumers] = needed_on(plan, index(message.from), message.to);
      CHECK(message.elements == elements);
      const double bytes = problem.graph.layer(from.layer).op == Op::kInput
                               ? problem.size.input_bytes
                               : problem.size.activation_bytes;
      CHECK(message.bytes == static_cast<double>(elements) * bytes);
      std::set<std::size_t> fed;
      for (UnitId consumer : message.consumers) CHECK(fed.insert(index(consumer)).second);
      CHECK(fed == consumers);
    }
    // Nothing that crosses between devices is left out.
    for (std::size_t u = 0; u < plan.units.size(); ++u) {
      for (const Requirement& r : plan.units[u].requirements) {
        const DeviceId to = plan.units[u].device;
        if (plan.unit(r.provider).device != to) CHECK(seen.contains({index(r.provider), to}));
      }
    }
  });
}

TEST_CASE("no estimate beats the lower bound, whichever effects are on") {
  for_each_plan(34, [](const RandomProblem& problem, const Plan& plan) {
    const auto& [graph, cluster, size, plans] = problem;
    for (unsigned bits = 0; bits < 16; ++bits) {
      const Effects effects{(bits & 1U) != 0, (bits & 2U) != 0, (bits & 4U) != 0, (bits & 8U) != 0};
      const double latency_s = estimate(plan, graph, cluster, size, effects).latency_s;
      INFO("effects " << bits);
      CHECK(about_at_least(latency_s, lower_bound_s(graph, cluster, effects)));
      CHECK(about_at_least(latency_s, longest_chain_s(plan, problem, effects.overheads)));
    }
  });
}

TEST_CASE("a unit is ready, then starts, then finishes; latency is when the last result is there") {
  for_each_plan(35, [](const RandomProblem& problem, const Plan& plan) {
    const auto& [graph, cluster, size, plans] = problem;
    const Estimate result = estimate(plan, graph, cluster, size);
    REQUIRE(result.units.size() == plan.units.size());
    double last_s = 0;
    for (std::size_t u = 0; u < plan.units.size(); ++u) {
      const UnitTimes& times = result.units[id_at<UnitId>(u)];
      CHECK(times.start_s >= times.ready_s);
      // Events of one instant are handled together, so a unit may end up to kTimePrecision_s early.
      const double duration_s = unit_time_s(plan.units[u], graph, cluster);
      CHECK(std::abs(times.finish_s - times.start_s - duration_s) <= 2 * kTimePrecision_s);
      for (const Requirement& r : plan.units[u].requirements) {
        CHECK(times.ready_s >= result.units[r.provider].finish_s - kTimePrecision_s);
      }
      // Work that no result needs may end later.
      if (brings_result(problem, plan.units[u])) last_s = std::max(last_s, times.finish_s);
    }
    CHECK(result.latency_s == last_s);
  });
}

TEST_CASE("a device runs its units one at a time, first ready first, ties in plan order") {
  for_each_plan(36, [](const RandomProblem& problem, const Plan& plan) {
    const auto& [graph, cluster, size, plans] = problem;
    const Estimate result = estimate(plan, graph, cluster, size);
    for (std::size_t d = 0; d < cluster.size(); ++d) {
      std::vector<UnitId> order;  // of units that take time
      for (const UnitId u : result.units.ids()) {
        if (index(plan.unit(u).device) != d) continue;
        if (unit_time_s(plan.unit(u), graph, cluster) > 0) order.push_back(u);
      }
      std::stable_sort(order.begin(), order.end(), [&](UnitId a, UnitId b) {
        return result.units[a].ready_s < result.units[b].ready_s;
      });
      for (std::size_t i = 1; i < order.size(); ++i) {
        const UnitTimes& before = result.units[order[i - 1]];
        const UnitTimes& after = result.units[order[i]];
        CHECK(after.start_s >= before.finish_s - kTimePrecision_s);
      }
    }
  });
}

TEST_CASE("with all effects off the latency is the longest chain of units, and never longer") {
  for_each_plan(37, [](const RandomProblem& problem, const Plan& plan) {
    const auto& [graph, cluster, size, plans] = problem;
    const double bare_s = estimate(plan, graph, cluster, size, kNoEffects).latency_s;
    CHECK(about_at_least(bare_s, longest_chain_s(plan, problem, false)));
    if (cluster.size() == 1) {
      CHECK(bare_s == doctest::Approx(longest_chain_s(plan, problem, false)).epsilon(1e-12));
    }
    CHECK(about_at_least(estimate(plan, graph, cluster, size).latency_s, bare_s));
  });
}

TEST_CASE("a plan that is saved and loaded is the same plan") {
  for_each_plan(38, [](const RandomProblem& problem, const Plan& plan) {
    const auto& [graph, cluster, size, plans] = problem;
    const std::string text = write_plan(plan, graph, cluster);
    const Document document(text, "plan.yaml");
    const Plan loaded = read_plan(document, graph, cluster);
    CHECK(loaded.strategy == plan.strategy);
    CHECK(loaded.model == plan.model);
    CHECK(loaded.cluster == plan.cluster);
    CHECK(loaded.units == plan.units);
    CHECK(write_plan(loaded, graph, cluster) == text);
  });
}

TEST_CASE("a plan that is saved and loaded sends in the same order") {
  Random random(39);
  int reordered = 0;
  for (int round = 0; round < kProblems; ++round) {
    const Graph graph = random_graph(random);
    const Cluster cluster = random_cluster(random);
    Plan plan = build_plan(graph, cluster, random_assignment(random, graph, cluster), "random");
    for (ExecutionUnit& unit : plan.units) {
      std::vector<Forward>& sends = unit.forwarding;
      for (std::size_t i = sends.size(); i > 1; --i) {
        std::swap(
            sends[i - 1],
            sends[static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(i) - 1))]);
      }
    }
    const std::string text = write_plan(plan, graph, cluster);
    const Document document(text, "plan.yaml");
    const Plan loaded = read_plan(document, graph, cluster);
    const auto before = messages_of(plan, {});
    const auto after = messages_of(loaded, {});
    REQUIRE(before.size() == after.size());
    for (std::size_t m = 0; m < before.size(); ++m) {
      CHECK(before[m].from == after[m].from);
      CHECK(before[m].to == after[m].to);
      CHECK(before[m].elements == after[m].elements);
      CHECK(before[m].consumers == after[m].consumers);
    }
    reordered += text.find("sends") != std::string::npos ? 1 : 0;
  }
  CHECK(reordered > kProblems / 2);
}

}  // namespace edgeflow
