#pragma once
// Plans as YAML, so that they can be looked at, edited, replayed (`edgeflow run --plan`) and
// checked.
//
//   schema: 1
//   strategy: edgeflow
//   model: vgg16
//   cluster: office
//   units:
//     - {id: 0, kind: input, layer: input, device: rpi4-0, output: "c0:3 r0:224 w0:224"}
//     - {id: 1, kind: compute, layer: features.0, device: rpi4-1, output: "c0:64 r0:80 w0:224",
//        needs: [{from: 0, region: "c0:3 r0:81 w0:224"}]}
// A need whose region is empty, "c0:0 r0:0 w0:0", is a token: the unit waits for the other one and
// gets nothing. `task: true` marks the first unit of a task, which pays the device's task overhead.
// Forwarding tables follow from `needs`; `sends: [3, 2]` gives the order of consumers where it is
// not the order of the units.

#include <string>

#include "partition/plans/plan.hpp"
#include "workloads/input/yaml.hpp"

namespace edgeflow {

std::string write_plan(const Plan& plan, const Graph& graph, const Cluster& cluster);

/// Reads a plan for this graph and cluster and validates it. Throws InputError, at the unit that is
/// wrong where there is one.
Plan read_plan(const Document& document, const Graph& graph, const Cluster& cluster);

}  // namespace edgeflow
