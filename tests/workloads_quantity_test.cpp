#include "workloads/input/quantity.hpp"

#include <doctest/doctest.h>

namespace edgeflow {

TEST_CASE("every unit has its meaning in SI") {
  struct Example {
    const char* text;
    Quantity kind;
    double value;
  };
  // bits are eighths of bytes; kB is 1000 B, KiB is 1024 B; 1 MAC is 2 FLOP.
  const Example examples[] = {{"8bps", Quantity::kBandwidth, 1},
                              {"8kbps", Quantity::kBandwidth, 1000},
                              {"100Mbps", Quantity::kBandwidth, 12.5e6},
                              {"1Gbps", Quantity::kBandwidth, 125e6},
                              {"3B/s", Quantity::kBandwidth, 3},
                              {"3kB/s", Quantity::kBandwidth, 3e3},
                              {"3MB/s", Quantity::kBandwidth, 3e6},
                              {"3GB/s", Quantity::kBandwidth, 3e9},
                              {"5B/s", Quantity::kByteRate, 5},
                              {"5kB/s", Quantity::kByteRate, 5e3},
                              {"5MB/s", Quantity::kByteRate, 5e6},
                              {"7.75GB/s", Quantity::kByteRate, 7.75e9},
                              {"2MAC/s", Quantity::kMacRate, 2},
                              {"2MMAC/s", Quantity::kMacRate, 2e6},
                              {"8GMAC/s", Quantity::kMacRate, 8e9},
                              {"1TMAC/s", Quantity::kMacRate, 1e12},
                              {"2FLOP/s", Quantity::kMacRate, 1},
                              {"2MFLOP/s", Quantity::kMacRate, 1e6},
                              {"16GFLOP/s", Quantity::kMacRate, 8e9},
                              {"2TFLOP/s", Quantity::kMacRate, 1e12},
                              {"1B", Quantity::kSize, 1},
                              {"1kB", Quantity::kSize, 1e3},
                              {"1MB", Quantity::kSize, 1e6},
                              {"1GB", Quantity::kSize, 1e9},
                              {"1KiB", Quantity::kSize, 1024},
                              {"1MiB", Quantity::kSize, 1048576},
                              {"4GiB", Quantity::kSize, 4294967296},
                              {"10ns", Quantity::kDuration, 1e-8},
                              {"10us", Quantity::kDuration, 1e-5},
                              {"0.5ms", Quantity::kDuration, 5e-4},
                              {"2s", Quantity::kDuration, 2},
                              {"2min", Quantity::kDuration, 120},
                              {"1h", Quantity::kDuration, 3600},
                              {"2/s", Quantity::kFrequency, 2},
                              {"30/min", Quantity::kFrequency, 0.5},
                              {"50Hz", Quantity::kFrequency, 50},
                              {"250mW", Quantity::kPower, 0.25},
                              {"1.6W", Quantity::kPower, 1.6}};
  for (const Example& example : examples) {
    CAPTURE(example.text);
    const auto value = parse_quantity(example.text, example.kind);
    REQUIRE(value.has_value());
    CHECK(*value == doctest::Approx(example.value).epsilon(1e-15));
  }
}

TEST_CASE("a blank may stand before the unit, and numbers may have exponents") {
  CHECK(parse_quantity("4 GiB", Quantity::kSize) == 4294967296.0);
  CHECK(parse_quantity("1e2Mbps", Quantity::kBandwidth) == 12.5e6);
  CHECK(parse_quantity("0ms", Quantity::kDuration) == 0.0);
}

TEST_CASE("what is not a number with a unit of the kind is no quantity") {
  for (const char* text :
       {"",         "100",     "Mbps",      "-1Mbps",    "+1Mbps",  "infMbps",   "nanMbps",
        "inf",      "nan",     "1e999Mbps", "100mbps",   "100MBPS", "100MB",     "100Mbps ",
        " 100Mbps", "1,5Mbps", "0x10Mbps",  "100Mbps/s", "1 0Mbps", "1.2.3Mbps", "100Mbpsx"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_quantity(text, Quantity::kBandwidth).has_value());
  }
  CHECK_FALSE(parse_quantity("4Gb", Quantity::kSize).has_value());
  CHECK_FALSE(parse_quantity("100Mbps", Quantity::kByteRate).has_value());
}

}  // namespace edgeflow
