#pragma once
// What a run's record says beside those of other runs.

#include <map>
#include <string>
#include <vector>

#include "experiments/results/record.hpp"

namespace edgeflow {

/// Fills speedup_over_baseline, and its interval over draws.
void compare(Record& record, const Record& baseline);

/// The least latency of each draw among runs that are compared: those with the same baseline or, where
/// there is none, of the same repetition and axes but the strategy's.
class Fastest {
 public:
  void add(const Record& record);
  /// Whether `record` has nothing to be compared, or runs of its comparison were added.
  bool knows(const Record& record) const;
  /// Fills fastest_share. Precondition: all that it is compared with were added, and it was.
  void compare(Record& record) const;

 private:
  static std::string comparison_of(const Record& record);

  std::map<std::string, std::vector<double>> least_s_;  // by comparison
};

}  // namespace edgeflow
