// Changing single values of a scenario: --set and the axes of sweeps.

#include <fmt/format.h>

#include "experiments/scenario.hpp"
#include "workloads/model_yaml.hpp"

namespace edgeflow {
namespace {

std::string join_path(const std::string& prefix, const std::string& key_path) {
  return prefix.empty() ? key_path : prefix + "." + key_path;
}

Yaml scenario_at(const Document& document, const std::string& prefix) {
  return prefix.empty() ? document.root() : document.root().at(prefix);
}

YamlTree named(const YamlTree& name) {
  YamlTree map;
  map["name"] = name;
  return map;
}

/// Puts the contents of the cluster file in the place of its name.
void inline_cluster(Document& document, const std::string& prefix) {
  const auto cluster = scenario_at(document, prefix).find("cluster");
  if (!cluster || !cluster->is_scalar()) return;
  const Position origin = cluster->position();
  const auto file = located(*cluster, [&] {
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
