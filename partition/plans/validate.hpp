#pragma once
// Checks a plan against its graph and cluster, whoever made it.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "partition/plans/executable_plan.hpp"

namespace edgeflow {

struct Violation {
  int unit = -1;  // index of the unit, -1 for the plan as a whole
  std::string message;
};

/// Everything that is wrong with a plan; empty if nothing is:
///  - units name layers, devices and units that exist; boxes lie in their tensors, none is empty;
///  - providers stand before consumers (so there is no cycle) and own what they are asked for;
///  - requirements cover required_input of every input, and ask for nothing outside it; a token is
///    all that a unit needs of its provider;
///  - forwarding tables mirror requirements exactly;
///  - the input is on the source; the results are relayed whole to the sink.
/// At most `limit` violations are collected.
std::vector<Violation> validate(const Plan& plan, const Graph& graph, const Cluster& cluster,
                                std::size_t limit = 20);

/// If some device cannot hold the weights of its units plus the inputs and output of the largest
/// one, says which and by how much. (Activations that wait for consumers are counted when the plan
/// is simulated.) Of several plans on the cluster: the weights of all, and the largest unit of any.
/// Precondition: at least one plan.
std::optional<std::string> memory_shortage(std::span<const ExecutablePlan* const> plans);
std::optional<std::string> memory_shortage(const ExecutablePlan& plan);
/// Of a plan that nothing else is asked of.
std::optional<std::string> memory_shortage(const Plan& plan, const Graph& graph,
                                           const Cluster& cluster, const ElementSize& size);

}  // namespace edgeflow
