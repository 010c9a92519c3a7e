#pragma once
// Fused blocks: runs of layers that each tile computes from end to end, recomputing halos instead
// of exchanging them; and what such a block takes when a hub deals out its input.

#include <functional>

#include "partition/strategies/chain.hpp"

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

/// Whether the block's layer `l` is needed outside of it.
bool leaves(const Graph& graph, const Block& block, std::size_t l);

/// By tile: elements of the output of `producer`, which stands before the block, that it needs.
std::vector<std::int64_t> needed_elements(const Graph& graph, const Block& block,
                                          const TileRegions& regions, LayerId producer);

/// Runs of layers between cut points: each needs one tensor from before it, and all but the last
/// leave one tensor.
std::vector<Block> segments(const Graph& graph);

/// A block divided among all devices, tile d on device d.
struct SplitBlock {
  TileRegions regions;
  std::vector<double> busy_s;  // by device: to receive, compute and send, alone on the network
  double time_s = 0;           // from the hub having the input to the last output's arrival
};

/// Rows of the outputs in proportion to `weights` (one per device). The hub sends every device its
/// input in cluster order, outputs go back to the hub as they are done, results to the sink;
/// messages share links first come first served, as in the estimator.
/// Precondition: the block is a segment or several in a row.
SplitBlock split_block(const Problem& problem, const Block& block, DeviceId hub,
                       std::span<const double> weights);

}  // namespace edgeflow
