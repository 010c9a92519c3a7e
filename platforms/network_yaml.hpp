#pragma once
// Reads the network of a cluster; the format is in cluster.hpp.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platforms/network.hpp"
#include "workloads/input/yaml.hpp"

namespace edgeflow {

/// Keys of a device that describe its place in the network.
inline constexpr std::string_view kPortKeys[] = {"bandwidth", "up", "down", "latency", "site"};

/// First `read_defaults`, then each device, then `build`. All throw InputError.
class NetworkReader {
 public:
  /// `read_platform_file` is for networks of type simgrid, which are refused without one.
  NetworkReader(const Yaml& yaml, PlatformFileReader read_platform_file);

  /// Reads the port keys of one entry of `devices`, which stands for `count` devices.
  /// `measured_Bps`, if there, is what its `bandwidth` names.
  void add_devices(const Yaml& entry, std::size_t count, std::optional<double> measured_Bps);
  /// `names` of all devices in order.
  Network build(const std::vector<std::string>& names);

 private:
  struct Rates {
    double up_Bps = 0;
    double down_Bps = 0;
  };
  struct EdgeEntry {
    Edge edge;
    std::string name;
  };
  /// How a type is written and read.
  struct Format {
    std::vector<std::string_view> keys;         // of `network:` besides type
    std::vector<std::string_view> device_keys;  // those of kPortKeys that a device may have
    Network (NetworkReader::*build)();          // after defaults and devices
    std::string_view needed{};  // a key that must be there; bandwidth is checked anyway
  };

  static Format format(NetworkType type);
  bool device_may_have(std::string_view key) const;

  static std::optional<Rates> find_rates(const Yaml& yaml,
                                         std::optional<double> measured_Bps = std::nullopt);
  static Rates rates(const Yaml& yaml);
  static std::optional<double> find_latency(const Yaml& yaml);
  void read_sites();
  std::int32_t read_site(const Yaml& entry) const;
  std::size_t node(const Yaml& name) const;
  Network build_switch();
  Network build_sites();
  Network build_wifi();
  Network build_hub();
  Network build_simgrid();
  Network build_mesh();
  Network build_graph();
  EdgeEntry read_edge(const Yaml& yaml, Network& network);
  void read_route(const Yaml& yaml, const std::vector<EdgeEntry>& edges, Network& network) const;
  void check_connected(const Network& network) const;

  Yaml yaml_;
  PlatformFileReader read_platform_file_;
  NetworkType type_;
  Format format_;
  Rates rates_;
  double latency_s_ = 0;
  std::vector<Site> sites_;
  std::vector<Port> ports_;  // by device
  std::vector<std::string> names_;
  std::map<std::string, std::size_t> nodes_;  // devices, then switches
};

}  // namespace edgeflow
