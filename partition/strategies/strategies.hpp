#pragma once
// The planning functions of the registry, one per file in this folder.

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

}  // namespace edgeflow
