// `coedge`: one division of rows for all layers, halos exchanged between neighbours.
//
// Problem: shares a_d of the rows, the same for every layer, sum 1;
//   min T   s.t.   A_d * a_d + c_d <= T,   a_d >= threshold or a_d = 0   for every d, where
//   A_d        time of all layers that rows divide on d, without overheads, and of receiving the
//              input;
//   c_d        their overheads, the time to send halos to a neighbour, and what receiving the input
//              costs processors whatever its size;
//   threshold  the largest halo over its layer's rows, so that nobody needs rows from beyond a
//              neighbour.
// Algorithm: without the threshold this linear program has all constraints tight,
//   a_d = (T - c_d) / A_d   or   a_d = 0.
// The device with the least share is dropped while that is under the threshold. Complexity
// O(L * D + D^2).
// Paper: CoEdge (Zeng et al., IEEE/ACM ToN 29(2), 2021; arXiv 2012.03257), after the abstract.
// Deviations: latency is minimised, where the paper minimises energy under a deadline. Layers that
// rows do not divide run on the fastest device, as do the paper's fully connected layers on one
// aggregator. Layers that need the whole input for every row have no halo and count for no
// threshold.

#include <algorithm>
#include <cmath>

#include "partition/layerwise/split_rows.hpp"
#include "partition/plans/builder.hpp"
#include "partition/plans/placement.hpp"
#include "partition/plans/problem.hpp"
#include "partition/prices/layers.hpp"
#include "partition/strategies/strategies.hpp"

namespace edgeflow {
namespace {

/// What a device needs beyond its own rows, on one side.
struct Halo {
  double rows = 0;
  double share = 0;  // of all rows
  double bytes = 0;
};

/// From the input rows that the middle third of the output rows needs.
Halo halo_of(const Problem& problem, const Layer& layer, std::size_t input) {
  const Region& in = problem.graph.layer(layer.inputs[input]).output.box;
  Region middle = layer.output.box;
  const std::int64_t third = middle.row.size() / 3;
  middle.row = {third, middle.row.size() - third};
  const Region need = required_input(layer, input, middle);
  if (need.empty() || need.row.size() == in.row.size()) return {};
  const double own = static_cast<double>(in.row.size() * middle.row.size()) /
                     static_cast<double>(layer.output.box.row.size());
  Halo halo;
  halo.rows = std::ceil(std::max(static_cast<double>(need.row.size()) - own, 0.0) / 2);
  halo.share = halo.rows / static_cast<double>(in.row.size());
  halo.bytes = halo.rows * static_cast<double>(need.channel.size() * need.column.size()) *
               element_bytes(problem, layer.inputs[input]);
  return halo;
}

/// The linear program's data.
struct Loads {
  std::vector<double> share_s;  // A, by device
  std::vector<double> fixed_s;  // c, by device
  double threshold = 0;
};

Loads loads_of(const Problem& problem) {
  const std::size_t devices = problem.cluster.size();
  Loads loads{std::vector<double>(devices, 0), std::vector<double>(devices, 0), 0};
  const DeviceId source = problem.cluster.source();
  for (std::size_t d = 0; d < devices; ++d) {
    if (device_at(d) == source) continue;
    loads.fixed_s[d] = message_cpu_s(problem, source, device_at(d), 0);
    loads.share_s[d] =
        send_s(problem, source, device_at(d), output_bytes(problem, problem.graph.input())) -
        loads.fixed_s[d];
  }
  for (const Layer& layer : problem.graph.layers()) {
    if (layer.op == Op::kInput || !splits_by_rows(layer)) continue;
    const Work whole = work(layer, layer.output.box);
    for (std::size_t d = 0; d < devices; ++d) {
      const ComputeProfile& profile = problem.cluster.devices()[d].compute;
      const double bare_s = compute_time_s(profile, whole, false);
      loads.share_s[d] += bare_s;
      loads.fixed_s[d] += compute_time_s(profile, whole) - bare_s;
    }
    for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
      const Halo halo = halo_of(problem, layer, i);
      if (halo.rows == 0) continue;
      loads.threshold = std::max(loads.threshold, halo.share);
      for (std::size_t d = 0; d < devices; ++d) {
        const std::size_t neighbour = d + 1 < devices ? d + 1 : d - 1;
        if (devices > 1) {
          loads.fixed_s[d] += send_s(problem, device_at(d), device_at(neighbour), halo.bytes);
        }
      }
    }
  }
  return loads;
}

/// The optimum without a threshold for the devices that are `in`; 0 for the others. Negative shares
/// are left to be dropped.
std::vector<double> tight_shares(const Loads& loads, const std::vector<bool>& in) {
  double rate = 0;
  double offset = 0;
  for (std::size_t d = 0; d < in.size(); ++d) {
    if (!in[d]) continue;
    rate += 1 / loads.share_s[d];
    offset += loads.fixed_s[d] / loads.share_s[d];
  }
  const double time_s = (1 + offset) / rate;
  std::vector<double> shares(in.size(), 0);
  for (std::size_t d = 0; d < in.size(); ++d) {
    if (in[d]) shares[d] = (time_s - loads.fixed_s[d]) / loads.share_s[d];
  }
  return shares;
}

std::vector<double> shares_of(const Problem& problem) {
  Loads loads = loads_of(problem);
  std::vector<bool> in(problem.cluster.size(), true);
  for (double& time_s : loads.share_s) time_s = std::max(time_s, 1e-12);  // no layer to divide
  for (auto left = in.size();; --left) {
    std::vector<double> shares = tight_shares(loads, in);
    std::size_t least = in.size();
    for (std::size_t d = 0; d < in.size(); ++d) {
      if (in[d] && (least == in.size() || shares[d] < shares[least])) least = d;
    }
    if (left == 1 || (shares[least] > 0 && shares[least] >= loads.threshold)) return shares;
    in[least] = false;
  }
}

Plan plan(const Problem& problem, const OptionValues& /*options*/) {
  return build_plan(problem.graph, problem.cluster, split_rows(problem, shares_of(problem)),
                    "coedge");
}

}  // namespace

constinit const StrategyInfo kCoedge{
    .name = "coedge",
    .summary = "one division of rows for all layers, halos exchanged between neighbours",
    .paper = "after CoEdge (Zeng et al., ToN 2021)",
    .options = {},
    .plan = plan,
};

}  // namespace edgeflow
