#pragma once
// The exact answer to a layer problem, for a fixed order of the devices.
//
// Problem: see layer_problem.hpp, in integers.
// Algorithm: bisection on T. "Is there a split that is done by T?" is answered greedily: device by
// device, take as many rows as can be done by T, none if not even one can.
//
// Why the greedy answer is right: T_d([u, v)) grows with v and shrinks with u, because computing
// time and the rows needed do. Let y be any split that is done by T, and x the greedy one. Then
//   x_d >= y_d   for every d,
// by induction: if x_{d-1} >= y_d there is nothing to show; else device d could take
// [x_{d-1}, y_d), a part of its [y_{d-1}, y_d), and be done by T, so greedy takes at least that. A
// device without rows costs nothing, whatever its fixed time, so leaving one out is always allowed.
// Hence x reaches H if any split does.
//
// A split that is found also says how early it really is done; the search ends when nothing is
// done at the next smaller double, so the optimum is exact. Complexity: about 40 questions, each
// D log H finish times of O(predecessors * D).

#include "partition/layerwise/layer_problem.hpp"

namespace edgeflow {

/// The optimal split, from one at hand: the nearer that is, the sooner. Precondition: as in
/// layer_problem.hpp; `best.finish_s` is that of its boundaries.
LayerSplit improve_exactly(const LayerProblem& problem, LayerSplit best);

/// The optimal split. Precondition: as in layer_problem.hpp.
LayerSplit solve_exactly(const LayerProblem& problem);

}  // namespace edgeflow
