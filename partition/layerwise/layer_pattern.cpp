#include "partition/layerwise/layer_pattern.hpp"

#include <algorithm>

#include "workloads/input/ids.hpp"

namespace edgeflow {
namespace {

double begin_of(const RowNeeds& needs, double boundary) {
  return needs.stride() * boundary - needs.before();
}
double end_of(const RowNeeds& needs, double boundary) {
  return needs.stride() * boundary + needs.after();
}

/// The part that position `at` lies in.
std::size_t part_at(const Predecessor& m, double at) {
  const auto after =
      std::upper_bound(m.boundaries.begin(), m.boundaries.end() - 1, at,
                       [](double value, std::int64_t b) { return value < static_cast<double>(b); });
  return index(std::max<std::ptrdiff_t>(after - m.boundaries.begin() - 1, 0));
}

Overlap overlap_of(const Predecessor& m, double begin, double end) {
  const auto extent = static_cast<double>(m.needs.input_extent());
  Overlap overlap;
  overlap.begin_clipped = begin <= 0;
  overlap.end_clipped = end >= extent;
  begin = std::clamp(begin, 0.0, extent);
  end = std::clamp(end, 0.0, extent);
  if (end - begin <= kSameRow) return {.empty = true};
  overlap.first = part_at(m, begin + kSameRow);
  overlap.last = part_at(m, end - kSameRow);
  return overlap;
}

}  // namespace

Pattern pattern_of(const LayerProblem& problem, const RealSplit& split) {
  Pattern pattern{split.devices, {}};
  for (std::size_t i = 0; i < split.devices.size(); ++i) {
    for (const Predecessor& m : problem.predecessors) {
      pattern.overlaps.push_back(overlap_of(m, begin_of(m.needs, split.boundaries[i]),
                                            end_of(m.needs, split.boundaries[i + 1])));
    }
  }
  return pattern;
}

PatternProgram::PatternProgram(const LayerProblem& problem, double single_s) : problem_(problem) {
  origin_s_ = problem.devices[0].free_s;
  for (const LayerDevice& device : problem.devices) {
    origin_s_ = std::min(origin_s_, device.free_s);
  }
  unit_s_ = single_s - origin_s_;
}

bool PatternProgram::solve(const Pattern& pattern, RealSplit& split) {
  program_.clear();
  const auto extent = static_cast<double>(problem_.extent);
  finish_ = program_.add_variable(0, kLpInfinity, 1);
  boundaries_.assign(1, Line{});
  for (std::size_t i = 1; i < pattern.devices.size(); ++i) {
    boundaries_.push_back({0, program_.add_variable(0, extent, 0), 1});
  }
  boundaries_.push_back({extent});
  for (std::size_t i = 0; i < pattern.devices.size(); ++i) add_device(pattern, i);
  const LpSolution solution = program_.minimize();
  if (solution.status != LpStatus::kOptimal) return false;
  split = {{}, {0}};
  for (std::size_t i = 0; i < pattern.devices.size(); ++i) {
    const Line& end = boundaries_[i + 1];
    const double at = end.fixed() ? end.constant : solution.values[index(end.variable)];
    if (at - split.boundaries.back() <= kSameRow) continue;
    split.devices.push_back(pattern.devices[i]);
    split.boundaries.push_back(at);
  }
  split.boundaries.back() = extent;
  return true;
}

void PatternProgram::add_device(const Pattern& pattern, std::size_t i) {
  const Line& begin = boundaries_[i];
  const Line& end = boundaries_[i + 1];
  if (!begin.fixed() && !end.fixed()) {
    program_.add_row(std::vector<LpTerm>{{end.variable, 1}, {begin.variable, -1}}, 0, kLpInfinity);
  }
  const LayerDevice& device = problem_.devices[pattern.devices[i]];
  double start_s = device.free_s;
  double epilogue_s = 0;
  for (std::size_t m = 0; m < problem_.predecessors.size(); ++m) {
    const Overlap& overlap = pattern.overlaps[i * problem_.predecessors.size() + m];
    if (overlap.empty) continue;
    double& fixed_s = problem_.predecessors[m].of_epilogue ? epilogue_s : start_s;
    fixed_s =
        std::max(fixed_s, add_arrivals(pattern.devices[i], i, problem_.predecessors[m], overlap));
  }
  add_finish(i, start_s + device.fixed_s, device.row_s, 0, {}, {});
  if (epilogue_s > 0) {
    add_finish(i, epilogue_s + device.epilogue_fixed_s, device.epilogue_row_s, 0, {}, {});
  }
}

double PatternProgram::add_arrivals(std::size_t d, std::size_t i, const Predecessor& m,
                                    const Overlap& overlap) {
  const LayerDevice& device = problem_.devices[d];
  const double then_row_s = m.of_epilogue ? device.epilogue_row_s : device.row_s;
  const double then_s = m.of_epilogue ? device.epilogue_fixed_s : device.fixed_s;
  Line lo{0};
  Line hi{static_cast<double>(m.needs.input_extent())};
  if (!overlap.begin_clipped) lo = boundaries_[i].scaled(m.needs.stride(), -m.needs.before());
  if (!overlap.end_clipped) hi = boundaries_[i + 1].scaled(m.needs.stride(), m.needs.after());
  double fixed_s = 0;
  for (std::size_t j = overlap.first; j <= overlap.last; ++j) {
    if (m.boundaries[j] == m.boundaries[j + 1]) continue;
    const std::size_t pair = j * problem_.devices.size() + d;
    const double row_s = j == d ? 0 : m.row_bytes * problem_.byte_s[pair];
    const double base_s = m.finish_s[j] + (j == d ? 0 : problem_.latency_s[pair]);
    const Line from = j == overlap.first ? lo : Line{static_cast<double>(m.boundaries[j])};
    const Line to = j == overlap.last ? hi : Line{static_cast<double>(m.boundaries[j + 1])};
    fixed_s = std::max(fixed_s, base_s);
    if (row_s == 0) continue;
    if (from.fixed() && to.fixed()) {
      fixed_s = std::max(fixed_s, base_s + row_s * (to.constant - from.constant));
    } else {
      add_finish(i, base_s + then_s, then_row_s, row_s, from, to);
    }
  }
  return fixed_s;
}

void PatternProgram::add_finish(std::size_t i, double base_s, double computed_s, double row_s,
                                const Line& from, const Line& to) {
  double constant_s = base_s - origin_s_;
  std::vector<LpTerm> terms{{finish_, 1}};
  const auto add = [&](const Line& line, double factor_s) {
    constant_s += factor_s * line.constant;
    if (!line.fixed()) terms.push_back({line.variable, -factor_s * line.coefficient / unit_s_});
  };
  add(boundaries_[i + 1], computed_s);
  add(boundaries_[i], -computed_s);
  add(to, row_s);
  add(from, -row_s);
  program_.add_row(terms, constant_s / unit_s_, kLpInfinity);
}

}  // namespace edgeflow
