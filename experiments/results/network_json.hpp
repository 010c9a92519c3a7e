#pragma once
// The wiring of a cluster for programs that draw it: `edgeflow inspect --json`, and network.json of a
// run, from which the report draws.

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "platforms/cluster.hpp"

namespace edgeflow {

/// What a line of a drawing carries each way, in byte/s: the rates of the Wi-Fi station that it ends
/// at, else of its links. Precondition: the line has links.
struct EdgeRates {
  double forth_Bps = 0;
  double back_Bps = 0;
};
EdgeRates rates_of(const Network& network, const Edge& edge);

/// {"type", "bandwidth_Bps" and "latency_s" (as described; 0 where links have their own), "nodes",
/// "edges"}, and the "efficiency" of a medium that carries less.
/// A node is {"name", "kind"}: "device" (the first ones, in the order of the cluster), "switch"
/// (which only forwards), or a link that is a node in the picture, with "bandwidth_Bps" and
/// "latency_s": "medium", which all share, or "link", where a platform file does not tell what lies
/// between.
/// An edge is {"a", "b"} (nodes by number) and, unless it only joins a link to what it connects,
/// "forth" and "back", from a to b and from b to a: {"link", "bandwidth_Bps", "latency_s"}, of the same
/// link if both directions share it.
nlohmann::ordered_json network_json(const Network& network, std::span<const Device> devices);

/// The same as a text in one line; of more than kMostDrawn nodes only the type: nobody could read
/// that picture, and it might be larger than all else of the run.
inline constexpr std::size_t kMostDrawn = 100;
std::string network_text(const Cluster& cluster);

}  // namespace edgeflow
