#include "experiments/results/statistics.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>
#include <numbers>

#include "workloads/input/random.hpp"

namespace edgeflow {
namespace {

constexpr double kConfidence = 0.95;
constexpr double kLargestLog = 700;  // of portable_exp

/// For x >= 0: three times half the angle, then its series.
double portable_atan(double x) {
  for (int i = 0; i < 3; ++i) x /= 1 + std::sqrt(1 + x * x);
  double sum = 0;
  for (int k = 12; k >= 0; --k) sum = 1.0 / (2 * k + 1) - x * x * sum;
  return 8 * x * sum;
}

/// P(|T| < t).
double probability_within(double t, std::size_t degrees) {
  const auto nu = static_cast<double>(degrees);
  const double sine = t / std::sqrt(nu + t * t);
  const double cosine2 = nu / (nu + t * t);
  const bool odd = degrees % 2 == 1;
  double sum = 0, term = odd ? std::sqrt(cosine2) : 1;
  for (std::size_t k = odd ? 3 : 2; k <= degrees; k += 2) {
    sum += term;
    const auto power = static_cast<double>(k);
    term *= cosine2 * (power - 1) / power;
  }
  if (!odd) return sine * sum;
  return (portable_atan(t / std::sqrt(nu)) + sine * sum) * 2 / std::numbers::pi;
}

double find_t(std::size_t degrees) {
  double low = 1, high = 13;
  while (true) {
    const double middle = (low + high) / 2;
    if (middle <= low || middle >= high) return high;
    (probability_within(middle, degrees) < kConfidence ? low : high) = middle;
  }
}

/// Relative to the first value, so that equal ones have exactly their value as mean.
double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value - values.front();
  return values.front() + sum / static_cast<double>(values.size());
}

double median_of(std::vector<double>& values) {
  std::sort(values.begin(), values.end());
  const double low = values[(values.size() - 1) / 2];
  const double high = values[values.size() / 2];
  return low + (high - low) / 2;
}

}  // namespace

double student_t(std::size_t degrees) {
  assert(degrees >= 1);
  static std::map<std::size_t, double> found;
  const auto [place, is_new] = found.try_emplace(degrees);
  if (is_new) place->second = find_t(degrees);
  return place->second;
}

Statistics statistics_of(std::vector<double> values) {
  Statistics statistics;
  statistics.count = values.size();
  if (values.empty()) return statistics;
  const double mean = mean_of(values);
  statistics.mean = mean;
  statistics.median = median_of(values);
  if (values.size() == 1) return statistics;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const auto n = static_cast<double>(values.size());
  const double sd = std::sqrt(squares / (n - 1));
  const double half = student_t(values.size() - 1) * sd / std::sqrt(n);
  statistics.sd = sd;
  statistics.low = mean - half;
  statistics.high = mean + half;
  return statistics;
}

Statistics statistics_of_ratios(std::vector<double> ratios) {
  if (ratios.empty()) return {};
  const double first = ratios.front();
  for (double& ratio : ratios) ratio = portable_log(ratio / first);
  Statistics statistics = statistics_of(std::move(ratios));
  const auto back = [&](std::optional<double>& value) {
    if (value) value = first * portable_exp(std::clamp(*value, -kLargestLog, kLargestLog));
  };
  back(statistics.mean);
  back(statistics.low);
  back(statistics.high);
  statistics.sd = statistics.median = std::nullopt;
  return statistics;
}

}  // namespace edgeflow
