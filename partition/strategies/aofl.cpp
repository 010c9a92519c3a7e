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
// Strongest reading of the paper we could find; differs from it in its favour: branches of any kind
// inside a block, exact halos and prices, any block may stay on the hub, and the whole model goes
// to one device (a block with one device, beyond the limits above) where the estimate of the whole
// plan is less; against it: the limits above, and tiles are rows, where the paper has grids, too.
//
// A plan that others executed can be given instead of found: `blocks` names the last layers of the
// divided blocks, everything else runs on the hub; `grid` and `sizes` or `shares` divide them;
// `hub` and `hub_computes` say who deals out and whether it computes; `input: whole` sends every
// device all of a block's input, as layer-wise implementations did that kept no account of halos.

#include <fmt/format.h>

#include <algorithm>

#include "partition/blocks/barrier.hpp"
#include "partition/blocks/blocks.hpp"
#include "partition/blocks/grid.hpp"
#include "partition/blocks/roles.hpp"
#include "partition/options/strategy_info.hpp"
#include "partition/plans/placement.hpp"
#include "partition/prices/best_plan.hpp"

namespace edgeflow {
namespace {

BlockRules rules_of(std::string_view variant) {
  if (variant == "ofl") return {.adapt = false};
  if (variant == "efl") return {.first_only = true, .adapt = false};
  if (variant == "layerwise") return {.fuse = false, .adapt = false};
  return {};
}

/// The blocks to be divided: `each` segment, or those that end with the layers named, up to the
/// first name that is no cut point behind the block before.
std::vector<Block> blocks_of(const Graph& graph, const OptionValues& options) {
  std::vector<Block> all = segments(graph);
  if (options.word("blocks") == "each") return all;
  std::vector<Block> result;
  std::size_t first = 1;
  for (LayerId last : options.get<std::vector<LayerId>>("blocks")) {
    const std::size_t end = index(last) + 1;
    const bool cut_point =
        std::any_of(all.begin(), all.end(), [&](const Block& block) { return block.end == end; });
    if (!cut_point || end <= first) break;
    result.push_back({first, end});
    first = end;
  }
  return result;
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

Division division_of(const Problem& problem, const OptionValues& options) {
  Division division;
  division.roles = roles_of(problem, options);
  const auto workers = static_cast<std::int64_t>(division.roles.workers.size());
  std::vector<double> equal(problem.cluster.size(), 0);
  for (DeviceId worker : division.roles.workers) equal[index(worker)] = 1;
  division.weights = options.get_or("shares", equal);
  division.balanced = options.word("sizes") == "balanced";
  if (options.word("grid") == "square") {
    division.grid = squarest_grid(workers);
  } else if (options.word("grid") != "rows") {
    division.grid = options.get<Grid>("grid");
  } else if (division.balanced) {
    division.grid = Grid{workers, 1};
  }
  return division;
}

bool divisible(const Layer& layer, const Division& division) {
  const AxisSet axes = split_axes(layer);
  return has_axis(axes, Axis::kRow) &&
         (!division.grid || division.grid->columns == 1 || has_axis(axes, Axis::kColumn));
}

Plan plan_as_given(const Problem& problem, const OptionValues& options) {
  const Graph& graph = problem.graph;
  const Division division = division_of(problem, options);
  const Roles& roles = division.roles;
  const bool whole_input = options.word("input") == "whole";
  std::vector<Block> divided;
  Assignment assignment;
  for (const Layer& layer : graph.layers()) assignment.push_back(on_one_device(layer, roles.hub));
  Hubs hubs(graph.size());
  Copies copies(graph.size());
  if (roles.hub != problem.cluster.source()) hubs[index(graph.input())] = roles.hub;
  for (const Block& block : blocks_of(graph, options)) {
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
  return options.flag("barrier") ? with_barriers(plan, roles.hub, divided) : plan;
}

Plan plan(const Problem& problem, const OptionValues& options) {
  if (options.word("blocks") != "auto") return plan_as_given(problem, options);
  const std::string_view variant = options.word("variant");
  Plan blocks = plan_of_blocks(problem, best_blocks(problem, rules_of(variant)), "aofl");
  if (variant != "aofl") return blocks;
  BestPlan best(problem);
  best.offer(std::move(blocks));
  best.offer_single_devices("aofl");
  return best.take();
}

/// Options of given blocks without any.
void check_without_blocks(const OptionValues& options) {
  for (const char* key :
       {"grid", "sizes", "shares", "input", "barrier", "hub", "hub_computes", "idle"}) {
    if (options.is_default(key)) continue;
    throw OptionError(key, "it divides given blocks, but blocks is auto");
  }
}

/// The names of given blocks: cut points in order.
void check_blocks(const Graph& graph, const OptionValues& options) {
  const auto names = options.get_or("blocks", std::vector<LayerId>());
  const std::size_t good = names.empty() ? 0 : blocks_of(graph, options).size();
  if (good == names.size()) return;
  throw OptionError("blocks",
                    fmt::format("\"{}\" is not a cut point behind the blocks before",
                                graph.layer(names[good]).name),
                    "expected auto, each, or the names of the blocks' last layers");
}

void check(const Problem& problem, const OptionValues& options) {
  if (options.word("blocks") == "auto") return check_without_blocks(options);
  check_roles(problem, options);
  check_blocks(problem.graph, options);
  const Division division = division_of(problem, options);
  if (division.balanced && options.word("grid") == "rows" && options.word("shares") != "auto") {
    throw OptionError("sizes", "they are balanced, but shares gives the rows of each device");
  }
  const std::size_t workers = division.roles.workers.size();
  if (division.grid && division.grid->tiles() > workers) {
    throw OptionError("grid", fmt::format("{} tiles for {} devices that compute",
                                          division.grid->tiles(), workers));
  }
}

constexpr std::array kOptions{
    OptionInfo{
        .key = "variant",
        .words = {"aofl", "ofl", "efl", "layerwise"},
        .default_value = "aofl",
        .meaning = "blocks, devices and shares; blocks only; only the first block; no fusion"},
    OptionInfo{
        .key = "blocks",
        .type = OptionType::kLayers,
        .words = {"auto", "each"},
        .default_value = "auto",
        .meaning =
            "given instead of found, whatever the variant: the last layers of the divided blocks"},
    OptionInfo{
        .key = "grid",
        .type = OptionType::kGrid,
        .words = {"rows", "square"},
        .default_value = "rows",
        .meaning =
            "given blocks: a tile for each device; square: as square as their number allows"},
    OptionInfo{.key = "sizes",
               .words = {"even", "balanced"},
               .default_value = "even",
               .meaning = "given blocks: tiles of one size, or of one time with halos"},
    OptionInfo{.key = "shares",
               .type = OptionType::kShares,
               .words = {"auto"},
               .default_value = "auto",
               .meaning = "given blocks in rows: who gets how much"},
    OptionInfo{.key = "input",
               .words = {"needed", "whole"},
               .default_value = "needed",
               .meaning = "given blocks: what each device gets of a block's input"},
    OptionInfo{
        .key = "barrier",
        .type = OptionType::kFlag,
        .default_value = "no",
        .meaning = "given blocks: whether all devices scatter, compute and gather at a time"},
    kHub,
    kHubComputes,
    kIdle,
};

}  // namespace

extern const StrategyInfo kAofl;  // as in strategies.hpp
constinit const StrategyInfo kAofl{
    .name = "aofl",
    .summary = "fused blocks anywhere in the chain, dealt out and gathered by the hub",
    .paper = "AOFL (Zhou et al., SEC 2019)",
    .objective = "latency",
    .options = kOptions,
    .plan = plan,
    .check = check,
};

}  // namespace edgeflow
