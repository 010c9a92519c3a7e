#pragma once
// Which plans a run goes by when devices and links fail and the policy is `replan`, or when the
// first plan's weights are loaded at its start.
//
// Failures and repairs are known before the simulation, so all planning is done before it, and
// simulated time is charged with what the scenario says that planning takes, and then with the
// loading of the weights that the plan's devices do not have (see load_of). At a failure of what
// the present plan uses, there is no plan until a new one, for what is left, is ready; at the
// repair of what the newest plan was made without, a new one is made while the present one serves.
// A plan that fails before it is ready is made again, for what is left then. Devices hold the
// weights of the last plan that came into use, but for those that have failed since.

#include <functional>

#include "experiments/jobs/plans.hpp"
#include "experiments/scenario/weight_loading.hpp"

namespace edgeflow {

struct Loading {
  WeightLoading how;
  const Graph& graph;
  double element_bytes = 4;  // of weights
};

/// Adds to `plans`, which holds the first one, what the failures of `disturbances` and loading at
/// the start cause. `plan` makes a plan for what is left of the cluster; what it throws is why there is none.
void plan_anew(StreamPlans& plans, const Disturbances& disturbances, const Loading& loading,
               const std::function<Plan(const Cluster& left)>& plan);

}  // namespace edgeflow
