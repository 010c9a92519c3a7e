// `dads`: the DAG divided between the source and one other device by a minimum cut.
//
// Problem: S = layers on the source s, T = layers on the other device t, the input in S;
//   min   sum_{v in S} time_s(v) + sum_{v in T} time_t(v) + sum of sends between them,
// where a tensor is sent once however many consumers it has on the other side, and results go to
// the sink.
// Algorithm: minimum cut of a flow network (Boost.Graph push-relabel) with the arcs
//   s -> v                       time_t(v),
//   v -> t                       time_s(v),
//   v -> v', v' -> consumer      the send of tensor v from s to t, and no limit,
//   consumer -> v'', v'' -> v    no limit, and the send of tensor v from t to s.
// One cut for every device t; the plan with the least estimate wins.
// Complexity O(D * V^2 * sqrt(E)).
// Paper: Hu, Bao, Wang and Liu, INFOCOM 2019, the light-load case (DSL).
// Deviations: no heavy-load case (DSH), which the paper has for streams; the other device is any of
// the cluster; sending back is priced, too, which the paper's cloud never does before the result;
// latency per message besides bytes over bandwidth.
// Strongest reading of the paper we could find; differs from it in its favour: any device may be
// the other one, everything may be there, the estimate of the whole plan decides between them;
// against it: no heavy-load case.

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/push_relabel_max_flow.hpp>
#include <cmath>

#include "partition/options/strategy_info.hpp"
#include "partition/plans/placement.hpp"
#include "partition/plans/problem.hpp"
#include "partition/prices/best_plan.hpp"
#include "partition/prices/layers.hpp"

namespace edgeflow {
namespace {

using Traits = boost::adjacency_list_traits<boost::vecS, boost::vecS, boost::directedS>;
using Capacity = boost::property<
    boost::edge_capacity_t, std::int64_t,
    boost::property<boost::edge_residual_capacity_t, std::int64_t,
                    boost::property<boost::edge_reverse_t, Traits::edge_descriptor>>>;
using FlowGraph =
    boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, boost::no_property, Capacity>;

/// A minimum cut between nodes 0 and 1. Costs become whole numbers, so that flows are exact.
class MinCut {
 public:
  std::size_t add_node() { return nodes_++; }
  void add_arc(std::size_t from, std::size_t to, double cost) {
    arcs_.push_back({from, to, cost});
    total_ += cost;
  }
  void forbid(std::size_t from, std::size_t to) { arcs_.push_back({from, to, -1}); }

  /// By node: whether it is on the side of node 1. Of several minima, the one with the most there.
  std::vector<bool> solve() const {
    constexpr double kUnits = 1e15;
    const double scale = total_ > 0 ? kUnits / total_ : 0;
    FlowGraph graph(nodes_);
    for (const Arc& arc : arcs_) {
      const double units = arc.cost < 0 ? 2 * kUnits : std::round(arc.cost * scale);
      add_pair(graph, arc, static_cast<std::int64_t>(units));
    }
    boost::push_relabel_max_flow(graph, 0, 1);
    return beyond(graph);
  }

 private:
  struct Arc {
    std::size_t from, to;
    double cost;
  };

  static void add_pair(FlowGraph& graph, const Arc& arc, std::int64_t capacity) {
    const auto there = boost::add_edge(arc.from, arc.to, graph).first;
    const auto back = boost::add_edge(arc.to, arc.from, graph).first;
    boost::put(boost::edge_capacity, graph, there, capacity);
    boost::put(boost::edge_capacity, graph, back, 0);
    boost::put(boost::edge_reverse, graph, there, back);
    boost::put(boost::edge_reverse, graph, back, there);
  }

  /// Nodes that node 0 does not reach over arcs with capacity left.
  static std::vector<bool> beyond(const FlowGraph& graph) {
    std::vector<bool> result(boost::num_vertices(graph), true);
    std::vector<std::size_t> open{0};
    result[0] = false;
    while (!open.empty()) {
      const std::size_t node = open.back();
      open.pop_back();
      for (auto [e, end] = boost::out_edges(node, graph); e != end; ++e) {
        const std::size_t next = boost::target(*e, graph);
        if (!result[next] || boost::get(boost::edge_residual_capacity, graph, *e) == 0) continue;
        result[next] = false;
        open.push_back(next);
      }
    }
    return result;
  }

  std::size_t nodes_ = 2;
  std::vector<Arc> arcs_;
  double total_ = 0;
};

std::vector<DeviceId> best_sides(const Problem& problem, DeviceId here, DeviceId there) {
  const Graph& graph = problem.graph;
  MinCut cut;
  std::vector<std::size_t> node;
  for (std::size_t l = 0; l < graph.size(); ++l) node.push_back(cut.add_node());
  cut.forbid(0, node[0]);
  for (std::size_t l = 1; l < graph.size(); ++l) {
    const auto cost_s = [&](DeviceId device) {
      return compute_s(problem, graph.layers()[l], device) +
             deliver_s(problem, layer_at(l), device);
    };
    cut.add_arc(0, node[l], cost_s(there));
    cut.add_arc(node[l], 1, cost_s(here));
  }
  for (std::size_t l = 0; l < graph.size(); ++l) {
    const auto consumers = graph.consumers(layer_at(l));
    if (consumers.empty()) continue;
    const double bytes = output_bytes(problem, layer_at(l));
    const std::size_t out = cut.add_node();
    const std::size_t back = cut.add_node();
    cut.add_arc(node[l], out, send_s(problem, here, there, bytes));
    cut.add_arc(back, node[l], send_s(problem, there, here, bytes));
    for (LayerId consumer : consumers) {
      cut.forbid(out, node[index(consumer)]);
      cut.forbid(node[index(consumer)], back);
    }
  }
  const std::vector<bool> beyond = cut.solve();
  std::vector<DeviceId> device_of;
  for (std::size_t n : node) device_of.push_back(beyond[n] ? there : here);
  return device_of;
}

Plan plan(const Problem& problem, const OptionValues& /*options*/) {
  const DeviceId source = problem.cluster.source();
  BestPlan best(problem);
  for (std::size_t d = 0; d < problem.cluster.size(); ++d) {
    if (problem.cluster.size() > 1 && device_at(d) == source) continue;
    best.offer(plan_of_placement(problem, best_sides(problem, source, device_at(d)), "dads"));
  }
  return best.take();
}

}  // namespace

extern const StrategyInfo kDads;  // as in strategies.hpp
constinit const StrategyInfo kDads{
    .name = "dads",
    .summary = "the DAG divided between the source and one other device by a minimum cut",
    .paper = "DADS (Hu et al., INFOCOM 2019)",
    .objective = "latency",
    .options = {},
    .plan = plan,
};

}  // namespace edgeflow
