#pragma once
// How long it takes until devices have the weights of a plan.

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "partition/plans/plan.hpp"

namespace edgeflow {

enum class WeightsFrom : std::uint8_t {
  kSource,  // the plan's source has all of them, and sends the others theirs
  kDisk,    // every device has all of them on a disk of its own
};

/// Weight bytes, by device, of what `next` needs and `present` has not put there: of each layer the
/// union of the units' parts. `present` is null if nothing is there, as it is on the devices
/// `emptied`. Precondition: both plans are valid on the cluster.
std::vector<double> missing_weight_bytes(const Plan* present, const std::set<std::int32_t>& emptied,
                                         const Plan& next, const Graph& graph,
                                         const Cluster& cluster, double element_bytes);

/// Until all bytes (by device) are there. From the source all leave at once, share links max-min
/// fairly and have them to themselves; they take no CPU time. From disks they come at `disk_Bps`.
double loading_s(const std::vector<double>& bytes, const Cluster& cluster, WeightsFrom from,
                 double disk_Bps);

}  // namespace edgeflow
