#pragma once
// The planning functions of the registry, one per file in this folder.

#include "partition/builder.hpp"
#include "partition/strategy.hpp"

namespace edgeflow {

Plan plan_single(const Problem& problem, const Options& options);
Plan plan_even(const Problem& problem, const Options& options);
Plan plan_proportional(const Problem& problem, const Options& options);
Plan plan_modnn(const Problem& problem, const Options& options);
Plan plan_deepthings(const Problem& problem, const Options& options);
Plan plan_deeperthings(const Problem& problem, const Options& options);
Plan plan_aofl(const Problem& problem, const Options& options);
Plan plan_coedge(const Problem& problem, const Options& options);
Plan plan_cutpoint(const Problem& problem, const Options& options);
Plan plan_neurosurgeon(const Problem& problem, const Options& options);
Plan plan_dads(const Problem& problem, const Options& options);
Plan plan_heft(const Problem& problem, const Options& options);
Plan plan_pipeline(const Problem& problem, const Options& options);
Plan plan_edgeflow(const Problem& problem, const Options& options);
Plan plan_edgeflow_joint(const Problem& problem, const Options& options);
Plan plan_external(const Problem& problem, const Options& options);

// Shared by strategies.

/// Time to compute the whole model on each device, without any transfer.
std::vector<double> whole_model_times_s(const Graph& graph, const Cluster& cluster);

/// The device with the least whole-model time; the first of equals.
DeviceId fastest_device(const Graph& graph, const Cluster& cluster);

/// The whole output of `layer` on one device.
std::vector<Share> on_one_device(const Layer& layer, DeviceId device);

/// True if cutting the layer into rows makes parts that need less than everything.
bool splits_by_rows(const Layer& layer);

/// Every layer that splits by rows cut in proportion to `weights` (one per device), every other
/// layer whole on the fastest device.
Assignment split_rows(const Problem& problem, std::span<const double> weights);

}  // namespace edgeflow
