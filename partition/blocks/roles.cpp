#include "partition/blocks/roles.hpp"

namespace edgeflow {

Roles roles_of(const Problem& problem, const OptionValues& options) {
  Roles roles;
  roles.hub = options.get_or("hub", problem.cluster.source());
  std::vector<bool> idle(problem.cluster.size(), false);
  for (DeviceId device : options.get_or("idle", std::vector<DeviceId>()))
    idle[index(device)] = true;
  if (options.flag("hub_computes") && !idle[index(roles.hub)]) roles.workers.push_back(roles.hub);
  for (std::size_t d = 0; d < problem.cluster.size(); ++d) {
    if (device_at(d) != roles.hub && !idle[d]) roles.workers.push_back(device_at(d));
  }
  return roles;
}

void check_roles(const Problem& problem, const OptionValues& options) {
  if (!roles_of(problem, options).workers.empty()) return;
  throw OptionError(options.flag("hub_computes") ? "idle" : "hub_computes",
                    "no other device is there");
}

}  // namespace edgeflow
