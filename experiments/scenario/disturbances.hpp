#pragma once
// What changes, contends or fails during a run, as a scenario says it. Planners and estimates see
// the cluster as it is at t = 0 (its speeds as it says them), without any of this; planners asked
// again see it without what has failed.
//
//   disturbances:
//     bandwidth:                   # each of them from then on, also for messages under way
//       - {links: all, steps: [{at: 0s, bandwidth: 50Mbps}, {at: 10s, bandwidth: 20Mbps}]}
//       - {links: ["nano:up", "nano:down"], file: trace.csv, period: 60s}
//     speed:                       # of devices: the part of what the cluster says that they have, as
//       - {devices: all, steps: [{at: 60s, share: 65%}]}  # when they throttle, or do other work too
//       - {devices: [nano], file: load.csv, period: 60s}
//     background:                  # traffic of others that shares the links between two devices
//       - {from: a, to: b}                        # a constant stream from 0s on, with a fair share
//       - {from: a, to: b, rate: 20Mbps}          # and this at most
//       - {from: a, to: b, size: 1MB, rate: 5/s}  # messages at random (Poisson)
//     jitter: {distribution: exponential, mean: 2ms}   # or uniform, from 0 to twice the mean
//     jitter: {distribution: lognormal, mean: 2.9ms, p999: 67ms}     # with a 99.9 % quantile
//     jitter: {distribution: empirical, quantiles: rpi4_wifi_50load} # or a table of your own
//     failures:
//       - {device: nano, at: 10s, repair: 20s}    # repair is optional
//       - {link: "nano:up", at: 10s}
//     policy: replan               # default: fail, a run fails that needs what is not there
//     planning_time: 500ms         # with replan: what planning takes, in simulated time
//
// With `replan`, the strategies plan for what is left: see replan.hpp for when, and sim/README.md
// for what becomes of requests. What planning takes on a board, only you can know; plan_wall_s of
// timing.csv says what all plans of a run took here.
//
// Quantiles are a table with the columns probability, from 0 to 1, and latency_s, linear in between:
// a file beside the scenario, a name of one in platforms/measured, or a list such as
// [{probability: 0, latency: 1ms}, {probability: 1, latency: 9ms}]. Jitter comes on top of latency:
// with a table of whole latencies, the network has none.
//
// Links are called as `edgeflow inspect CLUSTER` shows them. A trace file is a table with the
// columns at_s and bandwidth_Bps, or of speeds at_s and share (0 to 1). A device's speed is that of
// computing, and of the CPU time of messages but what a thread of its own does (`sends: overlap`); it
// draws its busy power whatever speed it has. All times count from the start of the run: Unix times are refused.
// Messages at random that are more than a link ever carries end a run as `overloaded`. Before its first step a link is as the cluster says; with a
// period, after which a trace starts over, the first step is at 0s. `simulation.ablate:
// [disturbances]` leaves all out; without contention, bandwidths do not change and others do not
// send; without latency, there is no jitter; without queueing, speeds do not change.

#include "platforms/cluster.hpp"
#include "sim/setup/disturbances.hpp"
#include "workloads/input/yaml.hpp"

namespace edgeflow {

/// Throws InputError. The seed is left at 0.
Disturbances read_disturbances(const Yaml& yaml, const Cluster& cluster);

/// As it would be written again; null if there are none.
YamlTree disturbances_node(const Disturbances& disturbances, const Cluster& cluster);

/// The cluster as it is at t = 0, or if `best`, with the most that each link ever gets.
Cluster with_traces(const Cluster& cluster, const Disturbances& disturbances, bool best);

}  // namespace edgeflow
