#pragma once
// Which layers are cut by rows, and where the others stand: one rule for all strategies that cut
// layer by layer.
//
// A layer with MACs is cut where that makes all of its parts need less than everything (split_axes);
// else it stands on the fastest device. One without MACs (a join, a move, a pooling over everything)
// gains nothing by being cut: it is cut like its producers, or stands on one device, whichever moves
// fewer bytes, from its producers to it and on to its consumers; cut, if neither does.
//
// Layers are decided from the end, so that consumers are known; producers are taken to be cut if
// they can be. Parts are those of `weights`. Bytes that several consumers need on a device count
// once; halos on the way to consumers do not count.

#include <optional>
#include <span>
#include <vector>

#include "partition/plans/problem.hpp"

namespace edgeflow {

/// By layer: nothing if it is cut by rows, else the device that has it whole.
using RowLayout = std::vector<std::optional<DeviceId>>;

/// `weights`: the devices' shares of the rows, in proportion. Complexity O(layers * D).
RowLayout row_layout(const Problem& problem, std::span<const double> weights);

}  // namespace edgeflow
