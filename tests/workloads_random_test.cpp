// Random numbers and hashes, the same on every machine.

#include "workloads/input/random.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <set>

namespace edgeflow {

TEST_CASE("exponential gaps have the mean 1/rate") {
  Random random(7, "test");
  double sum = 0;
  constexpr int kCount = 100'000;
  for (int i = 0; i < kCount; ++i) sum += random.exponential(4);
  // The mean of n gaps has a standard deviation of 0.25/sqrt(n); four of them are allowed.
  CHECK(std::abs(sum / kCount - 0.25) < 4 * 0.25 / std::sqrt(kCount));
}

TEST_CASE("streams of one seed differ by name") {
  CHECK(Random(1, "a").uniform() != Random(1, "b").uniform());
  CHECK(Random(1, "a").uniform() == Random(1, "a").uniform());
}

TEST_CASE("seeds of repetitions differ, and have at most 15 digits") {
  std::set<std::uint64_t> seeds;
  for (int r = 1; r <= 1000; ++r) seeds.insert(repetition_seed(7, r));
  CHECK(seeds.size() == 1000);
  CHECK(*seeds.rbegin() < 1'000'000'000'000'000);
  CHECK(*seeds.rbegin() > 500'000'000'000'000);  // of 2^49, so that the range is used
  CHECK(repetition_seed(7, 0) == 7);
}

TEST_CASE("the portable logarithm is the logarithm") {
  for (double x = 1e-16; x < 1e16; x *= 1.37) {
    CHECK(portable_log(x) == doctest::Approx(std::log(x)).epsilon(1e-14));
  }
  CHECK(portable_log(1) == 0);
}

TEST_CASE("the portable exponential is the exponential") {
  for (double x = -700; x < 700; x += 0.37) {
    CHECK(portable_exp(x) == doctest::Approx(std::exp(x)).epsilon(1e-14));
  }
  CHECK(portable_exp(0) == 1);
}

TEST_CASE("normal quantiles are those of the normal distribution") {
  for (double p = 1e-300; p < 1e-3; p *= 1.7) {  // erfc is exact far out on this side
    CHECK(std::erfc(-normal_quantile(p) / std::sqrt(2)) / 2 == doctest::Approx(p).epsilon(1e-11));
  }
  for (double p = 1e-3; p < 1; p += 1e-3) {
    CHECK(std::erfc(-normal_quantile(p) / std::sqrt(2)) / 2 == doctest::Approx(p).epsilon(1e-14));
  }
  CHECK(normal_quantile(0.5) == 0);
  CHECK(normal_quantile(0.25) == -normal_quantile(0.75));
  CHECK(normal_quantile(0.999) == doctest::Approx(3.090232306167813).epsilon(1e-15));
}

TEST_CASE("FNV-1a gives the published test vectors") {
  // http://www.isthe.com/chongo/src/fnv/test_fnv.c
  CHECK(fnv1a("") == 0xcbf29ce484222325U);
  CHECK(fnv1a("a") == 0xaf63dc4c8601ec8cU);
  CHECK(fnv1a("foobar") == 0x85944171f73967e8U);
}

}  // namespace edgeflow
