#pragma once
// What is left of a cluster when devices or links are not there.

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "platforms/cluster.hpp"

namespace edgeflow {

struct Losses {
  std::set<std::int32_t> devices;
  std::set<std::int32_t> links;  // indices into Network::links
};

struct Remainder {
  Cluster cluster;                 // the devices that are left, in their order
  std::vector<DeviceId> original;  // by device of it
  /// All devices, with the routes between those that are left; nothing if these are as before.
  std::optional<Cluster> rerouted;
};

/// The devices that can still exchange messages with each other, both ways: source and sink, then
/// the others in their order, as far as each reaches all before it. Nothing if source or sink is
/// lost or one does not reach the other.
///  - switch, star-of-stars: a device needs both links of its own, and those of both sites' uplinks
///    to those at another site;
///  - wifi, hub: without the medium or the access point, nobody reaches anybody;
///  - graph, mesh: routes over what is lost, or through a lost device, are replaced by the fewest
///    links that are left (of which both directions work), through other devices if need be;
///  - simgrid: routes over what is lost are not replaced.
std::optional<Remainder> remaining(const Cluster& cluster, const Losses& losses);

}  // namespace edgeflow
