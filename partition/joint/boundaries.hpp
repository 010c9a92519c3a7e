#pragma once
// Shares of a layer as boundaries.

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace edgeflow::joint {

/// All of a layer to one device.
inline void place_whole(std::int32_t* bounds, std::size_t devices, std::int32_t extent,
                        std::size_t device) {
  for (std::size_t k = 0; k <= devices; ++k) bounds[k] = k <= device ? 0 : extent;
}

/// Boundaries in proportion to `shares`, each rounded by itself, so that layers of extents in a
/// simple ratio get boundaries in that ratio. A layer that cannot be cut goes to the largest share.
/// Precondition: the sum of the shares is positive.
inline void set_shares(std::int32_t* bounds, std::size_t devices, std::int32_t extent,
                       const double* shares) {
  double sum = 0;
  std::size_t largest = 0;
  for (std::size_t d = 0; d < devices; ++d) {
    sum += shares[d];
    if (shares[d] > shares[largest]) largest = d;
  }
  if (extent == 1) return place_whole(bounds, devices, extent, largest);
  double cumulated = 0;
  bounds[0] = 0;
  for (std::size_t d = 0; d < devices; ++d) {
    cumulated += shares[d];
    bounds[d + 1] = static_cast<std::int32_t>(std::lround(cumulated / sum * extent));
  }
  bounds[devices] = extent;
}

}  // namespace edgeflow::joint
