// `neurosurgeon`: the chain view cut once, or a few times, between devices.
//
// Problem: in topological order, the layers up to a cut on the source, those behind it on another
// device; min of the sum of all layers' times and of the time to send what is carried over the cut.
// Algorithm: shortest path from (0, 0, source). The least time until layer l is done on device d
// after k cuts:
//   best(l, k, d) = time(l, d) + min(best(l-1, k, d),
//                                    min over e of best(l-1, k-1, e) + carry(l, e, d)).
// Complexity O(L * cuts * D^2 + L * skips).
// Paper: Kang et al., ASPLOS 2017 (one cut, device and cloud); more cuts after the multi-tier
// versions of it.
// Deviations: the other device is any of the cluster, `cuts` allows several devices in turn; on a
// DAG every tensor still needed is carried over the cut, as a chain method has to; results are
// delivered to the sink. If that does not fit the devices' memory, the best single cut that does is
// taken. With several cuts a skip tensor is priced once for every cut it crosses, though the plan
// sends it straight to where it is needed.
// Strongest reading of the paper we could find; differs from it in its favour: any device may be
// the other one, all layers may be there, `cuts`, memory; against it: on a DAG all tensors still
// needed count at a cut, one after the other.

#include <limits>

#include "partition/options/strategy_info.hpp"
#include "partition/plans/placement.hpp"
#include "partition/plans/problem.hpp"
#include "partition/prices/layers.hpp"

namespace edgeflow {
namespace {

class ShortestPath {
 public:
  ShortestPath(const Problem& problem, std::size_t cuts)
      : problem_(problem), devices_(problem.cluster.size()), cuts_(cuts) {
    const auto carried = carried_into(problem.graph);
    states_.assign(problem.graph.size(), std::vector<State>((cuts + 1) * devices_));
    at(0, 0, index(problem.cluster.source())).time_s = 0;
    for (std::size_t l = 1; l < problem.graph.size(); ++l) {
      for (std::size_t d = 0; d < devices_; ++d) step(l, d, carried[l]);
    }
  }

  /// By layer, the device.
  std::vector<DeviceId> placement() const {
    std::size_t l = problem_.graph.size() - 1;
    std::size_t best = 0;
    for (std::size_t s = 1; s < states_[l].size(); ++s) {
      if (states_[l][s].time_s < states_[l][best].time_s) best = s;
    }
    std::vector<DeviceId> result(problem_.graph.size());
    for (;; --l) {
      result[l] = device_at(best % devices_);
      if (l == 0) return result;
      best = states_[l][best].from;
    }
  }

 private:
  struct State {
    double time_s = std::numeric_limits<double>::infinity();
    std::size_t from = 0;  // state of the layer before
  };

  State& at(std::size_t l, std::size_t k, std::size_t d) { return states_[l][k * devices_ + d]; }

  void step(std::size_t l, std::size_t d, const std::vector<LayerId>& carried) {
    const double own_s = compute_s(problem_, problem_.graph.layers()[l], device_at(d)) +
                         deliver_s(problem_, layer_at(l), device_at(d));
    for (std::size_t k = 0; k <= cuts_; ++k) {
      at(l, k, d) = {at(l - 1, k, d).time_s, k * devices_ + d};
    }
    for (std::size_t e = 0; e < devices_; ++e) {
      if (e == d) continue;
      double carry_s = 0;
      for (LayerId tensor : carried) {
        carry_s += send_s(problem_, device_at(e), device_at(d), output_bytes(problem_, tensor));
      }
      for (std::size_t k = 1; k <= cuts_; ++k) {
        const double time_s = at(l - 1, k - 1, e).time_s + carry_s;
        if (time_s < at(l, k, d).time_s) at(l, k, d) = {time_s, (k - 1) * devices_ + e};
      }
    }
    for (std::size_t k = 0; k <= cuts_; ++k) at(l, k, d).time_s += own_s;
  }

  const Problem& problem_;
  std::size_t devices_;
  std::size_t cuts_;
  std::vector<std::vector<State>> states_;  // by layer, then cuts * D + device
};

/// Of all single cuts that fit the devices' memory the one of least time, by trying each: O(L^2 *
/// D). Empty if there is none.
std::vector<DeviceId> best_fitting_cut(const Problem& problem) {
  const Graph& graph = problem.graph;
  const auto carried = carried_into(graph);
  const DeviceId source = problem.cluster.source();
  std::vector<DeviceId> best;
  double best_s = std::numeric_limits<double>::infinity();
  for (std::size_t d = 0; d < problem.cluster.size(); ++d) {
    std::vector<DeviceId> device_of(graph.size(), device_at(d));
    device_of[0] = source;
    // Layers before `cut` stay on the source.
    for (std::size_t cut = 1; cut <= graph.size(); ++cut) {
      if (cut > 1) device_of[cut - 1] = source;
      if (!fits_memory(problem, device_of)) continue;
      double time_s = 0;
      for (std::size_t l = 1; l < graph.size(); ++l) {
        time_s += compute_s(problem, graph.layers()[l], device_of[l]) +
                  deliver_s(problem, layer_at(l), device_of[l]);
      }
      for (std::size_t t = 0; cut < graph.size() && t < carried[cut].size(); ++t) {
        time_s += send_s(problem, source, device_at(d), output_bytes(problem, carried[cut][t]));
      }
      if (time_s >= best_s) continue;
      best_s = time_s;
      best = device_of;
    }
  }
  return best;
}

Plan plan(const Problem& problem, const OptionValues& options) {
  const auto cuts = static_cast<std::size_t>(options.get<std::int64_t>("cuts"));
  const ShortestPath path(problem, std::min(cuts, problem.graph.size()));
  std::vector<DeviceId> placement = path.placement();
  if (!fits_memory(problem, placement)) {
    const std::vector<DeviceId> fitting =
        cuts > 0 ? best_fitting_cut(problem) : std::vector<DeviceId>();
    if (!fitting.empty()) placement = fitting;
  }
  return plan_of_placement(problem, placement, "neurosurgeon");
}

constexpr std::array kOptions{
    OptionInfo{.key = "cuts",
               .type = OptionType::kWhole,
               .default_value = "1",
               .meaning = "how often the chain may be cut at most",
               .most = 1000},
};

}  // namespace

extern const StrategyInfo kNeurosurgeon;  // as in strategies.hpp
constinit const StrategyInfo kNeurosurgeon{
    .name = "neurosurgeon",
    .summary = "the chain of layers cut between the source and another device",
    .paper = "Neurosurgeon (Kang et al., ASPLOS 2017)",
    .objective = "latency",
    .options = kOptions,
    .plan = plan,
};

}  // namespace edgeflow
