// `cutpoint`: the DAG as a chain of super-layers between its cut vertices.
//
// Problem: cut vertices are layers that every path from the input to a result passes through
// (dominators of the results); what lies between two is one super-layer with one input and one
// output tensor. Super-layers run whole on any device, which holds their output, or runs of them
// are fused and divided into rows with recomputed halos among some devices, dealt out and gathered
// by the device that holds their input; min of the sum of all times.
// Algorithm: dynamic programming over super-layers and the device that holds the tensor between
// them (blocks.hpp). Complexity: see best_blocks.
// Paper: none of its own; the reduction of a DAG to a chain that chain methods use for ResNet-like
// models (AOFL, SEC 2019; SEIFER, arXiv 2210.12218), shares and subsets as in AOFL.
// Limits, for speed: only the source and the kMostHubs fastest devices deal out blocks, and only
// blocks of at most kLongestBlock super-layers. Memory counts only where the whole model on one
// device, which is tried beside them, is the only plan that fits.
// Strongest reading of the papers we could find; differs from them in its favour: super-layers move
// between devices and are divided by turns, shares and subsets are found per block, one device has
// everything where the estimate of the whole plan is less; against them: the limits above.

#include "partition/blocks/blocks.hpp"
#include "partition/options/strategy_info.hpp"
#include "partition/prices/best_plan.hpp"

namespace edgeflow {
namespace {

Plan plan(const Problem& problem, const OptionValues& /*options*/) {
  const BlockRules rules{.move = true};
  BestPlan best(problem);
  best.offer(plan_of_blocks(problem, best_blocks(problem, rules), "cutpoint"));
  best.offer_single_devices("cutpoint");
  return best.take();
}

}  // namespace

extern const StrategyInfo kCutpoint;  // as in strategies.hpp
constinit const StrategyInfo kCutpoint{
    .name = "cutpoint",
    .summary = "the DAG as a chain of super-layers between its cut vertices",
    .paper = "reduction of DAGs to chains as in AOFL (SEC 2019) and SEIFER (arXiv 2210.12218)",
    .objective = "latency",
    .options = {},
    .plan = plan,
};

}  // namespace edgeflow
