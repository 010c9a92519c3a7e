#include "partition/blocks/work_queue.hpp"

#include <fmt/format.h>

#include <map>

#include "partition/plans/placement.hpp"
#include "partition/prices/estimate.hpp"

namespace edgeflow {
namespace {

UnitId id_at(std::size_t position) { return UnitId{static_cast<std::int32_t>(position)}; }

class Queue {
 public:
  Queue(const Problem& problem, const Block& block, const TileRegions& regions, const Roles& roles,
        std::size_t ahead, std::string strategy)
      : problem_(problem),
        block_(block),
        regions_(regions),
        roles_(roles),
        ahead_(ahead),
        strategy_(std::move(strategy)) {
    for (std::size_t t = 0; t < regions.back().size(); ++t) {
      if (!regions.back()[t].empty()) tiles_.push_back(t);
    }
    for (std::size_t k = 0; k < tiles_.size(); ++k) taker_.push_back(k % roles.workers.size());
  }

  Plan plan() {
    std::vector<double> done_s = dealt().done_s;
    for (std::size_t k = 0; k < tiles_.size(); ++k) {
      const std::size_t first = first_free(k, done_s);
      if (first == taker_[k]) continue;
      taker_[k] = first;
      done_s = dealt().done_s;
    }
    return dealt().plan;
  }

 private:
  struct Dealt {
    Plan plan;
    std::vector<double> done_s;  // by tile
  };

  /// The worker that takes tile k, given when the tiles before it are done.
  std::size_t first_free(std::size_t k, const std::vector<double>& done_s) const {
    std::vector<std::vector<double>> done(roles_.workers.size());  // by worker, in order
    for (std::size_t j = 0; j < k; ++j) done[taker_[j]].push_back(done_s[j]);
    std::size_t best = 0;
    double best_s = 0;
    for (std::size_t w = 0; w < done.size(); ++w) {
      const std::size_t has = done[w].size();
      const double free_s = has > ahead_ ? done[w][has - 1 - ahead_] : 0;
      const bool sooner = free_s < best_s - kTimePrecision_s;
      const bool fewer = free_s <= best_s + kTimePrecision_s && has < done[best].size();
      if (w > 0 && !sooner && !fewer) continue;
      best = w;
      best_s = free_s;
    }
    return best;
  }

  Dealt dealt() const {
    const Graph& graph = problem_.graph;
    Assignment assignment(graph.size());
    Hubs hubs(graph.size());
    hubs[index(graph.input())] = roles_.hub;
    for (std::size_t l = 1; l < graph.size(); ++l) {
      if (l >= block_.end) {
        assignment[l] = on_one_device(graph.layers()[l], roles_.hub);
        continue;
      }
      for (std::size_t k = 0; k < tiles_.size(); ++k) {
        assignment[l].push_back({roles_.workers[taker_[k]], regions_[l - block_.first][tiles_[k]]});
      }
    }
    if (block_.end < graph.size()) hubs[block_.end - 1] = roles_.hub;
    const Plan by_layers = build_plan(graph, problem_.cluster, assignment, strategy_, hubs);
    Dealt result = tile_by_tile(by_layers);
    const Estimate times =
        estimate(result.plan, graph, problem_.cluster, problem_.size, {}, Sharing::kMaxMin);
    std::size_t k = 0;
    for (const UnitId unit : times.units.ids()) {
      if (is_last_of_tile(result.plan.unit(unit))) result.done_s[k++] = times.units[unit].finish_s;
    }
    return result;
  }

  bool is_last_of_tile(const ExecutionUnit& unit) const {
    return unit.kind == UnitKind::kCompute && index(unit.layer) == block_.end - 1;
  }

  /// What a unit of a tile needs, all of it from the tile's own units: nothing is shared between
  /// tiles, even on one device.
  std::vector<Requirement> needs_within(const ExecutionUnit& unit,
                                        const std::map<LayerId, UnitId>& own) const {
    const Layer& layer = problem_.graph.layer(unit.layer);
    std::vector<Requirement> needs;
    std::vector<Region> asked;
    for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
      const Region need_of_input = required_input(layer, i, unit.output);
      if (need_of_input.empty()) continue;  // the tile need not have computed any of it
      const UnitId provider = own.at(layer.inputs[i]);
      asked.clear();
      for (const Requirement& r : needs) {
        if (r.provider == provider) asked.push_back(r.region);
      }
      for (const Region& need : uncovered(need_of_input, asked)) {
        needs.push_back({provider, need});
      }
    }
    return needs;
  }

  /// The units of each tile, and those before and behind all tiles, as positions in a plan.
  struct Order {
    std::vector<std::size_t> before, behind;
    std::vector<std::vector<std::size_t>> of_tile;
  };

  Order order_of(const Plan& by_layers) const {
    Order order;
    order.of_tile.resize(tiles_.size());
    for (std::size_t u = 0, k = 0; u < by_layers.units.size(); ++u) {
      const ExecutionUnit& unit = by_layers.units[u];
      const std::size_t l = index(unit.layer);
      if (unit.kind != UnitKind::kCompute || l >= block_.end) {
        (l < block_.first ? order.before : order.behind).push_back(u);
        continue;
      }
      if (u > 0 && by_layers.units[u - 1].layer != unit.layer) k = 0;
      while (regions_[l - block_.first][tiles_[k]].empty()) ++k;
      order.of_tile[k++].push_back(u);
    }
    return order;
  }

  /// A plan that takes over units of another one by one.
  struct Copy {
    explicit Copy(const Plan& from) : old(from), plan(from), renamed(from.units.size()) {
      plan.units.clear();
    }
    ExecutionUnit& take_over(std::size_t u) {
      renamed[u] = id_at(plan.units.size());
      plan.units.push_back(old.units[u]);
      for (Requirement& r : plan.units.back().requirements) r.provider = renamed[index(r.provider)];
      return plan.units.back();
    }

    const Plan& old;
    Plan plan;
    std::vector<UnitId> renamed;  // by old unit
  };

  /// What the tiles before leave for the next one.
  struct Queued {
    std::vector<std::vector<UnitId>> done;  // last units of tiles, by worker
    std::optional<UnitId> arrived;          // the relay that got the last input over the network
  };

  /// Adds a relay on the hub that sends a tile's input when it is asked for, one on another worker
  /// that gets it, and the tile's units.
  void add_tile(const std::vector<std::size_t>& units, UnitId input, std::size_t worker,
                Queued& queued, Copy& copy) const {
    Plan& plan = copy.plan;
    std::vector<UnitId>& done = queued.done[worker];
    const DeviceId device = roles_.workers[worker];
    const UnitId handed = id_at(plan.units.size());
    plan.units.push_back({UnitKind::kRelay, problem_.graph.input(), roles_.hub, {}, {}, {}});
    if (device != roles_.hub) {
      plan.units.push_back({UnitKind::kRelay, problem_.graph.input(), device, {}, {}, {}});
    }
    const UnitId got = id_at(plan.units.size() - 1);
    Region box;  // of the input
    std::map<LayerId, UnitId> own{{problem_.graph.input(), got}};
    for (std::size_t u : units) {
      ExecutionUnit& unit = copy.take_over(u);
      own[unit.layer] = copy.renamed[u];
      unit.requirements = needs_within(unit, own);
      for (const Requirement& r : unit.requirements) {
        if (r.provider == got) box = hull(box, r.region);
      }
      unit.starts_task = own.size() == 2;
      if (unit.starts_task && ahead_ > 0 && !done.empty()) {
        unit.requirements.push_back({done.back(), {}});
      }
    }
    if (box.empty()) throw Infeasible("a tile needs nothing of the input, so it cannot be dealt");
    ExecutionUnit& relay = plan.units[index(handed)];
    relay.output = box;
    relay.requirements.push_back({input, box});
    if (done.size() > ahead_) {
      relay.requirements.push_back({done[done.size() - 1 - ahead_], {}});
    }
    done.push_back(id_at(plan.units.size() - 1));
    if (device == roles_.hub) return;
    if (queued.arrived && (ahead_ > 0 || plan.unit(*queued.arrived).device != device)) {
      relay.requirements.push_back({*queued.arrived, {}});  // else that tile is even done
    }
    plan.units[index(got)].output = box;
    plan.units[index(got)].requirements.push_back({handed, box});
    queued.arrived = got;
  }

  /// Puts the units of a tile one behind the other.
  Dealt tile_by_tile(const Plan& by_layers) const {
    const Order order = order_of(by_layers);
    Copy copy(by_layers);
    for (std::size_t u : order.before) copy.take_over(u);
    const UnitId input = id_at(copy.plan.units.size() - 1);  // on the hub
    Queued queued{.done = std::vector<std::vector<UnitId>>(roles_.workers.size()), .arrived = {}};
    for (std::size_t k = 0; k < tiles_.size(); ++k) {
      add_tile(order.of_tile[k], input, taker_[k], queued, copy);
    }
    for (std::size_t u : order.behind) copy.take_over(u);
    fill_forwarding(copy.plan);
    return {std::move(copy.plan), std::vector<double>(tiles_.size())};
  }

  const Problem& problem_;
  const Block& block_;
  const TileRegions& regions_;
  const Roles& roles_;
  const std::size_t ahead_;
  const std::string strategy_;
  std::vector<std::size_t> tiles_;  // those that are not empty
  std::vector<std::size_t> taker_;  // by position in tiles_: index of workers
};

}  // namespace

Plan plan_of_queue(const Problem& problem, const Block& block, const TileRegions& regions,
                   const Roles& roles, std::int64_t ahead, std::string strategy) {
  const bool needs_input = !problem.graph.consumers(problem.graph.input()).empty();
  bool closed = block.first == 1 && needs_input;
  for (std::size_t l = 0; l + 1 < block.end; ++l)
    closed = closed && !leaves(problem.graph, block, l);
  if (!closed) {
    throw Infeasible(fmt::format(
        "tiles can be queued only from the input to a cut point, and layer \"{}\" is none",
        problem.graph.layers()[block.end - 1].name));
  }
  return Queue(problem, block, regions, roles, index(ahead), std::move(strategy)).plan();
}

}  // namespace edgeflow
