#include "partition/layerwise/layer_problem.hpp"

#include <algorithm>
#include <compare>
#include <optional>
#include <utility>

#include "workloads/input/ids.hpp"

namespace edgeflow {
namespace {

/// The first row of 0..extent-1 from which on `holds` holds; `extent` if none.
template <typename Predicate>
std::int64_t first_where(std::int64_t extent, Predicate holds) {
  std::int64_t low = 0;
  std::int64_t high = extent;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (holds(middle)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

}  // namespace

RowNeeds::RowNeeds(std::int64_t extent, std::int64_t input_extent,
                   std::function<Range(const Range&)> need)
    : extent_(extent),
      input_extent_(input_extent),
      need_(std::move(need)),
      first_(index(extent), -1),
      end_(index(extent), -1) {
  fit_lines();
}

std::int64_t RowNeeds::first(std::int64_t row) const {
  std::int64_t& first = first_[index(row)];
  if (first < 0) {
    const Range onwards = need_({row, extent_});
    first = onwards.empty() ? input_extent_ : onwards.begin;
  }
  return first;
}

std::int64_t RowNeeds::end(std::int64_t row) const {
  std::int64_t& end = end_[index(row)];
  if (end < 0) {
    const Range up_to = need_({0, row + 1});
    end = up_to.empty() ? 0 : up_to.end;
  }
  return end;
}

void RowNeeds::fit_lines() {
  // Both values grow with the row, so the rows where one is strictly inside the input are a range.
  const auto unclipped = [this](auto value) {
    return Range{
        first_where(extent_, [&](std::int64_t row) { return value(row) > 0; }),
        first_where(extent_, [&](std::int64_t row) { return value(row) >= input_extent_; })};
  };
  const auto first_of = [this](std::int64_t row) { return first(row); };
  const auto end_of = [this](std::int64_t row) { return end(row); };
  const auto slope = [](const Range& range, auto value) {
    return static_cast<double>(value(range.end - 1) - value(range.begin)) /
           static_cast<double>(range.size() - 1);
  };
  const Range begins = unclipped(first_of);
  const Range ends = unclipped(end_of);
  if (std::max(begins.size(), ends.size()) < 2) {
    stride_ = static_cast<double>(input_extent_) / static_cast<double>(extent_);
  } else {
    stride_ = begins.size() >= ends.size() ? slope(begins, first_of) : slope(ends, end_of);
  }
  // Where every row is clipped, so is the line.
  before_ = begins.empty() ? stride_ * static_cast<double>(extent_)
                           : stride_ * static_cast<double>(begins.end - 1) -
                                 static_cast<double>(first(begins.end - 1));
  after_ = ends.empty() ? static_cast<double>(input_extent_)
                        : static_cast<double>(end(ends.begin)) -
                              stride_ * static_cast<double>(ends.begin + 1);
}

namespace {

/// What comes from one device.
struct Arrival {
  double from_s = 0;  // it can come
  double takes_s = 0;
  bool of_epilogue = false;
};

/// When the inputs of a layer are on a device, and those of its epilogue.
struct InputsThere {
  double layer_s = 0;
  double epilogue_s = 0;
};

InputsThere inputs_there(const LayerProblem& problem, std::size_t d, const Range& rows) {
  InputsThere there{problem.devices[d].free_s, 0};
  const auto wait_for = [&](double time_s, bool of_epilogue) {
    double& until_s = of_epilogue ? there.epilogue_s : there.layer_s;
    until_s = std::max(until_s, time_s);
  };
  static thread_local std::vector<Arrival> arrivals;  // asked millions of times
  arrivals.clear();
  for (const Predecessor& m : problem.predecessors) {
    for_each_overlap(m, d, rows, [&](std::size_t j, std::int64_t missing) {
      if (missing == 0) return wait_for(m.finish_s[j], m.of_epilogue);
      const std::size_t pair = j * problem.devices.size() + d;
      arrivals.push_back(
          {std::max(m.finish_s[j], problem.devices[j].out_free_s) + problem.latency_s[pair],
           static_cast<double>(missing) * m.row_bytes * problem.byte_s[pair], m.of_epilogue});
    });
  }
  std::ranges::stable_sort(arrivals, {}, &Arrival::from_s);
  double now_s = problem.devices[d].in_free_s;
  for (const Arrival& arrival : arrivals) {
    now_s = std::max(now_s, arrival.from_s) + arrival.takes_s;
    wait_for(now_s, arrival.of_epilogue);
  }
  return there;
}

}  // namespace

double start_time_s(const LayerProblem& problem, std::size_t d, const Range& rows) {
  return inputs_there(problem, d, rows).layer_s;
}

double finish_time_s(const LayerProblem& problem, std::size_t d, const Range& rows) {
  if (rows.empty()) return 0;
  const LayerDevice& device = problem.devices[d];
  const InputsThere there = inputs_there(problem, d, rows);
  const auto count = static_cast<double>(rows.size());
  return std::max(there.layer_s + count * device.row_s + device.fixed_s,
                  there.epilogue_s + count * device.epilogue_row_s + device.epilogue_fixed_s);
}

std::vector<double> finish_times_s(const LayerProblem& problem,
                                   std::span<const std::int64_t> boundaries) {
  std::vector<double> times_s;
  times_s.reserve(problem.devices.size());
  for (std::size_t d = 0; d < problem.devices.size(); ++d) {
    times_s.push_back(finish_time_s(problem, d, {boundaries[d], boundaries[d + 1]}));
  }
  return times_s;
}

double layer_finish_s(const LayerProblem& problem, std::span<const std::int64_t> boundaries) {
  double latest_s = 0;
  for (std::size_t d = 0; d < problem.devices.size(); ++d) {
    latest_s = std::max(latest_s, finish_time_s(problem, d, {boundaries[d], boundaries[d + 1]}));
  }
  return latest_s;
}

namespace {

/// What settle_ties compares, in this order.
struct Burden {
  double bytes = 0;
  double sum_s = 0;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 sees a 0 in what <=> stands for.
  friend auto operator<=>(const Burden&, const Burden&) = default;
};

/// Of devices d and d+1 with a boundary between them; nothing if one is done after `latest_s`.
std::optional<Burden> burden_of(const LayerProblem& problem, std::size_t d, const Range& left,
                                const Range& right, double latest_s) {
  Burden burden;
  for (const auto& [device, rows] : {std::pair(d, left), std::pair(d + 1, right)}) {
    if (rows.empty()) continue;
    const double finish_s = finish_time_s(problem, device, rows);
    if (finish_s > latest_s) return std::nullopt;
    burden.sum_s += finish_s;
    for (const Predecessor& m : problem.predecessors) {
      for_each_overlap(m, device, rows, [&](std::size_t /*j*/, std::int64_t missing) {
        burden.bytes += static_cast<double>(missing) * m.row_bytes;
      });
    }
  }
  return burden;
}

}  // namespace

LayerSplit settle_ties(const LayerProblem& problem, LayerSplit split) {
  constexpr int kRounds = 4;
  std::vector<std::int64_t>& at = split.boundaries;
  bool moved = true;
  for (int round = 0; round < kRounds && moved; ++round) {
    moved = false;
    for (std::size_t d = 0; d + 1 < problem.devices.size(); ++d) {
      const std::int64_t first = at[d];
      const std::int64_t end = at[d + 2];
      auto best = burden_of(problem, d, {first, at[d + 1]}, {at[d + 1], end}, split.finish_s);
      if (!best) continue;
      for (std::int64_t x = first; x <= end; ++x) {
        const auto other = burden_of(problem, d, {first, x}, {x, end}, split.finish_s);
        if (!other || !(*other < *best)) continue;
        best = other;
        at[d + 1] = x;
        moved = true;
      }
    }
  }
  split.finish_s = layer_finish_s(problem, at);
  return split;
}

LayerSplit best_single_device(const LayerProblem& problem) {
  const std::size_t devices = problem.devices.size();
  LayerSplit best;
  for (std::size_t d = 0; d < devices; ++d) {
    const double finish_s = finish_time_s(problem, d, {0, problem.extent});
    if (d > 0 && finish_s >= best.finish_s) continue;
    best.boundaries.assign(devices + 1, 0);
    std::fill(best.boundaries.begin() + static_cast<std::ptrdiff_t>(d) + 1, best.boundaries.end(),
              problem.extent);
    best.finish_s = finish_s;
  }
  return best;
}

}  // namespace edgeflow
