#pragma once
// A topological order of a directed graph (Kahn's algorithm).

#include <cstddef>
#include <optional>
#include <vector>

namespace edgeflow {

struct TopologicalOrder {
  /// Each node behind its inputs, and as far up as nodes of smaller index let it.
  std::vector<std::size_t> nodes;
  /// The first node that is part of a cycle or needs one; `nodes` lacks these.
  std::optional<std::size_t> cyclic;
};

/// `inputs`: by node, the nodes that it needs; one may stand there more than once.
TopologicalOrder topological_order(const std::vector<std::vector<std::size_t>>& inputs);

}  // namespace edgeflow
