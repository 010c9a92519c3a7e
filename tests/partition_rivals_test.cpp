// Where dividing does not pay, no strategy whose paper could have answered with one device is slower
// than one device.

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

#include "partition/prices/demand.hpp"
#include "tests/support/baselines_fixture.hpp"
#include "workloads/model_yaml.hpp"

namespace edgeflow {
namespace {

using namespace baselines;

/// What a strategy's paper promises where dividing does not pay.
enum class Promise : std::uint8_t {
  kLatency,     // one device is among its answers: at most the latency of the best one
  kHub,         // so is the hub alone: at most its latency, the deeper choice is not the paper's
  kThroughput,  // one stage is among its answers: at most the period of `single`'s device
  kNone,        // it always divides, or decides layer by layer without looking ahead
};

struct Rival {
  std::string name;
  Promise promise;
  Options options = {};
};

const std::vector<Rival>& rivals() {
  static const std::vector<Rival> all{
      {"single", Promise::kLatency},
      {"aofl", Promise::kLatency},          // a block may have one device
      {"coedge", Promise::kLatency},        // all shares but one may be 0
      {"cutpoint", Promise::kLatency},      // super-layers may all be whole and on one device
      {"neurosurgeon", Promise::kLatency},  // the cut may be in front of all layers, or behind
      {"neurosurgeon", Promise::kLatency, {{"cuts", "3"}}},
      {"dads", Promise::kLatency},  // one side may be empty
      {"heft", Promise::kLatency},  // ours: HEFT itself is greedy
      {"edgeflow-joint", Promise::kLatency, {{"effort", "100"}}},
      {"deepthings", Promise::kHub},  // ours: tiles through no layers
      {"pipeline", Promise::kThroughput},
      {"even", Promise::kNone},
      {"proportional", Promise::kNone},
      {"modnn", Promise::kNone},                            // shares know no network
      {"modnn", Promise::kNone, {{"exchange", "gather"}}},  // the same
      {"deeperthings", Promise::kNone},                     // divides weights to save memory
      {"edgeflow", Promise::kNone},                         // short-sighted, as the paper is read
      {"edgeflow", Promise::kLatency, {{"guard", "single"}}},
      {"edgeflow", Promise::kNone, {{"lookahead", "yes"}}},  // an estimate of what follows
  };
  return all;
}

std::vector<Device> devices(const std::vector<double>& mac_rates) {
  std::vector<Device> result;
  for (double rate : mac_rates) {
    result.push_back(device("d" + std::to_string(result.size()), rate));
    result.back().compute.overhead_s = 2e-5;
  }
  return result;
}

/// Where sending an activation takes longer than computing it, or others are too slow to help.
std::vector<Cluster> clusters_where_dividing_does_not_pay() {
  return {
      {"slow switch", devices({5e9, 5e9, 5e9}), NetworkType::kSwitch, 2e6 / 8, 5e-4, kFirst,
       kFirst},
      {"slow air", devices({5e9, 5e9, 5e9, 5e9}), NetworkType::kWifi, 20e6 / 8, 0.02, kFirst,
       kFirst},
      {"one fast", devices({5e7, 2e10, 5e7, 5e7}), NetworkType::kSwitch, 100e6 / 8, 5e-4, kFirst,
       kFirst},
  };
}

double fair_s(const Plan& plan, const Problem& problem) {
  return estimate(plan, problem.graph, problem.cluster, problem.size, {}, Sharing::kMaxMin)
      .latency_s;
}

double period_s(const Plan& plan, const Problem& problem) {
  return demand(ExecutablePlan(plan, problem.graph, problem.cluster, problem.size)).period_s();
}

void check_promise(const Rival& rival, const Problem& problem) {
  const Plan plan = plan_by(rival.name, problem, rival.options);
  const Plan best = plan_by("single", problem);
  const double rounding = 1 + 1e-9;
  switch (rival.promise) {
    case Promise::kLatency:
      CHECK(fair_s(plan, problem) <= fair_s(best, problem) * rounding);
      break;
    case Promise::kHub: {
      const std::string source = problem.cluster.device(problem.cluster.source()).name;
      const Plan hub = plan_by("single", problem, {{"device", source}});
      CHECK(fair_s(plan, problem) <= fair_s(hub, problem) * rounding);
      break;
    }
    case Promise::kThroughput:
      CHECK(period_s(plan, problem) <= period_s(best, problem) * rounding);
      break;
    case Promise::kNone:
      break;
  }
}

Cluster boards_on_air(double bandwidth_Mbps) {
  const Cluster shipped = load_cluster("pi4x4-wifi", "");
  return {shipped.name(),
          {shipped.devices().begin(), shipped.devices().end()},
          NetworkType::kWifi,
          bandwidth_Mbps * 1e6 / 8,
          2e-3,
          shipped.source(),
          shipped.sink()};
}

}  // namespace

TEST_CASE(
    "where dividing does not pay, strategies that may keep one device are no slower than it") {
  for (const Cluster& cluster : clusters_where_dividing_does_not_pay()) {
    int slower = 0;  // of the controls, or dividing does pay and this shows nothing
    for (const char* name : {"squeezenet1_1", "mobilenet_v2", "resnet18"}) {
      const Graph graph = fold(load_model(name, ""));
      const Problem problem{graph, cluster, {}};
      for (const Rival& rival : rivals()) {
        CAPTURE(cluster.name());
        CAPTURE(name);
        CAPTURE(rival.name);
        check_promise(rival, problem);
      }
      const double single_s = fair_s(plan_by("single", problem), problem);
      for (const char* control : {"even", "proportional"}) {
        slower += fair_s(plan_by(control, problem), problem) > 1.5 * single_s ? 1 : 0;
      }
    }
    CAPTURE(cluster.name());
    CHECK(slower >= 3);
  }
}

TEST_CASE("every strategy has a promise, and says what it optimises") {
  for (const StrategyInfo& strategy : strategies()) {
    CAPTURE(strategy.name);
    CHECK_FALSE(strategy.objective.empty());
    if (strategy.name == "external") continue;  // its program may promise anything
    CHECK(std::any_of(rivals().begin(), rivals().end(),
                      [&](const Rival& rival) { return rival.name == strategy.name; }));
  }
}

TEST_CASE("coedge does not become slower when the network becomes faster") {
  // It divided without asking whether that pays, from where the network was just fast enough for its
  // linear program: 25 to 100 Mbit/s took 255.6 to 1211 ms on YOLOv5n, 42.9 to 470.7 on MobileNet v2.
  for (const char* name : {"yolov5n", "mobilenet_v2"}) {
    const Graph graph = fold(load_model(name, ""));
    double before_s = std::numeric_limits<double>::infinity();
    for (double bandwidth_Mbps : {25.0, 50.0, 100.0, 300.0, 1000.0}) {
      const Cluster cluster = boards_on_air(bandwidth_Mbps);
      const Problem problem{graph, cluster, {}};
      const double now_s = fair_s(plan_by("coedge", problem), problem);
      CAPTURE(name);
      CAPTURE(bandwidth_Mbps);
      CHECK(now_s <= before_s * (1 + 1e-9));
      CHECK(now_s <= fair_s(plan_by("single", problem), problem) * (1 + 1e-9));
      before_s = now_s;
    }
  }
}

TEST_CASE("where the network costs little, strategies still divide") {
  // Eight equal devices at 10 Gbit/s: each of these must be at least twice as fast as one.
  const Cluster cluster("fast", devices(std::vector<double>(8, 5e9)), NetworkType::kSwitch,
                        10e9 / 8, 1e-6, kFirst, kFirst);
  const Graph graph = fold(load_model("resnet18", ""));
  const Problem problem{graph, cluster, {}};
  const double single_s = fair_s(plan_by("single", problem), problem);
  for (const char* name : {"even", "modnn", "aofl", "coedge", "cutpoint"}) {
    CAPTURE(name);
    CHECK(fair_s(plan_by(name, problem), problem) < single_s / 2);
  }
}

}  // namespace edgeflow
