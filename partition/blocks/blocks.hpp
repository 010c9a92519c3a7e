#pragma once
// Dynamic programming over blocks: which runs of layers to fuse, and who computes each.

#include "partition/blocks/block_times.hpp"

namespace edgeflow {

struct BlockRules {
  bool fuse = true;         // a block may be several segments; else each is one
  bool first_only = false;  // only the first block is divided, all others run on the hub
  bool adapt = true;        // device subset and shares per block; else all devices, equal shares
  bool move = false;        // an undivided block may run on any device, which is the hub from there
};

/// A division of a block among devices.
struct BlockDivision {
  std::vector<double> weights;  // of the rows, by device; 0 for who has no part
  double time_s = 0;            // see BlockTimes::divided
};

/// The divisions of a block among devices that are considered.
///
/// If `adapt` is false, only equal ones. Else one for each prefix of the devices by speed, then by
/// bandwidth to the hub; weights start in proportion to speed on the block and are corrected a few
/// times by each device's receiving, computing and sending time, so that these become equal.
/// Empty if the block's last layer has a single row. More than 8 devices: not every prefix is
/// tried, the next is half as large again.
std::vector<BlockDivision> divisions(BlockTimes& times, const Block& block, DeviceId hub,
                                     bool adapt);

/// One block of a plan: divided if there are weights, else whole on the hub.
struct PlacedBlock {
  Block block;
  DeviceId hub{};
  std::vector<double> weights;
};

/// The outputs of divided blocks are gathered on their hubs.
Plan plan_of_blocks(const Problem& problem, std::span<const PlacedBlock> blocks,
                    std::string strategy);

/// The blocks with the least sum of times, from the input on the source, by dynamic programming:
///   best(j, h) = least time until the hub h has the output of the first j segments,
/// over all last blocks and divisions.
/// Blocks longer than kLongestBlock segments are not divided. Blocks are divided by the source and
/// by the kMostHubs fastest devices only.
/// Complexity O(S * kLongestBlock * hubs * D) block times, for S segments, of which few are walked
/// back through their layers (block_times.hpp).
inline constexpr std::size_t kLongestBlock = 32;
inline constexpr std::size_t kMostHubs = 4;
std::vector<PlacedBlock> best_blocks(const Problem& problem, const BlockRules& rules);

}  // namespace edgeflow
