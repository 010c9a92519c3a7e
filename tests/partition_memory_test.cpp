// Devices with too little memory: whatever is planned fits, or the strategy says why it cannot.

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "partition/plans/placement.hpp"
#include "partition/plans/validate.hpp"
#include "partition/strategy.hpp"
#include "tests/support/random_problem.hpp"

namespace edgeflow {
namespace {

using reference::Random;

/// Weights and the largest layer's inputs and output: what one device needs for the whole model.
double whole_bytes(const Graph& graph, const ElementSize& size) {
  double weights = 0;
  double largest = 0;
  for (std::size_t l = 1; l < graph.size(); ++l) {
    const Layer& layer = graph.layers()[l];
    const Work all = work(layer, layer.output.box);
    weights += static_cast<double>(weights_of(layer, layer.output.box));
    largest = std::max(largest, static_cast<double>(all.in_elements + all.out_elements));
  }
  return (weights + largest) * size.activation_bytes;
}

/// A random cluster whose devices hold between 20 % and 130 % of the model.
Cluster small_memory_cluster(Random& random, const Graph& graph, const ElementSize& size) {
  const Cluster drawn = reference::random_cluster(random);
  std::vector<Device> devices(drawn.devices().begin(), drawn.devices().end());
  for (Device& device : devices) {
    device.memory_bytes =
        whole_bytes(graph, size) * 0.01 * static_cast<double>(random.between(20, 130));
  }
  return {drawn.name(), devices, drawn.network(), drawn.source(), drawn.sink()};
}

bool fits(const Problem& problem, std::span<const DeviceId> device_of) {
  const Plan plan = plan_of_placement(problem, device_of, "any");
  return !memory_shortage(plan, problem.graph, problem.cluster, problem.size);
}

bool some_device_fits(const Problem& problem) {
  for (std::size_t d = 0; d < problem.cluster.size(); ++d) {
    if (fits(problem, std::vector(problem.graph.size(), device_at(d)))) return true;
  }
  return false;
}

bool some_cut_fits(const Problem& problem) {
  for (std::size_t d = 0; d < problem.cluster.size(); ++d) {
    for (std::size_t cut = 1; cut <= problem.graph.size(); ++cut) {
      std::vector<DeviceId> device_of(problem.graph.size(), device_at(d));
      std::fill_n(device_of.begin(), cut, problem.cluster.source());
      if (fits(problem, device_of)) return true;
    }
  }
  return false;
}

/// Whether layers from `first` on fit in stages on devices that are not `used`, the others being
/// placed.
bool some_stages_fit(const Problem& problem, std::vector<DeviceId>& device_of,
                     std::set<std::size_t>& used, std::size_t first) {
  if (first == problem.graph.size()) return fits(problem, device_of);
  for (std::size_t d = 0; d < problem.cluster.size(); ++d) {
    if (!used.insert(d).second) continue;
    for (std::size_t end = first + 1; end <= problem.graph.size(); ++end) {
      device_of[end - 1] = device_at(d);
      if (some_stages_fit(problem, device_of, used, end)) return true;
    }
    used.erase(d);
  }
  return false;
}

/// Whether a plan of the strategy's kind fits, by trying all; for strategies that promise to find
/// one.
bool family_fits(const Problem& problem, std::string_view strategy) {
  if (strategy == "single") return some_device_fits(problem);
  if (strategy == "neurosurgeon") return some_cut_fits(problem);
  if (strategy != "pipeline") return false;
  std::vector<DeviceId> device_of(problem.graph.size(), problem.cluster.source());
  std::set<std::size_t> used;
  return some_stages_fit(problem, device_of, used, 1);
}

}  // namespace

TEST_CASE("on clusters of little memory every strategy's plan fits, or it says why it cannot") {
  Random random(515);
  std::map<std::string_view, int> planned;
  std::map<std::string_view, int> refused;
  for (int round = 0; round < 120; ++round) {
    const Graph graph = reference::random_graph(random, {.max_layers = 7, .max_extent = 8});
    const ElementSize size;
    const Cluster cluster = small_memory_cluster(random, graph, size);
    const Problem problem{graph, cluster, size};
    bool other_fits = false;
    for (const StrategyInfo& strategy : strategies()) {
      if (strategy.name == "external") continue;
      CAPTURE(round);
      CAPTURE(strategy.name);
      Options options;
      if (strategy.name == "edgeflow-joint") options["effort"] = "50";
      try {
        const Plan plan = make_plan(strategy, problem, options);
        CHECK_FALSE(memory_shortage(plan, graph, cluster, size).has_value());
        ++planned[strategy.name];
        other_fits = true;
      } catch (const Infeasible& error) {
        CHECK(std::string(error.what()) != "");
        CHECK_FALSE(family_fits(problem, strategy.name));
        if (strategy.name == "edgeflow-joint") CHECK_FALSE(other_fits);
        ++refused[strategy.name];
      }
    }
  }
  // Both happen, or this shows nothing.
  for (const char* strategy : {"single", "even", "aofl", "neurosurgeon", "heft", "pipeline"}) {
    CAPTURE(strategy);
    CHECK(planned[strategy] > 5);
    CHECK(refused[strategy] > 5);
  }
}

TEST_CASE("a strategy whose plan does not fit says which device lacks how much") {
  Random random(7);
  const Graph graph = reference::random_graph(random);
  const Cluster drawn = reference::random_cluster(random);
  std::vector<Device> devices(drawn.devices().begin(), drawn.devices().end());
  for (Device& device : devices) device.memory_bytes = 1;
  const Cluster cluster{drawn.name(), devices, drawn.network(), drawn.source(), drawn.sink()};
  CHECK_THROWS_WITH_AS(make_plan(*find_strategy("single"), {graph, cluster, {}}, {}),
                       doctest::Contains("MiB for weights and its largest unit, but has 0.0 MiB"),
                       Infeasible);
}

}  // namespace edgeflow
