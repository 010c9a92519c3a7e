#include "experiments/jobs/plans.hpp"

namespace edgeflow {

void make_executable(Plans& plans, const Scenario& scenario) {
  for (std::size_t w = 0; w < plans.size(); ++w) {
    const Workload& workload = scenario.workloads[w];
    for (MadePlan& made : plans[w].made) {
      made.executable =
          std::make_shared<const ExecutablePlan>(*made.plan, workload.model->graph, *made.cluster,
                                                 workload.element_size(), scenario.effects);
    }
  }
}

}  // namespace edgeflow
