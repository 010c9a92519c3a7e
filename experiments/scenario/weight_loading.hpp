#pragma once
// How the weights of plans get to the devices that need them.
//
//   weights: {from: source}                          # over the network, see load_of; the default
//   weights: {from: disk, rate: 90MB/s}              # of each device's own
//   weights: {from: source, at_start: true}          # also those of the first plan; default no
//
// Those of plans that are made anew always have to get there. A first plan's are there when the run
// begins, or with `at_start` requests wait until they are. Each stream loads as if by itself.

#include "partition/prices/loading.hpp"
#include "workloads/input/yaml.hpp"

namespace edgeflow {

struct WeightLoading {
  WeightStore store = {};
  bool at_start = false;
};

/// Throws InputError.
WeightLoading read_weight_loading(const Yaml& yaml);

/// As it would be written again.
YamlTree weight_loading_node(const WeightLoading& loading);

}  // namespace edgeflow
