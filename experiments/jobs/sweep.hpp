#pragma once
// A sweep: one scenario, varied along axes.
//
//   schema: 1
//   name: bandwidth-and-strategy
//   base: scenario.yaml                    # path relative to this file, or a scenario as a map
//   axes:                                  # their product; the last one varies fastest
//     model: [vgg16, resnet50]
//     cluster.network.bandwidth: [50Mbps, 100Mbps]
//     strategy: [single, edgeflow]         # or {name: edgeflow, label: EdgeFlow, options: {...}},
//                                          # or strategy.name
//   zip:                                   # groups of equally long lists, walked in lockstep
//     - {cluster.devices: [[{type: rpi4}], [{type: rpi4, count: 2}]], label.mix: [1 Pi, 2 Pis]}
//   exclude: [{model: vgg16, cluster.network.bandwidth: 50Mbps}]
//   repeat: 5                              # each with random numbers of its own
//   baseline: single                       # or a label: speedup_over_baseline compares with its run
//   outputs: runs.csv only                 # or all, the default: also a folder per run
//
// Axes are key paths into the scenario, applied from first to last after those of zip, which vary
// slowest; repetitions vary fastest. A key label.* of zip changes nothing: it names the group's
// values in a column of its own. A base with several strategies runs all of them at every point.
// Repetition r of a point has the seed repetition_seed(seed, r), whatever the strategy: strategies
// are compared under the same arrivals.

#include <filesystem>
#include <string>
#include <vector>

#include "experiments/jobs/job.hpp"

namespace edgeflow {

struct Sweep {
  std::string name;
  std::vector<std::string> axes;                // key paths, those of zip first
  std::vector<std::vector<std::string>> texts;  // of their values
  std::vector<Job> jobs;                        // in order
  std::string text;                             // canonical, of the sweep
  std::string base_text;                        // canonical, of the base if it is a file of its own
  bool run_files = true;                        // false: outputs are runs.csv only
};

/// Reads a sweep and every scenario in it, and tries the options of every strategy, so that no run
/// ends in a mistake that could have been seen before. Says how far it is on stderr if that takes
/// long. Throws InputError.
Sweep read_sweep(const std::filesystem::path& file);

/// The runs of one scenario, the first strategy as baseline if there are several. Throws InputError
/// for mistakes in options.
std::vector<Job> jobs_of(const Scenario& scenario);

/// The values of the axes and the strategy: "vgg16 50Mbps single".
std::string label_of(const Job& job);

}  // namespace edgeflow
