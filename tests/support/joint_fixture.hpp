#pragma once
// What the tests of edgeflow-joint share: schedules of random problems and random changes of them.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "partition/joint/moves.hpp"
#include "partition/joint/random.hpp"
#include "partition/joint/schedule.hpp"
#include "partition/joint/starts.hpp"
#include "partition/prices/estimate.hpp"
#include "tests/support/random_problem.hpp"

namespace edgeflow::joint_tests {

inline std::vector<DeviceId> all_devices(const Cluster& cluster) {
  std::vector<DeviceId> devices;
  for (std::size_t d = 0; d < cluster.size(); ++d) {
    devices.push_back(DeviceId{static_cast<std::int32_t>(d)});
  }
  return devices;
}

/// Random changes, each tried with its own threshold; `visit` sees the schedule after each.
template <typename Visit>
void random_changes(joint::Schedule& schedule, std::uint64_t seed, int changes, Visit visit) {
  joint::Random random(seed);
  joint::Moves moves(schedule, random);
  for (int i = 0; i < changes; ++i) {
    if (random.chance(0.3)) {
      moves.coarse();
    } else {
      moves.fine();
    }
    if (schedule.try_change(schedule.latency_s() * random.uniform(0.98, 1.3))) {
      schedule.accept();
    } else {
      schedule.reject();
    }
    visit();
  }
}

/// The same cluster, with devices that take their time for messages, each in its own way.
inline Cluster with_messaging(reference::Random& random, const Cluster& cluster) {
  std::vector<Device> list(cluster.devices().begin(), cluster.devices().end());
  for (Device& device : list) {
    device.compute.sends = static_cast<Sends>(random.between(0, 2));
    if (random.chance(70)) {
      device.compute.message_overhead_s = 1e-6 * static_cast<double>(random.between(1, 2000));
    }
    if (random.chance(50)) {
      device.compute.serialization_rate_Bps = 1e6 * static_cast<double>(random.between(1, 50));
    }
  }
  return {cluster.name(), list, cluster.network(), cluster.source(), cluster.sink()};
}

/// Draws `count` random problems and calls `visit(problem, schedule)` with those of at least two
/// devices; the schedule cuts all layers into equal shares. With `messaging` every other cluster is
/// as with_messaging.
template <typename Visit>
void on_random_problems(std::uint64_t seed, int count, Visit visit, bool messaging = false) {
  reference::Random random(seed);
  for (int i = 0; i < count; ++i) {
    const Graph graph = reference::random_graph(random);
    Cluster cluster = reference::random_cluster(random);
    if (cluster.size() < 2) continue;
    if (messaging && i % 2 == 0) cluster = with_messaging(random, cluster);
    const Problem problem{graph, cluster, {}};
    const joint::CostTables tables(problem, all_devices(cluster));
    joint::Schedule schedule(tables);
    const std::vector<double> equal(cluster.size(), 1.0);
    schedule.load(joint::prefix(tables, equal, tables.layers, 0));
    visit(problem, schedule);
  }
}

/// 3x3 convolutions one after the other.
inline Graph chain(std::int64_t layers, std::vector<std::int64_t> dims = {3, 24, 8}) {
  std::vector<LayerSpec> specs{{"input", Op::kInput, {}, {}}};
  specs[0].attributes.dims = std::move(dims);
  for (std::int64_t l = 1; l <= layers; ++l) {
    LayerSpec conv{"conv" + std::to_string(l), Op::kConv, {}, {specs.back().name}};
    conv.attributes.kernel = {3, 3};
    conv.attributes.pad = {1, 1, 1, 1};
    conv.attributes.out_channels = 4;
    specs.push_back(conv);
  }
  return Graph("chain", "made up", specs);
}

inline Cluster cluster_of(const std::vector<double>& mac_rates, double memory_bytes,
                          double bandwidth_Bps = 1e6, double latency_s = 1e-4) {
  std::vector<Device> devices;
  for (double rate : mac_rates) {
    Device device;
    device.name = "d" + std::to_string(devices.size());
    device.memory_bytes = memory_bytes;
    device.compute.mac_rate = rate;
    devices.push_back(device);
  }
  return Cluster("made up", devices, NetworkType::kSwitch, bandwidth_Bps, latency_s, DeviceId{0},
                 DeviceId{0});
}

inline double simulated_s(const Problem& problem, const Plan& plan) {
  return estimate(plan, problem.graph, problem.cluster, problem.size, {}, Sharing::kMaxMin)
      .latency_s;
}

}  // namespace edgeflow::joint_tests
