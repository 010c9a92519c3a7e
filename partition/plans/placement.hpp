#pragma once
// Whole layers on devices, and the chain view of a DAG: its topological order with every tensor
// that is still needed carried along.

#include <span>
#include <string>
#include <vector>

#include "partition/plans/builder.hpp"
#include "partition/plans/problem.hpp"

namespace edgeflow {

/// The whole output of `layer` on one device.
std::vector<Share> on_one_device(const Layer& layer, DeviceId device);

/// True if cutting the layer into rows makes parts that need less than everything.
bool splits_by_rows(const Layer& layer);

/// By layer l: the layers before l whose outputs l or a later layer needs, in order.
std::vector<std::vector<LayerId>> carried_into(const Graph& graph);

/// Every layer whole on its device; the input's entry is ignored.
Plan plan_of_placement(const Problem& problem, std::span<const DeviceId> device_of,
                       std::string strategy);

}  // namespace edgeflow
