#pragma once
// What a plan does with devices and links, and where its time goes, as the estimator has it.

#include <string>
#include <vector>

#include "experiments/scenario/scenario.hpp"
#include "partition/prices/estimate.hpp"

namespace edgeflow {

struct DeviceWork {
  std::string name;
  double computing_s = 0;
  double messages_s = 0;  // CPU time of sending and receiving
  double sent_bytes = 0;
  double received_bytes = 0;
};

struct LinkLoad {
  std::string name;
  double bytes = 0;   // crossings included
  double busy_s = 0;  // if it carries them one after the other
};

/// One request on the idle cluster. `plan` and `workload` must outlive it. Precondition: the plan is
/// valid.
struct PlanAnalysis {
  PlanAnalysis(const Plan& plan, const Workload& workload, const Effects& effects);

  const Plan& plan;
  const Graph& graph;
  const Cluster& cluster;
  const ExecutablePlan executable;
  const Estimate estimate;

  /// From the first unit to the last result: each waited for the one before it.
  std::vector<UnitId> critical;
  /// On it, by unit: from the end of the unit before it to its start. With what the units compute
  /// they sum to the latency.
  std::vector<double> waits_s;
  std::vector<DeviceWork> devices;
  std::vector<LinkLoad> links;  // those that carry something

  double computing_s() const;  // on the critical path
  double waiting_s() const;
  /// Operations computed more than once, as a share of the model's.
  double redundant() const;

  /// What held a unit up: its device, then what that was busy with or what came last and whence.
  std::string reason(UnitId unit) const;
};

}  // namespace edgeflow
