#include "partition/blocks/block_times.hpp"
#include "partition/prices/layers.hpp"

#include <algorithm>
#include <numeric>

namespace edgeflow {
namespace {

/// Whether the tiles leave nothing of `whole` out; quick where they are rows in order.
bool cover(const Region& whole, std::span<const Region> tiles) {
  std::int64_t reached = whole.row.begin;
  for (const Region& tile : tiles) {
    if (tile.empty()) continue;
    if (tile.channel != whole.channel || tile.column != whole.column || tile.row.begin > reached) {
      return uncovered(whole, tiles).empty();
    }
    reached = std::max(reached, tile.row.end);
  }
  return reached >= whole.row.end;
}

}  // namespace

TileRegions fused_rows(const Problem& problem, const Block& block,
                       std::span<const double> weights) {
  const std::size_t devices = problem.cluster.size();
  return fuse(problem.graph, block, devices, [&](const Layer& layer) {
    const Region& whole = layer.output.box;
    std::vector<Region> parts(devices);
    for (const Share& share :
         cut(whole, Axis::kRow, proportional_boundaries(whole.row.size(), weights))) {
      parts[index(share.device)] = share.region;
    }
    return parts;
  });
}

BlockTimes::BlockTimes(const Problem& problem)
    : problem_(problem),
      devices_(problem.cluster.size()),
      starts_segment_(problem.graph.size(), 0),
      free_s_(problem.cluster.network().links.size(), 0),
      idle_s_(devices_, 0) {
  for (const Block& segment : segments(problem.graph)) starts_segment_[segment.first] = 1;
  for (std::size_t l = 0; l < problem.graph.size(); ++l) {
    if (problem.graph.consumers(layer_at(l)).empty()) results_.push_back(layer_at(l));
    const Layer& layer = problem.graph.layers()[l];
    for (std::size_t d = 0; d < devices_; ++d) {
      layer_s_.push_back(compute_s(problem, layer, device_at(d)));
    }
  }
  for (std::size_t from = 0; from < devices_; ++from) {
    for (std::size_t to = 0; to < devices_; ++to) {
      if (from == to) {
        paths_.emplace_back();
        continue;
      }
      const Route route = problem.cluster.route(device_at(from), device_at(to));
      paths_.push_back({route.links, problem.cluster.bandwidth_Bps(route), route.latency_s});
    }
  }
}

std::vector<double> BlockTimes::undivided_s(const Block& block) const {
  std::vector<double> time_s(devices_, 0);
  for (std::size_t l = block.first; l < block.end; ++l) {
    for (std::size_t d = 0; d < devices_; ++d) time_s[d] += layer_s_[l * devices_ + d];
  }
  return time_s;
}

std::vector<double> BlockTimes::in_bytes(const Block& block, const TileRegions& regions,
                                         std::size_t l) const {
  const LayerId entry = layer_at(l - 1);  // the cut point, or the input
  std::vector<double> bytes;
  for (const std::int64_t elements : needed_elements(problem_.graph, block, regions, entry)) {
    bytes.push_back(static_cast<double>(elements) * element_bytes(problem_, entry));
  }
  return bytes;
}

BlockTimes::Costs BlockTimes::no_costs(const Block& block) const {
  const std::vector<double> zeros((block.end - block.first) * devices_, 0);
  return {block.first, zeros, zeros, zeros};
}

BlockTimes::Costs BlockTimes::costs_together(const Block& block,
                                             std::span<const double> weights) const {
  const TileRegions regions = fused_rows(problem_, block, weights);
  Costs by_layer = no_costs(block);
  for (std::size_t l = block.first; l < block.end; ++l) {
    const std::size_t row = (l - block.first) * devices_;
    if (starts_segment_[l] != 0) {
      const std::vector<double> bytes = in_bytes(block, regions, l);
      std::copy(bytes.begin(), bytes.end(),
                by_layer.in_bytes.begin() + static_cast<ptrdiff_t>(row));
    }
    const Layer& layer = problem_.graph.layers()[l];
    const bool sends = leaves(problem_.graph, block, l);
    std::vector<Region> missing{layer.output.box};
    for (std::size_t d = 0; d < devices_; ++d) {
      const Region& region = regions[l - block.first][d];
      if (region.empty()) continue;
      by_layer.compute_s[row + d] = compute_s(problem_, layer, region, device_at(d));
      if (!sends) continue;
      std::vector<Region> rest;
      for (const Region& piece : missing) {
        by_layer.out_bytes[row + d] +=
            static_cast<double>(intersect(piece, region).volume()) * problem_.size.activation_bytes;
        subtract(piece, region, rest);
      }
      missing.swap(rest);
    }
  }
  return by_layer;
}

const BlockTimes::Tile& BlockTimes::tile(const Block& block, std::size_t device,
                                         const Range& rows) {
  Tile& tile = tiles_[{rows.begin, rows.end}];
  if (tile.regions.empty() || tile.first > block.first) {
    Region part = problem_.graph.layers()[block.end - 1].output.box;
    part.row = rows;
    tile = {block.first, needed_by_tile(problem_.graph, block, part), {}, {}};
    for (std::size_t l = block.first; l < block.end; ++l) {
      const bool starts = starts_segment_[l] != 0;
      tile.in_bytes.push_back(starts ? in_bytes(block, tile.regions, l)[0] : 0);
    }
    tile.compute_s.resize(devices_);
  }
  std::vector<double>& times_s = tile.compute_s[device];
  if (!times_s.empty()) return tile;
  for (std::size_t l = tile.first; l < block.end; ++l) {
    const Region& region = tile.regions[l - tile.first][0];
    const Layer& layer = problem_.graph.layers()[l];
    times_s.push_back(region.empty() ? 0 : compute_s(problem_, layer, region, device_at(device)));
  }
  return tile;
}

std::optional<BlockTimes::Costs> BlockTimes::costs_apart(const Block& block,
                                                         const Boundaries& boundaries) {
  std::vector<const Tile*> tiles;  // by device; null: no rows
  for (std::size_t d = 0; d < devices_; ++d) {
    const Range rows{boundaries[d], boundaries[d + 1]};
    tiles.push_back(rows.empty() ? nullptr : &tile(block, d, rows));
  }
  Costs by_layer = no_costs(block);
  std::vector<Region> regions;
  for (std::size_t l = block.first; l < block.end; ++l) {
    regions.clear();
    for (std::size_t d = 0; d < devices_; ++d) {
      if (tiles[d] == nullptr) continue;
      const std::size_t at = l - tiles[d]->first;
      regions.push_back(tiles[d]->regions[at][0]);
      by_layer.compute_s[(l - block.first) * devices_ + d] = tiles[d]->compute_s[d][at];
      by_layer.in_bytes[(l - block.first) * devices_ + d] = tiles[d]->in_bytes[at];
      if (l + 1 < block.end) continue;
      by_layer.out_bytes[(l - block.first) * devices_ + d] =
          static_cast<double>(regions.back().volume()) * problem_.size.activation_bytes;
    }
    if (!cover(problem_.graph.layers()[l].output.box, regions)) return std::nullopt;
  }
  return by_layer;
}

const BlockTimes::Costs& BlockTimes::costs(const Block& block, std::span<const double> weights) {
  if (block.end != end_) {
    costs_.clear();
    tiles_.clear();
    end_ = block.end;
  }
  const auto rows = [&](LayerId layer) {
    return problem_.graph.layer(layer).output.box.row.size();
  };
  Boundaries boundaries = proportional_boundaries(rows(layer_at(block.end - 1)), weights);
  const bool results = block.end == problem_.graph.size() && results_.size() > 1;
  if (results) {
    for (LayerId result : results_) {
      const Boundaries more = proportional_boundaries(rows(result), weights);
      boundaries.insert(boundaries.end(), more.begin(), more.end());
    }
  }
  Costs& by_layer = costs_[boundaries];
  if (!by_layer.compute_s.empty() && by_layer.first <= block.first) return by_layer;
  std::optional<Costs> apart;
  if (!results) apart = costs_apart(block, boundaries);
  by_layer = apart ? std::move(*apart) : costs_together(block, weights);
  return by_layer;
}

BlockTimes::Tiles BlockTimes::tiles(const Block& block, std::span<const double> weights) {
  const Costs& by_layer = costs(block, weights);
  Tiles tiles;
  const std::size_t skipped = (block.first - by_layer.first) * devices_;
  const auto entry = by_layer.in_bytes.begin() + static_cast<std::ptrdiff_t>(skipped);
  tiles.in_bytes.assign(entry, entry + static_cast<std::ptrdiff_t>(devices_));
  tiles.compute_s.assign(devices_, 0);
  tiles.out_bytes.assign(devices_, 0);
  for (std::size_t at = skipped; at < by_layer.compute_s.size(); at += devices_) {
    for (std::size_t d = 0; d < devices_; ++d) {
      tiles.compute_s[d] += by_layer.compute_s[at + d];
      tiles.out_bytes[d] += by_layer.out_bytes[at + d];
    }
  }
  return tiles;
}

double BlockTimes::send(DeviceId from, DeviceId to, double bytes, double now) {
  if (from == to || bytes == 0) return now;
  const Path& route = path(from, to);
  const auto cpu_s = [&](DeviceId device) {
    return message_cpu_time_s(problem_.cluster.device(device).compute, bytes);
  };
  double begin_s = work_off(from, cpu_s(from), now);
  for (int link : route.links) begin_s = std::max(begin_s, free_s_[index(link)]);
  const double end_s = begin_s + bytes / route.bandwidth_Bps;
  for (int link : route.links) free_s_[index(link)] = end_s;
  return work_off(to, cpu_s(to), end_s + route.latency_s);
}

double BlockTimes::work_off(DeviceId device, double duration_s, double now) {
  if (duration_s == 0) return now;
  double& idle_s = idle_s_[index(device)];
  idle_s = std::max(idle_s, now) + duration_s;
  return idle_s;
}

BlockTime BlockTimes::divided(const Block& block, DeviceId hub, std::span<const double> weights) {
  const Tiles tiles = this->tiles(block, weights);
  std::fill(free_s_.begin(), free_s_.end(), 0);
  std::fill(idle_s_.begin(), idle_s_.end(), 0);
  std::vector<double> done_s(devices_, 0);
  for (std::size_t d = 0; d < devices_; ++d) {
    done_s[d] = send(hub, device_at(d), tiles.in_bytes[d], 0);
  }
  for (std::size_t d = 0; d < devices_; ++d) {
    done_s[d] = work_off(device_at(d), tiles.compute_s[d], done_s[d]);
  }
  std::vector<std::size_t> order(devices_);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return done_s[a] < done_s[b]; });
  const DeviceId to = block.end == problem_.graph.size() ? problem_.cluster.sink() : hub;
  const auto alone_s = [&](DeviceId from, DeviceId target, double bytes) {
    if (from == target) return 0.0;
    return path(from, target).latency_s + bytes / path(from, target).bandwidth_Bps +
           message_cpu_s(problem_, from, target, bytes);
  };
  BlockTime result{std::vector<double>(devices_, 0), 0};
  for (std::size_t d : order) {
    if (tiles.compute_s[d] == 0 && tiles.out_bytes[d] == 0) continue;  // no part in the block
    result.busy_s[d] = alone_s(hub, device_at(d), tiles.in_bytes[d]) + tiles.compute_s[d] +
                       alone_s(device_at(d), to, tiles.out_bytes[d]);
    result.time_s = std::max(result.time_s, send(device_at(d), to, tiles.out_bytes[d], done_s[d]));
  }
  return result;
}

}  // namespace edgeflow
