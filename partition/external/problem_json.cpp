#include "partition/external/problem_json.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "partition/external/shares.hpp"
#include "partition/plans/plan_yaml.hpp"
#include "partition/plans/problem.hpp"

namespace edgeflow {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 3> kAxisNames{"channel", "row", "column"};

Json finite_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json rows_needed(const Layer& layer, std::size_t input) {
  Json rows = Json::array();
  Region row = layer.output.box;
  for (std::int64_t r = layer.output.box.row.begin; r < layer.output.box.row.end; ++r) {
    row.row = {r, r + 1};
    const Region need = required_input(layer, input, row);
    const Range range = need.empty() ? Range{0, 0} : need.row;
    rows.push_back({range.begin, range.end});
  }
  return rows;
}

Json layer_json(const Problem& problem, std::size_t l) {
  const Layer& layer = problem.graph.layers()[l];
  const Region& box = layer.output.box;
  const Work whole = work(layer, box);
  Json json;
  json["name"] = layer.name;
  json["op"] = operator_of(layer.op).name;
  json["inputs"] = Json::array();
  for (LayerId input : layer.inputs) json["inputs"].push_back(index(input));
  json["output"] = {
      {"channels", box.channel.size()}, {"rows", box.row.size()}, {"columns", box.column.size()}};
  json["result"] = problem.graph.consumers(layer_at(l)).empty();
  json["view"] = whole.view;
  json["macs"] = whole.macs;
  json["weight_elements"] = whole.weight_elements;
  json["split_axes"] = Json::array();
  for (Axis axis : kAxes) {
    if (l > 0 && has_axis(split_axes(layer), axis)) {
      json["split_axes"].push_back(kAxisNames[static_cast<std::size_t>(axis)]);
    }
  }
  json["needs"] = Json::array();
  for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
    json["needs"].push_back(rows_needed(layer, i));
  }
  Work fixed = whole;
  fixed.macs = fixed.in_elements = fixed.out_elements = 0;
  json["time_s"] = Json::array();
  json["fixed_s"] = Json::array();
  for (const Device& device : problem.cluster.devices()) {
    json["time_s"].push_back(compute_time_s(device.compute, whole));
    json["fixed_s"].push_back(compute_time_s(device.compute, fixed));
  }
  return json;
}

std::vector<double> read_shares(const Yaml& list, std::size_t devices) {
  if (!list.is_list() || list.items().size() != devices) {
    list.fail(fmt::format("expected a list of {} shares, one for each device", devices));
  }
  std::vector<double> shares;
  double sum = 0;
  for (const Yaml& share : list.items()) {
    shares.push_back(share.as_number(0, kLargestShare));
    sum += shares.back();
  }
  if (!(sum > 0)) list.fail("expected a share above 0 for at least one device");
  return shares;
}

Plan read_shares_of_layers(const Yaml& list, const Problem& problem) {
  const std::size_t layers = problem.graph.size();
  if (!list.is_list() || list.items().size() != layers) {
    list.fail(fmt::format("expected a list of {} entries, one for each layer", layers));
  }
  const std::vector<Yaml> entries = list.items();
  const std::size_t devices = problem.cluster.size();
  std::vector<double> shares(devices);  // of the input, which are ignored
  for (std::size_t l = 1; l < layers; ++l) {
    const std::vector<double> own = read_shares(entries[l], devices);
    shares.insert(shares.end(), own.begin(), own.end());
  }
  return SharesPlanner(problem).plan(shares, "external");
}

}  // namespace

std::string write_problem(const Problem& problem) {
  const Cluster& cluster = problem.cluster;
  Json json;
  json["schema"] = 1;
  json["model"] = problem.graph.name();
  json["cluster"] = cluster.name();
  json["precision"] = {{"activation_bytes", problem.size.activation_bytes},
                       {"input_bytes", problem.size.input_bytes}};
  json["layers"] = Json::array();
  for (std::size_t l = 0; l < problem.graph.size(); ++l) {
    json["layers"].push_back(layer_json(problem, l));
  }
  for (std::size_t d = 0; d < cluster.size(); ++d) {
    const Device& device = cluster.devices()[d];
    json["devices"].push_back(
        {{"name", device.name},
         {"scheduling", to_string(device.scheduling())},
         {"memory_bytes", finite_or_null(device.memory_bytes)},
         {"sends", to_string(device.compute.sends)},
         {"message_overhead_s", device.compute.message_overhead_s},
         {"serialization_rate_Bps", finite_or_null(device.compute.serialization_rate_Bps)}});
  }
  json["source"] = index(cluster.source());
  json["sink"] = index(cluster.sink());
  for (std::size_t from = 0; from < cluster.size(); ++from) {
    Json bandwidth = Json::array();
    Json latency = Json::array();
    for (std::size_t to = 0; to < cluster.size(); ++to) {
      const bool same = from == to;
      bandwidth.push_back(same ? Json()
                               : Json(cluster.route_bandwidth_Bps(device_at(from), device_at(to))));
      latency.push_back(same ? Json()
                             : Json(cluster.route(device_at(from), device_at(to)).latency_s));
    }
    json["bandwidth_Bps"].push_back(std::move(bandwidth));
    json["latency_s"].push_back(std::move(latency));
  }
  json["network"] = to_string(cluster.network().type);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Plan read_answer(const std::string& answer, const std::string& name, const Problem& problem) {
  const Document document(answer, name);
  const Yaml root = document.root();
  if (!root.is_map()) root.fail_expected("an answer with shares, units or infeasible");
  if (const auto reason = root.find("infeasible")) throw Infeasible(reason->as_string());
  if (root.find("units")) {
    Plan plan = read_plan(document, problem.graph, problem.cluster);
    plan.strategy = "external";
    return plan;
  }
  root.expect_keys({"shares"});
  return read_shares_of_layers(root.at("shares"), problem);
}

}  // namespace edgeflow
