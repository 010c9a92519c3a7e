// `deepthings`: a grid of fused tiles through the first layers, the hub does the rest.
//
// Problem: the output of layer L is cut into N x M tiles; each is computed from the model's input
// on by one device, halos recomputed (fused tile partitioning, FTP). The hub (the source) deals out
// tile inputs, gathers tile outputs and runs the layers behind L.
// Algorithm: tiles of ceil(rows / N) x ceil(columns / M), the last ones smaller; regions walked
// back through the layers. Tiles in row order go to the device that would be done with them first:
// what the paper's work stealing comes to when nothing disturbs it. L = `layers`, or the one of the
// cut points (at most 32 of them) with the least estimate. Complexity O(L * N * M * D) per L.
// Paper: DeepThings (Zhao, Barijough and Gerstlauer, IEEE TCAD 37(11), 2018) and its code (ftp.c).
// Deviations: no reuse of overlapping data between tiles; the hub takes tiles like everybody. On a
// DAG the layers are those of the chain view; what later layers need of them is gathered, too.

#include <fmt/format.h>

#include <charconv>

#include "partition/strategies/fused.hpp"

namespace edgeflow {
namespace {

constexpr std::size_t kMaxDepths = 32;

struct Grid {
  std::int64_t rows = 1;
  std::int64_t columns = 1;
};

Grid grid_of(const std::string& text) {
  Grid grid;
  const char* const end = text.data() + text.size();
  const auto rows = std::from_chars(text.data(), end, grid.rows);
  if (rows.ec == std::errc{} && rows.ptr != end && *rows.ptr == 'x') {
    const auto columns = std::from_chars(rows.ptr + 1, end, grid.columns);
    const auto fits = [](std::int64_t n) { return n >= 1 && n <= 32; };
    if (columns.ec == std::errc{} && columns.ptr == end && fits(grid.rows) && fits(grid.columns)) {
      return grid;
    }
  }
  throw OptionError(
      "grid", fmt::format("got \"{}\", expected rows x columns of tiles such as 3x3, each from 1 "
                          "to 32",
                          text));
}

std::vector<Region> tiles_of(const Region& whole, const Grid& grid) {
  const std::int64_t high = (whole.row.size() + grid.rows - 1) / grid.rows;
  const std::int64_t wide = (whole.column.size() + grid.columns - 1) / grid.columns;
  std::vector<Region> tiles;
  for (std::int64_t r = 0; r < grid.rows; ++r) {
    for (std::int64_t c = 0; c < grid.columns; ++c) {
      Region tile = whole;
      tile.row = intersect(whole.row, {r * high, (r + 1) * high});
      tile.column = intersect(whole.column, {c * wide, (c + 1) * wide});
      tiles.push_back(tile.empty() ? Region{} : tile);
    }
  }
  return tiles;
}

/// By tile: the device that takes it.
std::vector<DeviceId> deal(const Problem& problem, const Block& block, const TileRegions& regions) {
  const DeviceId hub = problem.cluster.source();
  const auto input = needed_elements(problem.graph, block, regions, problem.graph.input());
  std::vector<double> free_s(problem.cluster.size(), 0);
  std::vector<DeviceId> result;
  for (std::size_t t = 0; t < regions.front().size(); ++t) {
    std::size_t best = 0;
    double best_s = 0;
    for (std::size_t d = 0; d < free_s.size(); ++d) {
      const double bytes = static_cast<double>(input[t]) * problem.size.input_bytes;
      double done_s = free_s[d] + send_s(problem, hub, device_at(d), bytes);
      for (std::size_t l = block.first; l < block.end; ++l) {
        const Region& region = regions[l - block.first][t];
        if (region.empty()) continue;
        done_s += compute_s(problem, problem.graph.layers()[l], region, device_at(d));
      }
      if (d > 0 && done_s >= best_s) continue;
      best = d;
      best_s = done_s;
    }
    free_s[best] = best_s;
    result.push_back(device_at(best));
  }
  return result;
}

Plan tiled_plan(const Problem& problem, const Grid& grid, std::size_t depth) {
  const Graph& graph = problem.graph;
  const DeviceId hub = problem.cluster.source();
  const Block block{1, depth + 1};
  const auto tiles = static_cast<std::size_t>(grid.rows * grid.columns);
  const TileRegions regions = fuse(
      graph, block, tiles, [&](const Layer& layer) { return tiles_of(layer.output.box, grid); });
  const std::vector<DeviceId> device_of = deal(problem, block, regions);
  Assignment assignment(graph.size());
  Hubs hubs(graph.size());
  for (std::size_t l = 1; l < graph.size(); ++l) {
    if (l >= block.end) {
      assignment[l] = on_one_device(graph.layers()[l], hub);
      continue;
    }
    for (std::size_t t = 0; t < tiles; ++t) {
      assignment[l].push_back({device_of[t], regions[l - block.first][t]});
    }
    if (leaves(graph, block, l) && !graph.consumers(layer_at(l)).empty()) hubs[l] = hub;
  }
  return build_plan(graph, problem.cluster, assignment, "deepthings", hubs);
}

}  // namespace

Plan plan_deepthings(const Problem& problem, const Options& options) {
  const Grid grid = grid_of(options.at("grid"));
  if (options.at("layers") != "auto") {
    const auto most = static_cast<std::int64_t>(problem.graph.size()) - 1;
    return tiled_plan(problem, grid,
                      static_cast<std::size_t>(whole_option(options, "layers", 1, most)));
  }
  const std::vector<Block> ends = segments(problem.graph);
  if (ends.empty())
    return plan_of_placement(problem, std::vector{problem.cluster.source()}, "deepthings");
  const std::size_t step = (ends.size() + kMaxDepths - 1) / kMaxDepths;
  BestPlan best(problem);
  for (std::size_t i = step - 1; i < ends.size(); i += step) {
    best.offer(tiled_plan(problem, grid, ends[i].end - 1));
  }
  return best.take();
}

}  // namespace edgeflow
