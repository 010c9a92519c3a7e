// How planning time grows with layers and devices, strategy by strategy: residual networks of 50 to
// 1000 layers on 4 devices, and of 100 layers on 2 to 64 devices. Processor time in ms, the best of
// RUNS; "-" where a strategy is infeasible or took more than 20 s on a smaller problem.
// usage: growth_bench [RUNS [STRATEGY]]     (default: 1, all)

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <string>
#include <vector>

#include "partition/strategy.hpp"

namespace edgeflow {
namespace {

constexpr double kGiveUp_ms = 20e3;

/// 3x3 convolutions of 16 channels at 64x64, with a sum over every second one.
Graph residual(int layers) {
  LayerSpec input{"input", Op::kInput, {}, {}};
  input.attributes.dims = {16, 64, 64};
  std::vector<LayerSpec> specs{input};
  while (static_cast<int>(specs.size()) <= layers) {
    const std::string before = specs.back().name;
    for (const char* name : {"a", "b"}) {
      LayerSpec conv{name + std::to_string(specs.size()), Op::kConv, {}, {specs.back().name}};
      conv.attributes.out_channels = 16;
      conv.attributes.kernel = {3, 3};
      conv.attributes.pad = {1, 1, 1, 1};
      specs.push_back(conv);
    }
    LayerSpec sum{"sum" + std::to_string(specs.size()), Op::kElementwise, {}, {}};
    sum.attributes.function = "add";
    sum.inputs = {before, specs.back().name};
    specs.push_back(sum);
  }
  return Graph("residual", "made up", specs);
}

Cluster cluster_of(int devices) {
  std::vector<Device> list(static_cast<std::size_t>(devices));
  for (std::size_t d = 0; d < list.size(); ++d) {
    list[d].name = "d" + std::to_string(d);
    list[d].compute.mac_rate = d % 4 == 3 ? 15e9 : 5e9;
    list[d].compute.overhead_s = 20e-6;
    list[d].memory_bytes = std::numeric_limits<double>::infinity();
  }
  return Cluster("made up", std::move(list), NetworkType::kSwitch, 1e9 / 8, 5e-4, DeviceId{0},
                 DeviceId{0});
}

/// Nothing if it cannot plan this.
double plan_ms(const StrategyInfo& strategy, const Options& options, const Graph& graph,
               const Cluster& cluster, int runs) {
  double best_ms = std::numeric_limits<double>::infinity();
  for (int run = 0; run < runs; ++run) {
    const std::clock_t start = std::clock();
    try {
      (void)make_plan(strategy, {graph, cluster, {}}, options);
    } catch (const Infeasible&) {
      return std::numeric_limits<double>::infinity();
    }
    best_ms = std::min(best_ms, 1e3 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  return best_ms;
}

void row(const StrategyInfo& strategy, const Options& options, const std::string& name, int runs) {
  fmt::print("{:20}", name);
  const auto measure = [&](const std::vector<std::pair<int, int>>& sizes) {
    double last_ms = 0;
    for (const auto& [layers, devices] : sizes) {
      if (last_ms <= kGiveUp_ms) {
        last_ms = plan_ms(strategy, options, residual(layers), cluster_of(devices), runs);
      } else {
        last_ms = std::numeric_limits<double>::infinity();
      }
      if (last_ms < std::numeric_limits<double>::infinity()) {
        fmt::print(" {:>8.1f}", last_ms);
      } else {
        fmt::print(" {:>8}", "-");
      }
      std::fflush(stdout);
    }
    fmt::print(" |");
  };
  measure({{50, 4}, {100, 4}, {200, 4}, {500, 4}, {1000, 4}});
  measure({{100, 2}, {100, 4}, {100, 8}, {100, 16}, {100, 32}, {100, 64}});
  fmt::print("\n");
}

void run(int runs, const std::string& only) {
  fmt::print("{:20} {:>8} {:>8} {:>8} {:>8} {:>8} | {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} |\n",
             "layers x devices", "50x4", "100x4", "200x4", "500x4", "1000x4", "100x2", "100x4",
             "100x8", "100x16", "100x32", "100x64");
  for (const StrategyInfo& strategy : strategies()) {
    const std::string name(strategy.name);
    if (name == "external" || (!only.empty() && name != only)) continue;  // external's is its own
    if (name == "edgeflow-joint") {
      row(strategy, {{"effort", "1000"}}, name + " (1000)", runs);
      continue;
    }
    row(strategy, {}, name, runs);
    if (name != "edgeflow") continue;
    row(strategy, {{"solver", "exact"}}, name + " exact", runs);
    row(strategy, {{"lookahead", "yes"}}, name + " lookahead", runs);
  }
}

}  // namespace
}  // namespace edgeflow

int main(int argc, char** argv) {
  edgeflow::run(std::max(argc > 1 ? std::atoi(argv[1]) : 1, 1), argc > 2 ? argv[2] : "");
}
