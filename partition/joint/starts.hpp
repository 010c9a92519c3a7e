#pragma once
// Plans to start the search from.

#include <span>
#include <vector>

#include "partition/joint/random.hpp"
#include "partition/joint/replay.hpp"
#include "partition/joint/schedule.hpp"

namespace edgeflow::joint {

/// `plan` as far as it is expressible: ranges by device along each layer's split axis (the same
/// fraction of the other axis if it cuts that one), in device order; where they overlap, the cut is
/// in the middle and the recompute bits are set.
Encoding from_plan(const CostTables& tables, const Plan& plan);

/// An encoding on the devices of `from` as one on those of `tables`: what a device has that is not
/// there goes to the next one. Precondition: both lists of devices ascend.
Encoding carry_over(const CostTables& tables, const CostTables& from, const Encoding& encoding);

/// Layers up to `last_split` that split by rows or columns cut by `shares`; all others whole on
/// `gather`.
Encoding prefix(const CostTables& tables, std::span<const double> shares, std::size_t last_split,
                std::size_t gather);

/// Whole layers, filling the devices' memory one after the other.
Encoding by_memory(const CostTables& tables);

/// Leaves in `schedule` the best prefix plan found, by `replay`: shares in proportion to speed on
/// the k fastest devices, each k, last split layer and gathering device; then `effort` random
/// changes of shares, last split layer and gathering device.
void search_prefix(Schedule& schedule, Replay& replay, Random& random, std::int64_t effort);

}  // namespace edgeflow::joint
