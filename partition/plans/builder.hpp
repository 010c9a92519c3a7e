#pragma once
// From "who computes which box of which layer" to a plan: derives requirements, forwarding tables,
// the input unit and the relays that bring the results to the sink.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "partition/plans/plan.hpp"

namespace edgeflow {

/// A box of a layer's output on a device.
struct Share {
  DeviceId device{};
  Region region;
  bool starts_task = false;
};

/// For each layer (by index; the input's entry is ignored), the boxes that cover its output. They
/// may overlap: redundant compute. Empty boxes are left out.
using Assignment = std::vector<std::vector<Share>>;

/// By layer index: the device that gathers the layer's whole output in a relay unit, from which
/// alone its consumers are then served: hub-and-spoke. Shorter than the graph: no hub from there
/// on.
using Hubs = std::vector<std::optional<DeviceId>>;

/// By layer index: devices that get a copy of the layer's whole output, whatever their units need
/// of it. Shorter than the graph: none from there on.
using Copies = std::vector<std::vector<DeviceId>>;

/// Builds the plan. Each unit takes what it needs from its own device first (from one unit that has
/// all of it, if there is one), then from the other owners in the order of the shares, every
/// element once. An assignment of the first layers alone gives the plan as far as that, without
/// results. With `keep_parts`, a device that computed a part of a layer with a hub uses that
/// and takes only the rest from the hub. Precondition: the shares of every layer cover its output.
Plan build_plan(const Graph& graph, const Cluster& cluster, const Assignment& assignment,
                std::string strategy, const Hubs& hubs = {}, const Copies& copies = {},
                bool keep_parts = false);

/// Replaces all forwarding tables by those that mirror the requirements, consumers in plan order.
void fill_forwarding(Plan& plan);

/// Cuts `whole` along `axis` at `boundaries` (D+1 ascending values from 0 to the extent, one part
/// per device in cluster order).
std::vector<Share> cut(const Region& whole, Axis axis, std::span<const std::int64_t> boundaries);

/// Integer boundaries for `extent` indices in proportion to `weights`, rounded by largest
/// remainder.
std::vector<std::int64_t> proportional_boundaries(std::int64_t extent,
                                                  std::span<const double> weights);

}  // namespace edgeflow
