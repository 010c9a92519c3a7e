#include "partition/layerwise/layer_oracle.hpp"

#include <algorithm>
#include <cmath>

namespace edgeflow {
namespace {

/// The furthest end of a range from `begin` that device d completes by `by_s`.
std::int64_t furthest(const LayerProblem& problem, std::size_t d, std::int64_t begin, double by_s) {
  std::int64_t low = begin;  // can be reached
  std::int64_t high = problem.extent + 1;
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (finish_time_s(problem, d, {begin, middle}) <= by_s ? low : high) = middle;
  }
  return low;
}

/// Improves `best` to a split that is done by `by_s`; false if there is none.
bool improve(const LayerProblem& problem, double by_s, LayerSplit& best) {
  std::vector<std::int64_t> boundaries{0};
  for (std::size_t d = 0; d < problem.devices.size(); ++d) {
    boundaries.push_back(furthest(problem, d, boundaries.back(), by_s));
  }
  if (boundaries.back() < problem.extent) return false;
  best.finish_s = layer_finish_s(problem, boundaries);
  best.boundaries = std::move(boundaries);
  return true;
}

}  // namespace

LayerSplit improve_exactly(const LayerProblem& problem, LayerSplit best) {
  double impossible_s = 0;
  double step_s = 1e-3 * best.finish_s;  // grows as long as it finds something
  while (best.finish_s > 0 && improve(problem, std::nextafter(best.finish_s, 0.0), best)) {
    const double middle_s = impossible_s + (best.finish_s - impossible_s) / 2;
    const double earlier_s = std::max(middle_s, best.finish_s - step_s);
    if (improve(problem, earlier_s, best)) {
      step_s *= 4;
    } else {
      impossible_s = earlier_s;
    }
  }
  return best;
}

LayerSplit solve_exactly(const LayerProblem& problem) {
  constexpr double kClose = 1e-12;  // relative; the last loop closes the rest
  LayerSplit best = best_single_device(problem);
  double impossible_s = 0;
  while (best.finish_s - impossible_s > kClose * best.finish_s) {
    const double middle_s = impossible_s + (best.finish_s - impossible_s) / 2;
    if (!improve(problem, middle_s, best)) impossible_s = middle_s;
  }
  while (best.finish_s > 0 && improve(problem, std::nextafter(best.finish_s, 0.0), best)) {
  }
  return best;
}

}  // namespace edgeflow
