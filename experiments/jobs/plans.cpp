#include "experiments/jobs/plans.hpp"

namespace edgeflow {

void make_executable(Plans& plans, const Scenario& scenario) {
  const auto streams = scenario.all_streams();
  for (std::size_t s = 0; s < streams.size(); ++s) {
    for (MadePlan& made : plans[s].made) {
      made.executable =
          std::make_shared<const ExecutablePlan>(*made.plan, streams[s].model->graph, *made.cluster,
                                                 streams[s].element_size(), streams[s].effects);
    }
  }
}

}  // namespace edgeflow
