#pragma once
// How long it takes until devices have the weights of a plan.

#include <cstdint>
#include <limits>
#include <set>
#include <vector>

#include "partition/plans/plan.hpp"

namespace edgeflow {

enum class WeightsFrom : std::uint8_t {
  kSource,  // the plan's source has all of them, and sends the others theirs
  kDisk,    // every device has all of them on a disk of its own
};

/// Where weights are before they are loaded.
struct WeightStore {
  WeightsFrom from = WeightsFrom::kSource;
  double disk_Bps = std::numeric_limits<double>::infinity();  // kDisk
};

/// What devices hold: the weights of a plan, but for those that have lost theirs.
struct HeldWeights {
  const Plan* plan = nullptr;  // null: nothing is anywhere
  std::set<std::int32_t> emptied = {};
};

/// Weight bytes, by device, of what `plan` needs and the device does not hold: of each layer the
/// union of the units' parts. Precondition: both plans are valid on the cluster.
std::vector<double> missing_weight_bytes(const Plan& plan, const HeldWeights& held,
                                         const Graph& graph, const Cluster& cluster,
                                         double element_bytes);

struct Load {
  double bytes = 0;
  double time_s = 0;  // until all are there
};

/// Of missing bytes, by device. From the source, which has its own, all leave at once, share links
/// max-min fairly and have them to themselves; they take no CPU time.
Load load_of(std::vector<double> missing_bytes, const Cluster& cluster, const WeightStore& store);

}  // namespace edgeflow
