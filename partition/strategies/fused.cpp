#include "partition/strategies/fused.hpp"

#include <algorithm>
#include <numeric>

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

/// Links in use, as the estimator sees them.
class Wires {
 public:
  explicit Wires(const Problem& problem)
      : problem_(problem), free_s_(problem.cluster.network().links.size(), 0) {}

  /// When a message that is ready at `now` arrives. Calls go forward in time.
  double send(DeviceId from, DeviceId to, double bytes, double now) {
    if (from == to || bytes == 0) return now;
    const Route route = problem_.cluster.route(from, to);
    double begin_s = now;
    for (int link : route.links) {
      begin_s = std::max(begin_s, free_s_[static_cast<std::size_t>(link)]);
    }
    const double end_s = begin_s + bytes / problem_.cluster.route_bandwidth_Bps(from, to);
    for (int link : route.links) free_s_[static_cast<std::size_t>(link)] = end_s;
    return end_s + route.latency_s;
  }

 private:
  const Problem& problem_;
  std::vector<double> free_s_;
};

struct TileWork {
  double in_bytes = 0;
  double compute_s = 0;
  double out_bytes = 0;
};

std::vector<TileWork> work_of_tiles(const Problem& problem, const Block& block,
                                    const TileRegions& regions) {
  const std::size_t devices = problem.cluster.size();
  std::vector<TileWork> tiles(devices);
  const LayerId entry = layer_at(block.first - 1);  // the cut point, or the input
  const auto needed = needed_elements(problem.graph, block, regions, entry);
  for (std::size_t d = 0; d < devices; ++d) {
    tiles[d].in_bytes = static_cast<double>(needed[d]) * element_bytes(problem, entry);
  }
  for (std::size_t l = block.first; l < block.end; ++l) {
    std::vector<Region> missing{problem.graph.layers()[l].output.box};
    for (std::size_t d = 0; d < devices; ++d) {
      const Region& region = regions[l - block.first][d];
      if (region.empty()) continue;
      tiles[d].compute_s += compute_s(problem, problem.graph.layers()[l], region, device_at(d));
      if (!leaves(problem.graph, block, l)) continue;
      std::vector<Region> rest;
      for (const Region& piece : missing) {
        tiles[d].out_bytes +=
            static_cast<double>(intersect(piece, region).volume()) * problem.size.activation_bytes;
        subtract(piece, region, rest);
      }
      missing.swap(rest);
    }
  }
  return tiles;
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
    for_each_use(graph, block, layer_at(l), [&](std::size_t consumer, std::size_t input) {
      for (std::size_t t = 0; t < tiles; ++t) {
        const Region& later = regions[consumer - block.first][t];
        if (later.empty()) continue;
        own[t] = hull(own[t], required_input(graph.layers()[consumer], input, later));
      }
    });
    const std::vector<Region> gaps = uncovered(graph.layers()[l].output.box, own);
    for (const Region& gap : gaps) add_where_cheapest(own, gap);
  }
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

SplitBlock split_block(const Problem& problem, const Block& block, DeviceId hub,
                       std::span<const double> weights) {
  const std::size_t devices = problem.cluster.size();
  SplitBlock result;
  result.regions = fuse(problem.graph, block, devices, [&](const Layer& layer) {
    const Region& whole = layer.output.box;
    std::vector<Region> parts(devices);
    for (const Share& share :
         cut(whole, Axis::kRow, proportional_boundaries(whole.row.size(), weights))) {
      parts[index(share.device)] = share.region;
    }
    return parts;
  });
  const std::vector<TileWork> tiles = work_of_tiles(problem, block, result.regions);

  Wires wires(problem);
  std::vector<double> done_s(devices, 0);
  for (std::size_t d = 0; d < devices; ++d) {
    done_s[d] = wires.send(hub, device_at(d), tiles[d].in_bytes, 0) + tiles[d].compute_s;
  }
  std::vector<std::size_t> order(devices);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return done_s[a] < done_s[b]; });
  const DeviceId to = block.end == problem.graph.size() ? problem.cluster.sink() : hub;
  result.busy_s.assign(devices, 0);
  for (std::size_t d : order) {
    if (tiles[d].compute_s == 0 && tiles[d].out_bytes == 0) continue;  // no part in the block
    result.busy_s[d] = send_s(problem, hub, device_at(d), tiles[d].in_bytes) + tiles[d].compute_s +
                       send_s(problem, device_at(d), to, tiles[d].out_bytes);
    result.time_s =
        std::max(result.time_s, wires.send(device_at(d), to, tiles[d].out_bytes, done_s[d]));
  }
  return result;
}

}  // namespace edgeflow
