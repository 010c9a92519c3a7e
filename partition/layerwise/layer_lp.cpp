#include "partition/layerwise/layer_lp.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "partition/layerwise/layer_oracle.hpp"
#include "partition/layerwise/layer_pattern.hpp"
#include "partition/plans/builder.hpp"

namespace edgeflow {
namespace {

/// Keeps the best integer split near a real one.
class Rounding {
 public:
  Rounding(const LayerProblem& problem, LayerSplit best)
      : problem_(problem), best_(std::move(best)) {}

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

RealSplit split_by_speed(const LayerProblem& problem) {
  std::vector<double> shares;
  double fastest_s = std::numeric_limits<double>::infinity();
  for (const LayerDevice& device : problem.devices) {
    if (device.row_s > 0) fastest_s = std::min(fastest_s, device.row_s);
  }
  for (const LayerDevice& device : problem.devices) {
    shares.push_back(device.row_s > 0 ? fastest_s / device.row_s : 1);
  }
  const double total = std::accumulate(shares.begin(), shares.end(), 0.0);
  RealSplit split{{}, {0}};
  double sum = 0;
  for (std::size_t d = 0; d < shares.size(); ++d) {
    sum += shares[d];
    split.devices.push_back(d);
    split.boundaries.push_back(sum / total * static_cast<double>(problem.extent));
  }
  return split;
}

}  // namespace

LayerSplit round_lp(const LayerProblem& problem) {
  LayerSplit single = best_single_device(problem);
  double idle_s = single.finish_s;
  for (const LayerDevice& device : problem.devices) idle_s = std::min(idle_s, device.free_s);
  if (problem.extent < 2 || single.finish_s <= idle_s) return single;
  PatternProgram program(problem, single.finish_s);
  Rounding rounding(problem, std::move(single));
  RealSplit split = split_by_speed(problem);
  if (program.solve(pattern_of(problem, split), split)) rounding.consider(split);
  return rounding.best();
}

LayerSplit solve_by_lp(const LayerProblem& problem) {
  return improve_exactly(problem, round_lp(problem));
}

}  // namespace edgeflow
