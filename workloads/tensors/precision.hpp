#pragma once
// Formats of elements: of activations and weights, of a model's input, and what rates of devices
// were measured in.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace edgeflow {

class Yaml;

enum class Precision : std::uint8_t { kFp32, kFp16, kInt8, kUint8 };

/// In order of the enumeration. The last is for inputs only: a camera's bytes.
inline constexpr std::array<std::string_view, 4> kPrecisions{"fp32", "fp16", "int8", "uint8"};
/// Those that are computed in.
inline constexpr std::span<const std::string_view> kComputePrecisions{kPrecisions.data(), 3};

constexpr std::string_view to_string(Precision precision) {
  return kPrecisions[static_cast<std::size_t>(precision)];
}

constexpr double element_bytes(Precision precision) {
  constexpr std::array<double, 4> kBytes{4, 2, 1, 1};
  return kBytes[static_cast<std::size_t>(precision)];
}

constexpr bool is_floating(Precision precision) {
  return precision == Precision::kFp32 || precision == Precision::kFp16;
}

/// One of kComputePrecisions. Throws InputError.
Precision read_precision(const Yaml& yaml);

}  // namespace edgeflow
