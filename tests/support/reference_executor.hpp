#pragma once
// Runs a model on real numbers twice: whole, layer by layer; and as a plan says, unit by unit, each
// unit seeing nothing but what its requirements name. The results must have the same bits.

#include <map>
#include <string>
#include <vector>

#include "partition/plans/plan.hpp"
#include "tests/support/reference_operators.hpp"

namespace edgeflow::reference {

/// Something that a unit lacked.
struct Fault {
  std::size_t unit = 0;
  std::string message;
};

struct PlanRun {
  std::vector<Fault> faults;         // empty if every unit found what it read
  std::map<LayerId, Block> results;  // what reached the sink, by result layer
};

/// A graph made ready to run. The graph must outlive it.
class Executor {
 public:
  explicit Executor(const Graph& graph);

  const Graph& graph() const { return *graph_; }
  const RunnableLayer& layer(LayerId id) const { return layers_[index(id)]; }
  /// The whole output of a layer, computed layer by layer.
  const Block& whole(LayerId id) const { return whole_[index(id)]; }

  /// Runs the units in order. A unit gets the elements that its requirements name, as far as their
  /// providers own them; the rest is missing.
  PlanRun run(const Plan& plan, const Cluster& cluster) const;

  /// The cells of `provider` that computing `out` of `layer` reads, all of it being there.
  std::vector<Cell> cells_read(LayerId layer, LayerId provider, const Region& out) const;

  /// Empty if the plan gives the same bits as the whole model; else what is wrong first.
  std::string difference(const Plan& plan, const Cluster& cluster) const;

 private:
  const Graph* graph_;
  std::vector<RunnableLayer> layers_;
  std::vector<Block> whole_;
};

}  // namespace edgeflow::reference
