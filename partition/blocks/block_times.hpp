#pragma once
// What fused blocks take that a hub deals out in rows, for searches that ask for many of them.
//
// What a tile computes, receives and sends depends on where its block ends and on its rows there,
// but neither on the hub nor on where the block starts. So the layers are walked back once per end
// and rows, and any first layer's block is summed up from what was found there. Only where tiles
// leave a row out that another has to compute instead, they are walked together (see fuse), and
// where several results end a block.

#include <map>
#include <optional>

#include "partition/blocks/fused.hpp"

namespace edgeflow {

/// Tiles of rows of the block's last layer, and of results inside, in proportion to `weights` (one
/// per device); tile d on device d.
TileRegions fused_rows(const Problem& problem, const Block& block, std::span<const double> weights);

/// A block divided among devices.
struct BlockTime {
  std::vector<double> busy_s;  // by device: to receive, compute and send, alone on the network
  double time_s = 0;           // from the hub having the input to the last output's arrival
};

class BlockTimes {
 public:
  /// The problem must outlive it.
  explicit BlockTimes(const Problem& problem);

  const Problem& problem() const { return problem_; }

  /// Of a block divided as by fused_rows. The hub sends every device its input in cluster order,
  /// outputs go back to the hub as they are done, results to the sink; messages share links first
  /// come first served, as in the estimator. What they cost of a device's CPU time waits in turn
  /// with its tile, which counts as one piece: in the estimator other work comes between its
  /// layers.
  /// Precondition: the block is a segment or several in a row.
  /// Complexity O(layers * D) additions, and O(layers) work queries for every device and rows that
  /// were not asked for since the last block with another end.
  BlockTime divided(const Block& block, DeviceId hub, std::span<const double> weights);

  /// By device: time of the whole block on it.
  std::vector<double> undivided_s(const Block& block) const;

 private:
  using Boundaries = std::vector<std::int64_t>;
  /// Of layers `first` to the end, with the same boundaries at the end.
  struct Costs {
    std::size_t first = 0;
    std::vector<double> compute_s;  // [(layer - first) * D + device]
    std::vector<double> out_bytes;  // likewise: what leaves the block
    std::vector<double> in_bytes;   // likewise, where a segment starts: for a block from there
  };
  /// The same of a tile alone, by layer - first.
  struct Tile {
    std::size_t first = 0;
    TileRegions regions;
    std::vector<double> in_bytes;
    std::vector<std::vector<double>> compute_s;  // by device; empty: not asked for yet
  };
  struct Path {
    std::vector<int> links;
    double bandwidth_Bps = 0;
    double latency_s = 0;
  };
  struct Tiles {  // by device
    std::vector<double> in_bytes;
    std::vector<double> compute_s;
    std::vector<double> out_bytes;
  };

  /// By device, what the tiles need of the layer before `l`, where a segment starts.
  std::vector<double> in_bytes(const Block& block, const TileRegions& regions, std::size_t l) const;
  Costs no_costs(const Block& block) const;
  Costs costs_together(const Block& block, std::span<const double> weights) const;
  /// Nothing if the tiles leave something out. Precondition: only the last layer leaves the block.
  std::optional<Costs> costs_apart(const Block& block, const Boundaries& boundaries);
  const Tile& tile(const Block& block, std::size_t device, const Range& rows);
  const Costs& costs(const Block& block, std::span<const double> weights);
  Tiles tiles(const Block& block, std::span<const double> weights);
  const Path& path(DeviceId from, DeviceId to) const {
    return paths_[index(from) * devices_ + index(to)];
  }
  /// When a message that is ready at `now` arrives. Calls go forward in time.
  double send(DeviceId from, DeviceId to, double bytes, double now);
  /// When the device, from `now` on, has done something that takes `duration_s`.
  double work_off(DeviceId device, double duration_s, double now);

  const Problem& problem_;
  std::size_t devices_;
  std::vector<char> starts_segment_;  // by layer
  std::vector<double> layer_s_;       // [layer * D + device]
  std::vector<Path> paths_;           // [from * D + to]
  std::vector<double> free_s_;        // by link
  std::vector<double> idle_s_;        // by device
  std::vector<LayerId> results_;
  std::size_t end_ = 0;                                          // of all costs and tiles
  std::map<Boundaries, Costs> costs_;                            // by boundaries of what leaves
  std::map<std::pair<std::int64_t, std::int64_t>, Tile> tiles_;  // by rows of the last layer
};

}  // namespace edgeflow
