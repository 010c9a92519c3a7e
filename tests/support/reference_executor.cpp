#include "tests/support/reference_executor.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace edgeflow::reference {
namespace {

std::string text(const Cell& cell) {
  return fmt::format("(channel {}, row {}, column {})", cell[0], cell[1], cell[2]);
}

/// Runs a plan's units one after the other.
class PlanRunner {
 public:
  PlanRunner(const Executor& executor, const Plan& plan) : executor_(executor), plan_(plan) {}

  PlanRun run(const Cluster& cluster) {
    for (std::size_t u = 0; u < plan_.units.size(); ++u) outputs_.push_back(output_of(u));
    for (LayerId layer : executor_.graph().outputs()) {
      Block& result = run_.results.emplace(layer, Block(executor_.graph().layer(layer).output.box))
                          .first->second;
      for (std::size_t u = 0; u < plan_.units.size(); ++u) {
        const ExecutionUnit& unit = plan_.units[u];
        if (unit.kind == UnitKind::kRelay && unit.layer == layer && unit.device == cluster.sink()) {
          result.copy(outputs_[u], unit.output);
        }
      }
    }
    return std::move(run_);
  }

 private:
  template <typename... Args>
  void fault(std::size_t unit, fmt::format_string<Args...> message, Args&&... args) {
    run_.faults.push_back({unit, fmt::format(message, std::forward<Args>(args)...)});
  }

  Block output_of(std::size_t u) {
    const ExecutionUnit& unit = plan_.units[u];
    const Layer& layer = executor_.graph().layer(unit.layer);
    if (unit.kind == UnitKind::kInput) {
      return executor_.layer(unit.layer).compute(unit.output, {}, {});
    }
    std::map<LayerId, Block> at_hand = receive(u);
    if (unit.kind == UnitKind::kRelay) {
      Block output(unit.output);
      if (!output.copy(at_hand[unit.layer], unit.output)) {
        fault(u, "relay of \"{}\" lacks elements", layer.name);
      }
      return output;
    }
    std::vector<const Block*> blocks;
    std::vector<Reads> reads(layer.inputs.size());
    std::vector<Reads*> records;
    for (std::size_t k = 0; k < layer.inputs.size(); ++k) {
      blocks.push_back(&at_hand[layer.inputs[k]]);
      records.push_back(&reads[k]);
    }
    Block output = executor_.layer(unit.layer).compute(unit.output, blocks, records);
    for (std::size_t k = 0; k < reads.size(); ++k) {
      if (reads[k].missing.empty()) continue;
      fault(u, "\"{}\" {} read {} of input {}, which it does not have (and {} more)", layer.name,
            to_string(unit.output), text(reads[k].missing[0]), k, reads[k].missing.size() - 1);
    }
    return output;
  }

  /// What the requirements name, by layer.
  std::map<LayerId, Block> receive(std::size_t u) {
    const ExecutionUnit& unit = plan_.units[u];
    std::map<LayerId, Region> extent;
    for (const Requirement& r : unit.requirements) {
      Region& box = extent[plan_.unit(r.provider).layer];
      box = hull(box, r.region);
    }
    std::map<LayerId, Block> at_hand;
    for (const auto& [layer, box] : extent) at_hand.emplace(layer, Block(box));
    for (const Requirement& r : unit.requirements) {
      if (index(r.provider) >= u) {
        fault(u, "it needs unit {}, which runs later", index(r.provider));
      } else if (!at_hand[plan_.unit(r.provider).layer].copy(outputs_[index(r.provider)],
                                                             r.region)) {
        fault(u, "unit {} does not own all of {}", index(r.provider), to_string(r.region));
      }
    }
    return at_hand;
  }

  const Executor& executor_;
  const Plan& plan_;
  std::vector<Block> outputs_;  // by unit
  PlanRun run_;
};

}  // namespace

Executor::Executor(const Graph& graph) : graph_(&graph) {
  layers_.reserve(graph.size());
  for (const Layer& layer : graph.layers()) {
    std::vector<const Layout*> layouts;
    std::vector<const Block*> blocks;
    for (LayerId input : layer.inputs) {
      layouts.push_back(&layers_[index(input)].layout());
      blocks.push_back(&whole_[index(input)]);
    }
    const std::vector<Reads*> no_records(layer.inputs.size(), nullptr);
    layers_.emplace_back(layer, layouts);
    whole_.push_back(layers_.back().compute(layer.output.box, blocks, no_records));
  }
}

PlanRun Executor::run(const Plan& plan, const Cluster& cluster) const {
  return PlanRunner(*this, plan).run(cluster);
}

std::vector<Cell> Executor::cells_read(LayerId layer, LayerId provider, const Region& out) const {
  const auto& inputs = graph_->layer(layer).inputs;
  std::vector<Reads> reads(inputs.size());
  std::vector<Reads*> records;
  std::vector<const Block*> blocks;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    reads[k].keep_all = true;
    records.push_back(&reads[k]);
    blocks.push_back(&whole_[index(inputs[k])]);
  }
  layers_[index(layer)].compute(out, blocks, records);
  std::vector<Cell> cells;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (inputs[k] == provider) cells.insert(cells.end(), reads[k].all.begin(), reads[k].all.end());
  }
  std::sort(cells.begin(), cells.end());
  cells.erase(std::unique(cells.begin(), cells.end()), cells.end());
  return cells;
}

std::string Executor::difference(const Plan& plan, const Cluster& cluster) const {
  const PlanRun outcome = run(plan, cluster);
  if (!outcome.faults.empty()) {
    return fmt::format("unit {}: {}", outcome.faults[0].unit, outcome.faults[0].message);
  }
  for (LayerId layer : graph_->outputs()) {
    const Block& result = outcome.results.at(layer);
    if (!result.complete()) {
      return fmt::format("the result \"{}\" is incomplete", graph_->layer(layer).name);
    }
    if (!result.same_bits(whole(layer))) {
      return fmt::format("the result \"{}\" has other bits", graph_->layer(layer).name);
    }
  }
  return "";
}

}  // namespace edgeflow::reference
