#include "workloads/input/random.hpp"

#include <cmath>
#include <numbers>

namespace edgeflow {
namespace {

/// The finalizer of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): seeds that differ in one bit
/// become seeds that differ in half of them.
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

}  // namespace

std::uint64_t fnv1a(std::string_view text, std::uint64_t start) {
  std::uint64_t hash = start;
  for (const char letter : text) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3U;
  }
  return hash;
}

double portable_log(double x) {
  int exponent = 0;
  double mantissa = std::frexp(x, &exponent);  // exact, in [0.5, 1)
  if (mantissa < std::numbers::sqrt2 / 2) {
    mantissa *= 2;
    --exponent;
  }
  // ln m = 2 artanh s with s = (m-1)/(m+1), |s| <= 0.1716; the first term left out is below 1e-18.
  const double s = (mantissa - 1) / (mantissa + 1);
  const double square = s * s;
  double sum = 0;
  for (int n = 23; n >= 1; n -= 2) sum = sum * square + 1.0 / n;
  return exponent * std::numbers::ln2 + 2 * s * sum;
}

std::uint64_t repetition_seed(std::uint64_t seed, int repetition) {
  if (repetition == 0) return seed;
  return mix(seed + mix(fnv1a("repetition") + static_cast<std::uint64_t>(repetition))) >> 1U;
}

Random::Random(std::uint64_t seed, std::string_view stream)
    : engine_(mix(seed + mix(fnv1a(stream)))) {}

double Random::uniform() { return (static_cast<double>(engine_() >> 11U) + 0.5) * 0x1p-53; }

double Random::exponential(double rate) { return -portable_log(uniform()) / rate; }

}  // namespace edgeflow
