// `even`: each layer's rows in equal parts, neighbours exchange halos directly.
//
// Problem: none is solved; shares are 1 / D. Which layers are cut: layerwise/row_layout.hpp.
// Complexity O(L * D).
// Paper: none. Ignores speeds and bandwidth: the control for strategies that do not. It never
// answers with one device. In its favour: halos go directly, layers that gain nothing are not cut.

#include "partition/layerwise/split_rows.hpp"
#include "partition/options/strategy_info.hpp"
#include "partition/plans/builder.hpp"
#include "partition/plans/problem.hpp"

namespace edgeflow {
namespace {

Plan plan(const Problem& problem, const OptionValues& /*options*/) {
  const std::vector<double> equal(problem.cluster.size(), 1.0);
  return build_plan(problem.graph, problem.cluster, split_rows(problem, equal), "even");
}

}  // namespace

extern const StrategyInfo kEven;  // as in strategies.hpp
constinit const StrategyInfo kEven{
    .name = "even",
    .summary = "each layer's rows in equal parts",
    .paper = "the control without knowledge of speeds",
    .objective = "nothing (control)",
    .options = {},
    .plan = plan,
};

}  // namespace edgeflow
