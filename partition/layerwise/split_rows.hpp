#pragma once
// One division of rows for all layers.

#include <span>

#include "partition/plans/builder.hpp"
#include "partition/plans/problem.hpp"

namespace edgeflow {

/// Every layer that splits by rows cut in proportion to `weights` (one per device), every other
/// layer whole on the fastest device.
Assignment split_rows(const Problem& problem, std::span<const double> weights);

}  // namespace edgeflow
