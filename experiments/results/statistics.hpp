#pragma once
// Statistics over the repetitions of a run, the same on every machine: by + - * / and roots only.

#include <cstddef>
#include <optional>
#include <vector>

namespace edgeflow {

/// Of n independent values. The 95 % interval is mean +- t(n - 1) sd / sqrt(n), Student's; it and
/// sd need two values, the others one.
struct Statistics {
  std::size_t count = 0;
  std::optional<double> mean, sd, low, high;
  std::optional<double> median;  // of an even number of values, between the two in the middle
};
Statistics statistics_of(std::vector<double> values);

/// Of ratios above zero: mean and interval are those of their logarithms, taken back; the mean is the
/// geometric one. Without sd and median.
Statistics statistics_of_ratios(std::vector<double> ratios);

/// What Student's t with so many degrees of freedom is within with 95 %: 12.7062 for 1, to relative
/// 1e-12. Abramowitz and Stegun (1964), 26.7.3 and 26.7.4. Precondition: 1 <= degrees.
double student_t(std::size_t degrees);

}  // namespace edgeflow
