#include "partition/blocks/grid.hpp"

#include <algorithm>
#include <limits>

#include "partition/prices/layers.hpp"

namespace edgeflow {
namespace {

/// Time of the block's layers when a device owns `part` of the last one and computes all that this
/// needs.
double block_time_s(const Problem& problem, const Block& block, const Region& part) {
  const TileRegions regions = needed_by_tile(problem.graph, block, part);
  double time_s = 0;
  for (std::size_t l = block.end; l-- > block.first;) {
    const Region& own = regions[l - block.first][0];
    if (own.empty()) continue;
    time_s += compute_s(problem, problem.graph.layers()[l], own, device_at(0));
  }
  return time_s;
}

/// Calls `visit(k, begin, end)` for every range that may be the k-th part of 0..n, k from 1 on.
template <typename Visit>
void for_each_part(std::size_t n, std::size_t parts, Visit visit) {
  for (std::size_t k = 1; k <= parts; ++k) {
    for (std::size_t end = k; end <= n; ++end) {
      for (std::size_t begin = k - 1; begin < end; ++begin) visit(k, begin, end);
    }
  }
}

/// Boundaries of `parts` parts of 0..extent with the least largest cost, of these the most even
/// ones (least sum of squared sizes). `cost(begin, end)` of a part grows with the part.
template <typename Cost>
std::vector<std::int64_t> balanced_boundaries(std::int64_t extent, std::int64_t parts, Cost cost) {
  const std::size_t n = index(extent);
  const std::size_t k_end = index(parts) + 1;
  constexpr double kNever = std::numeric_limits<double>::infinity();
  std::vector<double> costs((n + 1) * (n + 1));  // [begin * (n + 1) + end]
  for (std::size_t begin = 0; begin < n; ++begin) {
    for (std::size_t end = begin + 1; end <= n; ++end) {
      costs[begin * (n + 1) + end] =
          cost(static_cast<std::int64_t>(begin), static_cast<std::int64_t>(end));
    }
  }
  // Both times best[k][end] of the first k parts, up to `end`; `begin_of` the last of them.
  std::vector<std::vector<double>> largest(k_end, std::vector<double>(n + 1, kNever));
  std::vector<std::vector<double>> squares = largest;
  std::vector<std::vector<std::size_t>> begin_of(k_end, std::vector<std::size_t>(n + 1, 0));
  largest[0][0] = squares[0][0] = 0;
  for_each_part(n, k_end - 1, [&](std::size_t k, std::size_t begin, std::size_t end) {
    const double part = costs[begin * (n + 1) + end];
    largest[k][end] = std::min(largest[k][end], std::max(largest[k - 1][begin], part));
  });
  for_each_part(n, k_end - 1, [&](std::size_t k, std::size_t begin, std::size_t end) {
    if (costs[begin * (n + 1) + end] > largest.back()[n]) return;
    const auto size = static_cast<double>(end - begin);
    const double sum = squares[k - 1][begin] + size * size;
    if (sum >= squares[k][end]) return;
    squares[k][end] = sum;
    begin_of[k][end] = begin;
  });
  std::vector<std::int64_t> boundaries(k_end, 0);
  std::size_t at = n;
  for (std::size_t k = k_end - 1; k > 0; --k) {
    boundaries[k] = static_cast<std::int64_t>(at);
    at = begin_of[k][at];
  }
  return boundaries;
}

}  // namespace

Grid squarest_grid(std::int64_t tiles) {
  Grid grid{1, tiles};
  for (std::int64_t rows = 2; rows * rows <= tiles; ++rows) {
    if (tiles % rows == 0) grid = {rows, tiles / rows};
  }
  return grid;
}

std::vector<Region> even_tiles(const Region& whole, const Grid& grid) {
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

std::vector<Region> balanced_tiles(const Problem& problem, const Block& block, const Grid& grid) {
  const Region& whole = problem.graph.layers()[block.end - 1].output.box;
  const auto along = [&](Axis axis, std::int64_t parts) {
    return balanced_boundaries(whole[axis].size(), std::min(parts, whole[axis].size()),
                               [&](std::int64_t begin, std::int64_t end) {
                                 Region part = whole;
                                 part[axis] = {begin, end};
                                 return block_time_s(problem, block, part);
                               });
  };
  const std::vector<std::int64_t> rows = along(Axis::kRow, grid.rows);
  const std::vector<std::int64_t> columns = along(Axis::kColumn, grid.columns);
  std::vector<Region> tiles;
  for (std::size_t r = 0; r + 1 < rows.size(); ++r) {
    for (std::size_t c = 0; c + 1 < columns.size(); ++c) {
      tiles.push_back({whole.channel, {rows[r], rows[r + 1]}, {columns[c], columns[c + 1]}});
    }
  }
  tiles.resize(grid.tiles());
  return tiles;
}

}  // namespace edgeflow
