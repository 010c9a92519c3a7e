#include "partition/prices/best_plan.hpp"

#include "partition/plans/validate.hpp"
#include "partition/prices/estimate.hpp"

namespace edgeflow {

void BestPlan::offer(Plan plan) {
  const double latency_s =
      estimate(plan, problem_.graph, problem_.cluster, problem_.size, {}, Sharing::kMaxMin)
          .latency_s;
  const bool fits = !memory_shortage(plan, problem_.graph, problem_.cluster, problem_.size);
  if (!empty() && (fits == fits_ ? latency_s >= latency_s_ : fits_)) return;
  plan_ = std::move(plan);
  latency_s_ = latency_s;
  fits_ = fits;
}

}  // namespace edgeflow
