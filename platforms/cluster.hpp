#pragma once
// A cluster: devices, the network between them, and where input and result live.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "platforms/device.hpp"

namespace edgeflow {

struct Device {
  std::string name;
  std::string type;  // catalogue name; empty if written into the cluster
  ComputeProfile compute;
  double memory_bytes = 0;  // may be infinite
  double idle_W = 0;
  double busy_W = 0;
};

/// A resource that messages share. Directed links are one each way.
struct Link {
  std::string name;
  double bandwidth_Bps = 0;
};

/// How a message gets from one device to another: it occupies every link at once, each for
/// bytes * `crossings` / bandwidth, and arrives `latency_s` later.
struct Route {
  std::vector<int> links;  // indices into Network::links
  double crossings = 1;    // wifi: 2, station to access point to station
  double latency_s = 0;
};

enum class NetworkType : std::uint8_t { kSwitch, kWifi };

/// `switch`: a full-duplex link per device (links 2d up, 2d+1 down), never blocking inside.
/// `wifi`: one shared medium (link 0) that a message between two stations crosses twice.
struct Network {
  NetworkType type = NetworkType::kSwitch;
  double bandwidth_Bps = 0;
  double latency_s = 0;  // of a message between two devices
  std::vector<Link> links;
};

class Cluster {
 public:
  /// `device_bandwidth_Bps`, if not empty, is each device's own link rate (switch only).
  Cluster(std::string name, std::vector<Device> devices, NetworkType type, double bandwidth_Bps,
          double latency_s, DeviceId source, DeviceId sink,
          std::span<const double> device_bandwidth_Bps = {});

  const std::string& name() const { return name_; }
  std::span<const Device> devices() const { return devices_; }
  std::size_t size() const { return devices_.size(); }
  const Device& device(DeviceId id) const { return devices_[index(id)]; }
  const Network& network() const { return network_; }
  DeviceId source() const { return source_; }  // holds the model's input
  DeviceId sink() const { return sink_; }      // wants the result

  /// Precondition: from != to.
  Route route(DeviceId from, DeviceId to) const;
  /// Bandwidth of the narrowest link from `from` to `to`, per byte of payload. from != to.
  double route_bandwidth_Bps(DeviceId from, DeviceId to) const;

 private:
  std::string name_;
  std::vector<Device> devices_;
  Network network_;
  DeviceId source_;
  DeviceId sink_;
};

/// Reads a cluster (the value of a scenario's `cluster:` or the root of a cluster file):
///   network: {type: switch, bandwidth: 100Mbps, latency: 0.5ms}
///   devices:
///     - {type: rpi4, count: 3}                      # rpi4-0, rpi4-1, rpi4-2
///     - {type: jetson-nano, name: nano, threads: 4, framework: ncnn, memory: 2GiB}
///     - {name: fast, mac_rate: 15GMAC/s, byte_rate: 8GB/s, overhead: 100us}   # without a type
///   source: rpi4-0                                  # default: the first device
///   sink: rpi4-0                                    # default: the source
/// Throws InputError.
Cluster read_cluster(const Yaml& yaml, const std::string& default_name);

/// Loads a cluster by shipped name or by path relative to `folder`. Throws InputError.
Cluster load_cluster(const std::string& name, const std::filesystem::path& folder);

}  // namespace edgeflow
