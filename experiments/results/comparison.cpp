#include "experiments/results/comparison.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "experiments/results/measure.hpp"
#include "workloads/input/csv.hpp"
#include "workloads/input/number.hpp"

namespace edgeflow {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kTie = 1e-9;  // relative

}  // namespace

void compare(Record& record, const Record& baseline) {
  const auto own_s = parse_number(record.at("latency_s"));
  const auto baseline_s = parse_number(baseline.at("latency_s"));
  if (own_s && baseline_s) record.at(kSpeedup) = cell(*baseline_s / *own_s);
  if (record.draws_s.empty() || record.draws_s.size() != baseline.draws_s.size()) return;
  std::vector<double> speedups;
  for (std::size_t d = 0; d < record.draws_s.size(); ++d) {
    const double ratio = baseline.draws_s[d] / record.draws_s[d];
    if (!std::isnan(ratio)) speedups.push_back(ratio);  // neither ended
  }
  const Interval interval = interval_of(std::move(speedups));
  record.at(kSpeedupLow) = cell(interval.low);
  record.at(kSpeedupHigh) = cell(interval.high);
}

std::string Fastest::comparison_of(const Record& record) {
  if (record.baseline) return std::to_string(*record.baseline);
  std::string point = record.at("repetition");
  for (const auto& [key, value] : record.axes) {
    if (key != "strategy" && !key.starts_with("strategy.")) point += "\n" + value;
  }
  return point;
}

void Fastest::add(const Record& record) {
  if (record.draws_s.empty()) return;
  std::vector<double>& least_s = least_s_[comparison_of(record)];
  least_s.resize(record.draws_s.size(), kInfinity);
  for (std::size_t d = 0; d < least_s.size(); ++d) {
    least_s[d] = std::min(least_s[d], record.draws_s[d]);
  }
}

bool Fastest::knows(const Record& record) const {
  return record.draws_s.empty() || least_s_.contains(comparison_of(record));
}

void Fastest::compare(Record& record) const {
  if (record.draws_s.empty()) return;
  const std::vector<double>& least_s = least_s_.at(comparison_of(record));
  std::size_t fastest = 0;
  for (std::size_t d = 0; d < record.draws_s.size(); ++d) {
    const bool ends = std::isfinite(record.draws_s[d]);
    if (ends && record.draws_s[d] <= least_s[d] * (1 + kTie)) ++fastest;
  }
  record.at(kFastestShare) =
      cell(static_cast<double>(fastest) / static_cast<double>(record.draws_s.size()));
}

}  // namespace edgeflow
