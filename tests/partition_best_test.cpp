// `edgeflow-joint` on the cells of experiments/studies/quickstart.yaml: no other strategy is
// better.

#include <doctest/doctest.h>

#include "partition/joint/objective.hpp"
#include "tests/support/baselines_fixture.hpp"
#include "workloads/model_yaml.hpp"

namespace edgeflow {
namespace {

using namespace baselines;

double simulated_s(const Problem& problem, const Plan& plan) {
  return estimate(plan, problem.graph, problem.cluster, problem.size, {}, Sharing::kMaxMin)
      .latency_s;
}

Cluster with_bandwidth(const Cluster& cluster, double bandwidth_Bps) {
  return Cluster(cluster.name(), {cluster.devices().begin(), cluster.devices().end()},
                 NetworkType::kSwitch, bandwidth_Bps, 0.5e-3, cluster.source(), cluster.sink());
}

}  // namespace

TEST_CASE("no strategy is better than edgeflow-joint in a cell of the quickstart") {
  const Cluster boards = load_cluster("pi4x3-nano", "");
  int better = 0;
  int cells = 0;
  for (const char* name : {"vgg16", "resnet50", "yolov5s"}) {
    const Graph graph = fold(load_model(name, ""));
    for (const double Mbps : {50.0, 100.0, 300.0, 1000.0}) {
      const Cluster cluster = with_bandwidth(boards, Mbps * 1e6 / 8);
      const Problem problem{graph, cluster, {}};
      const double joint_s =
          simulated_s(problem, plan_by("edgeflow-joint", problem, {{"effort", "1000"}}));
      double others_s = std::numeric_limits<double>::infinity();
      for (const StrategyInfo& other : strategies()) {
        if (other.name == "edgeflow-joint" || other.name == "external") continue;
        std::vector<Options> ways{{}};
        if (other.name == "edgeflow") ways.push_back({{"lookahead", "yes"}});
        if (other.name == "aofl") ways.push_back({{"variant", "ofl"}});
        for (const Options& options : ways) {
          INFO(name << " at " << Mbps << " Mbit/s, " << other.name);
          const double other_s = simulated_s(problem, make_plan(other, problem, options));
          CHECK(joint_s <= other_s);
          others_s = std::min(others_s, other_s);
        }
      }
      ++cells;
      better += joint_s < 0.97 * others_s ? 1 : 0;
    }
  }
  CHECK(cells == 12);
  CHECK(better >= 8);
}

TEST_CASE("a device without any link has a period, too") {
  // A mesh of one device has no links: the period is what the device computes.
  const std::vector<std::string> names{"only"};
  const Cluster cluster("alone", {device("only", 100)}, make_mesh(names, 1e6, 0), kFirst, kFirst);
  const Graph graph("one", "made up", {pixels({1, 4, 4}), pointwise("conv", "input", 1)});
  const Problem problem{graph, cluster, {}};
  joint::Objective objective;
  objective.goal = joint::Goal::kThroughput;
  const Plan plan = plan_by("edgeflow-joint", problem, {{"objective", "throughput"}});
  CHECK(joint::judge(objective, problem, plan).cost == doctest::Approx(0.16).epsilon(2e-3));
}

}  // namespace edgeflow
