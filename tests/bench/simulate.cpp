// How long one simulation takes: a model whose layers are cut evenly by rows over a few equal
// devices. usage: simulate_bench [MODEL] [DEVICES] [REQUESTS] [RUNS]     (default: yolov5s 4 1 20)

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "partition/plans/builder.hpp"
#include "sim/simulate.hpp"
#include "workloads/model_yaml.hpp"

namespace edgeflow {
namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

Cluster equal_devices(std::size_t count) {
  std::vector<Device> devices(count);
  for (std::size_t d = 0; d < count; ++d) {
    devices[d].name = fmt::format("d{}", d);
    devices[d].compute.mac_rate = 5e9;
    devices[d].compute.overhead_s = 20e-6;
    devices[d].memory_bytes = 4e9;
  }
  return Cluster("bench", std::move(devices), NetworkType::kSwitch, 125e6, 0.5e-3, DeviceId{0},
                 DeviceId{0});
}

Plan even_rows(const Graph& graph, const Cluster& cluster) {
  const std::vector<double> weights(cluster.size(), 1.0);
  Assignment assignment;
  for (const Layer& layer : graph.layers()) {
    const Region& whole = layer.output.box;
    if (!has_axis(split_axes(layer), Axis::kRow) || whole.row.size() < 2) {
      assignment.push_back({{DeviceId{0}, whole}});
    } else {
      assignment.push_back(
          cut(whole, Axis::kRow, proportional_boundaries(whole.row.size(), weights)));
    }
  }
  return build_plan(graph, cluster, assignment, "even");
}

int run(const std::string& model, std::size_t devices, std::size_t requests, int runs) {
  const Graph graph = fold(load_model(model, "."));
  const Cluster cluster = equal_devices(devices);
  const Plan plan = even_rows(graph, cluster);
  SimulationOptions options;
  options.arrivals_s.assign(requests, 0);
  options.closed_loop = true;  // all at once would measure hundreds of flows on one link
  std::vector<double> child_ms;
  std::vector<double> total_ms;
  SimulationResult result;
  for (int i = 0; i < runs; ++i) {
    const auto start = Clock::now();
    result = simulate(plan, graph, cluster, {}, options);
    total_ms.push_back(ms_since(start));
    if (result.status != Status::kOk) {
      fmt::print(stderr, "{}: {}\n", to_string(result.status), result.message);
      return 1;
    }
    child_ms.push_back(result.process.wall_s * 1e3);
  }
  fmt::print("{} on {} devices, {} requests: {} units, {} messages, {} activities\n", model,
             devices, requests, plan.units.size(), messages_of(plan, {}).size(), result.activities);
  fmt::print("makespan {:.6g} s; median of {}: {:.3f} ms in the child, {:.3f} ms with fork, ",
             result.makespan_s, runs, median(child_ms), median(total_ms));
  fmt::print("{:.0f} activities/s, {} kB\n",
             static_cast<double>(result.activities) / (median(child_ms) * 1e-3),
             result.process.max_rss_kB);
  return 0;
}

}  // namespace
}  // namespace edgeflow

int main(int argc, char** argv) {
  const auto number = [&](int i, int otherwise) {
    return argc > i ? std::max(1, std::atoi(argv[i])) : otherwise;
  };
  return edgeflow::run(argc > 1 ? argv[1] : "yolov5s", static_cast<std::size_t>(number(2, 4)),
                       static_cast<std::size_t>(number(3, 1)), number(4, 20));
}
