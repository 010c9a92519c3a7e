#pragma once
// A cluster: devices, the network between them, and where input and result live.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "platforms/device.hpp"
#include "platforms/network.hpp"
#include "platforms/scheduling.hpp"

namespace edgeflow {

inline constexpr std::int64_t kMaxClusterDevices = 4096;

struct Device : PowerDraw {
  std::string name;
  std::string type;        // catalogue name; empty if written into the cluster
  ComputeProfile compute;  // what it computes with
  /// The same framework and threads in several precisions, `compute` among them and first the one
  /// that stands in where there is none; empty: there is nothing to choose from.
  std::vector<ComputeProfile> in_precisions;
  std::optional<Precision> own_precision;    // that the cluster's file gives it
  std::vector<Precision> precisions;         // that it can compute in; empty: all
  double memory_bytes = 0;                   // may be infinite
  std::optional<Scheduling> own_scheduling;  // that the cluster's file gives it

  Scheduling scheduling() const { return own_scheduling.value_or(Scheduling::kOldestRequest); }
  const ComputeProfile& usual_compute() const {
    return in_precisions.empty() ? compute : in_precisions.front();
  }
  /// Whether it can compute what is in `precision`, or is told to compute in one that it can.
  bool computes_in(Precision precision) const;
};

class Cluster {
 public:
  Cluster(std::string name, std::vector<Device> devices, Network network, DeviceId source,
          DeviceId sink);
  /// A switch, wifi or hub. `device_bandwidth_Bps`, if not empty, is each device's own link rate
  /// (switch only).
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
  Route route(DeviceId from, DeviceId to) const { return network_.route(index(from), index(to)); }
  /// Payload bytes per second that the route carries when it is idle: its narrowest link's
  /// bandwidth over its crossings. Precondition: from != to.
  double route_bandwidth_Bps(DeviceId from, DeviceId to) const;
  double bandwidth_Bps(const Route& route) const;
  /// The same, with `scheduling` on each device that has none of its own.
  Cluster with_scheduling(Scheduling scheduling) const;
  /// The same, with the profiles of `precision` where devices have one; elsewhere the rates of what
  /// they have stand in (assumes_rates). Nothing if that changes no device.
  std::optional<Cluster> with_precision(Precision precision) const;

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
///   network: {type: switch, bandwidth: 100Mbps, latency: 0.5ms}   # see below
///   messaging: sockets                             # default: that of each device's type
///   devices:
///     - {type: rpi4, count: 3}                     # rpi4-0, rpi4-1, rpi4-2
///     - {type: rpi4}                               # rpi4-3
///     - {type: jetson-nano, name: nano, threads: 4, framework: ncnn, memory: 2GiB}
///     - {name: fast, mac_rate: 15GMAC/s, byte_rate: 8GB/s, overhead: 100us}   # without a type
///   source: rpi4-0                                 # default: the first device
///   sink: rpi4-0                                   # default: the source
/// `type` is a catalogue name or the path of a device file. Devices without a name are numbered by
/// type throughout the cluster; `name` with `count` is numbered as well. framework and threads
/// choose among the type's compute profiles, and of those the scenario's precision; `precision`
/// of a device says which one it has whatever the scenario's is. Besides, a device may have
/// `messaging` and `sends` (messaging.hpp), `layer_time`, the rates that `edgeflow list rates`
/// shows, and
///   power: {idle: 2W, busy: 5W, transmit: 3W, receive: 3W}
/// which replace those of its type. A mac_rate, byte_rate or layer_time of its own was measured in
/// what `precision` says, by default nobody knows, and holds in every precision but those of
///   rates_in: {int8: {mac_rate: 40GMAC/s}}
/// which has any rates, and the others as they are. `precisions: [int8]` are those that it can
/// compute in. A device may have `scheduling: oldest_request`, `first_ready` or `exclusive`
/// (scheduling.hpp), else it has the scenario's. `bandwidth: wired` or `wifi` is the rate that its
/// type was measured to reach.
///
/// Networks. All may have `link_power: {idle: 1W, busy: 2W}`, what each link draws, by default
/// nothing. A bandwidth for both directions is `bandwidth`, one for each `up` and `down` (to the
/// network and from it; of a link `between: [a, b]`, from a to b and back). Latencies default to 0.
///   {type: switch, bandwidth: 100Mbps, latency: 0.5ms}
/// A full-duplex link per device; `latency` is that between two devices. A device may have
/// `bandwidth` or `up` and `down`, and `latency`, one way, of its own link.
///   {type: wifi, bandwidth: 100Mbps, latency: 3ms, access_point: router}
/// One medium. A device may have `bandwidth`, its own rate on the air. `access_point` is optional:
/// a device that no air is between. `efficiency: 0.65` (also of a hub; default 1) is the part of all
/// these rates that the medium carries; bandwidths of disturbances are what it carries.
///   {type: hub, bandwidth: 100Mbps, latency: 0.5ms}
/// One medium that a message crosses once.
///   {type: mesh, bandwidth: 100Mbps, latency: 1ms,
///    links: [{between: [a, b], bandwidth: 10Mbps, latency: 5ms}]}
/// A full-duplex link per pair; `links` are exceptions.
///   {type: star-of-stars, bandwidth: 1Gbps, latency: 0.3ms,
///    uplink: {up: 20Mbps, down: 100Mbps, latency: 10ms},
///    sites: [plant, {name: cloud, bandwidth: 1Gbps, latency: 2ms}]}
/// A switch per site, and an uplink from each to all others. Devices say `site: plant`. A site may
/// have an uplink of its own; latencies of uplinks are one way.
///   {type: graph, switches: [s],
///    links: [{between: [a, s], bandwidth: 100Mbps, latency: 1ms, name: x, duplex: half}, ...],
///    routes: [{from: a, to: b, links: [x, y]}]}
/// Any links between devices and switches. Without a route, which holds for both directions,
/// messages take the fewest links, through other devices only where there is no other way. Links
/// are called a:s without a name, and are full-duplex without `duplex: half`.
///   {type: simgrid, file: my_platform.xml}
/// A platform file of SimGrid's, relative to this file, whose hosts are called like the devices;
/// see sim/files/platform_file.hpp. Refused without a `read_platform_file`.
///
/// `threads`, if it is given, is a number of threads for the devices of a type that say none.
/// Throws InputError.
Cluster read_cluster(const Yaml& yaml, const std::string& default_name,
                     PlatformFileReader read_platform_file = nullptr,
                     const std::optional<Yaml>& threads = std::nullopt);

/// Loads a cluster by shipped name or by path relative to `folder`. Throws InputError.
Cluster load_cluster(const std::string& name, const std::filesystem::path& folder,
                     PlatformFileReader read_platform_file = nullptr,
                     const std::optional<Yaml>& threads = std::nullopt);

}  // namespace edgeflow
