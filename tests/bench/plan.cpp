// How long `edgeflow` plans, and how its plans compare by the estimator: three models on the four
// boards of a shipped cluster, each behind links of several rates.
// usage: plan_bench [CLUSTER] [RUNS]     (default: pi4x3-nano 5)

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "partition/prices/estimate.hpp"
#include "partition/strategy.hpp"
#include "workloads/model_yaml.hpp"

namespace edgeflow {
namespace {

struct Planned {
  double plan_ms = 0;  // of processor time, median over the runs
  double latency_s = 0;
};

Planned measure(const Problem& problem, std::string_view strategy, const Options& options,
                std::size_t runs) {
  Plan plan;
  std::vector<double> ms;
  for (std::size_t run = 0; run < runs; ++run) {
    const std::clock_t start = std::clock();
    plan = make_plan(*find_strategy(strategy), problem, options);
    ms.push_back(1e3 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  std::sort(ms.begin(), ms.end());
  return {ms[ms.size() / 2],
          estimate(plan, problem.graph, problem.cluster, problem.size).latency_s};
}

Cluster at_rate(const Cluster& cluster, double bandwidth_Bps) {
  return Cluster(cluster.name(), {cluster.devices().begin(), cluster.devices().end()},
                 NetworkType::kSwitch, bandwidth_Bps, cluster.network().latency_s, cluster.source(),
                 cluster.sink());
}

void run(const Cluster& cluster, std::size_t runs) {
  fmt::print("{:9} {:>6} {:>6} | {:>9} {:>9} | {:>9} {:>9} {:>9} {:>9} {:>9}\n", "model", "layers",
             "Mbit/s", "lp ms", "exact ms", "single s", "even s", "prop. s", "lp s", "exact s");
  for (const char* model : {"vgg16", "resnet50", "yolov5s"}) {
    const Graph graph = fold(load_model(model, "."));
    for (const double mbit : {50.0, 100.0, 300.0, 1000.0}) {
      const Cluster linked = at_rate(cluster, mbit * 1e6 / 8);
      const Problem problem{graph, linked, {}};
      const Planned lp = measure(problem, "edgeflow", {{"solver", "lp"}}, runs);
      const Planned exact = measure(problem, "edgeflow", {{"solver", "exact"}}, runs);
      fmt::print("{:9} {:>6} {:>6} | {:>9.1f} {:>9.1f} |", model, graph.size(), mbit, lp.plan_ms,
                 exact.plan_ms);
      for (const char* control : {"single", "even", "proportional"}) {
        fmt::print(" {:>9.4f}", measure(problem, control, {}, 1).latency_s);
      }
      fmt::print(" {:>9.4f} {:>9.4f}\n", lp.latency_s, exact.latency_s);
    }
  }
}

}  // namespace
}  // namespace edgeflow

int main(int argc, char** argv) {
  const std::string cluster = argc > 1 ? argv[1] : "pi4x3-nano";
  const int runs = argc > 2 ? std::atoi(argv[2]) : 5;
  edgeflow::run(edgeflow::load_cluster(cluster, "."), static_cast<std::size_t>(std::max(runs, 1)));
}
