#pragma once
// A scenario: which model on which cluster by which strategies, and what is asked of them.
//
//   schema: 1
//   name: yolo-on-four-pis
//   model: yolov5s                       # of the zoo, or a path relative to this file
//   cluster: {network: ..., devices: ...}  # or a shipped name, or the path of a cluster file
//   strategy: {name: edgeflow, label: EdgeFlow, options: {...}}   # or a bare name, or
//                                        # strategies: [...]; figures call it by its label
//   precision: fp32                      # fp32, fp16, int8: of activations and weights, and what
//                                        # devices compute in; default: the model's, or fp32
//   threads: 4                           # of devices that say none; default: that of their type
//   input_precision: uint8               # of the model's input; default: precision
//   requests: {count: 100, arrivals: {process: poisson, rate: 2/s}}    # see requests.hpp
//   simulation: {network_model: cm02, scheduling: oldest_request, ablate: [contention]}
//   disturbances: {...}                  # see disturbances.hpp
//   uncertainty: {draws: 200}            # see uncertainty.hpp
//   weights: {from: source}              # see weight_loading.hpp
//   seed: 42
// Only schema, name, model, cluster and strategy are needed.
//
// Several models or sources share the cluster where there are
//   streams:
//     - {name: detector, model: yolov5s, requests: {...}}
//     - {name: classifier, model: mobilenet_v2, source: nano, strategy: single}
// Each has a name, and may have its own model, strategy, precision, input_precision, requests,
// source and sink (default: its source if it has one); what it leaves out is that of the scenario.
// Each is planned by itself, as if it had the cluster alone.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "experiments/scenario/requests.hpp"
#include "experiments/scenario/strategy_choice.hpp"
#include "experiments/scenario/uncertainty.hpp"
#include "experiments/scenario/weight_loading.hpp"
#include "sim/simulate.hpp"
#include "workloads/input/yaml.hpp"
#include "workloads/tensors/precision.hpp"

namespace edgeflow {

struct Model {
  Graph graph;             // folded: what frameworks run
  std::string reference;   // its name in the zoo, or its absolute path
  std::uint64_t hash = 0;  // of its contents before folding
};

/// Models by file and the last clusters by text, each read once however many scenarios name it.
class ModelCache {
 public:
  /// Throws InputError as load_model does.
  std::shared_ptr<const Model> get(const std::string& name, const std::filesystem::path& folder);

  /// The cluster of a scenario of that name, with the scheduling, and threads if any are given, of
  /// devices that have none of their own. Throws InputError as read_cluster does.
  std::shared_ptr<const Cluster> get_cluster(const Yaml& yaml, const std::string& scenario_name,
                                             Scheduling scheduling,
                                             const std::optional<Yaml>& threads);

 private:
  std::map<std::filesystem::path, std::shared_ptr<const Model>> models_;
  std::map<std::string, std::shared_ptr<const Cluster>> clusters_;
};

/// How lower_bound_s is computed: partition/prices/bound.hpp has both.
enum class BoundKind : std::uint8_t { kSimple, kLp };

/// Requests for a model: the scenario's own, or one of its `streams:`.
struct Workload {
  std::string name;  // of the stream; empty for a scenario without streams
  std::shared_ptr<const Model> model;
  std::shared_ptr<const Cluster> cluster;     // everybody's devices and links, own source and sink
  std::optional<StrategyChoice> strategy;     // of its own; without one that of the job plans it
  std::optional<Precision> stated_precision;  // nothing: the model's, or fp32
  std::optional<Precision> stated_input_precision;  // nothing: as precision
  Requests requests;

  Precision precision() const;
  Precision input_precision() const { return stated_input_precision.value_or(precision()); }
  /// Whether rates of the device are assumed to hold in its precision (assumes_rates).
  bool assumes_rates_of(DeviceId device) const;
  std::int64_t assumed_rates() const;  // of how many devices

  ElementSize element_size() const;
  /// When requests arrive, ascending; for closed only their number counts. `seed` is the scenario's.
  std::vector<double> arrivals_s(std::uint64_t seed) const;
  /// What to put before a message about it: "" or "stream detector: ".
  std::string label() const;
};

struct Scenario {
  std::string name;
  std::shared_ptr<const Cluster> cluster;  // that of t = 0, in the first workload's precision
  std::vector<Workload> workloads;         // at least one; they share the cluster
  std::vector<StrategyChoice> strategies;  // at least one, all different
  NetworkModel network_model = NetworkModel::kCm02;
  Scheduling scheduling = Scheduling::kOldestRequest;  // of devices without their own
  Effects effects;
  Disturbances disturbances;  // see disturbances.hpp
  Uncertainty uncertainty;
  WeightLoading weights;
  BoundKind bound = BoundKind::kSimple;
  std::uint64_t seed = 0;

  /// Whether the workloads are written as `streams:`, with names.
  bool has_streams() const { return !workloads.front().name.empty(); }
  /// Whether plans are made anew when something fails.
  bool replans() const {
    return effects.disturbances && disturbances.policy == FailurePolicy::kReplan &&
           !disturbances.failures.empty();
  }
  /// Whether there are times without a plan, or several plans.
  bool plans_change() const { return replans() || weights.at_start; }
  /// A latency that no plan of the workload can beat on the cluster `on`.
  double lower_bound_s(const Workload& workload, const Cluster& on) const;
  /// Devices whose rates are assumed for some workload (assumes_rates).
  std::int64_t assumed_rates() const;
  /// What users should know of it: a line each, such as what is assumed.
  std::vector<std::string> notes() const;
};

/// What a strategy sees of a workload.
Problem problem_of(const Workload& workload);

/// The name of a scenario or sweep, which is also the name of its results folder. Throws
/// InputError.
std::string read_folder_name(const Yaml& yaml);

/// Reads a scenario, and checks that its strategies understand their options on its models and
/// clusters; plans nothing. Throws InputError.
Scenario read_scenario(const Yaml& yaml, ModelCache& cache);

/// Changes one value of the scenario at `prefix` (empty for the root, or "base" in a sweep). More
/// forgiving than Document::override_value: a cluster given by name becomes the map that its file
/// holds, a bare strategy becomes {name: ...}, `strategy` takes the place of `strategies`, and
/// streams go by name as well as by number: streams.detector.requests.count, streams[0].model.
void override_scenario(Document& document, const std::string& prefix, const std::string& key_path,
                       const YamlTree& value, const Position& origin);

/// The same for the root and "key.path=value" as given to --set.
void override_scenario(Document& document, const std::string& assignment);

std::string_view to_string(NetworkModel model);
std::string_view to_string(BoundKind bound);

}  // namespace edgeflow
