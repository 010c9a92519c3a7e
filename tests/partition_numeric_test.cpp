// Plans compute what the model computes: units that see nothing but what their requirements name
// give the bits that the whole model gives (support/reference_executor.hpp).

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "partition/plans/validate.hpp"
#include "partition/strategy.hpp"
#include "tests/support/baselines_fixture.hpp"
#include "tests/support/quick_plan.hpp"
#include "tests/support/random_problem.hpp"
#include "tests/support/reference_executor.hpp"
#include "tests/support/small_models.hpp"

namespace edgeflow {
namespace {

using reference::Cell;
using reference::Executor;
using reference::Random;

std::string first_violation(const Plan& plan, const Graph& graph, const Cluster& cluster) {
  const auto violations = validate(plan, graph, cluster, 1);
  return violations.empty() ? "" : std::to_string(violations[0].unit) + violations[0].message;
}

/// Runs every strategy on the problem. Returns how many could serve it.
int check_strategies(const Executor& executor, const Cluster& cluster) {
  const Graph& graph = executor.graph();
  int served = 0;
  for (const StrategyInfo& strategy : strategies()) {
    INFO("strategy " << strategy.name);
    try {
      const Plan plan = quick_plan(strategy, {graph, cluster, {}});
      CHECK(first_violation(plan, graph, cluster) == "");
      CHECK(executor.difference(plan, cluster) == "");
      ++served;
    } catch (const Infeasible&) {  // says so; `single` serves everything
    }
  }
  return served;
}

/// One row, column or channel off either end of a box.
struct Shave {
  Region kept;
  Region gone;
};

Shave shave(Random& random, const Region& region) {
  std::vector<Axis> axes;
  for (Axis axis : kAxes) {
    if (region[axis].size() > 1) axes.push_back(axis);
  }
  Shave result{region, region};
  if (axes.empty()) {
    result.kept = {};
    return result;
  }
  const bool has_rows = region.row.size() > 1;
  const Axis axis = has_rows && random.chance(70) ? Axis::kRow : random.pick(axes);
  if (random.chance(50)) {
    result.kept[axis].begin += 1;
    result.gone[axis].end = result.kept[axis].begin;
  } else {
    result.kept[axis].end -= 1;
    result.gone[axis].begin = result.kept[axis].end;
  }
  return result;
}

void change_requirement(Plan& plan, std::size_t unit, std::size_t which, const Region& region) {
  Requirement& requirement = plan.units[unit].requirements[which];
  for (Forward& forward : plan.units[index(requirement.provider)].forwarding) {
    if (index(forward.consumer) == unit && forward.region == requirement.region) {
      forward.region = region;
      break;
    }
  }
  requirement.region = region;
}

/// Whether the unit reads something of `gone`.
bool reads_of(const Executor& executor, const ExecutionUnit& unit, LayerId provider,
              const Region& gone) {
  if (unit.kind == UnitKind::kRelay) return true;
  for (const Cell& cell : executor.cells_read(unit.layer, provider, unit.output)) {
    if (reference::contains(gone, cell)) return true;
  }
  return false;
}

std::size_t pick_unit_with_needs(Random& random, const Plan& plan) {
  for (;;) {
    const auto last = static_cast<std::int64_t>(plan.units.size()) - 1;
    const auto unit = static_cast<std::size_t>(random.between(0, last));
    if (!plan.units[unit].requirements.empty()) return unit;
  }
}

}  // namespace

TEST_CASE("random plans of well-known shapes of models compute the model, on 1 to 6 devices") {
  Random random(21);
  for (const auto& [name, graph] : reference::small_models()) {
    const Executor executor(graph);
    for (int round = 0; round < 12; ++round) {
      const Cluster cluster = random_cluster(random);
      INFO(name << ", round " << round << ", " << cluster.size() << " devices");
      const Plan plan =
          build_plan(graph, cluster, random_assignment(random, graph, cluster), "random");
      CHECK(first_violation(plan, graph, cluster) == "");
      CHECK(executor.difference(plan, cluster) == "");
    }
  }
}

TEST_CASE("every strategy's plans of well-known shapes of models compute the model") {
  Random random(22);
  for (const auto& [name, graph] : reference::small_models()) {
    const Executor executor(graph);
    int served = 0;
    for (int round = 0; round < 3; ++round) {
      const Cluster cluster = random_cluster(random);
      INFO(name << ", round " << round << ", " << cluster.size() << " devices");
      served += check_strategies(executor, cluster);
    }
    CHECK(served >= 3);
  }
}

// Tokens are rows. Attention has its queries split, too; keys and values are needed whole.
TEST_CASE("transformers are split by tokens, their attention by queries") {
  std::vector<Device> devices;
  for (const char* name : {"a", "b", "c"}) devices.push_back(baselines::device(name, 1e9));
  const Cluster cluster("three", devices, NetworkType::kSwitch, 1e7, 1e-3, DeviceId{0},
                        DeviceId{0});
  int transformers = 0;
  for (const auto& [name, graph] : reference::small_models()) {
    if (name != "vit" && name != "bert" && name != "gpt2") continue;
    ++transformers;
    for (const char* strategy : {"even", "proportional"}) {
      INFO(name << " by " << strategy);
      const Plan plan = baselines::plan_by(strategy, {graph, cluster, {}});
      CHECK(first_violation(plan, graph, cluster) == "");
      std::map<LayerId, std::set<DeviceId>> used;
      std::map<LayerId, std::int64_t> rows;
      for (const ExecutionUnit& unit : plan.units) {
        const Layer& layer = graph.layer(unit.layer);
        const bool product = layer.op == Op::kMatMul || layer.op == Op::kLinear;
        if (!product || layer.output.box.row.size() == 1 || unit.kind != UnitKind::kCompute) {
          continue;
        }
        used[unit.layer].insert(unit.device);
        rows[unit.layer] += unit.output.row.size();
      }
      CHECK(used.size() >= 6);  // queries, keys, values (or all in one), two products, three more
      for (const auto& [layer, on] : used) {
        CAPTURE(graph.layer(layer).name);
        CHECK(on.size() == 3);
        CHECK(rows[layer] == graph.layer(layer).output.box.row.size());
      }
    }
  }
  CHECK(transformers == 3);
}

TEST_CASE("random plans and every strategy's plans of random models compute the model") {
  Random random(23);
  for (int round = 0; round < 150; ++round) {
    const Graph drawn = random_graph(random);
    const Graph graph = round % 2 == 0 ? drawn : fold(drawn);
    const Cluster cluster = random_cluster(random);
    INFO("round " << round);
    const Executor executor(graph);
    const Plan plan =
        build_plan(graph, cluster, random_assignment(random, graph, cluster), "random");
    CHECK(first_violation(plan, graph, cluster) == "");
    CHECK(executor.difference(plan, cluster) == "");
    check_strategies(executor, cluster);
  }
}

TEST_CASE("a requirement that lacks one row is refused, and the unit misses what it reads of it") {
  Random random(24);
  int missed = 0;
  for (int round = 0; round < 300; ++round) {
    const Graph graph = random_graph(random, {.max_layers = 10, .max_extent = 9});
    const Cluster cluster = random_cluster(random);
    const Executor executor(graph);
    Plan plan = build_plan(graph, cluster, random_assignment(random, graph, cluster), "random");
    const std::size_t unit = pick_unit_with_needs(random, plan);
    const auto& needs = plan.units[unit].requirements;
    const auto which =
        static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(needs.size()) - 1));
    const LayerId provider = plan.unit(needs[which].provider).layer;
    const Shave part = shave(random, needs[which].region);
    INFO("round " << round << ", unit " << unit << " lacks " << to_string(part.gone));
    change_requirement(plan, unit, which, part.kept);
    CHECK(first_violation(plan, graph, cluster) != "");
    const bool matters = reads_of(executor, plan.units[unit], provider, part.gone);
    const auto faults = executor.run(plan, cluster).faults;
    CHECK(faults.empty() == !matters);
    if (matters && !faults.empty()) CHECK(faults[0].unit == unit);
    missed += matters ? 1 : 0;
  }
  CHECK(missed > 200);  // holes between strided windows are few
}

TEST_CASE("a requirement for one row more than needed is refused") {
  Random random(25);
  int tried = 0;
  for (int round = 0; round < 300; ++round) {
    const Graph graph = random_graph(random, {.max_layers = 10, .max_extent = 9});
    const Cluster cluster = random_cluster(random);
    Plan plan = build_plan(graph, cluster, random_assignment(random, graph, cluster), "random");
    const std::size_t u = pick_unit_with_needs(random, plan);
    const ExecutionUnit& unit = plan.units[u];
    const ExecutionUnit& provider = plan.unit(unit.requirements[0].provider);
    if (unit.kind == UnitKind::kRelay || graph.layer(unit.layer).inputs.size() != 1) continue;
    const Region need = required_input(graph.layer(unit.layer), 0, unit.output);
    Region more = unit.requirements[0].region;
    if (more.row.end != need.row.end || more.row.end == provider.output.row.end) continue;
    ++more.row.end;
    INFO("round " << round << ", unit " << u << " asks for " << to_string(more));
    change_requirement(plan, u, 0, more);
    CHECK(first_violation(plan, graph, cluster) != "");
    ++tried;
  }
  CHECK(tried > 30);
}

}  // namespace edgeflow
