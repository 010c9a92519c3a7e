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
  double idle_W = 0;        // NaN if not known; the device's energy is then NaN, too
  double busy_W = 0;
};

/// A resource that messages share. Directed links are one each way.
struct Link {
  std::string name;
  double bandwidth_Bps = 0;
  double latency_s = 0;
};

/// How a message gets from one device to another: after `latency_s` it occupies all links at once,
/// each for bytes * `crossings` / bandwidth per time that it is listed.
struct Route {
  std::vector<int> links;  // indices into Network::links; at least one
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
  /// Payload bytes per second that the route carries when it is idle: its narrowest link's
  /// bandwidth over its crossings. Precondition: from != to.
  double route_bandwidth_Bps(DeviceId from, DeviceId to) const;
  double bandwidth_Bps(const Route& route) const;

 private:
  std::string name_;
  std::vector<Device> devices_;
  Network network_;
  DeviceId source_;
  DeviceId sink_;
};

/// Reads a cluster: the value of a scenario's `cluster:`, or the root of a cluster file, which
/// starts with `schema: 1`. A text is the name or path of a cluster file.
///   name: three-pis                                # default: `default_name`
///   description: ...                               # optional
///   network: {type: switch, bandwidth: 100Mbps, latency: 0.5ms}   # or wifi; latency default 0s
///   devices:
///     - {type: rpi4, count: 3}                     # rpi4-0, rpi4-1, rpi4-2
///     - {type: rpi4}                               # rpi4-3
///     - {type: jetson-nano, name: nano, threads: 4, framework: ncnn, memory: 2GiB}
///     - {name: fast, mac_rate: 15GMAC/s, byte_rate: 8GB/s, overhead: 100us}   # without a type
///   source: rpi4-0                                 # default: the first device
///   sink: rpi4-0                                   # default: the source
/// `type` is a catalogue name or the path of a device file. Devices without a name are numbered by
/// type throughout the cluster; `name` with `count` is numbered as well. framework and threads
/// choose among the type's compute profiles. Besides, a device may have `bandwidth` (its own link,
/// switch only: a rate, or `wired` or `wifi` for its type's measured rate), `layer_time`, `power:
/// {idle: 2W, busy: 5W}` and the rates of platforms/device.hpp (mac_rate, byte_rate, overhead and
/// the factors), which replace those of its type. Throws InputError.
Cluster read_cluster(const Yaml& yaml, const std::string& default_name);

/// Loads a cluster by shipped name or by path relative to `folder`. Throws InputError.
Cluster load_cluster(const std::string& name, const std::filesystem::path& folder);

}  // namespace edgeflow
