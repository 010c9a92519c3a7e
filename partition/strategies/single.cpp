// `single`: the whole model on one device.
//
// Problem: min over d of  send(input, source -> d) + sum_l t[l][d] + send(results, d -> sink).
// Algorithm: tries every device with the estimator; devices that hold the model come before those
// that do not. Complexity: D estimates.
// Paper: none. The control that every distributed plan must beat.

#include <fmt/format.h>

#include <limits>

#include "partition/options/options.hpp"
#include "partition/plans/builder.hpp"
#include "partition/plans/placement.hpp"
#include "partition/plans/problem.hpp"
#include "partition/plans/validate.hpp"
#include "partition/prices/estimate.hpp"
#include "partition/strategies/strategies.hpp"

namespace edgeflow {
namespace {

Plan everything_on(const Problem& problem, DeviceId device) {
  Assignment assignment;
  for (const Layer& layer : problem.graph.layers()) {
    assignment.push_back(on_one_device(layer, device));
  }
  return build_plan(problem.graph, problem.cluster, assignment, "single");
}

}  // namespace

Plan plan_single(const Problem& problem, const Options& options) {
  const std::string& wanted = options.at("device");
  Plan best;
  double best_s = std::numeric_limits<double>::infinity();
  bool best_fits = false;
  for (std::size_t d = 0; d < problem.cluster.size(); ++d) {
    if (wanted != "best" && wanted != problem.cluster.devices()[d].name) continue;
    Plan plan = everything_on(problem, DeviceId{static_cast<std::int32_t>(d)});
    const double latency_s = estimate(plan, problem.graph, problem.cluster, problem.size).latency_s;
    const bool fits = !memory_shortage(plan, problem.graph, problem.cluster, problem.size);
    if (fits == best_fits ? latency_s >= best_s : best_fits) continue;
    best_s = latency_s;
    best_fits = fits;
    best = std::move(plan);
  }
  if (best.units.empty()) {
    throw OptionError("device", fmt::format("the cluster has no device \"{}\"", wanted));
  }
  return best;
}

}  // namespace edgeflow
