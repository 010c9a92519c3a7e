#include "partition/blocks/blocks.hpp"
#include "partition/plans/placement.hpp"
#include "partition/prices/layers.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace edgeflow {
namespace {

/// By device: 1 / time of the whole block on it.
std::vector<double> speeds(const BlockTimes& times, const Block& block) {
  std::vector<double> result = times.undivided_s(block);
  for (double& value : result) value = value > 0 ? 1 / value : 1;
  return result;
}

std::vector<std::size_t> ranking(const Problem& problem, DeviceId hub,
                                 const std::vector<double>& speed) {
  const auto bandwidth_Bps = [&](std::size_t d) {
    return device_at(d) == hub ? std::numeric_limits<double>::infinity()
                               : problem.cluster.route_bandwidth_Bps(hub, device_at(d));
  };
  std::vector<std::size_t> order(problem.cluster.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (speed[a] != speed[b]) return speed[a] > speed[b];
    return bandwidth_Bps(a) > bandwidth_Bps(b);
  });
  return order;
}

/// Moves the weights towards equal busy times; returns the best of a few rounds.
BlockDivision balanced(BlockTimes& times, const Block& block, DeviceId hub,
                       std::vector<double> weights) {
  constexpr int kRounds = 4;
  BlockDivision best{weights, std::numeric_limits<double>::infinity()};
  for (int round = 0; round < kRounds; ++round) {
    const BlockTime split = times.divided(block, hub, weights);
    if (split.time_s < best.time_s) best = {weights, split.time_s};
    double sum_s = 0;
    int parts = 0;
    for (double busy_s : split.busy_s) {
      sum_s += busy_s;
      parts += busy_s > 0 ? 1 : 0;
    }
    for (std::size_t d = 0; d < weights.size(); ++d) {
      if (split.busy_s[d] > 0) weights[d] *= sum_s / parts / split.busy_s[d];
    }
  }
  return best;
}

class Search {
 public:
  Search(const Problem& problem, const BlockRules& rules)
      : problem_(problem),
        rules_(rules),
        segments_(segments(problem.graph)),
        devices_(problem.cluster.size()),
        is_hub_(hubs(problem)),
        times_(problem),
        best_((segments_.size() + 1) * devices_) {
    at(0, index(problem.cluster.source())).time_s = 0;
    const std::size_t longest = rules.fuse ? kLongestBlock : 1;
    for (std::size_t j = 1; j <= segments_.size(); ++j) {
      for (std::size_t i = j - std::min(j, longest); i < j; ++i) {
        for (std::size_t h = 0; h < devices_; ++h) {
          if (at(i, h).time_s == std::numeric_limits<double>::infinity()) continue;
          if (i + 1 == j) keep_whole(i, h);
          if (is_hub_[h]) divide(i, j, h);
        }
      }
    }
  }

  std::vector<PlacedBlock> blocks() {
    std::size_t j = segments_.size();
    std::size_t h = 0;
    for (std::size_t d = 1; d < devices_; ++d) {
      if (at(j, d).time_s < at(j, h).time_s) h = d;
    }
    std::vector<PlacedBlock> result;
    while (j > 0) {
      const State& state = at(j, h);
      result.push_back({between(state.segment, j), device_at(h), state.weights});
      j = state.segment;
      h = state.hub;
    }
    std::reverse(result.begin(), result.end());
    return result;
  }

 private:
  struct State {
    double time_s = std::numeric_limits<double>::infinity();
    std::size_t segment = 0;  // where the last block starts
    std::size_t hub = 0;      // before it
    std::vector<double> weights;
  };

  static std::vector<bool> hubs(const Problem& problem) {
    const std::vector<double> total_s = whole_model_times_s(problem.graph, problem.cluster);
    std::vector<std::size_t> order(total_s.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return total_s[a] < total_s[b]; });
    std::vector<bool> result(total_s.size(), false);
    for (std::size_t r = 0; r < std::min(order.size(), kMostHubs); ++r) result[order[r]] = true;
    result[index(problem.cluster.source())] = true;
    return result;
  }

  State& at(std::size_t j, std::size_t hub) { return best_[j * devices_ + hub]; }
  Block between(std::size_t i, std::size_t j) const {
    return {segments_[i].first, segments_[j - 1].end};
  }
  void offer(std::size_t j, std::size_t hub, State state) {
    if (state.time_s < at(j, hub).time_s) at(j, hub) = std::move(state);
  }

  void keep_whole(std::size_t i, std::size_t h) {
    const LayerId entry = layer_at(segments_[i].first - 1);
    for (std::size_t d = 0; d < devices_; ++d) {
      if (d != h && !rules_.move) continue;
      double time_s = at(i, h).time_s +
                      send_s(problem_, device_at(h), device_at(d), output_bytes(problem_, entry));
      for (std::size_t l = segments_[i].first; l < segments_[i].end; ++l) {
        time_s += compute_s(problem_, problem_.graph.layers()[l], device_at(d)) +
                  deliver_s(problem_, layer_at(l), device_at(d));
      }
      offer(i + 1, d, {time_s, i, h, {}});
    }
  }

  void divide(std::size_t i, std::size_t j, std::size_t h) {
    if (rules_.first_only && i > 0) return;
    for (BlockDivision& division : divisions(times_, between(i, j), device_at(h), rules_.adapt)) {
      offer(j, h, {at(i, h).time_s + division.time_s, i, h, std::move(division.weights)});
    }
  }

  const Problem& problem_;
  const BlockRules rules_;
  const std::vector<Block> segments_;
  const std::size_t devices_;
  const std::vector<bool> is_hub_;
  BlockTimes times_;
  std::vector<State> best_;  // [segments done * D + hub]
};

}  // namespace

std::vector<BlockDivision> divisions(BlockTimes& times, const Block& block, DeviceId hub,
                                     bool adapt) {
  const Problem& problem = times.problem();
  const std::size_t devices = problem.cluster.size();
  if (problem.graph.layers()[block.end - 1].output.box.row.size() < 2) return {};
  if (!adapt) {
    const std::vector<double> equal(devices, 1);
    return {{equal, times.divided(block, hub, equal).time_s}};
  }
  const std::vector<double> speed = speeds(times, block);
  const std::vector<std::size_t> order = ranking(problem, hub, speed);
  std::vector<BlockDivision> result;
  for (std::size_t n = 1;; n = std::min(n < 8 ? n + 1 : n + n / 2, devices)) {
    std::vector<double> weights(devices, 0);
    for (std::size_t r = 0; r < n; ++r) weights[order[r]] = speed[order[r]];
    result.push_back(balanced(times, block, hub, std::move(weights)));
    if (n == devices) return result;
  }
}

Plan plan_of_blocks(const Problem& problem, std::span<const PlacedBlock> blocks,
                    std::string strategy) {
  const Graph& graph = problem.graph;
  Assignment assignment(graph.size());
  Hubs hubs(graph.size());
  for (const PlacedBlock& placed : blocks) {
    const Block& block = placed.block;
    if (placed.weights.empty()) {
      for (std::size_t l = block.first; l < block.end; ++l) {
        assignment[l] = on_one_device(graph.layers()[l], placed.hub);
      }
      continue;
    }
    const TileRegions regions = fused_rows(problem, block, placed.weights);
    for (std::size_t l = block.first; l < block.end; ++l) {
      for (std::size_t d = 0; d < problem.cluster.size(); ++d) {
        assignment[l].push_back({device_at(d), regions[l - block.first][d]});
      }
    }
    if (block.end < graph.size()) hubs[block.end - 1] = placed.hub;
  }
  return build_plan(graph, problem.cluster, assignment, std::move(strategy), hubs);
}

std::vector<PlacedBlock> best_blocks(const Problem& problem, const BlockRules& rules) {
  return Search(problem, rules).blocks();
}

}  // namespace edgeflow
