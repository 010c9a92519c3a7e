#pragma once
// Lower bounds on latency: values that no plan can beat on a cluster.

#include "platforms/cluster.hpp"
#include "platforms/effects.hpp"
#include "workloads/graph.hpp"

namespace edgeflow {

/// Total work over total speed, each layer at each device's own rate.
///
/// Let t[l][d] be the time of all of layer l on device d, with no input bytes counted (parts may
/// skip input that the whole needs). A plan puts a share x[l][d] of the output elements of l on d,
/// at least 1 in sum, at a cost of at least x*t (MACs and output bytes are proportional; weights
/// and overhead are paid by each part at least in proportion). A part of a layer that no result
/// needs does not count: rows that a slice or a stride drops. For any weights y >= 0 with sum 1,
///   T >= sum_d y_d * busy_d >= sum_l min_d y_d t[l][d],
/// and y_d proportional to 1/sum_l t[l][d] makes the bound tight for equal proportions.
double lower_bound_s(const Graph& graph, const Cluster& cluster, const Effects& effects = {});

}  // namespace edgeflow
