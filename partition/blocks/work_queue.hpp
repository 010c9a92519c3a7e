#pragma once
// Work queue: the hub holds the tiles of a fused block in a queue, a device that is free takes the
// next one.
//
// Semantics, after DeepThings' work sharing (Zhao et al., TCAD 2018):
//  - tiles are taken in order; a device takes one as long as it has at most `ahead` tiles besides
//    the one that it computes, so with ahead = 0 when it has nothing to do, with ahead = 1 while it
//    computes the one before, whose time then hides the transfer. At the start the devices take
//    turns in their order;
//  - taking is a message without payload to the hub, which then sends the tile's input; it serves
//    one device at a time, as the authors' single service thread does, so the next input leaves
//    when the one before has arrived and a message without payload says so;
//  - a device computes one tile after the other, without interleaving.
//
// Who takes which tile is a matter of time, but a plan is fixed. The assignment is found from the
// execution model itself: tile t is taken at the first time that a device is free, which depends on
// nothing but the tiles before t, because a later tile moves and computes nothing before it is
// taken. So with the devices of the tiles before t settled and any devices for the others, the
// max-min fair estimate is exact up to that time, and it says who takes t. T tiles take at most T+1
// estimates and the result is a fixed point: executing the plan, each tile goes to the device that
// is free first. This holds for the execution that the estimate models: one request at a time,
// nothing failing, nothing jittering. Otherwise the assignment stays as it is.

#include "partition/blocks/fused.hpp"
#include "partition/blocks/roles.hpp"

namespace edgeflow {

/// The plan in which `roles.workers` take the block's tiles from the hub's queue, the hub gathers
/// the outputs and computes what comes behind the block. The first unit of a tile starts a task.
/// Throws Infeasible if the block is not one from the input to a cut point, or if a tile needs
/// nothing of the input (but padding).
Plan plan_of_queue(const Problem& problem, const Block& block, const TileRegions& regions,
                   const Roles& roles, std::int64_t ahead, std::string strategy);

}  // namespace edgeflow
