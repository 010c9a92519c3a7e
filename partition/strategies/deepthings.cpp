// `deepthings`: a grid of fused tiles through the first layers, the hub does the rest.
//
// Problem: the output of layer L is cut into N x M tiles; each is computed from the model's input
// on by one device, halos recomputed (fused tile partitioning, FTP). The hub (`hub`, by default the
// source) collects the input, deals out tile inputs, gathers tile outputs and runs the layers
// behind L.
// Algorithm: tiles of ceil(rows / N) x ceil(columns / M), the last ones smaller; regions walked
// back through the layers. `dealing`:
//   planned     tiles in row order go to the device that would be done with them first, transfers
//               alone on the network; a device mixes the layers of its tiles as they become ready;
//   work_queue  a device that is free takes the next tile (the paper's work sharing, WSH; see
//               work_queue.hpp).
// L = `layers`, or the one with the least estimate of at most 32 cut points whose output is large
// enough for the grid (for two tiles, if none is).
// Complexity O(L * N * M * D) per L, plus N * M estimates for a queue.
// Paper: DeepThings (Zhao, Barijough and Gerstlauer, IEEE TCAD 37(11), 2018) and its code (ftp.c).
// Deviations: no reuse of overlapping data between tiles, no stealing from peers; the hub takes
// tiles like everybody unless `hub_computes` is no. On a DAG the layers are those of the chain
// view; what later layers need of them is gathered, too.

#include <fmt/format.h>

#include <algorithm>

#include "partition/blocks/work_queue.hpp"
#include "partition/options/options.hpp"
#include "partition/plans/placement.hpp"
#include "partition/prices/best_plan.hpp"
#include "partition/prices/layers.hpp"
#include "partition/strategies/strategies.hpp"

namespace edgeflow {
namespace {

constexpr std::size_t kMaxDepths = 32;

/// By tile: the device that takes it.
std::vector<DeviceId> deal(const Problem& problem, const Block& block, const TileRegions& regions,
                           const Roles& roles) {
  const auto input = needed_elements(problem.graph, block, regions, problem.graph.input());
  std::vector<double> free_s(roles.workers.size(), 0);
  std::vector<DeviceId> result;
  for (std::size_t t = 0; t < regions.front().size(); ++t) {
    std::size_t best = 0;
    double best_s = 0;
    for (std::size_t w = 0; w < free_s.size(); ++w) {
      const DeviceId device = roles.workers[w];
      const double bytes = static_cast<double>(input[t]) * problem.size.input_bytes;
      double done_s = free_s[w] + send_s(problem, roles.hub, device, bytes);
      for (std::size_t l = block.first; l < block.end; ++l) {
        const Region& region = regions[l - block.first][t];
        if (region.empty()) continue;
        done_s += compute_s(problem, problem.graph.layers()[l], region, device);
      }
      if (w > 0 && done_s >= best_s) continue;
      best = w;
      best_s = done_s;
    }
    free_s[best] = best_s;
    result.push_back(roles.workers[best]);
  }
  return result;
}

/// What the options say, but for the depth.
struct Way {
  Grid grid;
  Roles roles;
  bool queue = false;
  std::int64_t ahead = 0;
};

Way way_of(const Problem& problem, const Options& options) {
  Way way{grid_option(options, "grid"), roles_of(problem, options)};
  const std::string& dealing = options.at("dealing");
  if (dealing != "planned" && dealing != "work_queue") {
    throw OptionError("dealing",
                      fmt::format("got \"{}\", expected planned or work_queue", dealing));
  }
  way.queue = dealing == "work_queue";
  way.ahead = whole_option(options, "ahead", 0, 1000);
  return way;
}

Plan tiled_plan(const Problem& problem, const Way& way, std::size_t depth) {
  const Graph& graph = problem.graph;
  const Block block{1, depth + 1};
  const std::size_t tiles = way.grid.tiles();
  const TileRegions regions = fuse(graph, block, tiles, [&](const Layer& layer) {
    return even_tiles(layer.output.box, way.grid);
  });
  if (way.queue) return plan_of_queue(problem, block, regions, way.roles, way.ahead, "deepthings");
  const std::vector<DeviceId> device_of = deal(problem, block, regions, way.roles);
  Assignment assignment(graph.size());
  Hubs hubs(graph.size());
  if (way.roles.hub != problem.cluster.source()) hubs[index(graph.input())] = way.roles.hub;
  for (std::size_t l = 1; l < graph.size(); ++l) {
    if (l >= block.end) {
      assignment[l] = on_one_device(graph.layers()[l], way.roles.hub);
      continue;
    }
    for (std::size_t t = 0; t < tiles; ++t) {
      assignment[l].push_back({device_of[t], regions[l - block.first][t], l == block.first});
    }
    if (leaves(graph, block, l) && !graph.consumers(layer_at(l)).empty()) hubs[l] = way.roles.hub;
  }
  return build_plan(graph, problem.cluster, assignment, "deepthings", hubs);
}

/// Segments whose output the grid cuts into as many tiles as it has, else into more than one.
std::vector<Block> depths(const Graph& graph, const Grid& grid) {
  std::vector<Block> full;
  std::vector<Block> some;
  for (const Block& block : segments(graph)) {
    const auto tiles = even_tiles(graph.layers()[block.end - 1].output.box, grid);
    const auto empty =
        std::count_if(tiles.begin(), tiles.end(), [](const Region& tile) { return tile.empty(); });
    if (empty == 0) full.push_back(block);
    if (empty + 1 < static_cast<std::ptrdiff_t>(tiles.size())) some.push_back(block);
  }
  return full.empty() ? some : full;
}

}  // namespace

Plan plan_deepthings(const Problem& problem, const Options& options) {
  const Way way = way_of(problem, options);
  if (options.at("layers") != "auto") {
    const auto most = static_cast<std::int64_t>(problem.graph.size()) - 1;
    return tiled_plan(problem, way,
                      static_cast<std::size_t>(whole_option(options, "layers", 1, most)));
  }
  const std::vector<Block> ends = depths(problem.graph, way.grid);
  if (ends.empty()) {  // nothing to cut into tiles
    const std::vector<DeviceId> hub(problem.graph.size(), way.roles.hub);
    return plan_of_placement(problem, hub, "deepthings");
  }
  const std::size_t step = (ends.size() + kMaxDepths - 1) / kMaxDepths;
  BestPlan best(problem);
  std::string reason;
  for (std::size_t i = step - 1; i < ends.size(); i += step) {
    try {
      best.offer(tiled_plan(problem, way, ends[i].end - 1));
    } catch (const Infeasible& error) {  // at this depth
      reason = error.what();
    }
  }
  if (best.empty()) throw Infeasible(reason);
  return best.take();
}

}  // namespace edgeflow
