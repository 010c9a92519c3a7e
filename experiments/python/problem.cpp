#include "experiments/python/problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "partition/external/problem_json.hpp"
#include "partition/plans/plan_yaml.hpp"
#include "partition/prices/estimate.hpp"

namespace edgeflow::python {
namespace {

Scenario read(const Document& document) {
  ModelCache cache;
  Scenario scenario = read_scenario(document.root(), cache);
  if (scenario.has_streams()) {
    document.root().at("streams").fail("a problem is that of one stream",
                                       "use a scenario of that stream alone");
  }
  return scenario;
}

[[noreturn]] void fail(const std::string& message) {
  throw InputError({"shares", 0, 0}, "", message);
}

}  // namespace

PlanningProblem::PlanningProblem(const std::string& text, const std::string& name)
    : scenario_(python::read(Document(text, name))), planner_(problem()) {}

PlanningProblem::PlanningProblem(const std::string& file)
    : scenario_(python::read(Document(std::filesystem::path(file)))), planner_(problem()) {}

std::string PlanningProblem::description() const { return write_problem(problem()); }

void PlanningProblem::expect_shares(std::span<const double> shares) const {
  const std::size_t devices = scenario_.cluster->size();
  for (std::size_t i = devices; i < shares.size(); ++i) {
    if (shares[i] >= 0 && shares[i] <= kLargestShare) continue;
    fail(fmt::format("got {} for layer {} on device {}, expected a number from 0 to {:g}",
                     shares[i], i / devices, i % devices, kLargestShare));
  }
  for (std::size_t l = 1; l < shares.size() / devices; ++l) {
    const auto own = shares.subspan(l * devices, devices);
    if (std::ranges::any_of(own, [](double share) { return share > 0; })) continue;
    fail(fmt::format("expected a share above 0 for at least one device of layer {}", l));
  }
}

Plan PlanningProblem::plan_of(std::span<const double> shares) const {
  expect_shares(shares);
  return planner_.plan(shares, "shares");
}

Plan PlanningProblem::plan_by(const std::string& strategy, const Options& options) const {
  const StrategyInfo* info = find_strategy(strategy);
  if (info == nullptr) {
    throw InputError({}, "", fmt::format("there is no strategy {}", in_quotes(strategy)));
  }
  try {
    return make_plan(*info, problem(), options);
  } catch (const OptionError& error) {
    throw InputError({}, error.key(), error.what(), error.hint());
  }
}

Plan PlanningProblem::read(const std::string& text) const {
  return read_plan(Document(text, "plan"), workload().model->graph, *workload().cluster);
}

Finish PlanningProblem::finish_of(const Plan& plan) const {
  const ExecutablePlan executable(plan, workload().model->graph, *workload().cluster,
                                  workload().element_size(), scenario_.effects);
  const Estimate estimated = estimate(executable, Sharing::kMaxMin);
  Finish finish{estimated.latency_s, std::vector<double>(workload().cluster->size())};
  for (const UnitId unit : executable.units.ids()) {
    double& device_s = finish.devices_s[index(executable.units[unit].device)];
    device_s = std::max(device_s, estimated.units[unit].finish_s);
  }
  if (executable.results == 0) finish.latency_s = std::ranges::max(finish.devices_s);
  return finish;
}

}  // namespace edgeflow::python
