// `by-speed`: each layer's rows in proportion to a power of the devices' speeds.

#include "by_speed.hpp"

#include <cmath>
#include <edgeflow/partition/layerwise/split_rows.hpp>
#include <edgeflow/partition/plans/builder.hpp>
#include <edgeflow/partition/prices/layers.hpp>

using namespace edgeflow;

namespace {

Plan plan(const Problem& problem, const OptionValues& options) {
  if (problem.cluster.size() < 2) throw Infeasible("there is nobody to share with");
  const auto power = static_cast<double>(options.get<std::int64_t>("power"));
  std::vector<double> shares = speeds(problem.graph, problem.cluster);
  for (double& share : shares) share = std::pow(share, power);
  return build_plan(problem.graph, problem.cluster, split_rows(problem, shares), "by-speed");
}

constexpr std::array kOptions{OptionInfo{.key = "power",
                                         .type = OptionType::kWhole,
                                         .default_value = "1",
                                         .meaning = "of the speeds",
                                         .most = 9}};

}  // namespace

constinit const StrategyInfo kBySpeed{
    .name = "by-speed",
    .summary = "each layer's rows in proportion to a power of device speed",
    .paper = "an example",
    .objective = "nothing",
    .options = kOptions,
    .plan = plan,
};
