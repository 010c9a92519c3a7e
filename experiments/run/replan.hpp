#pragma once
// Which plans a run goes by when devices and links fail and the policy is `replan`.
//
// Failures and repairs are known before the simulation, so all planning is done before it, and
// simulated time is charged with what the scenario says that planning takes. At a failure of what
// the present plan uses, there is no plan until a new one, for what is left, is ready; at the
// repair of what the newest plan was made without, a new one is made while the present one serves.
// A plan that fails before it is ready is made again, for what is left then.

#include <functional>

#include "experiments/jobs/plans.hpp"

namespace edgeflow {

/// Adds to `plans`, which holds the first one, what the failures of `disturbances` cause.
/// `plan` makes a plan for what is left of the cluster; what it throws is why there is none.
void plan_anew(StreamPlans& plans, const Disturbances& disturbances,
               const std::function<Plan(const Cluster& left)>& plan);

}  // namespace edgeflow
