#pragma once
// Barriers around fused blocks: scatter, compute, gather, one after the other.

#include "partition/blocks/fused.hpp"

namespace edgeflow {

/// Changes a plan in which `hub` deals out the input of `blocks` and gathers their outputs: no
/// device computes before all of them, the hub's messages being sent, have their input, and no
/// output is sent before all are done. Devices report to the hub and are told by it to go on, in
/// messages without payload (tokens): 4 per device and block, which cost what messages cost.
/// Precondition: the blocks are in order, only their last layers leave them, and every device's
/// part of the last layer is one unit.
Plan with_barriers(const Plan& plan, DeviceId hub, std::span<const Block> blocks);

}  // namespace edgeflow
