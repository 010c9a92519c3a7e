// `proportional`: each layer's rows in proportion to speed, neighbours exchange halos directly.
//
// Problem: none is solved; shares are c_d / sum_d c_d. Speed c_d of a device = 1 / time to compute
// the whole model on it, so that its rates, its memory and its overheads all count; bandwidth does
// not. Which layers are cut: layerwise/row_layout.hpp. Complexity O(L * D).
// Paper: none of its own, the control without knowledge of the network; the shares of MoDNN (Mao et
// al., DATE 2017) without its hub. It never answers with one device. In its favour: halos go
// directly, layers that gain nothing are not cut.

#include "partition/layerwise/split_rows.hpp"
#include "partition/options/strategy_info.hpp"
#include "partition/plans/builder.hpp"
#include "partition/plans/problem.hpp"
#include "partition/prices/layers.hpp"

namespace edgeflow {
namespace {

Plan plan(const Problem& problem, const OptionValues& /*options*/) {
  const std::vector<double> speed = speeds(problem.graph, problem.cluster);
  return build_plan(problem.graph, problem.cluster, split_rows(problem, speed), "proportional");
}

}  // namespace

extern const StrategyInfo kProportional;  // as in strategies.hpp
constinit const StrategyInfo kProportional{
    .name = "proportional",
    .summary = "each layer's rows in proportion to device speed",
    .paper = "shares after MoDNN (Mao et al., DATE 2017), halos exchanged directly",
    .objective = "nothing (control)",
    .options = {},
    .plan = plan,
};

}  // namespace edgeflow
