#pragma once
// What is in a model or a cluster: text, CSV, JSON, or a graph for Graphviz.

#include <string>

#include "platforms/cluster.hpp"
#include "workloads/graph.hpp"

namespace edgeflow {

enum class InspectFormat { kText, kCsv, kJson, kDot };

/// `macs` and `params` of a layer; `out_shape` starts with the batch dimension 1.
std::string inspect_model(const Graph& graph, InspectFormat format);

/// Devices, links and routes; CSV has the devices only.
std::string inspect_cluster(const Cluster& cluster, InspectFormat format);

/// The operator's name in model files; of activations and element-wise operations their function.
std::string operation_name(const Layer& layer);

}  // namespace edgeflow
