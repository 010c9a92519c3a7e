// Whatever the problem, every strategy returns a valid plan or says why it cannot: no crash, no
// other exception, no hang. EDGEFLOW_ROBUSTNESS_ROUNDS=10000 makes it the nightly test,
// EDGEFLOW_ROBUSTNESS_SEED=50000 draws other problems.

#include <doctest/doctest.h>
#include <sys/time.h>

#include <cstdlib>
#include <map>
#include <set>

#include "partition/plans/validate.hpp"
#include "partition/prices/bound.hpp"
#include "partition/strategy.hpp"
#include "tests/support/random_problem.hpp"

namespace edgeflow {
namespace {

using reference::Random;

/// Ends the program if it computes for much longer than the milliseconds that a problem takes,
/// counted in processor time, so that a busy machine is no hang.
void end_if_it_hangs() {
  constexpr int kHang_s = 120;
  const itimerval timer{{0, 0}, {kHang_s, 0}};
  setitimer(ITIMER_VIRTUAL, &timer, nullptr);
}

int number_from(const char* variable, int otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::atoi(text);
}

/// Other devices, memories and rates than random_cluster draws: up to 12 devices, some too small
/// for the model, networks from a trickle to a torrent.
Cluster harsh_cluster(Random& random) {
  std::vector<Device> devices(static_cast<std::size_t>(random.between(1, 12)));
  const auto power = [&](std::int64_t from, std::int64_t to) {
    double value = 1;
    for (std::int64_t i = random.between(from, to); i > 0; --i) value *= 10;
    return value;
  };
  const bool alike = random.chance(30);
  for (std::size_t d = 0; d < devices.size(); ++d) {
    if (alike && d > 0) devices[d] = devices[0];
    devices[d].name = "d" + std::to_string(d);
    if (alike && d > 0) continue;
    devices[d].compute.mac_rate = power(3, 12);
    if (random.chance(50)) devices[d].compute.byte_rate_Bps = power(4, 11);
    if (random.chance(50)) devices[d].compute.overhead_s = 1 / power(1, 7);
    if (random.chance(20)) devices[d].compute.winograd_factor = 0.44;
    if (random.chance(20)) devices[d].compute.fully_connected_factor = 0;
    if (random.chance(20)) devices[d].compute.message_overhead_s = 1 / power(1, 6);
    if (random.chance(20)) devices[d].compute.serialization_rate_Bps = power(3, 9);
    devices[d].memory_bytes = random.chance(40) ? power(2, 6) : 1e12;
  }
  const auto last = static_cast<std::int64_t>(devices.size()) - 1;
  const auto any = [&] { return DeviceId{static_cast<std::int32_t>(random.between(0, last))}; };
  const DeviceId source = any();
  const DeviceId sink = random.chance(60) ? source : any();
  return Cluster("harsh", std::move(devices),
                 random.chance(30) ? NetworkType::kWifi : NetworkType::kSwitch, power(2, 10),
                 random.chance(30) ? 0 : 1 / power(0, 6), source, sink);
}

/// A random choice of a strategy's options, among those that fit any problem.
Options random_options(Random& random, const std::string_view strategy) {
  if (strategy == "aofl") {
    if (random.chance(50)) {
      return {{"variant", random.pick<std::string>({"aofl", "ofl", "efl", "layerwise"})}};
    }
    return {{"blocks", "each"},
            {"grid", random.pick<std::string>({"rows", "square"})},
            {"sizes", random.pick<std::string>({"even", "balanced"})},
            {"input", random.pick<std::string>({"needed", "whole"})},
            {"barrier", random.pick<std::string>({"yes", "no"})}};
  }
  const std::map<std::string_view, std::vector<std::pair<std::string, std::vector<std::string>>>>
      kChoices{{"modnn", {{"strips", {"speed", "even"}}, {"exchange", {"gather", "halo"}}}},
               {"deepthings",
                {{"grid", {"1x1", "1x2", "3x3", "5x5", "32x1"}},
                 {"dealing", {"planned", "planned", "work_queue"}},
                 {"ahead", {"0", "1"}}}},
               {"neurosurgeon", {{"cuts", {"0", "1", "3", "1000"}}}},
               {"edgeflow",
                {{"solver", {"lp", "exact"}},
                 {"order", {"cluster", "speed"}},
                 {"lookahead", {"yes", "no"}}}},
               {"edgeflow-joint",
                {{"effort", {"1", "50", "200"}},
                 {"objective", {"latency", "latency", "energy", "throughput"}},
                 {"seed", {"1", "7"}}}}};
  Options options;
  const auto found = kChoices.find(strategy);
  if (found == kChoices.end()) return options;
  for (const auto& [key, values] : found->second) options[key] = random.pick(values);
  return options;
}

}  // namespace

TEST_CASE("every strategy serves any problem with a valid plan, or says why not") {
  int plans = 0;
  std::map<std::string, int> infeasible;
  const int count = number_from("EDGEFLOW_ROBUSTNESS_ROUNDS", 500);
  const int first_seed = number_from("EDGEFLOW_ROBUSTNESS_SEED", 1000);
  for (int seed = first_seed; seed < first_seed + count; ++seed) {
    Random random(static_cast<std::uint64_t>(seed));
    const Graph drawn = random_graph(random, {.max_layers = random.chance(10) ? 60 : 25});
    const Graph graph = random.chance(50) ? drawn : fold(drawn);
    const Cluster cluster = random.chance(50) ? harsh_cluster(random) : random_cluster(random);
    const Problem problem{graph, cluster, {random.chance(50) ? 4.0 : 1.0, 4.0}};
    end_if_it_hangs();
    for (const StrategyInfo& strategy : strategies()) {
      if (strategy.name == "external") continue;  // has no program
      const Options options = random_options(random, strategy.name);
      INFO("seed " << seed << ", " << strategy.name);
      try {
        const Plan plan = make_plan(strategy, problem, options);
        const auto violations = validate(plan, graph, cluster, 1);
        CHECK_MESSAGE(violations.empty(), violations.front().message);
        ++plans;
      } catch (const Infeasible& error) {
        CHECK(std::string(error.what()).size() > 10);
        ++infeasible[std::string(strategy.name)];
      } catch (const std::exception& error) {
        FAIL_CHECK("threw " << std::string(error.what()));
      }
    }
    CHECK(lp_lower_bound_s(graph, cluster, problem.size) >= lower_bound_s(graph, cluster));
  }
  const itimerval off{};
  setitimer(ITIMER_VIRTUAL, &off, nullptr);
  for (const auto& [name, times] : infeasible) {
    MESSAGE(name << " was infeasible " << times << " times of " << count);
  }
  CHECK(plans > 10 * count);
}

}  // namespace edgeflow
