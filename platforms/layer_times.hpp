#pragma once
// Measured times of single layers, which a compute profile may have beside its cost form.
//
//   layer_time: times.csv                        # relative to the file that says so
//   layer_time: {resnet18: {conv1: 3.2ms}}       # by model and layer
//
// The CSV has the columns model, layer and ms, and may have device, framework and threads: only
// rows of the profile's framework and threads count, and there must be one device. Rows without a
// layer are skipped, as are lines that start with #: scripts/calibrate.py reads the same files.

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "workloads/graph/graph.hpp"
#include "workloads/input/yaml.hpp"

namespace edgeflow {

struct ComputeProfile;

/// Where times come from, for messages, and seconds by model and layer.
struct LayerTimes {
  struct Time {
    double time_s = 0;
    Position position;
    friend bool operator==(const Time& a, const Time& b) { return a.time_s == b.time_s; }
  };
  std::map<std::string, std::map<std::string, Time>> models;
  friend bool operator==(const LayerTimes&, const LayerTimes&) = default;
};

/// Reads the value of `layer_time` for the framework and threads of `profile`. Throws InputError.
std::shared_ptr<const LayerTimes> read_layer_times(const Yaml& yaml, const ComputeProfile& profile);

/// Seconds of a whole layer: its own and those of what is folded into it. Nothing if the table has
/// no time for it.
std::optional<double> measured_time_s(const LayerTimes& times, const Layer& layer);

/// Throws InputError if the table names a layer that the graph's model does not have.
void check_layer_times(const LayerTimes& times, const Graph& graph);

}  // namespace edgeflow
