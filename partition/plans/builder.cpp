#include "partition/plans/builder.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace edgeflow {
namespace {

UnitId id_at(std::size_t position) { return UnitId{static_cast<std::int32_t>(position)}; }

class Builder {
 public:
  Builder(const Graph& graph, const Cluster& cluster, std::string strategy)
      : graph_(graph), cluster_(cluster), units_of_(graph.size()) {
    plan_.strategy = std::move(strategy);
    plan_.model = graph.name();
    plan_.cluster = cluster.name();
  }

  void add_input() {
    add({.kind = UnitKind::kInput,
         .layer = graph_.input(),
         .device = cluster_.source(),
         .output = graph_.layer(graph_.input()).output.box,
         .requirements = {},
         .forwarding = {}});
  }

  void add_compute(LayerId id, const Share& share) {
    const Layer& layer = graph_.layer(id);
    ExecutionUnit unit{UnitKind::kCompute, id, share.device, share.region, {}, {},
                       share.starts_task};
    std::vector<Region> asked;  // of the same producer, by earlier inputs
    for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
      asked.clear();
      for (const Requirement& r : unit.requirements) {
        if (plan_.unit(r.provider).layer == layer.inputs[i]) asked.push_back(r.region);
      }
      for (const Region& need : uncovered(required_input(layer, i, share.region), asked)) {
        require(unit, layer.inputs[i], need);
      }
    }
    units_of_[index(id)].push_back(add(std::move(unit)));
  }

  /// Brings the whole output of a layer to `device`.
  UnitId add_relay(LayerId id, DeviceId device) {
    ExecutionUnit unit{UnitKind::kRelay, id, device, graph_.layer(id).output.box, {}, {}};
    require(unit, id, unit.output);
    return add(std::move(unit));
  }

  /// From now on, only `hub` serves the layer's consumers, but for those on devices that have what
  /// they need themselves, if parts are kept.
  void gather(LayerId id, DeviceId hub, bool keep_parts) {
    const UnitId relay = add_relay(id, hub);
    std::vector<UnitId>& units = units_of_[index(id)];
    if (!keep_parts) units.clear();
    units.insert(units.begin(), relay);
  }

  /// From now on, these devices have the whole output, too.
  void copy(LayerId id, std::span<const DeviceId> devices) {
    std::vector<UnitId> relays;  // none takes from another
    for (DeviceId device : devices) relays.push_back(add_relay(id, device));
    for (UnitId relay : relays) units_of_[index(id)].push_back(relay);
  }

  Plan finish() {
    fill_forwarding(plan_);
    return std::move(plan_);
  }

 private:
  UnitId add(ExecutionUnit unit) {
    const UnitId id = id_at(plan_.units.size());
    if (unit.kind == UnitKind::kInput) units_of_[index(unit.layer)].push_back(id);
    plan_.units.push_back(std::move(unit));
    return id;
  }

  /// Takes `need` of `layer` from units on the same device first, then from the others in order.
  void require(ExecutionUnit& unit, LayerId layer, const Region& need) {
    for (UnitId provider : units_of_[index(layer)]) {
      const ExecutionUnit& owner = plan_.unit(provider);
      if (owner.device == unit.device && owner.output.contains(need)) {
        unit.requirements.push_back({provider, need});
        return;
      }
    }
    std::vector<Region> missing{need};
    for (const bool local : {true, false}) {
      for (UnitId provider : units_of_[index(layer)]) {
        if (missing.empty()) return;
        const ExecutionUnit& owner = plan_.unit(provider);
        if ((owner.device == unit.device) == local) take(unit, provider, owner.output, missing);
      }
    }
    assert(missing.empty() && "the shares of every layer cover its output");
  }

  static void take(ExecutionUnit& unit, UnitId provider, const Region& owned,
                   std::vector<Region>& missing) {
    std::vector<Region> rest;
    for (const Region& piece : missing) {
      const Region common = intersect(piece, owned);
      if (!common.empty()) unit.requirements.push_back({provider, common});
      subtract(piece, owned, rest);
    }
    missing.swap(rest);
  }

  const Graph& graph_;
  const Cluster& cluster_;
  std::vector<std::vector<UnitId>> units_of_;  // by layer
  Plan plan_;
};

}  // namespace

Plan build_plan(const Graph& graph, const Cluster& cluster, const Assignment& assignment,
                std::string strategy, const Hubs& hubs, const Copies& copies, bool keep_parts) {
  assert(assignment.size() <= graph.size());
  Builder builder(graph, cluster, std::move(strategy));
  builder.add_input();
  for (std::size_t l = 0; l < assignment.size(); ++l) {
    const LayerId id{static_cast<std::int32_t>(l)};
    for (const Share& share : assignment[l]) {
      if (id != graph.input() && !share.region.empty()) builder.add_compute(id, share);
    }
    if (l < hubs.size() && hubs[l]) builder.gather(id, *hubs[l], keep_parts);
    if (l < copies.size()) builder.copy(id, copies[l]);
  }
  if (assignment.size() == graph.size()) {
    for (LayerId output : graph.outputs()) builder.add_relay(output, cluster.sink());
  }
  return builder.finish();
}

void fill_forwarding(Plan& plan) {
  for (ExecutionUnit& unit : plan.units) unit.forwarding.clear();
  for (std::size_t u = 0; u < plan.units.size(); ++u) {
    for (const Requirement& requirement : plan.units[u].requirements) {
      plan.units[index(requirement.provider)].forwarding.push_back({id_at(u), requirement.region});
    }
  }
}

std::vector<Share> cut(const Region& whole, Axis axis, std::span<const std::int64_t> boundaries) {
  std::vector<Share> shares;
  for (std::size_t d = 0; d + 1 < boundaries.size(); ++d) {
    Region part = whole;
    part[axis] = {boundaries[d], boundaries[d + 1]};
    if (!part.empty()) shares.push_back({DeviceId{static_cast<std::int32_t>(d)}, part});
  }
  return shares;
}

std::vector<std::int64_t> proportional_boundaries(std::int64_t extent,
                                                  std::span<const double> weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<std::int64_t> parts;
  std::vector<std::pair<double, std::size_t>>
      remainders;  // largest first, ties to the first device
  for (std::size_t d = 0; d < weights.size(); ++d) {
    const double ideal = static_cast<double>(extent) * weights[d] / sum;
    parts.push_back(static_cast<std::int64_t>(ideal));
    remainders.emplace_back(static_cast<double>(parts[d]) - ideal, d);
  }
  std::sort(remainders.begin(), remainders.end());
  std::int64_t left = extent - std::accumulate(parts.begin(), parts.end(), std::int64_t{0});
  for (std::size_t i = 0; left > 0; i = (i + 1) % remainders.size(), --left) {
    ++parts[remainders[i].second];
  }
  std::vector<std::int64_t> boundaries{0};
  for (std::int64_t part : parts) boundaries.push_back(boundaries.back() + part);
  return boundaries;
}

}  // namespace edgeflow
