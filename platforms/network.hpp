#pragma once
// Networks: the links between devices, and which of them a message occupies.

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace edgeflow {

/// A resource that messages share. Directed links are one each way.
struct Link {
  std::string name;
  double bandwidth_Bps = 0;
  double latency_s = 0;
  double idle_W = 0;
  double busy_W = 0;  // while it carries as much as it can
  /// graph: the devices that it ends at, -1 for a switch.
  std::array<std::int32_t, 2> devices{-1, -1};
};

/// How a message gets from one device to another: after `latency_s`, the sum of its links', it
/// occupies all links at once, each for bytes * `crossings` / bandwidth per time that it is listed.
struct Route {
  std::vector<int> links;  // indices into Network::links; at least one
  double crossings = 1;    // wifi: the network's rate over the stations', else 1
  double latency_s = 0;
};

/// Adding a type: a value here and in the list below, what it is (`traits` in network.cpp), and how
/// it is read (`NetworkReader::format` in network_yaml.cpp).
enum class NetworkType : std::uint8_t {
  kSwitch,
  kWifi,
  kHub,
  kMesh,
  kStarOfStars,
  kGraph,
  kSimgrid,
};
inline constexpr std::array kNetworkTypes{
    NetworkType::kSwitch,      NetworkType::kWifi,  NetworkType::kHub,     NetworkType::kMesh,
    NetworkType::kStarOfStars, NetworkType::kGraph, NetworkType::kSimgrid,
};
/// As in cluster files.
std::string_view to_string(NetworkType type);
/// In one line.
std::string_view meaning(NetworkType type);

/// A link of its own, one way each: of a device to its switch, or of a site to the wide area.
struct Port {
  double up_Bps = 0;  // to the network
  double down_Bps = 0;
  double latency_s = 0;  // each way
  std::int32_t site = 0;
};

struct Site {
  std::string name;
  Port uplink;
};

/// A link of a graph between two nodes: devices (0 to devices - 1) or switches (behind).
struct Edge {
  std::size_t a = 0;
  std::size_t b = 0;
  int forth = 0;  // link from a to b
  int back = 0;   // link from b to a; the same one if the link is half-duplex
};

class Network {
 public:
  /// Made by the functions below.
  Network() = default;

  NetworkType type = NetworkType::kSwitch;
  double bandwidth_Bps = 0;  // as described, for headlines; 0 where links have their own
  double latency_s = 0;      // of a message between two devices, likewise
  /// wifi, hub: what the medium carries of the bandwidth and rates as described; its link has it in
  /// its bandwidth already.
  double efficiency = 1;
  std::vector<Link> links;
  /// As YAML in one line, where what `switch`, `wifi` and `hub` have does not tell all.
  std::string description;
  bool from_file = false;  // the description names a file that tells the rest

  /// Preconditions: from != to, both less than `devices`.
  Route route(std::size_t from, std::size_t to) const;
  /// Seconds per byte that the interface of a sender and of a receiver are at work when nothing
  /// shares their links: over the bandwidth of the route's first and last link; wifi: over the
  /// station's rate, on both sides for a message from or to the access point.
  double transmit_s_per_byte(std::size_t from, std::size_t to) const;
  double receive_s_per_byte(std::size_t from, std::size_t to) const;

  std::vector<Port> ports;  // switch, star-of-stars: by device
  std::vector<Site> sites;  // star-of-stars
  std::size_t devices = 0;
  std::optional<std::size_t> access_point;  // wifi: the device that is on no air
  std::vector<double> rates_Bps;            // wifi: by device; empty: all as the network
  std::vector<std::vector<int>> paths;      // graph, simgrid: links by from * devices + to
  std::vector<Edge> edges;                  // graph: what `paths` lead over
  std::size_t nodes = 0;                    // graph: devices and switches
  std::vector<std::string> switches;        // graph: names of the nodes behind the devices
};

/// A network as a picture: devices, nodes that are none, numbered behind them, and lines.
struct Drawing {
  struct Node {
    std::string name;
    int link = -1;  // that stands for it, if it is a link that is drawn as a node
  };
  std::vector<Node> nodes;
  std::vector<Edge> edges;  // links -1 where a line is only the end of a link drawn as a node
};
Drawing drawing(const Network& network);

/// Reads the network between hosts of these names from a SimGrid platform file; throws InputError.
/// sim/files/platform_file.hpp has it: only there SimGrid is known.
using PlatformFileReader = Network (*)(const std::filesystem::path& file,
                                       const std::vector<std::string>& names);

/// `switch`: a full-duplex link per device (links 2d up, 2d+1 down), never blocking inside. With
/// several `sites`, `star-of-stars`: each site has such a switch, and an uplink to all others
/// (links behind those of the devices).
Network make_switch(std::span<const std::string> names, std::vector<Port> ports,
                    std::vector<Site> sites = {});

/// `wifi`: one shared medium (link 0) that a message between stations crosses twice, to the access
/// point and from it, at the sender's and at the receiver's rate: b/r1 + b/r2 of air time. A device
/// that is the access point itself is one crossing away. Crossings at the same time get equal shares
/// of the air time, however fast their stations are, as where access points see to airtime fairness
/// (Hoiland-Jorgensen et al., USENIX ATC 2017). Under plain 802.11 all who send win the same number
/// of frames, so that messages get equal rates and a slow station slows all others down to its own
/// (the performance anomaly; Heusse et al., INFOCOM 2003).
Network make_wifi(std::size_t devices, double bandwidth_Bps, double latency_s,
                  std::vector<double> rates_Bps = {}, std::optional<std::size_t> access_point = {});

/// The medium of a wifi or hub carries only this part of its bandwidth, 0 to 1: a nominal rate is that
/// of frames, without headers, acknowledgements, collisions and what the air does not get through.
/// Precondition: what make_wifi or make_hub made. A layer-wise run, which moves most, shows it best.
void set_efficiency(Network& network, double efficiency);

/// Multiplies what all links carry.
void scale_bandwidths(Network& network, double factor);

/// `hub`: one shared medium (link 0) that every message crosses once, in either direction.
Network make_hub(std::size_t devices, double bandwidth_Bps, double latency_s);

/// `mesh`: a link of its own for every pair and direction.
Network make_mesh(std::span<const std::string> names, double bandwidth_Bps, double latency_s);
/// Link of a mesh. Precondition: from != to.
std::size_t mesh_link(std::size_t devices, std::size_t from, std::size_t to);

/// `graph`: the fewest links from every device to every other, and the same way back (breadth
/// first; of equally few, those of the edges that stand first). Devices forward for others only
/// where there is no other way. An empty path where there is none at all.
std::vector<std::vector<int>> shortest_paths(std::size_t devices, std::size_t nodes,
                                             std::span<const Edge> edges);

}  // namespace edgeflow
