// How often edgeflow-joint finds the best plan of all, where all can be tried: chains of up to six
// layers of up to eight rows on two or three devices.
// usage: joint_small_bench [COUNT]    problems drawn at random, 500 by default
//
// All plans: of its form, every layer's rows in ranges by ascending device, each device
// fetching or computing again what lies between its range and its needs. Latencies are replays.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "partition/joint/replay.hpp"
#include "partition/joint/starts.hpp"
#include "partition/prices/estimate.hpp"
#include "partition/strategy.hpp"

namespace edgeflow {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kMostPlans = 2e5;

class Draw {
 public:
  int between(int first, int last) { return std::uniform_int_distribution<>(first, last)(engine_); }
  double within(double low, double high) {
    return low * std::pow(high / low, std::uniform_real_distribution<>(0, 1)(engine_));
  }

 private:
  std::mt19937_64 engine_{21};
};

Graph draw_chain(Draw& draw, int layers, int rows) {
  std::vector<LayerSpec> specs{{"input", Op::kInput, {}, {}}};
  specs[0].attributes.dims = {draw.between(1, 8), rows, rows};
  for (int l = 1; l <= layers; ++l) {
    LayerSpec conv{"conv" + std::to_string(l), Op::kConv, {}, {specs.back().name}};
    const int reach = draw.between(0, 1);
    conv.attributes.out_channels = draw.between(2, 16);
    conv.attributes.kernel = {2 * reach + 1, 2 * reach + 1};
    conv.attributes.pad = {reach, reach, reach, reach};
    specs.push_back(conv);
  }
  return Graph("chain", "drawn", specs);
}

Cluster draw_cluster(Draw& draw, int count) {
  std::vector<Device> devices;
  for (int d = 0; d < count; ++d) {
    Device device;
    device.name = "d" + std::to_string(d);
    device.compute.mac_rate = draw.within(1e6, 1e7);
    device.compute.overhead_s = 20e-6;
    device.memory_bytes = kInfinity;
    devices.push_back(device);
  }
  const NetworkType type = draw.between(0, 1) == 0 ? NetworkType::kSwitch : NetworkType::kWifi;
  return Cluster("drawn", devices, type, draw.within(1e5, 1e8), draw.within(1e-5, 1e-3),
                 DeviceId{0}, DeviceId{0});
}

/// All ways to cut `rows` among `devices`, as boundaries.
std::vector<std::vector<std::int32_t>> cuts(std::size_t devices, std::int32_t rows) {
  std::vector<std::vector<std::int32_t>> all;
  std::vector<std::int32_t> bounds(devices + 1, 0);
  bounds.back() = rows;
  const std::function<void(std::size_t)> cut = [&](std::size_t d) {
    if (d == devices) return all.push_back(bounds);
    for (bounds[d] = bounds[d - 1]; bounds[d] <= rows; ++bounds[d]) cut(d + 1);
  };
  cut(1);
  return all;
}

double count_plans(int layers, int rows, int devices) {
  const double cuts_of_one = devices == 2 ? rows + 1 : (rows + 1) * (rows + 2) / 2.0;
  return std::pow(cuts_of_one, layers) * std::pow(2, devices * (layers - 1));
}

double best_of_all(const joint::CostTables& tables) {
  joint::Schedule schedule(tables);
  joint::Replay replay(schedule);
  const std::size_t devices = tables.devices;
  joint::Encoding encoding = joint::prefix(tables, std::vector<double>(devices, 1.0), 0, 0);
  double best_s = kInfinity;
  const std::function<void(std::size_t)> choose = [&](std::size_t l) {
    if (l == tables.layers) {
      schedule.load(encoding);
      best_s = std::min(best_s, replay.latency_s(best_s));
      return;
    }
    const std::uint32_t masks = l + 1 < tables.layers ? 1U << devices : 1;
    for (const auto& bounds : cuts(devices, tables.extent[l])) {
      std::copy(bounds.begin(), bounds.end(),
                encoding.boundaries.begin() + static_cast<std::ptrdiff_t>(l * (devices + 1)));
      for (encoding.recompute[l] = 0; encoding.recompute[l] < masks; ++encoding.recompute[l]) {
        choose(l + 1);
      }
      encoding.recompute[l] = 0;
    }
  };
  choose(1);
  return best_s;
}

void run(int count) {
  Draw draw;
  int optimal = 0;
  int within_1 = 0;
  double worst = 1;
  double plans = 0;
  for (int i = 0; i < count;) {
    const int layers = draw.between(1, 6);
    const int rows = draw.between(2, 8);
    const int devices = draw.between(2, 3);
    if (count_plans(layers, rows, devices) > kMostPlans) continue;
    ++i;
    plans += count_plans(layers, rows, devices);
    const Graph graph = draw_chain(draw, layers, rows);
    const Cluster cluster = draw_cluster(draw, devices);
    const Problem problem{graph, cluster, {}};
    std::vector<DeviceId> all;
    for (int d = 0; d < devices; ++d) all.push_back(DeviceId{d});
    const double best_s = best_of_all(joint::CostTables(problem, all));
    const Plan plan = make_plan(*find_strategy("edgeflow-joint"), problem, {{"effort", "100000"}});
    const double s = estimate(plan, graph, cluster, {}, {}, Sharing::kMaxMin).latency_s;
    optimal += s <= best_s * (1 + 1e-9);
    within_1 += s <= best_s * 1.01;
    worst = std::max(worst, s / best_s);
  }
  fmt::print("{} problems, {:.0f} plans each on average: optimal {}, within 1 % {}, worst {:.4f}\n",
             count, plans / count, optimal, within_1, worst);
}

}  // namespace
}  // namespace edgeflow

int main(int argc, char** argv) { edgeflow::run(argc > 1 ? std::atoi(argv[1]) : 500); }
