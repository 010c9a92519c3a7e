#include "partition/plans/validate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace edgeflow {
namespace {

class Validator {
 public:
  Validator(const Plan& plan, const Graph& graph, const Cluster& cluster, std::size_t limit)
      : plan_(plan), graph_(graph), cluster_(cluster), limit_(limit) {}

  std::vector<Violation> run() {
    if (plan_.model != graph_.name()) {
      complain(-1, "the plan is for model \"{}\", not \"{}\"", plan_.model, graph_.name());
    }
    // Whatever reads providers or layers needs names that exist.
    for (std::size_t u = 0; u < plan_.units.size(); ++u) check_references(static_cast<int>(u));
    if (!violations_.empty()) return std::move(violations_);
    for (std::size_t u = 0; u < plan_.units.size(); ++u) {
      check_unit(static_cast<int>(u));
      check_requirements(static_cast<int>(u));
    }
    check_forwarding();
    check_results();
    return std::move(violations_);
  }

 private:
  template <typename... Args>
  void complain(int unit, fmt::format_string<Args...> text, Args&&... args) {
    if (violations_.size() < limit_) {
      violations_.push_back({unit, fmt::format(text, std::forward<Args>(args)...)});
    }
  }

  const ExecutionUnit& unit(int u) const { return plan_.units[index(u)]; }
  bool exists(UnitId id) const { return index(id) < plan_.units.size(); }

  void check_references(int u) {
    const ExecutionUnit& it = unit(u);
    if (index(it.layer) >= graph_.size()) complain(u, "its layer does not exist");
    if (index(it.device) >= cluster_.size()) complain(u, "its device does not exist");
    for (const Requirement& r : it.requirements) {
      if (!exists(r.provider))
        complain(u, "it needs unit {}, which does not exist", index(r.provider));
    }
    for (const Forward& f : it.forwarding) {
      if (!exists(f.consumer))
        complain(u, "it sends to unit {}, which does not exist", index(f.consumer));
    }
  }

  void check_unit(int u) {
    const ExecutionUnit& it = unit(u);
    const Layer& layer = graph_.layer(it.layer);
    if (it.starts_task && it.kind != UnitKind::kCompute) {
      complain(u, "only a unit that computes starts a task");
    }
    if (it.output.empty()) complain(u, "its output {} is empty", to_string(it.output));
    if (!layer.output.box.contains(it.output)) {
      complain(u, "its output {} exceeds the tensor {} of \"{}\"", to_string(it.output),
               to_string(layer.output.box), layer.name);
    }
    if (it.kind == UnitKind::kInput &&
        (layer.op != Op::kInput || it.device != cluster_.source() || !it.requirements.empty())) {
      complain(u, "an input unit holds the model's input on the source device and needs nothing");
    }
    if (it.kind == UnitKind::kCompute && layer.op == Op::kInput) {
      complain(u, "the model's input cannot be computed");
    }
  }

  /// What the unit must have of the outputs of other layers.
  std::vector<std::pair<LayerId, Region>> needs_of(const ExecutionUnit& it) const {
    if (it.kind == UnitKind::kInput) return {};
    if (it.kind == UnitKind::kRelay) return {{it.layer, it.output}};
    std::vector<std::pair<LayerId, Region>> needs;
    const Layer& layer = graph_.layer(it.layer);
    for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
      needs.emplace_back(layer.inputs[i], required_input(layer, i, it.output));
    }
    return needs;
  }

  void check_requirements(int u) {
    const ExecutionUnit& it = unit(u);
    if (!graph_.layer(it.layer).output.box.contains(it.output)) return;
    const auto needs = needs_of(it);
    for (const Requirement& r : it.requirements) check_requirement(u, r, needs);
    std::vector<Region> given;
    for (const auto& [layer, need] : needs) {
      given.clear();
      for (const Requirement& r : it.requirements) {
        if (plan_.unit(r.provider).layer == layer) given.push_back(r.region);
      }
      for (const Region& hole : uncovered(need, given)) {
        complain(u, "it lacks {} of \"{}\"", to_string(hole), graph_.layer(layer).name);
      }
    }
  }

  void check_requirement(int u, const Requirement& r,
                         const std::vector<std::pair<LayerId, Region>>& needs) {
    const ExecutionUnit& provider = plan_.unit(r.provider);
    const auto p = static_cast<int>(index(r.provider));
    if (p >= u) complain(u, "it needs unit {}, which does not stand before it", p);
    if (r.region.empty()) return check_token(u, r);
    if (!provider.output.contains(r.region)) {
      complain(u, "it needs {} of unit {}, which has only {}", to_string(r.region), p,
               to_string(provider.output));
    }
    std::vector<Region> wanted;
    for (const auto& [layer, need] : needs) {
      if (layer == provider.layer) wanted.push_back(need);
    }
    if (!uncovered(r.region, wanted).empty()) {
      complain(u, "it asks unit {} for {} of \"{}\", more than it needs", p, to_string(r.region),
               graph_.layer(provider.layer).name);
    }
  }

  void check_token(int u, const Requirement& token) {
    const auto& all = unit(u).requirements;
    const auto of_provider = [&](const Requirement& r) { return r.provider == token.provider; };
    if (token.region != Region{} || std::count_if(all.begin(), all.end(), of_provider) > 1) {
      complain(u, "a token of unit {} is {} and the only thing that it needs of it",
               index(token.provider), to_string(Region{}));
    }
  }

  void check_forwarding() {
    using Edge = std::tuple<std::size_t, std::size_t, std::array<std::int64_t, 6>>;
    auto key = [](const Region& r) {
      return std::array<std::int64_t, 6>{r.channel.begin, r.channel.end,  r.row.begin,
                                         r.row.end,       r.column.begin, r.column.end};
    };
    std::map<Edge, int> balance;  // needed minus sent
    for (std::size_t u = 0; u < plan_.units.size(); ++u) {
      for (const Requirement& r : plan_.units[u].requirements) {
        ++balance[{index(r.provider), u, key(r.region)}];
      }
      for (const Forward& f : plan_.units[u].forwarding) {
        --balance[{u, index(f.consumer), key(f.region)}];
      }
    }
    for (const auto& [edge, count] : balance) {
      const auto from = static_cast<int>(std::get<0>(edge));
      if (count > 0) complain(from, "it does not send what unit {} needs of it", std::get<1>(edge));
      if (count < 0) complain(from, "it sends unit {} what that does not need", std::get<1>(edge));
    }
  }

  void check_results() {
    for (LayerId output : graph_.outputs()) {
      std::vector<Region> delivered;
      for (const ExecutionUnit& it : plan_.units) {
        if (it.kind == UnitKind::kRelay && it.layer == output && it.device == cluster_.sink()) {
          delivered.push_back(it.output);
        }
      }
      for (const Region& hole : uncovered(graph_.layer(output).output.box, delivered)) {
        complain(-1, "{} of the result \"{}\" does not reach {}", to_string(hole),
                 graph_.layer(output).name, cluster_.device(cluster_.sink()).name);
      }
    }
  }

  const Plan& plan_;
  const Graph& graph_;
  const Cluster& cluster_;
  std::size_t limit_;
  std::vector<Violation> violations_;
};

}  // namespace

std::vector<Violation> validate(const Plan& plan, const Graph& graph, const Cluster& cluster,
                                std::size_t limit) {
  return Validator(plan, graph, cluster, limit).run();
}

std::optional<std::string> memory_shortage(std::span<const ExecutablePlan* const> plans) {
  const Cluster& cluster = plans.front()->cluster;
  for (const DeviceId d : ids_of<DeviceId>(cluster)) {
    double weights = 0;
    double largest = 0;
    for (const ExecutablePlan* plan : plans) {
      weights += plan->weight_bytes[d];
      largest = std::max(largest, plan->largest_unit_bytes[d]);
    }
    const Device& device = cluster.device(d);
    const double needed = weights + largest;
    if (needed > device.memory_bytes) {
      constexpr double kMiB = 1024.0 * 1024.0;
      return fmt::format(
          "{} needs {:.1f} MiB for weights{} and its largest unit, but has {:.1f} MiB", device.name,
          needed / kMiB, plans.size() > 1 ? " of all streams" : "", device.memory_bytes / kMiB);
    }
  }
  return std::nullopt;
}

std::optional<std::string> memory_shortage(const ExecutablePlan& plan) {
  const ExecutablePlan* const only = &plan;
  return memory_shortage({&only, 1});
}

std::optional<std::string> memory_shortage(const Plan& plan, const Graph& graph,
                                           const Cluster& cluster, const ElementSize& size) {
  return memory_shortage(ExecutablePlan(plan, graph, cluster, size));
}

}  // namespace edgeflow
