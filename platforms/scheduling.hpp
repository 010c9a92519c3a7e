#pragma once
// Which request a device serves when several wait for it (`simulation.scheduling`, and
// `scheduling` of a device).

#include <array>
#include <cstdint>
#include <string_view>

namespace edgeflow {

enum class Scheduling : std::uint8_t {
  kOldestRequest,  // of what is ready, what belongs to the request that arrived first
  kFirstReady,     // what was ready first, whatever request it belongs to
  kExclusive,      // nothing of a request before all that the device does for older ones is done
};

/// In scenarios and clusters, by value.
inline constexpr std::array<std::string_view, 3> kSchedulings{"oldest_request", "first_ready",
                                                              "exclusive"};

constexpr std::string_view to_string(Scheduling scheduling) {
  return kSchedulings[static_cast<std::size_t>(scheduling)];
}

}  // namespace edgeflow
