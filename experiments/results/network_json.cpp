#include "experiments/results/network_json.hpp"

#include <nlohmann/json.hpp>

#include "workloads/input/ids.hpp"

namespace edgeflow {
namespace {

using Json = nlohmann::ordered_json;

Json node_json(const Network& network, const Drawing::Node& node) {
  const bool medium = network.type == NetworkType::kWifi || network.type == NetworkType::kHub;
  Json json{{"name", node.name}, {"kind", medium ? "medium" : node.link < 0 ? "switch" : "link"}};
  if (medium || node.link >= 0) {
    const Link& link = network.links[medium ? 0 : index(node.link)];
    json["bandwidth_Bps"] = link.bandwidth_Bps;
    json["latency_s"] = link.latency_s;
  }
  return json;
}

Json direction_json(const Network& network, int link, double bandwidth_Bps) {
  const Link& carrier = network.links[index(link)];
  return {
      {"link", carrier.name}, {"bandwidth_Bps", bandwidth_Bps}, {"latency_s", carrier.latency_s}};
}

Json edge_json(const Network& network, const Edge& edge) {
  Json json{{"a", edge.a}, {"b", edge.b}};
  if (edge.forth < 0) return json;
  const EdgeRates rates = rates_of(network, edge);
  json["forth"] = direction_json(network, edge.forth, rates.forth_Bps);
  json["back"] = direction_json(network, edge.back, rates.back_Bps);
  return json;
}

}  // namespace

EdgeRates rates_of(const Network& network, const Edge& edge) {
  if (!network.rates_Bps.empty() && edge.a != network.access_point) {
    const double rate_Bps = network.rates_Bps[edge.a] * network.efficiency;
    return {rate_Bps, rate_Bps};
  }
  return {network.links[index(edge.forth)].bandwidth_Bps,
          network.links[index(edge.back)].bandwidth_Bps};
}

Json network_json(const Network& network, std::span<const Device> devices) {
  const Drawing picture = drawing(network);
  Json json{{"type", std::string(to_string(network.type))},
            {"bandwidth_Bps", network.bandwidth_Bps},
            {"latency_s", network.latency_s},
            {"nodes", Json::array()},
            {"edges", Json::array()}};
  if (network.efficiency < 1) json["efficiency"] = network.efficiency;
  for (std::size_t d = 0; d < devices.size(); ++d) {
    json["nodes"].push_back({{"name", devices[d].name}, {"kind", "device"}});
  }
  for (const Drawing::Node& node : picture.nodes) {
    json["nodes"].push_back(node_json(network, node));
  }
  for (const Edge& edge : picture.edges) json["edges"].push_back(edge_json(network, edge));
  return json;
}

std::string network_text(const Cluster& cluster) {
  const Network& network = cluster.network();
  const bool drawn =
      cluster.size() <= kMostDrawn && cluster.size() + drawing(network).nodes.size() <= kMostDrawn;
  Json json = drawn ? network_json(network, cluster.devices())
                    : Json{{"type", std::string(to_string(network.type))}};
  return json.dump() + "\n";
}

}  // namespace edgeflow
