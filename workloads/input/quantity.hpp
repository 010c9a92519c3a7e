#pragma once
// Numbers with units, as users write them: "100Mbps", "4GiB", "0.5ms", "8GMAC/s".

#include <optional>
#include <string>
#include <string_view>

namespace edgeflow {

enum class Quantity {
  kBandwidth,  // network, -> byte/s: bps, kbps, Mbps, Gbps (bits), B/s, kB/s, MB/s, GB/s (bytes)
  kByteRate,   // memory, -> byte/s: B/s, kB/s, MB/s, GB/s
  kMacRate,    // -> MAC/s: MAC/s, MMAC/s, GMAC/s, TMAC/s, and FLOP/s likewise (1 MAC = 2 FLOP)
  kSize,       // -> byte: B, kB, MB, GB, KiB, MiB, GiB
  kDuration,   // -> s: ns, us, ms, s, min, h
  kFrequency,  // -> 1/s: /s, /min, Hz
  kPower,      // -> W: mW, W
  kShare,      // -> 1: %
};

/// Parses a finite, non-negative number followed by a unit of the given kind, with or without a
/// blank between, into SI units; nothing if it is not one.
std::optional<double> parse_quantity(std::string_view text, Quantity kind);

/// Values outside of these limits, in SI units, are mistakes; zero may be fine.
inline constexpr double kSmallestQuantity = 1e-12;
inline constexpr double kLargestQuantity = 1e18;

/// The unit that numbers in SI units have: "B/s", "MAC/s", "s". Precondition: not a share.
std::string_view si_unit(Quantity kind);

/// What the name of a column ends in whose numbers are of this kind: "Bps" for byte/s, "bytes".
std::string_view column_suffix(Quantity kind);

/// The first kind that the text is a quantity of; nothing if it is none.
std::optional<Quantity> quantity_kind(std::string_view text);

/// A share as it is written: "12.5%". What is read of that is written again alike.
std::string share_text(double share);

/// What to write instead, for error messages: "a bandwidth such as 100Mbps".
std::string describe(Quantity kind);

}  // namespace edgeflow
