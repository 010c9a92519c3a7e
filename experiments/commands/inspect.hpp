#pragma once
// What is in a model, a device or a cluster: text, CSV, JSON, a graph for Graphviz, or
// SimGrid's XML.

#include <array>
#include <string>

#include "platforms/cluster.hpp"
#include "workloads/graph/graph.hpp"

namespace edgeflow {

/// What is shown by name; completions offer these, too.
inline constexpr std::array kInspectedCatalogues{"workloads/models", "platforms/clusters",
                                                 "platforms/devices"};

enum class InspectFormat { kText, kCsv, kJson, kDot, kXml };

/// Totals, cut points, what is alive at once, and a line per layer: `out_shape` starts with the
/// batch dimension 1; `split_axes` are those that two devices can share the layer's output along
/// without both needing all of its input and weights. `folded` says what the cut points are counted
/// in.
std::string inspect_model(const Graph& graph, bool folded, InspectFormat format);

/// What a device file says of its board; text or JSON.
std::string inspect_device(const DeviceProfile& profile, InspectFormat format);

/// Devices, links and routes; CSV has the devices only, XML is a SimGrid platform file.
std::string inspect_cluster(const Cluster& cluster, InspectFormat format);

/// The operator's name in model files; of activations and element-wise operations their function.
std::string operation_name(const Layer& layer);

}  // namespace edgeflow
