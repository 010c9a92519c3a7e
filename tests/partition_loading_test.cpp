// Weights that the devices of a plan do not have yet, and how long they take to get there.

#include <doctest/doctest.h>

#include "partition/prices/loading.hpp"
#include "tests/support/sim_fixture.hpp"

namespace edgeflow {
namespace {

using sim_fixture::about;
using sim_fixture::devices;
using sim_fixture::rows;

/// A convolution from one channel to four, by 1x1: 4 weights, no bias; then one back, also 4.
Graph four_channels() {
  LayerSpec input{"input", Op::kInput, {}, {}};
  input.attributes.dims = {1, sim_fixture::kRows, 1};
  LayerSpec there{"there", Op::kConv, {}, {"input"}};
  there.attributes.out_channels = 4;
  there.attributes.bias = false;
  LayerSpec back{"back", Op::kConv, {}, {"there"}};
  back.attributes.out_channels = 1;
  back.attributes.bias = false;
  return {"four", "made up", {input, there, back}};
}

/// A plan that is nothing but these parts of layers on these devices.
struct Part {
  int layer;
  int device;
  Region output;
};
Plan parts(const std::vector<Part>& list) {
  Plan plan;
  for (const Part& part : list) {
    ExecutionUnit unit;
    unit.kind = UnitKind::kCompute;
    unit.layer = LayerId{part.layer};
    unit.device = DeviceId{part.device};
    unit.output = part.output;
    plan.units.push_back(unit);
  }
  return plan;
}

Region channels(std::int64_t begin, std::int64_t end) {
  return {{begin, end}, {0, sim_fixture::kRows}, {0, 1}};
}

using Bytes = std::vector<double>;

}  // namespace

TEST_CASE("a device misses the weights of its parts that no earlier plan has put there") {
  const Graph graph = four_channels();
  const Cluster three = sim_fixture::cluster(devices(3));
  const auto missing = [&](const Plan* present, const std::set<std::int32_t>& emptied,
                           const Plan& next) {
    return missing_weight_bytes(next, {present, emptied}, graph, three, 2);
  };
  const Plan first = parts({{1, 0, channels(0, 4)}, {2, 1, rows(0, 10)}});
  CHECK(missing(nullptr, {}, first) == Bytes{8, 8, 0});
  CHECK(missing(&first, {}, first) == Bytes{0, 0, 0});
  // Rows of a layer need all its weights.
  const Plan halves = parts({{2, 1, rows(0, 5)}, {2, 2, rows(5, 10)}});
  CHECK(missing(&first, {}, halves) == Bytes{0, 0, 8});
  // A failed device has forgotten what it had.
  CHECK(missing(&first, {1}, halves) == Bytes{0, 8, 8});
  CHECK(missing(&first, {0}, halves) == Bytes{0, 0, 8});
  // Of channels those that are not there: it has 1 and 2 and wants 0 to 3.
  const Plan middle = parts({{1, 1, channels(1, 3)}});
  const Plan most = parts({{1, 1, channels(0, 2)}, {1, 1, channels(1, 3)}});
  CHECK(missing(nullptr, {}, middle) == Bytes{0, 4, 0});
  CHECK(missing(&middle, {}, most) == Bytes{0, 2, 0});
  CHECK(missing(&most, {}, middle) == Bytes{0, 0, 0});
}

TEST_CASE("weights from the source share its links, those from disks do not") {
  // 80 byte/s and 0.25 s.
  const Cluster three = sim_fixture::cluster(devices(3));
  const auto from_source = [&](const Bytes& bytes, const Cluster& cluster) {
    return load_of(bytes, cluster, {}).time_s;
  };
  CHECK(from_source({0, 0, 0}, three) == 0);
  CHECK(from_source({80, 0, 0}, three) == 0);  // it has its own
  CHECK(from_source({0, 80, 0}, three) == about(0.25 + 1));
  CHECK(from_source({0, 80, 80}, three) == about(0.25 + 2));
  // One ends at 1 s, then the other has the link alone.
  CHECK(from_source({0, 120, 40}, three) == about(0.25 + 1 + 1));
  // On Wi-Fi each byte is on the air twice.
  CHECK(from_source({0, 80, 0}, sim_fixture::cluster(devices(3), NetworkType::kWifi)) ==
        about(0.25 + 2));
  // To a station of half the rate twice as long; the source is the access point, one crossing away.
  const Network air = make_wifi(3, 80, 0.25, {80, 40, 80}, 0);
  const Cluster slow("slow", devices(3), air, DeviceId{0}, DeviceId{0});
  CHECK(from_source({0, 80, 0}, slow) == about(0.25 / 2 + 2));
  CHECK(from_source({0, 0, 80}, slow) == about(0.25 / 2 + 1));
  const WeightStore disks{WeightsFrom::kDisk, 40};
  CHECK(load_of({60, 80, 20}, three, disks).time_s == about(2));
  CHECK(load_of({0, 0, 0}, three, disks).time_s == 0);
  CHECK(load_of({60, 80, 20}, three, disks).bytes == 160);
  CHECK(load_of({60, 80, 20}, three, {}).bytes == 100);
}

TEST_CASE("of routes with unequal latencies each begins when its own is over") {
  Network network = sim_fixture::cluster(devices(3)).network();
  const Cluster plain = sim_fixture::cluster(devices(3));
  const Route route = plain.route(DeviceId{0}, DeviceId{2});
  network.links[index(route.links.back())].latency_s += 1;
  const Cluster cluster("late", devices(3), network, DeviceId{0}, DeviceId{0});
  // The first is alone from 0.25 to 1.25 s (80 bytes); then 40 bytes each at half the rate.
  CHECK(load_of({0, 120, 40}, cluster, {}).time_s == about(1.25 + 1));
}

}  // namespace edgeflow
