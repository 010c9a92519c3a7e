#pragma once
// Grids of tiles over a feature map.

#include "partition/blocks/fused.hpp"
#include "partition/options/options.hpp"
#include "workloads/input/ids.hpp"

namespace edgeflow {

/// The grid of `tiles` tiles that is nearest to a square, rows <= columns: 1x3, 2x2, 1x5, 2x3, ...
Grid squarest_grid(std::int64_t tiles);

/// Tiles of ceil(rows / N) x ceil(columns / M) in row order, the last ones smaller or empty: the
/// rule of DeepThings (Zhao et al., TCAD 2018; ftp.c).
std::vector<Region> even_tiles(const Region& whole, const Grid& grid);

/// Tiles of the block's last layer such that the largest takes as little time as may be: per axis,
/// boundaries with the least maximum over the parts of the time of a part with its halos, of these
/// the most even ones. Dynamic programming, O(extent^2) block times and O(parts * extent^2) per
/// axis. Halos make the inner tiles of an even grid the slowest: here they own less.
std::vector<Region> balanced_tiles(const Problem& problem, const Block& block, const Grid& grid);

}  // namespace edgeflow
