#include "partition/prices/best_plan.hpp"

#include "partition/plans/placement.hpp"
#include "partition/plans/validate.hpp"
#include "partition/prices/estimate.hpp"

namespace edgeflow {

void BestPlan::offer(Plan plan) {
  const ExecutablePlan executable(plan, problem_.graph, problem_.cluster, problem_.size);
  const double latency_s = estimate(executable, Sharing::kMaxMin).latency_s;
  const bool fits = !memory_shortage(executable);
  if (!empty() && (fits == fits_ ? latency_s >= latency_s_ : fits_)) return;
  plan_ = std::move(plan);
  latency_s_ = latency_s;
  fits_ = fits;
}

void BestPlan::offer_single_devices(const std::string& strategy) {
  for (std::size_t d = 0; d < problem_.cluster.size(); ++d) {
    const std::vector<DeviceId> device_of(problem_.graph.size(), device_at(d));
    offer(plan_of_placement(problem_, device_of, strategy));
  }
}

}  // namespace edgeflow
