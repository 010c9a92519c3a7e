#include "experiments/commands/lists.hpp"

#include <fmt/format.h>

#include <cmath>

#include "experiments/results/summary.hpp"
#include "experiments/results/table.hpp"
#include "partition/strategy.hpp"
#include "platforms/effects.hpp"
#include "workloads/input/home.hpp"
#include "workloads/input/number.hpp"
#include "workloads/input/text_table.hpp"
#include "workloads/model_yaml.hpp"
#include "workloads/operators/attributes.hpp"

namespace edgeflow {
namespace {

using Json = nlohmann::ordered_json;

/// A cell as JSON has it: a number, a text, or null where there is none.
Json value_of(const std::string& cell) {
  if (cell.empty() || cell == "-") return nullptr;
  if (const auto whole = parse_number<std::int64_t>(cell)) return *whole;
  const auto number = parse_number(cell);
  return number ? Json(*number) : Json(cell);
}

/// Rows of cells, the first the header, for people and as objects. The text has the `once` columns
/// only in the first of several rows that begin alike.
Listing table(std::vector<std::vector<std::string>> rows, std::string_view alignment,
              std::initializer_list<std::size_t> once = {}) {
  Listing listing{"", Json::array()};
  for (std::size_t r = 1; r < rows.size(); ++r) {
    Json& object = listing.json.emplace_back();
    for (std::size_t c = 0; c < rows[r].size(); ++c) object[rows[0][c]] = value_of(rows[r][c]);
  }
  for (std::size_t r = rows.size(); r-- > 2;) {
    if (rows[r].front() != rows[r - 1].front()) continue;
    for (const std::size_t c : once) rows[r][c].clear();
  }
  listing.text = aligned(rows, alignment);
  return listing;
}

}  // namespace

Listing list_strategies() {
  std::string text;
  Json json = Json::array();
  for (const StrategyInfo& info : strategies()) {
    Json options = Json::array();
    text += fmt::format("{}{}: {}\n    optimises {}\n    {}\n", text.empty() ? "" : "\n", info.name,
                        info.summary, info.objective, info.paper);
    for (const OptionInfo& option : info.options) {
      const std::string_view usual = option.default_value;
      text += fmt::format("    {}: {} ({}; {})\n", option.key, option.meaning, values_text(option),
                          usual.empty() ? "no default" : fmt::format("default {}", usual));
      options.push_back({{"key", option.key},
                         {"meaning", option.meaning},
                         {"values", values_text(option)},
                         {"default", usual.empty() ? Json() : Json(usual)}});
    }
    json.push_back({{"strategy", info.name},
                    {"summary", info.summary},
                    {"optimises", info.objective},
                    {"paper", info.paper},
                    {"options", options}});
  }
  return {text, json};
}

Listing list_models() {
  std::vector<std::vector<std::string>> rows{{"model", "layers", "M params", "GMAC", "input"}};
  for (const std::string& name : zoo_models()) {
    const Graph graph = load_model(name, "");
    const Totals sum = totals(graph);
    rows.push_back({name, std::to_string(fold(graph).size()),
                    fmt::format("{:.2f}", static_cast<double>(sum.params) * 1e-6),
                    fmt::format("{:.2f}", static_cast<double>(sum.macs) * 1e-9),
                    fmt::format("1x{}", fmt::join(graph.layer(graph.input()).output.dims, "x"))});
  }
  return table(rows, "lrrrl");
}

Listing list_devices() {
  std::vector<std::vector<std::string>> rows{{"device", "GiB", "idle W", "busy W", "wired Mbit/s",
                                              "wifi Mbit/s", "framework", "threads", "precision",
                                              "GMAC/s", "description"}};
  const auto known = [](double value, double scale) {
    return std::isfinite(value) ? fmt::format("{:g}", value * scale) : std::string("-");
  };
  for (const std::string& name : catalogue_names("platforms/devices")) {
    const DeviceProfile profile = load_device(name, "");
    for (const ComputeProfile& compute : profile.compute) {
      rows.push_back({name, known(profile.memory_bytes, 1.0 / (1 << 30)), known(profile.idle_W, 1),
                      known(profile.busy_W, 1), known(profile.wired_Bps, 8e-6),
                      known(profile.wifi_Bps, 8e-6), compute.framework,
                      std::to_string(compute.threads),
                      compute.precision ? std::string(to_string(*compute.precision)) : "-",
                      fmt::format("{:g}", compute.mac_rate * 1e-9), profile.description});
    }
  }
  return table(rows, "lrrrrrlrlrl", {0, 1, 2, 3, 4, 5, 10});
}

Listing list_clusters() {
  std::vector<std::vector<std::string>> rows{{"cluster", "devices", "network", "description"}};
  for (const std::string& name : catalogue_names("platforms/clusters")) {
    const Document document(home_folder() / "platforms/clusters" / (name + ".yaml"));
    const Cluster cluster = read_cluster(document.root(), name);
    const auto description = document.root().find("description");
    rows.push_back({name, std::to_string(cluster.size()), headline(cluster.network()),
                    description ? description->as_string() : ""});
  }
  return table(rows, "lrll");
}

Listing list_rates() {
  std::vector<std::vector<std::string>> rows{{"key", "value", "default", "meaning"}};
  for (const Rate& rate : rates()) {
    const double value = ComputeProfile().*rate.member;
    const bool needed = value == 0 && rate.unit == Quantity::kMacRate;
    rows.push_back({std::string(rate.key),
                    rate.unit ? describe(*rate.unit) : "a factor such as 1.5",
                    needed              ? "must be given"
                    : std::isinf(value) ? "none"
                                        : with_unit(value, rate.unit ? si_unit(*rate.unit) : ""),
                    std::string(rate.meaning)});
  }
  for (const Power& power : powers()) {
    rows.push_back({fmt::format("power.{}", power.key), describe(Quantity::kPower),
                    power.needed ? "not known" : "as idle", std::string(power.meaning)});
  }
  return table(rows, "llll");
}

Listing list_messaging() {
  std::vector<std::vector<std::string>> rows{
      {"messaging", "message overhead", "serialization rate", "sends", "description"}};
  for (const std::string& name : catalogue_names("platforms/messaging")) {
    const Document document(home_folder() / "platforms/messaging" / (name + ".yaml"));
    const Messaging its = read_messaging(document);
    const auto description = document.root().find("description");
    rows.push_back({name, fmt::format("{:g} us", its.message_overhead_s * 1e6),
                    std::isinf(its.serialization_rate_Bps)
                        ? "-"
                        : fmt::format("{:g} MB/s", its.serialization_rate_Bps * 1e-6),
                    std::string(to_string(its.sends)),
                    description ? description->as_string() : ""});
  }
  return table(rows, "lrrll");
}

Listing list_networks() {
  std::vector<std::vector<std::string>> rows{{"network", "meaning"}};
  for (const NetworkType type : kNetworkTypes) {
    rows.push_back({std::string(to_string(type)), std::string(meaning(type))});
  }
  return table(rows, "ll");
}

Listing list_effects() {
  std::vector<std::vector<std::string>> rows{{"effect", "meaning"}};
  for (const Effect& effect : kEffects) {
    rows.push_back({std::string(effect.name), std::string(effect.meaning)});
  }
  return table(rows, "ll");
}

Listing list_operators() {
  std::string text;
  Json json = Json::array();
  for (const Operator& op : operator_table()) {
    const std::vector<std::string_view> names =
        op.functions.empty()
            ? std::vector<std::string_view>{op.name}
            : std::vector<std::string_view>(op.functions.begin(), op.functions.end());
    text += fmt::format("{}{}\n", text.empty() ? "" : "\n", fmt::join(names, ", "));
    Json attributes = Json::object();
    for (const std::string_view key : op.attributes) {
      text += fmt::format("    {}: {}\n", key, attribute_of(key).meaning);
      attributes[std::string(key)] = attribute_of(key).meaning;
    }
    json.push_back({{"operators", names}, {"attributes", attributes}});
  }
  return {text, json};
}

Listing list_columns() {
  std::string text;
  Json json = Json::array();
  for (const TableInfo& table : result_tables()) {
    Json columns = Json::array();
    std::vector<std::vector<std::string>> rows{{"column", "unit", "meaning"}};
    for (const ColumnInfo& column : table.columns) {
      rows.push_back({std::string(column.name),
                      column.unit.empty() ? "-" : std::string(column.unit),
                      std::string(column.meaning)});
      columns.push_back(
          {{"column", column.name}, {"unit", column.unit}, {"meaning", column.meaning}});
    }
    text += fmt::format("{}{}: a row per {}\n\n{}", text.empty() ? "" : "\n", table.file, table.row,
                        aligned(rows, "lll"));
    json.push_back({{"file", table.file}, {"row", table.row}, {"columns", columns}});
  }
  return {text, json};
}

}  // namespace edgeflow
