#include "experiments/scenario/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "experiments/scenario/disturbances.hpp"
#include "partition/prices/bound.hpp"
#include "sim/files/platform_file.hpp"
#include "workloads/input/home.hpp"
#include "workloads/input/random.hpp"
#include "workloads/model_yaml.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 4> kPrecisions{"fp32", "fp16", "int8", "uint8"};
constexpr std::array<double, 4> kElementBytes{4, 2, 1, 1};
constexpr std::array<std::string_view, 2> kBounds{"simple", "lp"};
constexpr std::array<std::string_view, 2> kNetworkModels{"cm02", "lv08"};
constexpr std::array<std::string_view, 5> kEffects{"contention", "latency", "overheads", "queueing",
                                                   "disturbances"};

/// The index of a name among `names`.
std::size_t read_choice(const Yaml& yaml, std::span<const std::string_view> names) {
  const std::string text = yaml.is_scalar() ? yaml.as_string() : "";
  const auto found = std::find(names.begin(), names.end(), text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  const auto near = nearest_name(text, names);
  yaml.fail_expected(fmt::format("one of {}", fmt::join(names, ", ")),
                     near ? fmt::format("did you mean \"{}\"?", *near) : "");
}

void read_simulation(const Yaml& yaml, Scenario& scenario) {
  yaml.expect_keys({"network_model", "ablate"});
  if (const auto model = yaml.find("network_model")) {
    scenario.network_model = static_cast<NetworkModel>(read_choice(*model, kNetworkModels));
  }
  const auto ablate = yaml.find("ablate");
  if (!ablate) return;
  if (!ablate->is_list()) ablate->fail_expected("a list such as [contention, latency]");
  const std::array<bool*, 5> effects{&scenario.effects.contention, &scenario.effects.latency,
                                     &scenario.effects.overheads, &scenario.effects.queueing,
                                     &scenario.effects.disturbances};
  for (const Yaml& item : ablate->items()) *effects[read_choice(item, kEffects)] = false;
}

Cluster read_scenario_cluster(const Yaml& yaml, const std::string& scenario_name) {
  if (!yaml.is_scalar()) return read_cluster(yaml, scenario_name, read_platform_file);
  return located(
      yaml, [&] { return load_cluster(yaml.as_string(), folder_of(yaml), read_platform_file); });
}

/// What a stream may have of its own besides its strategy, source and sink.
void read_workload(const Yaml& yaml, ModelShelf& shelf, Scenario& scenario) {
  if (const auto model = yaml.find("model")) {
    scenario.model =
        located(*model, [&] { return shelf.get(model->as_string(), folder_of(*model)); });
  }
  const std::span precisions(kPrecisions);
  if (const auto precision = yaml.find("precision")) {
    if (precision->is_scalar() && precision->as_string() == "uint8") {
      precision->fail("only the model's input can be uint8", "that is input_precision");
    }
    scenario.precision = static_cast<Precision>(read_choice(*precision, precisions.first(3)));
    scenario.input_precision = scenario.precision;
  }
  if (const auto precision = yaml.find("input_precision")) {
    scenario.input_precision = static_cast<Precision>(read_choice(*precision, precisions));
  }
  if (const auto requests = yaml.find("requests")) scenario.requests = read_requests(*requests);
}

void check_layer_times(const Scenario& scenario) {
  for (const Device& device : scenario.cluster->devices()) {
    if (const auto& times = device.compute.layer_times) {
      check_layer_times(*times, scenario.model->graph);
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

/// `base` is the scenario without its streams.
Scenario read_stream(const Yaml& yaml, const Scenario& base, ModelShelf& shelf) {
  if (!yaml.is_map()) yaml.fail_expected("a stream such as {name: detector, model: yolov5s}");
  yaml.expect_keys(
      {"name", "model", "strategy", "precision", "input_precision", "requests", "source", "sink"});
  Scenario stream = base;
  stream.name = read_folder_name(yaml.at("name"));
  stream.random_stream = "arrivals of " + stream.name;
  read_workload(yaml, shelf, stream);
  if (!stream.model) {
    yaml.fail("missing key \"model\"", "or give the scenario one, for all streams without");
  }
  stream.strategies.clear();
  if (const auto strategy = yaml.find("strategy")) stream.strategies = {read_strategy(*strategy)};
  if (stream.strategies.empty() && base.strategies.empty()) {
    yaml.fail("missing key \"strategy\"", "or give the scenario one, for all streams without");
  }
  const auto source_name = yaml.find("source");
  const auto sink_name = yaml.find("sink");
  const Cluster& shared = *base.cluster;
  if (source_name || sink_name) {
    const DeviceId source = source_name ? read_device_name(*source_name, shared) : shared.source();
    const DeviceId sink = sink_name     ? read_device_name(*sink_name, shared)
                          : source_name ? source
                                        : shared.sink();
    stream.cluster = std::make_shared<const Cluster>(
        shared.name(), std::vector(shared.devices().begin(), shared.devices().end()),
        shared.network(), source, sink);
  }
  check_layer_times(stream);
  return stream;
}

/// "single+edgeflow": each strategy of the streams once.
StrategyChoice strategies_of(std::span<const Scenario> streams) {
  std::vector<std::string> names;
  for (const Scenario& stream : streams) {
    const std::string& name = stream.strategies.front().name;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  StrategyChoice choice;
  choice.name = fmt::format("{}", fmt::join(names, "+"));
  return choice;
}

void read_streams(const Yaml& yaml, const Yaml& list, ModelShelf& shelf, Scenario& scenario) {
  if (!list.is_list()) list.fail_expected("a list of streams such as {name: a, model: yolov5s}");
  std::vector<Scenario> streams;
  for (const Yaml& item : list.items()) {
    Scenario stream = read_stream(item, scenario, shelf);
    for (const Scenario& other : streams) {
      if (other.name == stream.name) {
        item.at("name").fail(fmt::format("two streams are called \"{}\"", stream.name));
      }
    }
    streams.push_back(std::move(stream));
  }
  if (streams.empty()) list.fail("is empty, expected at least one stream");
  const bool all_have = std::all_of(streams.begin(), streams.end(), [](const Scenario& stream) {
    return !stream.strategies.empty();
  });
  if (all_have && !scenario.strategies.empty()) {
    yaml.at(yaml.find("strategy") ? "strategy" : "strategies")
        .fail("no stream uses this: each has a strategy of its own");
  }
  if (all_have) scenario.strategies = {strategies_of(streams)};
  scenario.model = nullptr;
  scenario.streams = std::move(streams);
}

/// Every strategy that may plan a stream must understand its options there.
void check_options(const Scenario& scenario) {
  for (const Scenario& stream : scenario.all_streams()) {
    const bool own = !stream.strategies.empty();
    for (const StrategyChoice& strategy : own ? stream.strategies : scenario.strategies) {
      strategy.check_options(problem_of(stream));
    }
  }
}

}  // namespace

std::string read_folder_name(const Yaml& yaml) {
  std::string name = read_name(yaml);
  if (name.front() == '.') yaml.fail_expected("a name that does not start with a dot");
  return name;
}

std::shared_ptr<const Model> ModelShelf::get(const std::string& name, const fs::path& folder) {
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

std::shared_ptr<const Cluster> ModelShelf::get_cluster(const Yaml& yaml,
                                                       const std::string& scenario_name) {
  const std::string key = fmt::format("{}\n{}\n{}", scenario_name, folder_of(yaml).string(),
                                      canonical_text(yaml.node()));
  std::shared_ptr<const Cluster>& place = clusters_[key];
  if (!place) place = std::make_shared<const Cluster>(read_scenario_cluster(yaml, scenario_name));
  return place;
}

ElementSize Scenario::element_size() const {
  return {kElementBytes[static_cast<std::size_t>(precision)],
          kElementBytes[static_cast<std::size_t>(input_precision)]};
}

Problem problem_of(const Scenario& stream) {
  return {stream.model->graph, *stream.cluster, stream.element_size()};
}

double Scenario::lower_bound_s() const {
  if (bound == BoundKind::kSimple) return edgeflow::lower_bound_s(model->graph, *cluster, effects);
  const Cluster best = with_traces(*cluster, disturbances, /*best=*/true);
  return lp_lower_bound_s(model->graph, best, element_size(), effects);
}

std::vector<double> Scenario::arrivals_s() const {
  return requests.arrivals_s(seed, random_stream);
}

std::string Scenario::label(std::size_t stream) const {
  return streams.empty() ? "" : fmt::format("stream {}: ", streams[stream].name);
}

void Scenario::set_seed(std::uint64_t new_seed) {
  seed = new_seed;
  for (Scenario& stream : streams) stream.seed = new_seed;
}

Scenario read_scenario(const Yaml& yaml, ModelShelf& shelf) {
  if (!yaml.is_map()) yaml.fail_expected("a scenario: schema, name, model, cluster, strategy");
  yaml.expect_keys({"schema", "name", "description", "model", "cluster", "strategy", "strategies",
                    "precision", "input_precision", "requests", "streams", "simulation",
                    "disturbances", "bound", "seed"});
  if (yaml.path().empty()) (void)yaml.at("schema");
  if (const auto schema = yaml.find("schema")) (void)schema->as_integer(1, 1);
  if (const auto description = yaml.find("description")) (void)description->as_string();
  Scenario scenario;
  scenario.name = read_folder_name(yaml.at("name"));
  const auto streams = yaml.find("streams");
  if (!streams) (void)yaml.at("model");
  read_workload(yaml, shelf, scenario);
  scenario.cluster = shelf.get_cluster(yaml.at("cluster"), scenario.name);
  scenario.strategies = read_strategies(yaml);
  if (!streams && scenario.strategies.empty()) (void)yaml.at("strategy");
  if (const auto simulation = yaml.find("simulation")) read_simulation(*simulation, scenario);
  if (const auto disturbances = yaml.find("disturbances")) {
    scenario.disturbances = read_disturbances(*disturbances, *scenario.cluster);
    if (scenario.effects.disturbances && !scenario.disturbances.traces.empty()) {
      scenario.cluster = std::make_shared<const Cluster>(
          with_traces(*scenario.cluster, scenario.disturbances, /*best=*/false));
    }
  }
  if (const auto bound = yaml.find("bound")) {
    scenario.bound = static_cast<BoundKind>(read_choice(*bound, kBounds));
  }
  if (const auto seed = yaml.find("seed")) {
    scenario.seed = static_cast<std::uint64_t>(seed->as_integer(0));
  }
  if (streams) {
    read_streams(yaml, *streams, shelf, scenario);
  } else {
    check_layer_times(scenario);
  }
  check_options(scenario);
  return scenario;
}

std::string_view to_string(Precision precision) {
  return kPrecisions[static_cast<std::size_t>(precision)];
}
std::string_view to_string(NetworkModel model) {
  return kNetworkModels[static_cast<std::size_t>(model)];
}

std::string_view to_string(BoundKind bound) { return kBounds[static_cast<std::size_t>(bound)]; }

}  // namespace edgeflow
