#pragma once
// Grids of tiles over a feature map, and who deals tiles out and who computes them.

#include "partition/blocks/fused.hpp"
#include "partition/options/options.hpp"
#include "workloads/input/ids.hpp"

namespace edgeflow {

struct Grid {
  std::int64_t rows = 1;
  std::int64_t columns = 1;
  std::size_t tiles() const { return index(rows * columns); }
};

/// The value of option `key`, such as 3x3. Throws OptionError.
Grid grid_option(const Options& options, const std::string& key);

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

/// Who deals out inputs and gathers outputs, and who computes tiles.
struct Roles {
  DeviceId hub{};
  std::vector<DeviceId> workers;  // in cluster order; the hub first if it computes
};

/// Reads the options `hub` (a device or `source`), `hub_computes` (yes or no) and `idle` (none, or
/// devices that are no workers). Throws OptionError.
Roles roles_of(const Problem& problem, const Options& options);

}  // namespace edgeflow
