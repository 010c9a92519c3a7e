#pragma once
// Who deals out inputs and gathers outputs, and who computes, in plans with a hub.

#include <vector>

#include "partition/options/options.hpp"
#include "partition/plans/problem.hpp"

namespace edgeflow {

/// The options that say so; a strategy with a hub has all of them.
inline constexpr OptionInfo kHub{.key = "hub",
                                 .type = OptionType::kDevice,
                                 .words = {"source"},
                                 .default_value = "source",
                                 .meaning = "who deals out and gathers"};
inline constexpr OptionInfo kHubComputes{.key = "hub_computes",
                                         .type = OptionType::kFlag,
                                         .default_value = "yes",
                                         .meaning = "whether the hub takes parts, too"};
inline constexpr OptionInfo kIdle{.key = "idle",
                                  .type = OptionType::kDevices,
                                  .words = {"none"},
                                  .default_value = "none",
                                  .meaning = "who takes no part"};

struct Roles {
  DeviceId hub{};
  std::vector<DeviceId> workers;  // in cluster order; the hub first if it computes
};

/// Who has which role by these options.
Roles roles_of(const Problem& problem, const OptionValues& options);

/// Throws OptionError if no worker is left.
void check_roles(const Problem& problem, const OptionValues& options);

}  // namespace edgeflow
