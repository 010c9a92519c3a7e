// Plans a shipped model on a shipped cluster, checks the plan and simulates one request.
// usage: plan_and_simulate MODEL CLUSTER STRATEGY, such as: resnet50 pi4x3-nano edgeflow

#include <cstdio>
#include <edgeflow/partition/plans/validate.hpp>
#include <edgeflow/partition/prices/estimate.hpp>
#include <edgeflow/partition/strategy.hpp>
#include <edgeflow/sim/simulate.hpp>
#include <edgeflow/workloads/model_yaml.hpp>
#include <stdexcept>

using namespace edgeflow;

namespace {

void run(const char* model, const char* cluster_name, const char* strategy_name) {
  const Graph graph = fold(load_model(model, "."));
  const Cluster cluster = load_cluster(cluster_name, ".");
  const Problem problem{graph, cluster, ElementSize{}};  // fp32

  const StrategyInfo* strategy = find_strategy(strategy_name);
  if (strategy == nullptr) throw std::runtime_error("there is no such strategy");
  const Plan plan = make_plan(*strategy, problem, /*options=*/{});
  for (const Violation& violation : validate(plan, graph, cluster)) {
    throw std::runtime_error(violation.message);
  }

  const Estimate estimated =
      estimate(plan, graph, cluster, problem.size, /*effects=*/{}, Sharing::kMaxMin);
  const SimulationResult result = simulate(plan, graph, cluster, problem.size, {});
  if (result.status != Status::kOk) throw std::runtime_error(result.message);
  const RequestRecord& request = result.requests.front();
  std::printf("%.17g s simulated, %.17g s estimated\n", request.finish_s - request.arrival_s,
              estimated.latency_s);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  try {
    run(argv[1], argv[2], argv[3]);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
