#pragma once
// Plans said as shares: by layer, one number for each device.

#include <span>
#include <string>
#include <vector>

#include "partition/plans/builder.hpp"
#include "partition/plans/problem.hpp"

namespace edgeflow {

inline constexpr double kLargestShare = 1e12;

/// Makes plans of shares. Keeps which layers rows divide: to find that out takes as long as a plan.
class SharesPlanner {
 public:
  /// What `problem` refers to must outlive this.
  explicit SharesPlanner(const Problem& problem);

  /// `shares` has an entry for each device and layer, the devices of a layer together; the input's
  /// are ignored. Rows are in proportion to them; a layer that rows do not divide goes whole to the
  /// device with the largest one, the first of equals. Of fewer layers: the plan as far as these
  /// (build_plan). Precondition: shares are from 0 to kLargestShare, and of each layer one is above 0.
  Plan plan(std::span<const double> shares, std::string strategy) const;

 private:
  Problem problem_;
  std::vector<char> divided_;  // by layer
};

}  // namespace edgeflow
