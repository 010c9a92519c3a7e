#pragma once
// Random draws that are the same with every standard library.

#include <cstdint>
#include <random>

namespace edgeflow::joint {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  /// In [0, 1).
  double uniform() { return static_cast<double>(engine_() >> 11U) * 0x1.0p-53; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// In [0, count). Precondition: 0 < count < 2^32.
  std::size_t below(std::size_t count) {
    return static_cast<std::size_t>(((engine_() >> 32U) * count) >> 32U);
  }
  bool chance(double probability) { return uniform() < probability; }

 private:
  std::mt19937_64 engine_;
};

}  // namespace edgeflow::joint
