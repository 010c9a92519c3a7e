#include "workloads/input/random.hpp"

#include <array>
#include <cassert>
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

/// Of two polynomials, their highest powers first.
struct Ratio {
  std::array<double, 8> above;
  std::array<double, 8> below;

  double operator()(double x) const {
    double numerator = 0;
    double denominator = 0;
    for (std::size_t i = 0; i < above.size(); ++i) {
      numerator = numerator * x + above[i];
      denominator = denominator * x + below[i];
    }
    return numerator / denominator;
  }
};

/// Algorithm AS 241, PPND16 (Wichura, Applied Statistics 37, 1988).
constexpr std::array<Ratio, 3> kNormal{{
    // |p - 1/2| <= 0.425, in 0.425^2 - (p - 1/2)^2
    {{2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4,
      4.5921953931549871457e4, 1.3731693765509461125e4, 1.9715909503065514427e3,
      1.3314166789178437745e2, 3.3871328727963666080},
     {5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4,
      2.1213794301586595867e4, 5.3941960214247511077e3, 6.8718700749205790830e2,
      4.2313330701600911252e1, 1.0}},
    // r = sqrt(-ln p) <= 5, in r - 1.6
    {{7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
      1.27045825245236838258, 3.64784832476320460504, 5.76949722146069140550,
      4.63033784615654529590, 1.42343711074968357734},
     {1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2,
      1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940,
      2.05319162663775882187, 1.0}},
    // beyond, in r - 5
    {{2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3,
      2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580,
      5.46378491116411436990, 6.65790464350110377720},
     {2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5,
      7.86869131145613259100e-4, 1.48753612908506148525e-2, 1.36929880922735805310e-1,
      5.99832206555887937690e-1, 1.0}},
}};

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

double portable_exp(double x) {
  const double halves = std::round(x / std::numbers::ln2);
  // ln 2 in two parts, the first of 32 bits: `halves` times it is exact.
  constexpr double kHigh = 0x1.62e42feep-1;
  constexpr double kLow = 0x1.a39ef35793c76p-33;
  const double rest = (x - halves * kHigh) - halves * kLow;  // |rest| <= 0.3466
  double sum = 1;  // the first term left out is below 1e-19
  for (int n = 15; n >= 1; --n) sum = 1 + sum * rest / n;
  return std::ldexp(sum, static_cast<int>(halves));
}

double normal_quantile(double probability) {
  assert(probability > 0 && probability < 1);
  const double q = probability - 0.5;
  if (std::abs(q) <= 0.425) return q * kNormal[0](0.180625 - q * q);
  const double r = std::sqrt(-portable_log(q < 0 ? probability : 1 - probability));
  const double x = r <= 5 ? kNormal[1](r - 1.6) : kNormal[2](r - 5);
  return q < 0 ? -x : x;
}

std::uint64_t repetition_seed(std::uint64_t seed, int repetition) {
  if (repetition == 0) return seed;
  return mix(seed + mix(fnv1a("repetition") + static_cast<std::uint64_t>(repetition))) >> 15U;
}

Random::Random(std::uint64_t seed, std::string_view stream)
    : engine_(mix(seed + mix(fnv1a(stream)))) {}

double Random::uniform() { return (static_cast<double>(engine_() >> 11U) + 0.5) * 0x1p-53; }

double Random::exponential(double rate) { return -portable_log(uniform()) / rate; }

}  // namespace edgeflow
