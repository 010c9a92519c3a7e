#include "workloads/input/quantity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <span>

namespace edgeflow {
namespace {

struct Unit {
  std::string_view name;
  double factor;  // to SI
};

constexpr Unit kBandwidthUnits[] = {{"bps", 1.0 / 8},  {"kbps", 1e3 / 8}, {"Mbps", 1e6 / 8},
                                    {"Gbps", 1e9 / 8}, {"B/s", 1},        {"kB/s", 1e3},
                                    {"MB/s", 1e6},     {"GB/s", 1e9}};
constexpr Unit kByteRateUnits[] = {{"B/s", 1}, {"kB/s", 1e3}, {"MB/s", 1e6}, {"GB/s", 1e9}};
constexpr Unit kMacRateUnits[] = {{"MAC/s", 1},       {"MMAC/s", 1e6},    {"GMAC/s", 1e9},
                                  {"TMAC/s", 1e12},   {"FLOP/s", 0.5},    {"MFLOP/s", 0.5e6},
                                  {"GFLOP/s", 0.5e9}, {"TFLOP/s", 0.5e12}};
constexpr Unit kSizeUnits[] = {{"B", 1},      {"kB", 1e3},        {"MB", 1e6},          {"GB", 1e9},
                               {"KiB", 1024}, {"MiB", 1048576.0}, {"GiB", 1073741824.0}};
constexpr Unit kDurationUnits[] = {{"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3},
                                   {"s", 1},     {"min", 60},  {"h", 3600}};
constexpr Unit kFrequencyUnits[] = {{"/s", 1}, {"/min", 1.0 / 60}, {"Hz", 1}};
constexpr Unit kPowerUnits[] = {{"mW", 1e-3}, {"W", 1}};
constexpr Unit kShareUnits[] = {{"%", 1e-2}};

std::span<const Unit> units_of(Quantity kind) {
  switch (kind) {
    case Quantity::kBandwidth:
      return kBandwidthUnits;
    case Quantity::kByteRate:
      return kByteRateUnits;
    case Quantity::kMacRate:
      return kMacRateUnits;
    case Quantity::kSize:
      return kSizeUnits;
    case Quantity::kDuration:
      return kDurationUnits;
    case Quantity::kFrequency:
      return kFrequencyUnits;
    case Quantity::kPower:
      return kPowerUnits;
    case Quantity::kShare:
      return kShareUnits;
  }
  return {};
}

}  // namespace

std::optional<double> parse_quantity(std::string_view text, Quantity kind) {
  // from_chars would also take "-1", "inf" and "nan".
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  double number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  for (const Unit& unit : units_of(kind)) {
    if (unit.name != text) continue;
    const double value = number * unit.factor;
    return std::isfinite(value) ? std::optional(value) : std::nullopt;
  }
  return std::nullopt;
}

std::string_view si_unit(Quantity kind) {
  const auto units = units_of(kind);
  return std::find_if(units.begin(), units.end(), [](const Unit& unit) { return unit.factor == 1; })
      ->name;
}

std::string_view column_suffix(Quantity kind) {
  switch (kind) {
    case Quantity::kBandwidth:
    case Quantity::kByteRate:
      return "Bps";
    case Quantity::kMacRate:
      return "MACps";
    case Quantity::kSize:
      return "bytes";
    case Quantity::kDuration:
      return "s";
    case Quantity::kFrequency:
      return "rps";
    case Quantity::kPower:
      return "W";
    case Quantity::kShare:
      return "ratio";
  }
  return "";
}

std::optional<Quantity> quantity_kind(std::string_view text) {
  constexpr Quantity kKinds[] = {Quantity::kBandwidth, Quantity::kMacRate,   Quantity::kSize,
                                 Quantity::kDuration,  Quantity::kFrequency, Quantity::kPower,
                                 Quantity::kShare};  // kByteRate's units are kBandwidth's
  for (const Quantity kind : kKinds) {
    if (parse_quantity(text, kind)) return kind;
  }
  return std::nullopt;
}

std::string share_text(double share) { return fmt::format("{:.12g}%", share * 100); }

std::string describe(Quantity kind) {
  switch (kind) {
    case Quantity::kBandwidth:
      return "a bandwidth such as 100Mbps";
    case Quantity::kByteRate:
      return "a byte rate such as 8GB/s";
    case Quantity::kMacRate:
      return "a MAC rate such as 8GMAC/s";
    case Quantity::kSize:
      return "a size such as 4GiB";
    case Quantity::kDuration:
      return "a duration such as 0.5ms";
    case Quantity::kFrequency:
      return "a rate such as 2/s";
    case Quantity::kPower:
      return "a power such as 5W";
    case Quantity::kShare:
      return "a share such as 12.5%";
  }
  return "a quantity";
}

}  // namespace edgeflow
