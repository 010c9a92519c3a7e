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
//   o_i = hi_d - lo_d     if i = k,
//   lo_d >= b_i   and   hi_d <= b_{k+1},
// never less than the true overlaps, so within its pattern the LP promises nothing it cannot keep.
//
// Algorithm: from several starting splits (like each predecessor, by speed), up to six rounds of
//   LP with the pattern of the split at hand -> real split -> drop devices whose share vanished,
//   with their fixed cost -> round -> next pattern; if that pattern was solved before, the one that
//   also takes from the next part wherever a bound lo_d >= b_i or hi_d <= b_{k+1} held the split
//   back.
// The first round from the speeds leaves those bounds out, to get near the answer in one leap. In
// the end each device that the best split leaves out gets a row of it, and the rounds run once
// more. Rounding: largest remainder of the shares, and each boundary down or up, whichever
// combination is done first (a walk along the chain of boundaries finds it); the best split by
// exact evaluation is kept, and no split is taken that is worse than the best single device.
//
// Complexity: an LP has D variables and about D*(1 + 4*predecessors) rows; about 8 of them.
// Patterns are not convex in x, so this is a local search: layer_oracle.hpp has the exact answer.
//
// Source: after Hu and Li, INFOCOM 2022, whose outline is to relax each layer's integer program to
// a linear one. Deviations: patterns, rounds, starts and rounding are ours.

#include "partition/layerwise/layer_problem.hpp"

namespace edgeflow {

/// Precondition: as in layer_problem.hpp.
LayerSplit solve_by_lp(const LayerProblem& problem);

}  // namespace edgeflow
