#include "partition/prices/best_plan.hpp"

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

}  // namespace edgeflow
