#pragma once
// EdgeFlow's answer to a layer problem: linear programs over real boundaries, then rounding.
//
// Problem: see layer_problem.hpp; integers, and the max and min inside the overlaps o, make it an
// integer program. Two relaxations make it linear: boundaries are real, and a *pattern* says in
// advance, for every device d and predecessor m, which parts i..k of m device d takes rows from.
// With lo_d = stride*x_d - before and hi_d = stride*x_{d+1} + after (constants where clipped),
//   o_i = b_{i+1} - lo_d,
//   o_k = hi_d - b_k,
//   o_j = b_{j+1} - b_j   for i < j < k,
//   o_i = hi_d - lo_d     if i = k.
// The LP knows neither what was brought before nor that messages share the way into a device.
//
// Algorithm: the LP with the pattern of the split by speed -> real split. Rounding: largest
// remainder of the shares, and each boundary down or up, whichever combination is done first (a walk
// along the chain of boundaries finds it); the better one by exact evaluation, or the best single
// device. Patterns are not convex in x: where another one is better, the split is improved by asking
// for earlier and earlier finishes, each answered greedily (layer_oracle.hpp), so that in the end
// the layer is done as early as it can be.
//
// Complexity: an LP of D variables and about D*(1 + 4*predecessors) rows; then log(1/gap) questions.
//
// Source: after Hu and Li, INFOCOM 2022, whose outline is to relax each layer's integer program to
// a linear one. Deviations: patterns, rounding and the improvement of rounded splits are ours.

#include "partition/layerwise/layer_problem.hpp"

namespace edgeflow {

/// The LP's split, rounded, or the best single device. Precondition: as in layer_problem.hpp.
LayerSplit round_lp(const LayerProblem& problem);

/// That, improved. Precondition: as in layer_problem.hpp.
LayerSplit solve_by_lp(const LayerProblem& problem);

}  // namespace edgeflow
