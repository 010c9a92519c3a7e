#pragma once
// A Cluster as a SimGrid platform.
//
// One full zone: the cluster's links, and for each pair of devices that exchange messages the links
// of their route; a link that a route lists twice carries its messages twice. Under CM02 the links
// have no latency, messages start that much later instead: SimGrid would weigh flows by it when it
// shares a link. LV08 is taken as it is. There are no loopbacks: hand-over within a device is not a
// transfer. The traffic of others goes between hosts of its own, over the links of a route.

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <simgrid/s4u.hpp>
#include <span>
#include <utility>
#include <vector>

#include "platforms/cluster.hpp"
#include "platforms/effects.hpp"
#include "sim/setup/disturbances.hpp"
#include "sim/setup/stream.hpp"

namespace edgeflow {

/// Every host computes at this rate, so that a unit of t seconds is t * kHostSpeed flops.
inline constexpr double kHostSpeed = 1e9;

/// SimGrid's messages are of whole bytes. Under CM02, where only size over bandwidth counts, both
/// are this many times ours, so that what is lost by rounding is small even of small messages.
double bytes_scale(NetworkModel model);

/// Index of one of our hosts in SimGrid: first those of devices, see Platform.
enum class HostId : std::int32_t {};
constexpr HostId host_of(DeviceId device) { return HostId{number(device)}; }

/// Sender and receiver.
using DevicePair = std::pair<DeviceId, DeviceId>;

/// The routes of a cluster between some pairs of devices.
struct Routing {
  const Cluster* cluster = nullptr;
  std::set<DevicePair> pairs;
};

/// Creates SimGrid's engine (once per process) with the settings of `model`.
simgrid::s4u::Engine& create_engine(NetworkModel model);

struct Platform {
  double bytes_scale = 1;
  /// By device, then two of each background traffic.
  IdVector<HostId, simgrid::s4u::Host*> hosts;
  /// By routing, the hosts that messages of devices go from and to: a pair of SimGrid's hosts has
  /// one route, so further routings have hosts of their own, behind those above.
  std::vector<IdVector<DeviceId, HostId>> ends;
  std::vector<simgrid::s4u::Link*> links;  // as those of the network
  /// By link, the part of its bandwidth in SimGrid that it has now. There it has the most that it
  /// ever gets: SimGrid caps a flow for good at what the links have when it starts.
  std::shared_ptr<std::vector<double>> shares;

  /// By device, the states of its host in SimGrid by the share of its speed; empty: there is one.
  std::vector<std::map<double, unsigned long>>
      speeds;  // NOLINT(google-runtime-int): SimGrid's type

  void set_bandwidth(int link, double bandwidth_Bps) const;
  /// Precondition: the share is that of a step of the device's trace.
  void set_speed(DeviceId device, double share) const;
};

/// Builds and seals the platform of the first routing's cluster. Only pairs of a routing can
/// exchange messages, and the two hosts of each background traffic, which no more than its rate
/// fits between.
Platform build_platform(std::span<const Routing> routings, const Effects& effects,
                        NetworkModel model, const Disturbances& disturbances);

}  // namespace edgeflow
