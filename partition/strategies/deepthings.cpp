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
// enough for the grid (for two tiles, if none is), and of none at all if the hub takes tiles.
// Complexity O(L * N * M * D) per L, plus N * M estimates for a queue.
// Paper: DeepThings (Zhao, Barijough and Gerstlauer, IEEE TCAD 37(11), 2018) and its code (ftp.c).
// Deviations: no reuse of overlapping data between tiles, no stealing from peers; the hub takes
// tiles like everybody unless `hub_computes` is no. On a DAG the layers are those of the chain
// view; what later layers need of them is gathered, too.
// Strongest reading of the paper we could find; differs from it in its favour: the depth is found
// by the estimate of the whole plan, and may be 0, tiles go by default to whom suits them best
// instead of to whoever asks; against it: overlaps are never reused (WST-S), and thieves find their
// victim without asking the gateway.

#include <fmt/format.h>

#include <algorithm>

#include "partition/blocks/grid.hpp"
#include "partition/blocks/work_queue.hpp"
#include "partition/options/strategy_info.hpp"
#include "partition/plans/placement.hpp"
#include "partition/prices/best_plan.hpp"
#include "partition/prices/layers.hpp"

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

/// The tiles and who takes them, whatever the depth.
struct Tiling {
  Grid grid;
  Roles roles;
  bool queue = false;
  std::int64_t ahead = 0;
};

Plan tiled_plan(const Problem& problem, const Tiling& tiling, std::size_t depth) {
  const Graph& graph = problem.graph;
  const Block block{1, depth + 1};
  const std::size_t tiles = tiling.grid.tiles();
  const TileRegions regions = fuse(graph, block, tiles, [&](const Layer& layer) {
    return even_tiles(layer.output.box, tiling.grid);
  });
  if (tiling.queue) {
    return plan_of_queue(problem, block, regions, tiling.roles, tiling.ahead, "deepthings");
  }
  const std::vector<DeviceId> device_of = deal(problem, block, regions, tiling.roles);
  Assignment assignment(graph.size());
  Hubs hubs(graph.size());
  if (tiling.roles.hub != problem.cluster.source()) hubs[index(graph.input())] = tiling.roles.hub;
  for (std::size_t l = 1; l < graph.size(); ++l) {
    if (l >= block.end) {
      assignment[l] = on_one_device(graph.layers()[l], tiling.roles.hub);
      continue;
    }
    for (std::size_t t = 0; t < tiles; ++t) {
      assignment[l].push_back({device_of[t], regions[l - block.first][t], l == block.first});
    }
    const bool gathered = leaves(graph, block, l) && !graph.consumers(layer_at(l)).empty();
    if (gathered) hubs[l] = tiling.roles.hub;
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

/// Besides the roles: the model must have as many layers as the tiles pass through.
void check(const Problem& problem, const OptionValues& options) {
  check_roles(problem, options);
  const auto most = static_cast<std::int64_t>(problem.graph.size()) - 1;
  const auto layers = options.get_or<std::int64_t>("layers", 0);
  if (layers <= most) return;
  throw OptionError("layers", fmt::format("got \"{}\", expected auto, or a whole number from 1 to "
                                          "{}, the layers of the model",
                                          layers, most));
}

Plan on_hub(const Problem& problem, const Tiling& tiling) {
  const std::vector<DeviceId> hub(problem.graph.size(), tiling.roles.hub);
  return plan_of_placement(problem, hub, "deepthings");
}

Plan plan(const Problem& problem, const OptionValues& options) {
  const Tiling tiling{options.get<Grid>("grid"), roles_of(problem, options),
                      options.word("dealing") == "work_queue", options.get<std::int64_t>("ahead")};
  if (options.word("layers") != "auto") {
    return tiled_plan(problem, tiling,
                      static_cast<std::size_t>(options.get<std::int64_t>("layers")));
  }
  const std::vector<Block> ends = depths(problem.graph, tiling.grid);
  if (ends.empty()) return on_hub(problem, tiling);  // nothing to cut into tiles
  const std::size_t step = (ends.size() + kMaxDepths - 1) / kMaxDepths;
  BestPlan best(problem);
  std::string reason;
  for (std::size_t i = step - 1; i < ends.size(); i += step) {
    try {
      best.offer(tiled_plan(problem, tiling, ends[i].end - 1));
    } catch (const Infeasible& error) {  // at this depth
      reason = error.what();
    }
  }
  if (best.empty()) throw Infeasible(reason);
  if (tiling.roles.workers[0] == tiling.roles.hub) best.offer(on_hub(problem, tiling));
  return best.take();
}

constexpr std::array kOptions{
    OptionInfo{.key = "grid",
               .type = OptionType::kGrid,
               .default_value = "3x3",
               .meaning = "tiles that the output of the last layer is cut into"},
    OptionInfo{.key = "layers",
               .type = OptionType::kWhole,
               .words = {"auto"},
               .default_value = "auto",
               .meaning = "how many layers the tiles pass through",
               .least = 1},
    OptionInfo{
        .key = "dealing",
        .words = {"planned", "work_queue"},
        .default_value = "planned",
        .meaning =
            "tiles go where they would be done first, or a device that is free takes the next"},
    OptionInfo{.key = "ahead",
               .type = OptionType::kWhole,
               .default_value = "0",
               .meaning = "work_queue: tiles that a device takes besides the one that it computes",
               .most = 1000},
    kHub,
    kHubComputes,
    kIdle,
};

}  // namespace

extern const StrategyInfo kDeepthings;  // as in strategies.hpp
constinit const StrategyInfo kDeepthings{
    .name = "deepthings",
    .summary = "a grid of fused tiles through the first layers, the hub does the rest",
    .paper = "DeepThings (Zhao, Barijough and Gerstlauer, TCAD 2018)",
    .objective = "latency",
    .options = kOptions,
    .plan = plan,
    .check = check,
};

}  // namespace edgeflow
