#pragma once
// Lower bounds on latency: values that no plan can beat on a cluster.

#include <vector>

#include "partition/plans/plan.hpp"
#include "platforms/effects.hpp"

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

/// By layer, a share of its output's elements that every valid plan computes.
std::vector<double> needed_shares(const Graph& graph);

/// A linear program over the shares; never below lower_bound_s.
///
///   min T   s.t.
///     sum_d x[l,d] >= share_l                                   for every layer l,
///     T >= sum_l t[l,d] x[l,d]                                  for every device d,
///     received[p,d] + x[p,d] >= a x[l,d]                        for every edge p -> l, device d,
///     sent[p,s] + sum_{d != s} x[p,d] >= a (share_l - x[l,s])   for every edge p -> l, device s,
///     received[r,sink] + x[r,sink] >= 1                         for every result r,
///     sent[r,s] + sum_{d != s} x[r,d] >= 1                      for every result r, s != sink,
///     T >= sum_l t[l,d] x[l,d] + sum bytes_p (c_d received[p,d] + (c_d + w_d) sent[p,d])
///                                                               for every device d,
///     T >= crossings / bandwidth * sum bytes_p received[p,d]    for every link, over the devices
///                                                               d to which all routes use it,
///     T >= crossings / bandwidth * sum bytes_p sent[p,s]        for every link, over the devices
///                                                               s from which all routes use it,
///   with x[input,source] = 1 and x[input,d] = 0 elsewhere.
///
/// Every execution of a plan is a feasible point with T at most its latency. Let x[l,d] be the
/// share of l's elements that d computes, each counted once however often; t and share_l as above.
/// `a` of an edge: let each index of the output, along each axis, own an interval of the input
/// range that it needs, intervals of one axis disjoint and of equal length. An output element then
/// owns the product of three intervals, all of which it needs, and elements own disjoint boxes; so
/// any set with the share f of the output needs at least the share a*f of the input, with a the
/// product over the axes of length * outputs / inputs. (0 where an axis of the need does not depend
/// on that axis of the output alone.)
/// - d needs at least a x[l,d] of p, computes at most x[p,d] of it, and what it lacks arrives in
///   messages, each element at least once, through whatever relays.
/// - Of l, at least share_l - x[l,s] is computed elsewhere than on s; that needs a times as much of
///   p, of which at most sum_{d != s} x[p,d] is computed elsewhere. The rest has s as its only
///   origin and leaves it at least once. The sink needs all of every result.
/// - A device takes c_d = 1/sigma of CPU time per byte that it sends or receives, and if its sends
///   block, waits at least w_d = 1/bandwidth of its fastest route per byte sent, and does one thing
///   at a time (platforms/messaging.hpp). If they overlap, its thread for messages has a row of its
///   own, without t. Overheads per message are left out: how many there are is a plan's choice.
/// - A link carries no more than its bandwidth, however it is shared, and a device computes one
///   unit at a time. No time is charged for latency, for halos or for waiting, which is what the
///   gap of a good plan consists of.
/// What is dropped when effects are off: without contention, links; without queueing, everything.
/// Complexity: 3*L*D variables, 2*edges*D rows. CLP takes 0.1 to 2 s for 111 layers on 4 devices.
double lp_lower_bound_s(const Graph& graph, const Cluster& cluster, const ElementSize& size,
                        const Effects& effects = {});

}  // namespace edgeflow
