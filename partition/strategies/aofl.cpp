// `aofl`: fused blocks chosen anywhere in the chain, each divided as suits it best.
//
// Problem: cut the chain into blocks; the hub (the source) deals out a block's input, devices
// compute tiles of rows from end to end with recomputed halos, the hub gathers the output:
//   min sum over blocks of t(block), t = the time of that exchange, or of the block on the hub.
// Algorithm: dynamic programming over ends of blocks (blocks.hpp). Variants:
//   aofl       blocks, per block the number of devices (a prefix of the ranking by speed, then
//              bandwidth) and shares that make receiving, computing and sending equally long;
//   ofl        blocks, all devices, equal shares;
//   efl        only the first block is divided, as in DeepThings, the rest runs on the hub;
//   layerwise  no fusion: every segment is a block.
// Complexity: see best_blocks.
// Paper: Zhou et al., Adaptive Parallel Execution of Deep Neural Networks on Heterogeneous Edge
// Devices, SEC 2019.
// Deviations: the paper keeps residual blocks whole inside a fused block; here a DAG is cut only
// where a single tensor passes, for whatever branches. Any block may stay on the hub. Times come
// from the cost model, not from regressions, and overlap sending with computing as the executor
// does. Tiles are rows. Blocks of more than kLongestBlock segments are not divided, and of more
// than 8 devices not every prefix is tried. The paper plans again when devices or links
// change; a plan here stays.
//
// A plan that others executed can be given instead of found: `blocks` names the last layers of the
// divided blocks, everything else runs on the hub; `grid` and `sizes` or `shares` divide them;
// `hub` and `hub_computes` say who deals out and whether it computes; `input: whole` sends every
// device all of a block's input, as layer-wise implementations did that kept no account of halos.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "partition/blocks/barrier.hpp"
#include "partition/blocks/blocks.hpp"
#include "partition/blocks/grid.hpp"
#include "partition/options/options.hpp"
#include "partition/plans/placement.hpp"
#include "partition/strategies/strategies.hpp"

namespace edgeflow {
namespace {

BlockRules rules_of(const std::string& variant) {
  if (variant == "aofl") return {};
  if (variant == "ofl") return {.adapt = false};
  if (variant == "efl") return {.first_only = true, .adapt = false};
  if (variant == "layerwise") return {.fuse = false, .adapt = false};
  throw OptionError("variant",
                    fmt::format("got \"{}\", expected aofl, ofl, efl or layerwise", variant));
}

/// The blocks to be divided: `each` segment, or those that end with the layers named.
std::vector<Block> blocks_of(const Graph& graph, const std::string& text) {
  std::vector<Block> all = segments(graph);
  if (text == "each") return all;
  std::vector<Block> result;
  std::istringstream words(text);
  std::size_t first = 1;
  for (std::string name; words >> name;) {
    const auto end = std::find_if(all.begin(), all.end(), [&](const Block& block) {
      return graph.layers()[block.end - 1].name == name;
    });
    if (end == all.end() || end->end <= first) {
      throw OptionError("blocks",
                        fmt::format("\"{}\" is not a cut point behind the blocks before; expected "
                                    "auto, each, or the names of the blocks' last layers",
                                    name));
    }
    result.push_back({first, end->end});
    first = end->end;
  }
  return result;
}

/// Shares of rows by device, 0 for those without part; equal for the workers if `auto`.
std::vector<double> weights_of(const Problem& problem, const Roles& roles,
                               const std::string& text) {
  std::vector<double> weights(problem.cluster.size(), 0);
  if (text == "auto") {
    for (DeviceId worker : roles.workers) weights[index(worker)] = 1;
    return weights;
  }
  std::istringstream words(text);
  weights.clear();
  double sum = 0;
  for (double weight = 0; words >> weight && weight >= 0; sum += weight) weights.push_back(weight);
  if (weights.size() != problem.cluster.size() || !words.eof() || !(sum > 0)) {
    throw OptionError("shares", fmt::format("got \"{}\", expected auto or a number for each of the "
                                            "{} devices, not all 0",
                                            text, problem.cluster.size()));
  }
  return weights;
}

/// How the options divide a block: the part of each device, in cluster order.
struct Division {
  std::optional<Grid> grid;  // else rows
  bool balanced = false;
  Roles roles;
  std::vector<double> weights;  // of rows

  std::vector<Region> parts(const Problem& problem, const Block& block, const Layer& layer) const {
    std::vector<Region> parts(problem.cluster.size());
    if (grid) {
      // Where results stand inside of a block, only the last one's tiles can be balanced.
      const bool last = layer.name == problem.graph.layers()[block.end - 1].name;
      const std::vector<Region> tiles = balanced && last ? balanced_tiles(problem, block, *grid)
                                                         : even_tiles(layer.output.box, *grid);
      for (std::size_t t = 0; t < tiles.size(); ++t) parts[index(roles.workers[t])] = tiles[t];
    } else {
      const auto boundaries = proportional_boundaries(layer.output.box.row.size(), weights);
      for (const Share& share : cut(layer.output.box, Axis::kRow, boundaries)) {
        parts[index(share.device)] = share.region;
      }
    }
    return parts;
  }
};

Division division_of(const Problem& problem, const Options& options) {
  Division division;
  division.roles = roles_of(problem, options);
  division.weights = weights_of(problem, division.roles, options.at("shares"));
  const std::size_t workers = division.roles.workers.size();
  const std::string& sizes = options.at("sizes");
  if (sizes != "even" && sizes != "balanced") {
    throw OptionError("sizes", fmt::format("got \"{}\", expected even or balanced", sizes));
  }
  division.balanced = sizes == "balanced";
  if (options.at("grid") == "square") {
    division.grid = squarest_grid(static_cast<std::int64_t>(workers));
  } else if (options.at("grid") == "rows" && division.balanced) {
    if (options.at("shares") != "auto") {
      throw OptionError("sizes", "they are balanced, but shares gives the rows of each device");
    }
    division.grid = Grid{static_cast<std::int64_t>(workers), 1};
  } else if (options.at("grid") != "rows") {
    division.grid = grid_option(options, "grid");
  }
  if (division.grid && division.grid->tiles() > workers) {
    throw OptionError("grid", fmt::format("{} tiles for {} devices that compute",
                                          division.grid->tiles(), workers));
  }
  return division;
}

bool divisible(const Layer& layer, const Division& division) {
  const AxisSet axes = split_axes(layer);
  return has_axis(axes, Axis::kRow) &&
         (!division.grid || division.grid->columns == 1 || has_axis(axes, Axis::kColumn));
}

Plan plan_as_given(const Problem& problem, const Options& options) {
  const Graph& graph = problem.graph;
  const Division division = division_of(problem, options);
  const Roles& roles = division.roles;
  const bool barrier = yes_option(options, "barrier");
  std::vector<Block> divided;
  const bool whole_input = options.at("input") == "whole";
  if (!whole_input && options.at("input") != "needed") {
    throw OptionError("input", "expected needed or whole");
  }
  Assignment assignment;
  for (const Layer& layer : graph.layers()) assignment.push_back(on_one_device(layer, roles.hub));
  Hubs hubs(graph.size());
  Copies copies(graph.size());
  if (roles.hub != problem.cluster.source()) hubs[index(graph.input())] = roles.hub;
  for (const Block& block : blocks_of(graph, options.at("blocks"))) {
    if (!divisible(graph.layers()[block.end - 1], division)) continue;
    divided.push_back(block);
    const TileRegions regions = fuse(graph, block, problem.cluster.size(), [&](const Layer& layer) {
      return division.parts(problem, block, layer);
    });
    for (std::size_t l = block.first; l < block.end; ++l) {
      assignment[l].clear();
      for (std::size_t d = 0; d < problem.cluster.size(); ++d) {
        assignment[l].push_back({device_at(d), regions[l - block.first][d], l == block.first});
      }
    }
    if (block.end < graph.size()) hubs[block.end - 1] = roles.hub;
    if (!whole_input) continue;
    for (std::size_t d = 0; d < problem.cluster.size(); ++d) {
      const bool takes_part = !regions.front()[d].empty();
      if (takes_part && device_at(d) != roles.hub) copies[block.first - 1].push_back(device_at(d));
    }
  }
  const Plan plan = build_plan(graph, problem.cluster, assignment, "aofl", hubs, copies);
  return barrier ? with_barriers(plan, roles.hub, divided) : plan;
}

}  // namespace

Plan plan_aofl(const Problem& problem, const Options& options) {
  const BlockRules rules = rules_of(options.at("variant"));
  if (options.at("blocks") != "auto") return plan_as_given(problem, options);
  for (const auto& [key, free] : {std::pair{"grid", "rows"},
                                  {"sizes", "even"},
                                  {"shares", "auto"},
                                  {"input", "needed"},
                                  {"barrier", "no"},
                                  {"hub", "source"},
                                  {"hub_computes", "yes"},
                                  {"idle", "none"}}) {
    if (options.at(key) != free) {
      throw OptionError(key, "it divides given blocks, but blocks is auto");
    }
  }
  return plan_of_blocks(problem, best_blocks(problem, rules), "aofl");
}

}  // namespace edgeflow
