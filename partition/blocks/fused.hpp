#pragma once
// Fused blocks: runs of layers that each tile computes from end to end, recomputing halos instead
// of exchanging them.

#include <functional>

#include "partition/plans/builder.hpp"
#include "partition/plans/problem.hpp"

namespace edgeflow {

/// Layers `first` to `end` - 1 in topological order; the input is in no block.
struct Block {
  std::size_t first = 1;
  std::size_t end = 1;
};

/// The parts of a layer's output that the tiles own, one for each tile; together all of it.
using Tiler = std::function<std::vector<Region>(const Layer&)>;

/// What each tile computes: by layer of the block, then by tile.
using TileRegions = std::vector<std::vector<Region>>;

/// Walks the block backwards: a tile computes the hull of what its own later layers need and, of
/// layers that leave the block, its part. What no tile needs is added where it costs least, so that
/// the tiles cover every layer. Complexity O(layers * tiles).
TileRegions fuse(const Graph& graph, const Block& block, std::size_t tiles, const Tiler& tiler);

/// What a tile that owns `part` of the block's last layer and nothing else needs to compute, as the
/// only tile. Unlike `fuse`, leaves out what it does not need.
TileRegions needed_by_tile(const Graph& graph, const Block& block, const Region& part);

/// Whether the block's layer `l` is needed outside of it.
bool leaves(const Graph& graph, const Block& block, std::size_t l);

/// By tile: elements of the output of `producer`, which stands before the block, that it needs.
std::vector<std::int64_t> needed_elements(const Graph& graph, const Block& block,
                                          const TileRegions& regions, LayerId producer);

/// Runs of layers between cut points: each needs one tensor from before it, and all but the last
/// leave one tensor.
std::vector<Block> segments(const Graph& graph);

}  // namespace edgeflow
