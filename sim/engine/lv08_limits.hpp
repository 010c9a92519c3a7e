#pragma once
// What SimGrid's LV08 cannot count: it stops itself there, with the process. CM02, in which time and
// bytes are scaled, has no such limits.

#include <set>

#include "platforms/cluster.hpp"
#include "sim/setup/disturbances.hpp"

namespace edgeflow {

/// Throws std::runtime_error if one of these links, which messages go over, or of those of others'
/// traffic is ever too slow.
void check_lv08_rates(std::set<int> links, const Cluster& cluster,
                      const Disturbances& disturbances);

/// Throws std::runtime_error if a message that takes as long when alone takes too long.
void check_lv08_time(double alone_s);

}  // namespace edgeflow
