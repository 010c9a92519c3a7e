// `single`: the whole model on one device.
//
// Problem: min over d of  send(input, source -> d) + sum_l t[l][d] + send(results, d -> sink).
// Algorithm: tries every device with the estimator; devices that hold the model come before those
// that do not. Complexity: D estimates.
// Paper: none. The control that every distributed plan must beat. As strong as it can be: the best
// device by the estimate of the whole plan.

#include <limits>

#include "partition/options/strategy_info.hpp"
#include "partition/plans/builder.hpp"
#include "partition/plans/placement.hpp"
#include "partition/plans/problem.hpp"
#include "partition/plans/validate.hpp"
#include "partition/prices/estimate.hpp"

namespace edgeflow {
namespace {

Plan everything_on(const Problem& problem, DeviceId device) {
  Assignment assignment;
  for (const Layer& layer : problem.graph.layers()) {
    assignment.push_back(on_one_device(layer, device));
  }
  return build_plan(problem.graph, problem.cluster, assignment, "single");
}

Plan plan(const Problem& problem, const OptionValues& options) {
  const bool all = options.word("device") == "best";
  Plan best;
  double best_s = std::numeric_limits<double>::infinity();
  bool best_fits = false;
  for (std::size_t d = 0; d < problem.cluster.size(); ++d) {
    if (!all && device_at(d) != options.get<DeviceId>("device")) continue;
    Plan plan = everything_on(problem, device_at(d));
    const double latency_s = estimate(plan, problem.graph, problem.cluster, problem.size).latency_s;
    const bool fits = !memory_shortage(plan, problem.graph, problem.cluster, problem.size);
    if (fits == best_fits ? latency_s >= best_s : best_fits) continue;
    best_s = latency_s;
    best_fits = fits;
    best = std::move(plan);
  }
  return best;
}

constexpr std::array kOptions{
    OptionInfo{.key = "device",
               .type = OptionType::kDevice,
               .words = {"best"},
               .default_value = "best",
               .meaning = "where the model runs"},
};

}  // namespace

extern const StrategyInfo kSingle;  // as in strategies.hpp
constinit const StrategyInfo kSingle{
    .name = "single",
    .summary = "the whole model on one device",
    .paper = "the control without distribution",
    .objective = "latency (control)",
    .options = kOptions,
    .plan = plan,
};

}  // namespace edgeflow
