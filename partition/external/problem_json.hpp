#pragma once
// A planning problem as JSON, for strategies that are programs of their own.
//
//   {"schema": 1,
//    "model": "vgg16", "cluster": "lab",
//    "precision": {"activation_bytes": 4, "input_bytes": 1},
//    "layers": [                                  in topological order; the first is the input
//      {"name": "features.0", "op": "conv",
//       "inputs": [0],                            indices of layers
//       "output": {"channels": 64, "rows": 224, "columns": 224},
//       "result": false,                          true: must get to the sink
//       "view": false,                            true: costs nothing where its input lies
//       "macs": 86704128, "weight_elements": 1792,
//       "split_axes": ["row", "column", "channel"],   cutting along these makes parts need less
//       "needs": [                                by input, then by row of the output: the rows
//         [[0, 2], [0, 3], [1, 4], ...]],         [first, end) of that input that it needs; rows
//                                                 a to b need from a's first to b's end
//       "time_s": [0.031, 0.012],                 by device: of the whole layer
//       "fixed_s": [0.0001, 0.0001]}],            of that, what every part pays, however small
//    "devices": [                                 null: without limit, or at no cost
//      {"name": "rpi4-0", "memory_bytes": 4294967296, "scheduling": "oldest_request",
//       "sends": "hold",                         what it does while it sends, see messaging.hpp
//       "message_overhead_s": 0.0001,             CPU time of sending a message of b bytes, and
//       "serialization_rate_Bps": 2e8}],          of receiving it: overhead + b / rate
//    "source": 0, "sink": 0,                      indices of devices
//    "bandwidth_Bps": [[null, 1.25e7], [1.25e7, null]],   from, to; of an idle network
//    "latency_s": [[null, 0.0005], [0.0005, null]],
//    "network": "switch"}                         which links messages share: see
//                                                 platforms/cluster.hpp
//
// `n` of a layer's `h` rows take about fixed_s + n/h * (time_s - fixed_s).
//
// The answer is one of
//   {"shares": [[1, 0], [0.3, 0.7], ...]}         by layer, by device: rows in proportion to these;
//                                                 a layer that rows do not divide goes whole to the
//                                                 device with the largest share (the first of
//                                                 equals), and where that one's view needs no rows
//                                                 of its own, too; the input's entry is ignored
//   {"schema": 1, "strategy": ..., "units": ...}  a whole plan, as in plan_yaml.hpp (JSON or YAML)
//   {"infeasible": "why"}

#include <string>

#include "partition/plans/problem.hpp"

namespace edgeflow {

std::string write_problem(const Problem& problem);

/// Reads an answer. Throws InputError for what is not one, with `name` for the file; Infeasible for
/// an answer that says so.
Plan read_answer(const std::string& answer, const std::string& name, const Problem& problem);

}  // namespace edgeflow
