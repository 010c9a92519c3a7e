#pragma once
// One division of rows for all layers.

#include <span>

#include "partition/plans/builder.hpp"
#include "partition/plans/problem.hpp"

namespace edgeflow {

/// Layers as row_layout has them; those that are cut, in proportion to `weights` (one per device).
Assignment split_rows(const Problem& problem, std::span<const double> weights);

}  // namespace edgeflow
