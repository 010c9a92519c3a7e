#include "partition/layerwise/layer_lp.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "partition/layerwise/layer_pattern.hpp"
#include "partition/plans/builder.hpp"

namespace edgeflow {
namespace {

constexpr int kRounds = 6;

/// Keeps the best integer split near any real one.
class Rounding {
 public:
  explicit Rounding(const LayerProblem& problem)
      : problem_(problem), best_(best_single_device(problem)) {}

  const LayerSplit& best() const { return best_; }

  void consider(const RealSplit& split) {
    const std::vector<double> shares = shares_of(split);
    offer(proportional_boundaries(problem_.extent, shares));
    offer(down_or_up(split));
  }

 private:
  /// A value of one boundary, and what the best choice of the boundaries before leads to.
  struct Choice {
    std::int64_t at = 0;
    double finish_s = 0;
    std::size_t previous = 0;
  };

  std::vector<double> shares_of(const RealSplit& split) const {
    std::vector<double> shares(problem_.devices.size(), 0);
    for (std::size_t i = 0; i < split.devices.size(); ++i) {
      shares[split.devices[i]] = split.boundaries[i + 1] - split.boundaries[i];
    }
    return shares;
  }

  void offer(std::vector<std::int64_t> boundaries) {
    const double finish_s = layer_finish_s(problem_, boundaries);
    if (finish_s < best_.finish_s) best_ = {std::move(boundaries), finish_s};
  }

  /// The best split of those that round every boundary down or up.
  std::vector<std::int64_t> down_or_up(const RealSplit& split) const {
    std::vector<std::vector<Choice>> steps{{Choice{}}};
    for (std::size_t i = 0; i < split.devices.size(); ++i) {
      const double at = split.boundaries[i + 1];
      const auto down = static_cast<std::int64_t>(std::floor(at + kSameRow));
      std::vector<Choice> choices{{down}};
      if (at - static_cast<double>(down) > kSameRow) choices.push_back({down + 1});
      for (Choice& choice : choices) choose_previous(split.devices[i], steps.back(), choice);
      steps.push_back(std::move(choices));
    }
    return boundaries_of(split, steps);
  }

  void choose_previous(std::size_t d, const std::vector<Choice>& before, Choice& choice) const {
    choice.finish_s = std::numeric_limits<double>::infinity();
    for (std::size_t p = 0; p < before.size(); ++p) {
      if (before[p].at > choice.at) continue;
      const double finish_s =
          std::max(before[p].finish_s, finish_time_s(problem_, d, {before[p].at, choice.at}));
      if (finish_s < choice.finish_s) {
        choice.finish_s = finish_s;
        choice.previous = p;
      }
    }
  }

  std::vector<std::int64_t> boundaries_of(const RealSplit& split,
                                          const std::vector<std::vector<Choice>>& steps) const {
    std::vector<std::int64_t> boundaries(problem_.devices.size() + 1, problem_.extent);
    std::size_t chosen = 0;
    std::size_t i = split.devices.size();
    for (std::size_t d = problem_.devices.size(); d-- > 0;) {
      if (i > 0 && split.devices[i - 1] == d) chosen = steps[i--][chosen].previous;
      boundaries[d] = steps[i][chosen].at;
    }
    return boundaries;
  }

  const LayerProblem& problem_;
  LayerSplit best_;
};

class Search {
 public:
  explicit Search(const LayerProblem& problem)
      : problem_(problem), rounding_(problem), program_(problem, rounding_.best().finish_s) {}

  LayerSplit run() {
    for (const Predecessor& m : problem_.predecessors) descend(split_like(m.boundaries), true);
    descend(split_by_speed(), false);
    while (readmit()) {
    }
    return rounding_.best();
  }

 private:
  /// Rounds of LPs; `bounded`: the first one keeps to the pattern of `split`, too.
  void descend(RealSplit split, bool bounded) {
    Pattern pattern = pattern_of(problem_, split);
    for (int round = 0; round < kRounds; ++round) {
      if (bounded) {
        if (solved(pattern)) return;
        solved_.push_back(pattern);
      }
      if (!program_.solve(pattern, bounded, split)) return;
      rounding_.consider(split);
      bounded = true;
      pattern = pattern_of(problem_, split);
      if (solved(pattern)) pattern = widened(problem_, split, std::move(pattern));
    }
  }

  bool solved(const Pattern& pattern) const {
    return std::find(solved_.begin(), solved_.end(), pattern) != solved_.end();
  }

  /// Starts again from the best split with a row for one left-out device after the other; true if
  /// that led to a better split.
  bool readmit() {
    const double before_s = rounding_.best().finish_s;
    for (std::size_t d = 0; d < problem_.devices.size(); ++d) {
      const std::vector<std::int64_t>& best = rounding_.best().boundaries;
      const LayerDevice& device = problem_.devices[d];
      if (best[d] != best[d + 1] ||
          device.free_s + device.fixed_s + device.row_s >= rounding_.best().finish_s) {
        continue;
      }
      std::vector<double> shares;
      for (std::size_t e = 0; e < problem_.devices.size(); ++e) {
        shares.push_back(e == d ? 1 : static_cast<double>(best[e + 1] - best[e]));
      }
      descend(split_by(shares), true);
    }
    return rounding_.best().finish_s < before_s;
  }

  RealSplit split_like(const std::vector<std::int64_t>& boundaries) const {
    std::vector<double> shares;
    for (std::size_t d = 0; d + 1 < boundaries.size(); ++d) {
      shares.push_back(static_cast<double>(boundaries[d + 1] - boundaries[d]));
    }
    return split_by(shares);
  }

  RealSplit split_by_speed() const {
    std::vector<double> shares;
    double fastest_s = std::numeric_limits<double>::infinity();
    for (const LayerDevice& device : problem_.devices) {
      if (device.row_s > 0) fastest_s = std::min(fastest_s, device.row_s);
    }
    for (const LayerDevice& device : problem_.devices) {
      shares.push_back(device.row_s > 0 ? fastest_s / device.row_s : 1);
    }
    return split_by(shares);
  }

  RealSplit split_by(const std::vector<double>& shares) const {
    const double total = std::accumulate(shares.begin(), shares.end(), 0.0);
    RealSplit split{{}, {0}};
    double sum = 0;
    for (std::size_t d = 0; d < shares.size(); ++d) {
      if (shares[d] <= 0) continue;
      sum += shares[d];
      split.devices.push_back(d);
      split.boundaries.push_back(sum / total * static_cast<double>(problem_.extent));
    }
    return split;
  }

  const LayerProblem& problem_;
  Rounding rounding_;
  PatternProgram program_;
  std::vector<Pattern> solved_;
};

}  // namespace

LayerSplit solve_by_lp(const LayerProblem& problem) {
  LayerSplit single = best_single_device(problem);
  double idle_s = single.finish_s;
  for (const LayerDevice& device : problem.devices) idle_s = std::min(idle_s, device.free_s);
  if (problem.extent < 2 || single.finish_s <= idle_s) return single;
  return Search(problem).run();
}

}  // namespace edgeflow
