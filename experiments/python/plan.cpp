#include "experiments/python/plan.hpp"

#include <fmt/format.h>

#include "partition/plans/plan_yaml.hpp"
#include "partition/plans/validate.hpp"

namespace edgeflow::python {

std::string HeldPlan::to_yaml() const {
  const Problem of = problem->problem();
  return write_plan(plan, of.graph, of.cluster);
}

std::vector<std::string> HeldPlan::validate() const {
  const Problem of = problem->problem();
  std::vector<std::string> wrong;
  for (const Violation& violation : edgeflow::validate(plan, of.graph, of.cluster)) {
    wrong.push_back(fmt::format("unit {}: {}", violation.unit, violation.message));
  }
  if (!wrong.empty()) return wrong;
  if (const auto shortage = memory_shortage(plan, of.graph, of.cluster, of.size)) {
    wrong.push_back(*shortage);
  }
  return wrong;
}

}  // namespace edgeflow::python
