// Changing single values of a scenario: --set and the axes of sweeps.

#include <fmt/format.h>

#include "experiments/scenario/scenario.hpp"
#include "workloads/input/home.hpp"
#include "workloads/model_yaml.hpp"

namespace edgeflow {
namespace {

std::string join_path(const std::string& prefix, const std::string& key_path) {
  return prefix.empty() ? key_path : prefix + "." + key_path;
}

/// The scenario at `prefix`, or a stream in it: "", "base", "streams[0]", "base.streams[0]".
Yaml scenario_at(const Document& document, const std::string& prefix) {
  constexpr std::string_view kStreams = "streams[";
  const std::size_t streams = prefix.find(kStreams);
  if (streams == std::string::npos) {
    return prefix.empty() ? document.root() : document.root().at(prefix);
  }
  const std::string outer = prefix.substr(0, streams > 0 ? streams - 1 : 0);
  const std::size_t number = std::stoul(prefix.substr(streams + kStreams.size()));
  return scenario_at(document, outer).at("streams").items().at(number);
}

YamlTree named(const YamlTree& name) {
  YamlTree map;
  map["name"] = name;
  return map;
}

/// A change in one of the streams.
struct StreamChange {
  std::int64_t stream = 0;
  std::string key_path;  // in the stream
};

/// Takes "streams.NAME.key" and "streams[i].key" apart; nothing if `key_path` is no such path.
std::optional<StreamChange> stream_change(const Document& document, const std::string& prefix,
                                          const std::string& key_path, const Position& origin) {
  constexpr std::string_view kStreams = "streams";
  if (!key_path.starts_with("streams.") && !key_path.starts_with("streams[")) return std::nullopt;
  const auto list = scenario_at(document, prefix).find(kStreams);
  if (!list || !list->is_list()) {
    throw InputError(origin, key_path, "the scenario has no streams");
  }
  const bool by_name = key_path[kStreams.size()] == '.';
  const std::size_t begin = kStreams.size() + 1;
  const std::size_t end = key_path.find(by_name ? '.' : ']', begin);
  const std::string which = key_path.substr(begin, end - begin);
  const std::size_t rest = by_name ? end : end == std::string::npos ? end : end + 1;
  if (rest == std::string::npos || rest >= key_path.size() || key_path[rest] != '.') {
    if (!by_name) return std::nullopt;  // a whole stream
    throw InputError(origin, key_path, "changes no value of the stream",
                     fmt::format("such as streams.{}.requests.count", which));
  }
  std::vector<std::string> names;
  for (const Yaml& item : list->items()) {
    const auto name = item.is_map() ? item.find("name") : std::nullopt;
    const auto number = static_cast<std::int64_t>(names.size());
    names.push_back(name && name->is_scalar() ? name->as_string() : "");
    if (by_name ? names.back() == which : std::to_string(number) == which) {
      return StreamChange{number, key_path.substr(rest + 1)};
    }
  }
  if (!by_name) return std::nullopt;  // whoever sets it says what is wrong
  throw InputError(origin, key_path, fmt::format("there is no stream {}", in_quotes(which)),
                   fmt::format("there are {}", fmt::join(names, ", ")));
}

/// Gives the stream at `path` a copy of what it takes from the scenario, so that a value inside can
/// be changed.
void inline_default(Document& document, const std::string& prefix, const std::string& path,
                    const std::string& key_path) {
  const std::size_t end = key_path.find_first_of(".[");
  if (end == std::string::npos) return;
  const std::string key = key_path.substr(0, end);
  const Yaml stream = scenario_at(document, path);
  const auto own = stream.is_map() ? stream.find(key) : std::nullopt;
  const auto shared = scenario_at(document, prefix).find(key);
  if (own || !shared) return;
  document.override_value(join_path(path, key), shared->node(), shared->position());
}

/// Puts the contents of the cluster file in the place of its name.
void inline_cluster(Document& document, const std::string& prefix) {
  const auto cluster = scenario_at(document, prefix).find("cluster");
  if (!cluster || !cluster->is_scalar()) return;
  const Position origin = cluster->position();
  const auto file = loaded_for(*cluster, [&] {
    return find_file(cluster->as_string(), "platforms/clusters", folder_of(*cluster));
  });
  const Document written(file);
  const bool has_name = written.root().is_map() && written.root().find("name");
  document.override_value(join_path(prefix, "cluster"), written.root().node(), origin);
  if (has_name) return;
  document.override_value(join_path(prefix, "cluster.name"), YamlTree(file.stem().string()),
                          origin);
}

/// `strategy...` of a scenario that has `strategies:`. True if that settled it; else `key_path` is
/// what to change.
bool override_strategies(Document& document, const std::string& prefix, std::string& key_path,
                         const YamlTree& value, const Position& origin) {
  const Yaml several = scenario_at(document, prefix).at("strategies");
  if (key_path == "strategy" || key_path == "strategy.name") {
    YamlTree list;
    list.push_back(key_path == "strategy" ? value : named(value));
    document.override_value(join_path(prefix, "strategies"), list, origin);
    return true;
  }
  if (several.items().size() > 1) {
    throw InputError(origin, key_path, "the scenario has several strategies; whose option is it?",
                     "name one first: strategy=NAME");
  }
  key_path = "strategies[0]" + key_path.substr(std::string("strategy").size());
  return false;
}

}  // namespace

void override_scenario(Document& document, const std::string& prefix, const std::string& key_path,
                       const YamlTree& value, const Position& origin) {
  if (!scenario_at(document, prefix).is_map()) {
    scenario_at(document, prefix).fail_expected("a scenario: schema, name, model, ...");
  }
  if (const auto change = stream_change(document, prefix, key_path, origin)) {
    const std::string path = join_path(prefix, fmt::format("streams[{}]", change->stream));
    inline_default(document, prefix, path, change->key_path);
    override_scenario(document, path, change->key_path, value, origin);
    return;
  }
  std::string target = key_path;
  if (target.starts_with("cluster.")) inline_cluster(document, prefix);
  if (target == "strategy" || target.starts_with("strategy.")) {
    const Yaml scenario = scenario_at(document, prefix);
    if (scenario.find("strategies") && !scenario.find("strategy") &&
        override_strategies(document, prefix, target, value, origin)) {
      return;
    }
  }
  for (const std::string_view strategy : {"strategy", "strategies[0]"}) {
    if (!target.starts_with(std::string(strategy) + ".")) continue;
    const Yaml scenario = scenario_at(document, prefix);
    const auto now = strategy == "strategy"
                         ? scenario.find("strategy")
                         : std::optional(scenario.at("strategies").items().at(0));
    if (now && now->is_scalar()) {
      document.override_value(join_path(prefix, std::string(strategy)), named(now->node()),
                              now->position());
    }
  }
  document.override_value(join_path(prefix, target), value, origin);
}

void override_scenario(Document& document, const std::string& assignment) {
  const Position origin{"--set " + assignment, 0, 0};
  const std::size_t equals = assignment.find('=');
  if (equals == 0 || equals == std::string::npos) {
    throw InputError(origin, "",
                     "expected key.path=value, such as cluster.network.bandwidth=10Mbps");
  }
  // Through a document, for the same complaints about the value as in a file.
  Document value("{}", "");
  value.override_text("value", assignment.substr(equals + 1), origin);
  override_scenario(document, "", assignment.substr(0, equals), value.root().at("value").node(),
                    origin);
}

}  // namespace edgeflow
