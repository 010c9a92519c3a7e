#include "experiments/scenario/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "experiments/scenario/disturbances.hpp"
#include "partition/prices/bound.hpp"
#include "sim/files/platform_file.hpp"
#include "workloads/input/home.hpp"
#include "workloads/input/random.hpp"
#include "workloads/model_yaml.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 2> kBounds{"simple", "lp"};
constexpr std::array<std::string_view, 2> kNetworkModels{"cm02", "lv08"};
constexpr std::int64_t kMaxThreads = 1024;
constexpr double kLargeError = 0.2;        // of the profile of a device: worth a note
constexpr std::size_t kMaxClusters = 100;  // that are kept

void read_simulation(const Yaml& yaml, Scenario& scenario) {
  yaml.expect_keys({"network_model", "scheduling", "ablate"});
  if (const auto model = yaml.find("network_model")) {
    scenario.network_model = static_cast<NetworkModel>(model->as_choice(kNetworkModels));
  }
  if (const auto scheduling = yaml.find("scheduling")) {
    scenario.scheduling = static_cast<Scheduling>(scheduling->as_choice(kSchedulings));
  }
  const auto ablate = yaml.find("ablate");
  if (!ablate) return;
  if (!ablate->is_list()) ablate->fail_expected("a list such as [contention, latency]");
  std::vector<std::string_view> names;
  for (const Effect& effect : kEffects) names.push_back(effect.name);
  for (const Yaml& item : ablate->items()) {
    scenario.effects.*kEffects[item.as_choice(names)].member = false;
  }
}

Cluster read_scenario_cluster(const Yaml& yaml, const std::string& scenario_name,
                              const std::optional<Yaml>& threads) {
  if (!yaml.is_scalar()) return read_cluster(yaml, scenario_name, read_platform_file, threads);
  return loaded_for(yaml, [&] {
    return load_cluster(yaml.as_string(), folder_of(yaml), read_platform_file, threads);
  });
}

/// What a stream may have of its own besides its strategy, source and sink.
void read_workload(const Yaml& yaml, ModelCache& cache, Workload& workload) {
  if (const auto model = yaml.find("model")) {
    workload.model =
        loaded_for(*model, [&] { return cache.get(model->as_string(), folder_of(*model)); });
  }
  if (const auto precision = yaml.find("precision")) {
    workload.stated_precision = read_precision(*precision);
    workload.stated_input_precision.reset();
  }
  if (const auto precision = yaml.find("input_precision")) {
    workload.stated_input_precision = static_cast<Precision>(precision->as_choice(kPrecisions));
  }
  if (const auto requests = yaml.find("requests")) workload.requests = read_requests(*requests);
}

/// Gives the workload's devices the profiles of its precision; `yaml` is what says the workload.
void choose_rates(const Yaml& yaml, Workload& workload) {
  const Precision precision = workload.precision();
  for (const Device& device : workload.cluster->devices()) {
    if (device.computes_in(precision)) continue;
    std::vector<std::string_view> known;
    for (const Precision other : device.precisions) known.push_back(to_string(other));
    const auto stated = yaml.find("precision");
    const auto cluster = yaml.find("cluster");
    (stated    ? *stated
     : cluster ? *cluster
               : yaml)
        .fail(fmt::format("device \"{}\"{} computes in {} only, not in {}", device.name,
                          device.type.empty() ? "" : fmt::format(" ({})", device.type),
                          fmt::join(known, " and "), to_string(precision)),
              fmt::format("precision: {} for all, or for the device alone in the cluster, or "
                          "leave it out",
                          known.front()));
  }
  if (auto cluster = workload.cluster->with_precision(precision)) {
    workload.cluster = std::make_shared<const Cluster>(*std::move(cluster));
  }
}

void check_layer_times(const Workload& workload) {
  for (const Device& device : workload.cluster->devices()) {
    if (const auto& times = device.compute.layer_times) {
      check_layer_times(*times, workload.model->graph);
    }
  }
}

DeviceId read_device_name(const Yaml& yaml, const Cluster& cluster) {
  const std::string name = yaml.as_string();
  std::vector<std::string_view> names;
  for (std::size_t d = 0; d < cluster.size(); ++d) {
    names.push_back(cluster.devices()[d].name);
    if (names.back() == name) return DeviceId{static_cast<std::int32_t>(d)};
  }
  const auto near = nearest_name(name, names);
  yaml.fail_expected("the name of a device",
                     near ? fmt::format("did you mean \"{}\"?", *near) : "");
}

/// The shared cluster with the stream's own source and sink, if it says any.
std::shared_ptr<const Cluster> read_ends(const Yaml& yaml,
                                         const std::shared_ptr<const Cluster>& shared) {
  const auto source_name = yaml.find("source");
  const auto sink_name = yaml.find("sink");
  if (!source_name && !sink_name) return shared;
  const DeviceId source = source_name ? read_device_name(*source_name, *shared) : shared->source();
  const DeviceId sink = sink_name     ? read_device_name(*sink_name, *shared)
                        : source_name ? source
                                      : shared->sink();
  return std::make_shared<const Cluster>(
      shared->name(), std::vector(shared->devices().begin(), shared->devices().end()),
      shared->network(), source, sink);
}

/// `base` is what the scenario says for all streams.
Workload read_stream(const Yaml& yaml, const Workload& base, bool has_strategy, ModelCache& cache) {
  if (!yaml.is_map()) yaml.fail_expected("a stream such as {name: detector, model: yolov5s}");
  yaml.expect_keys(
      {"name", "model", "strategy", "precision", "input_precision", "requests", "source", "sink"});
  Workload stream = base;
  stream.name = read_folder_name(yaml.at("name"));
  read_workload(yaml, cache, stream);
  if (!stream.model) {
    yaml.fail("missing key \"model\"", "or give the scenario one, for all streams without");
  }
  if (const auto strategy = yaml.find("strategy")) stream.strategy = read_strategy(*strategy);
  if (!stream.strategy && !has_strategy) {
    yaml.fail("missing key \"strategy\"", "or give the scenario one, for all streams without");
  }
  stream.cluster = read_ends(yaml, base.cluster);
  choose_rates(yaml, stream);
  check_layer_times(stream);
  return stream;
}

/// "single+edgeflow": each strategy of the streams once.
StrategyChoice strategies_of(std::span<const Workload> streams) {
  std::vector<std::string> names;
  for (const Workload& stream : streams) {
    const std::string& name = stream.strategy->name;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  StrategyChoice choice;
  choice.name = fmt::format("{}", fmt::join(names, "+"));
  return choice;
}

/// Puts the streams in the place of the scenario's only workload.
void read_streams(const Yaml& yaml, const Yaml& list, ModelCache& cache, Scenario& scenario) {
  if (!list.is_list()) list.fail_expected("a list of streams such as {name: a, model: yolov5s}");
  std::vector<Workload> streams;
  for (const Yaml& item : list.items()) {
    Workload stream =
        read_stream(item, scenario.workloads.front(), !scenario.strategies.empty(), cache);
    for (const Workload& other : streams) {
      if (other.name == stream.name) {
        item.at("name").fail(fmt::format("two streams are called \"{}\"", stream.name));
      }
    }
    streams.push_back(std::move(stream));
  }
  if (streams.empty()) list.fail("is empty, expected at least one stream");
  const bool all_have = std::all_of(streams.begin(), streams.end(), [](const Workload& stream) {
    return stream.strategy.has_value();
  });
  if (all_have && !scenario.strategies.empty()) {
    yaml.at(yaml.find("strategy") ? "strategy" : "strategies")
        .fail("no stream uses this: each has a strategy of its own");
  }
  if (all_have) scenario.strategies = {strategies_of(streams)};
  scenario.workloads = std::move(streams);
}

/// Every strategy that may plan a workload must understand its options there.
void check_options(const Scenario& scenario) {
  for (const Workload& workload : scenario.workloads) {
    const Problem problem = problem_of(workload);
    if (workload.strategy) {
      workload.strategy->check_options(problem);
      continue;
    }
    for (const StrategyChoice& strategy : scenario.strategies) strategy.check_options(problem);
  }
}

}  // namespace

std::string read_folder_name(const Yaml& yaml) {
  std::string name = read_name(yaml);
  if (name.front() == '.') yaml.fail_expected("a name that does not start with a dot");
  return name;
}

std::shared_ptr<const Model> ModelCache::get(const std::string& name, const fs::path& folder) {
  const fs::path file = find_file(name, "workloads/models", folder);
  std::shared_ptr<const Model>& place = models_[fs::absolute(file).lexically_normal()];
  if (place) return place;
  const Graph graph = load_model(name, folder);
  const std::vector<std::string> zoo = zoo_models();
  const bool shipped = std::find(zoo.begin(), zoo.end(), name) != zoo.end();
  place = std::make_shared<const Model>(
      Model{fold(graph), shipped ? name : fs::absolute(file).lexically_normal().string(),
            fnv1a(write_model(graph))});
  return place;
}

std::shared_ptr<const Cluster> ModelCache::get_cluster(const Yaml& yaml,
                                                       const std::string& scenario_name,
                                                       Scheduling scheduling,
                                                       const std::optional<Yaml>& threads) {
  const std::string key = fmt::format("{}\n{}\n{}\n{}\n{}", scenario_name, to_string(scheduling),
                                      threads ? threads->as_integer(1, kMaxThreads) : 0,
                                      folder_of(yaml).string(), canonical_text(yaml.node()));
  if (clusters_.size() > kMaxClusters) clusters_.clear();
  std::shared_ptr<const Cluster>& place = clusters_[key];
  if (!place) {
    const Cluster cluster = read_scenario_cluster(yaml, scenario_name, threads);
    place = std::make_shared<const Cluster>(cluster.with_scheduling(scheduling));
  }
  return place;
}

Precision Workload::precision() const {
  return stated_precision.value_or(model->graph.precision().value_or(Precision::kFp32));
}

bool Workload::assumes_rates_of(DeviceId device) const {
  return assumes_rates(cluster->device(device).compute, precision());
}

std::int64_t Workload::assumed_rates() const {
  std::int64_t count = 0;
  for (const DeviceId device : ids_of<DeviceId>(*cluster)) count += assumes_rates_of(device);
  return count;
}

ElementSize Workload::element_size() const {
  return {element_bytes(precision()), element_bytes(input_precision())};
}

std::vector<double> Workload::arrivals_s(std::uint64_t seed) const {
  return requests.arrivals_s(seed, name.empty() ? "arrivals" : "arrivals of " + name);
}

Problem problem_of(const Workload& workload) {
  return {workload.model->graph, *workload.cluster, workload.element_size()};
}

std::string Workload::label() const { return name.empty() ? "" : fmt::format("stream {}: ", name); }

double Scenario::lower_bound_s(const Workload& workload, const Cluster& on) const {
  const Graph& graph = workload.model->graph;
  if (bound == BoundKind::kSimple) return edgeflow::lower_bound_s(graph, on, effects);
  const Cluster best = with_traces(on, disturbances, /*best=*/true);
  return lp_lower_bound_s(graph, best, workload.element_size(), effects);
}

std::int64_t Scenario::assumed_rates() const {
  std::int64_t count = 0;
  for (const DeviceId device : ids_of<DeviceId>(*cluster)) {
    count += std::any_of(workloads.begin(), workloads.end(), [&](const Workload& workload) {
      return workload.assumes_rates_of(device);
    });
  }
  return count;
}

namespace {

/// Of the catalogue's boards, whose power somebody may have measured; empty if all is known.
std::string types_without_power(const Cluster& cluster) {
  std::vector<std::string> types;
  for (const Device& device : cluster.devices()) {
    const bool known = std::ranges::all_of(powers(), [&](const Power& power) {
      return !power.needed || std::isfinite(device.*power.member);
    });
    if (known || device.type.empty() || std::ranges::find(types, device.type) != types.end())
      continue;
    types.push_back(device.type);
  }
  return fmt::format("{}", fmt::join(types, ", "));
}

}  // namespace

std::vector<std::string> Scenario::notes() const {
  std::vector<std::string> notes;
  const auto add = [&](const std::string& note) {
    if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(note);
  };
  for (const Workload& workload : workloads) {
    const Graph& graph = workload.model->graph;
    const std::string_view precision = to_string(workload.precision());
    if (graph.precision().value_or(workload.precision()) != workload.precision()) {
      add(fmt::format("{} is a model in {}, and taken to be in {} as the scenario says",
                      graph.name(), to_string(*graph.precision()), precision));
    }
    for (const Device& device : workload.cluster->devices()) {
      if (!assumes_rates(device.compute, workload.precision())) continue;
      add(fmt::format("rates of {} ({}) are assumed to hold in {}: {}", type_or_name(device),
                      describe(device.compute), precision,
                      device.compute.precision ? "they were measured in another precision"
                                               : "nobody says what they were measured in"));
    }
  }
  for (const Device& device : cluster->devices()) {
    const std::optional<FitError>& error = device.compute.error;
    if (!error || error->median <= kLargeError) continue;
    add(fmt::format(
        "rates of {} ({}) are of a fit that is off by more than {:.3g} % for half of {} networks",
        type_or_name(device), describe(device.compute), error->median * 100, error->points));
  }
  if (const std::string types = types_without_power(*cluster); !types.empty()) {
    add(fmt::format("energy is not known: there are no power data of {}", types));
  }
  if (uncertainty.draws > 0) add(describe(uncertainty));
  return notes;
}

Scenario read_scenario(const Yaml& yaml, ModelCache& cache) {
  if (!yaml.is_map()) yaml.fail_expected("a scenario: schema, name, model, cluster, strategy");
  yaml.expect_keys({"schema", "name", "description", "model", "cluster", "strategy", "strategies",
                    "precision", "input_precision", "threads", "requests", "streams", "simulation",
                    "disturbances", "uncertainty", "weights", "bound", "seed"});
  if (yaml.path().empty()) (void)yaml.at("schema");
  if (const auto schema = yaml.find("schema")) (void)schema->as_integer(1, 1);
  if (const auto description = yaml.find("description")) (void)description->as_string();
  Scenario scenario;
  scenario.name = read_folder_name(yaml.at("name"));
  const auto streams = yaml.find("streams");
  if (!streams) (void)yaml.at("model");
  Workload& workload = scenario.workloads.emplace_back();
  read_workload(yaml, cache, workload);
  scenario.strategies = read_strategies(yaml);
  if (!streams && scenario.strategies.empty()) (void)yaml.at("strategy");
  if (const auto simulation = yaml.find("simulation")) read_simulation(*simulation, scenario);
  scenario.cluster = cache.get_cluster(yaml.at("cluster"), scenario.name, scenario.scheduling,
                                       yaml.find("threads"));
  if (const auto disturbances = yaml.find("disturbances")) {
    scenario.disturbances = read_disturbances(*disturbances, *scenario.cluster);
    if (scenario.effects.disturbances && !scenario.disturbances.bandwidths.empty()) {
      scenario.cluster = std::make_shared<const Cluster>(
          with_traces(*scenario.cluster, scenario.disturbances, /*best=*/false));
    }
  }
  workload.cluster = scenario.cluster;
  if (const auto bound = yaml.find("bound")) {
    scenario.bound = static_cast<BoundKind>(bound->as_choice(kBounds));
  }
  if (const auto seed = yaml.find("seed")) {
    scenario.seed = static_cast<std::uint64_t>(seed->as_integer(0));
  }
  if (streams) {
    read_streams(yaml, *streams, cache, scenario);
    const Precision first = scenario.workloads.front().precision();
    if (auto cluster = scenario.cluster->with_precision(first)) {
      scenario.cluster = std::make_shared<const Cluster>(*std::move(cluster));
    }
  } else {
    choose_rates(yaml, workload);
    scenario.cluster = workload.cluster;
    check_layer_times(workload);
  }
  if (const auto uncertainty = yaml.find("uncertainty")) {
    scenario.uncertainty = read_uncertainty(*uncertainty, *scenario.cluster);
  }
  if (const auto weights = yaml.find("weights")) {
    scenario.weights = read_weight_loading(*weights);
    if (scenario.disturbances.policy != FailurePolicy::kReplan && !scenario.weights.at_start) {
      weights->fail(
          "is for plans that are made anew, and nothing asks for these",
          "\"policy: replan\" of disturbances does; \"at_start: true\" is for first plans");
    }
  }
  check_options(scenario);
  return scenario;
}

std::string_view to_string(NetworkModel model) {
  return kNetworkModels[static_cast<std::size_t>(model)];
}

std::string_view to_string(BoundKind bound) { return kBounds[static_cast<std::size_t>(bound)]; }

}  // namespace edgeflow
