#pragma once
// Random numbers that are the same on every machine: the standard fixes std::mt19937_64 but not
// what its distributions make of it, nor the last bit of std::log.

#include <cstdint>
#include <random>
#include <string_view>

namespace edgeflow {

/// FNV-1a, 64 bits.
std::uint64_t fnv1a(std::string_view text, std::uint64_t start = 0xcbf29ce484222325U);

/// ln x for finite x > 0 by additions and multiplications only; within 4e-16 of the true value,
/// relative where |ln x| > 1.
double portable_log(double x);

/// e^x for |x| <= 700, likewise; within 1e-15 of the true value, relative.
double portable_exp(double x);

/// The x that a standard normal variate exceeds with 1 - probability, likewise; within 1e-14,
/// relative. Precondition: 0 < probability < 1.
double normal_quantile(double probability);

/// The seed of a repetition of a run with this seed, itself for repetition 0; below 2^49, so that
/// programs that read tables keep it: R has 53 bits for it, spreadsheets 15 digits.
std::uint64_t repetition_seed(std::uint64_t seed, int repetition);

/// One stream of numbers. Streams of different names are independent, equal ones are equal.
class Random {
 public:
  Random(std::uint64_t seed, std::string_view stream);

  /// In (0, 1), never an end.
  double uniform();
  /// Exponential with mean 1/rate: -ln(uniform)/rate.
  double exponential(double rate);

 private:
  std::mt19937_64 engine_;
};

}  // namespace edgeflow
