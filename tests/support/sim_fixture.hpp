#pragma once
// Small plans with round times, written by hand.
//
// The model is a chain of 1x1 convolutions on a column of kRows rows and one channel, so that a
// unit of r rows is r MACs. A device does kRows MAC/s: a whole layer takes 1 s, and a link of 80
// byte/s carries a whole layer (40 bytes) in 0.5 s. Messages have a latency of 0.25 s.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "partition/plans/plan.hpp"
#include "sim/simulate.hpp"

namespace edgeflow::sim_fixture {

inline constexpr std::int64_t kRows = 10;
inline constexpr double kBandwidth_Bps = 80;
inline constexpr double kLatency_s = 0.25;

/// Equal up to rounding: relative for large values, absolute for small ones.
inline doctest::Approx about(double value) { return doctest::Approx(value).epsilon(1e-12); }

inline Graph chain(int layers) {
  LayerSpec input{"input", Op::kInput, {}, {}};
  input.attributes.dims = {1, kRows, 1};
  std::vector<LayerSpec> specs{input};
  for (int l = 1; l <= layers; ++l) {
    LayerSpec conv{"conv" + std::to_string(l), Op::kConv, {}, {specs.back().name}};
    conv.attributes.out_channels = 1;
    conv.attributes.bias = false;
    specs.push_back(conv);
  }
  return Graph("chain", "made up", specs);
}

inline std::vector<Device> devices(std::size_t count) {
  std::vector<Device> list(count);
  for (std::size_t d = 0; d < count; ++d) {
    list[d].name = "pi-" + std::to_string(d);
    list[d].compute.mac_rate = static_cast<double>(kRows);
    list[d].memory_bytes = 1e9;
  }
  return list;
}

/// Device 0 holds the input and wants the result.
inline Cluster cluster(std::vector<Device> list, NetworkType type = NetworkType::kSwitch,
                       double bandwidth_Bps = kBandwidth_Bps, double latency_s = kLatency_s) {
  return Cluster("bench", std::move(list), type, bandwidth_Bps, latency_s, DeviceId{0},
                 DeviceId{0});
}

inline Region rows(std::int64_t begin, std::int64_t end) { return {{0, 1}, {begin, end}, {0, 1}}; }

/// Builds a plan unit by unit.
class Sketch {
 public:
  /// Adds a unit that computes rows [begin, end) of a layer. Layer 0 is the input.
  UnitId unit(int layer, int device, std::int64_t begin = 0, std::int64_t end = kRows) {
    return add(layer == 0 ? UnitKind::kInput : UnitKind::kCompute, layer, device, begin, end);
  }
  UnitId relay(int layer, int device, std::int64_t begin = 0, std::int64_t end = kRows) {
    return add(UnitKind::kRelay, layer, device, begin, end);
  }
  /// `to` needs what it has in common with the output of `from`.
  Sketch& feed(UnitId from, UnitId to) {
    const Region region = intersect(plan_.unit(from).output, plan_.unit(to).output);
    plan_.units[index(to)].requirements.push_back({from, region});
    plan_.units[index(from)].forwarding.push_back({to, region});
    return *this;
  }
  /// `to` needs something that `from` never forwards: no valid plan.
  Sketch& promise(UnitId from, UnitId to) {
    plan_.units[index(to)].requirements.push_back({from, plan_.unit(from).output});
    return *this;
  }
  const Plan& plan() const { return plan_; }

 private:
  UnitId add(UnitKind kind, int layer, int device, std::int64_t begin, std::int64_t end) {
    plan_.units.push_back({kind, LayerId{layer}, DeviceId{device}, rows(begin, end), {}, {}});
    return UnitId{static_cast<std::int32_t>(plan_.units.size() - 1)};
  }
  Plan plan_{"sketch", "chain", "bench", {}};
};

/// Layer l whole on device `where[l - 1]`; input and result on device 0.
inline Plan whole_layers(const std::vector<int>& where) {
  Sketch sketch;
  UnitId last = sketch.unit(0, 0);
  int layer = 0;
  for (const int device : where) {
    const UnitId next = sketch.unit(++layer, device);
    sketch.feed(last, next);
    last = next;
  }
  sketch.feed(last, sketch.relay(layer, 0));
  return sketch.plan();
}

/// One layer whose rows [0, 5) and [5, 10) are computed on two devices.
inline Plan two_halves(int upper_device, int lower_device) {
  Sketch sketch;
  const UnitId input = sketch.unit(0, 0);
  const UnitId upper = sketch.unit(1, upper_device, 0, 5);
  const UnitId lower = sketch.unit(1, lower_device, 5, 10);
  const UnitId result = sketch.relay(1, 0);
  sketch.feed(input, upper).feed(input, lower).feed(upper, result).feed(lower, result);
  return sketch.plan();
}

inline std::shared_ptr<const ExecutablePlan> executable(const Plan& plan, const Graph& graph,
                                                        const Cluster& where,
                                                        const Effects& effects = {}) {
  return std::make_shared<const ExecutablePlan>(plan, graph, where, ElementSize{}, effects);
}

/// Simulates with records. Fails the test if the status is not ok.
/// Never inlined: g++ 14 takes copies of a vector whose size it knows for overruns.
[[gnu::noinline]] inline SimulationResult simulate_ok(const Plan& plan, const Graph& graph,
                                                      const Cluster& where,
                                                      const SimulationOptions& given = {},
                                                      ElementSize size = {}) {
  SimulationOptions options = given;
  options.record = true;
  options.timeout_s = 60;
  SimulationResult result = simulate(plan, graph, where, size, options);
  INFO(result.message);
  REQUIRE(result.status == Status::kOk);
  REQUIRE(result.requests.size() == options.arrivals_s.size());
  return result;
}

inline double latency_of(const SimulationResult& result, std::size_t request = 0) {
  return result.requests[request].finish_s - result.requests[request].arrival_s;
}

inline UnitRecord unit_record(const SimulationResult& result, int unit, int request = 0) {
  const auto found = std::ranges::find_if(result.units, [&](const UnitRecord& record) {
    return record.unit == UnitId{unit} && record.request == request;
  });
  REQUIRE(found != result.units.end());
  return *found;
}

}  // namespace edgeflow::sim_fixture
