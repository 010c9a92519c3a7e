#include "partition/blocks/fused.hpp"

#include <algorithm>

namespace edgeflow {
namespace {

/// Adds `piece` to the region that grows least; to an empty one only if all are.
void add_where_cheapest(std::vector<Region>& regions, const Region& piece) {
  std::size_t best = regions.size();
  std::int64_t least = 0;
  for (std::size_t t = 0; t < regions.size(); ++t) {
    if (regions[t].empty()) continue;
    const std::int64_t growth = hull(regions[t], piece).volume() - regions[t].volume();
    if (best < regions.size() && growth >= least) continue;
    best = t;
    least = growth;
  }
  if (best == regions.size()) best = 0;
  regions[best] = hull(regions[best], piece);
}

/// Calls `visit(consumer, input)` for every use of `producer` in the block.
template <typename Visit>
void for_each_use(const Graph& graph, const Block& block, LayerId producer, Visit visit) {
  for (LayerId consumer : graph.consumers(producer)) {
    if (index(consumer) < block.first || index(consumer) >= block.end) continue;
    const Layer& layer = graph.layer(consumer);
    for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
      if (layer.inputs[i] == producer) visit(index(consumer), i);
    }
  }
}

/// Adds what the later layers' regions need of layer `l`.
void add_needs(const Graph& graph, const Block& block, std::size_t l, TileRegions& regions) {
  std::vector<Region>& own = regions[l - block.first];
  for_each_use(graph, block, layer_at(l), [&](std::size_t consumer, std::size_t input) {
    for (std::size_t t = 0; t < own.size(); ++t) {
      const Region& later = regions[consumer - block.first][t];
      if (later.empty()) continue;
      own[t] = hull(own[t], required_input(graph.layers()[consumer], input, later));
    }
  });
}

}  // namespace

bool leaves(const Graph& graph, const Block& block, std::size_t l) {
  const auto consumers = graph.consumers(layer_at(l));
  return consumers.empty() || std::any_of(consumers.begin(), consumers.end(),
                                          [&](LayerId c) { return index(c) >= block.end; });
}

TileRegions fuse(const Graph& graph, const Block& block, std::size_t tiles, const Tiler& tiler) {
  TileRegions regions(block.end - block.first, std::vector<Region>(tiles));
  for (std::size_t l = block.end; l-- > block.first;) {
    std::vector<Region>& own = regions[l - block.first];
    if (leaves(graph, block, l)) own = tiler(graph.layers()[l]);
    add_needs(graph, block, l, regions);
    const std::vector<Region> gaps = uncovered(graph.layers()[l].output.box, own);
    for (const Region& gap : gaps) add_where_cheapest(own, gap);
  }
  return regions;
}

TileRegions needed_by_tile(const Graph& graph, const Block& block, const Region& part) {
  TileRegions regions(block.end - block.first, std::vector<Region>(1));
  regions.back()[0] = part;
  for (std::size_t l = block.end - 1; l-- > block.first;) add_needs(graph, block, l, regions);
  return regions;
}

std::vector<std::int64_t> needed_elements(const Graph& graph, const Block& block,
                                          const TileRegions& regions, LayerId producer) {
  const std::size_t tiles = regions.front().size();
  std::vector<std::vector<Region>> needs(tiles);
  for_each_use(graph, block, producer, [&](std::size_t consumer, std::size_t input) {
    for (std::size_t t = 0; t < tiles; ++t) {
      const Region& region = regions[consumer - block.first][t];
      if (region.empty()) continue;
      const Region need = required_input(graph.layers()[consumer], input, region);
      if (!need.empty()) needs[t].push_back(need);
    }
  });
  std::vector<std::int64_t> elements;
  for (const auto& boxes : needs) elements.push_back(union_volume(boxes));
  return elements;
}

std::vector<Block> segments(const Graph& graph) {
  std::vector<Block> result;
  std::size_t first = 1;
  for (LayerId cut_point : cut_points(graph)) {
    if (index(cut_point) < first) continue;
    result.push_back({first, index(cut_point) + 1});
    first = index(cut_point) + 1;
  }
  if (first < graph.size()) result.push_back({first, graph.size()});
  return result;
}

}  // namespace edgeflow
