#pragma once
// What is to be planned: a model on a cluster.

#include <stdexcept>
#include <string>

#include "partition/plans/plan.hpp"

namespace edgeflow {

struct Problem {
  const Graph& graph;
  const Cluster& cluster;
  ElementSize size;
  std::string* log = nullptr;  // if given, gets what a strategy has to say besides its plan
};

/// A strategy that cannot serve a problem says why; becomes the status `infeasible`.
class Infeasible : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A strategy that should have served a problem and did not, such as a program of the user's that
/// crashed; becomes the status `failed`.
class StrategyFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

constexpr LayerId layer_at(std::size_t l) { return LayerId{static_cast<std::int32_t>(l)}; }
constexpr DeviceId device_at(std::size_t d) { return DeviceId{static_cast<std::int32_t>(d)}; }

}  // namespace edgeflow
