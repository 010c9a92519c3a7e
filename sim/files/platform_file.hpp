#pragma once
// SimGrid's own platform files (XML), read by SimGrid itself.
//
// What counts of a file are its links (bandwidth, latency, `wattage_range`) and, for each two
// hosts, the links of the route between them. Planners and simulation then see those as they see
// any other network: computing comes from the devices, and CM02 has no weights by latency, see
// platform.hpp.

#include <filesystem>
#include <string>
#include <vector>

#include "platforms/cluster.hpp"

namespace edgeflow {

/// A property of hosts that is ours: a station's rate on the one link that all share, in byte/s, or
/// kAccessPoint.
inline constexpr const char* kWifiRate = "edgeflow_wifi_rate";
inline constexpr const char* kAccessPoint = "access_point";

/// The network between the hosts of these names, which must be all hosts of the file. Runs SimGrid
/// in a child process. Throws InputError: no such file, what SimGrid refuses (at its line), hosts
/// missing or left over, pairs without a route, and what cannot be expressed as shared links of one
/// bandwidth: Wi-Fi zones, FATPIPE links, profiles, <config>, latencies that are not those of
/// links.
Network read_platform_file(const std::filesystem::path& file,
                           const std::vector<std::string>& names);

/// The devices and the network as a platform file, a Full zone: simulating on it gives what
/// simulating on the cluster gives. A host's speed is its MAC/s.
std::string write_platform_file(const Cluster& cluster);

}  // namespace edgeflow
