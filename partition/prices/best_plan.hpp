#pragma once
// The best of several plans.

#include <string>
#include <utility>

#include "partition/plans/problem.hpp"

namespace edgeflow {

/// Keeps the plan with the least estimated latency; the first of equals. One that fits the devices'
/// memory comes before any that does not.
class BestPlan {
 public:
  explicit BestPlan(const Problem& problem) : problem_(problem) {}
  void offer(Plan plan);
  /// For each device, the plan that keeps the whole model on it.
  void offer_single_devices(const std::string& strategy);
  bool empty() const { return plan_.units.empty(); }
  double latency_s() const { return latency_s_; }
  Plan take() { return std::move(plan_); }

 private:
  const Problem& problem_;
  Plan plan_;
  double latency_s_ = 0;
  bool fits_ = false;
};

}  // namespace edgeflow
