#pragma once
// What software takes for a message beside the network, and what its device does meanwhile.
//
// A property of the program, not of the board: profiles are platforms/messaging/*.yaml.
//
//   schema: 1
//   name: sockets
//   description: a C++ program over TCP                    # optional
//   message_overhead: 90us                                 # of each message, on each side; default 0s
//   serialization_rate: 500MB/s                            # default: bytes cost nothing
//   sends: block                                           # default hold
//   error: 12%                                             # median size of errors of the costs;
//                                                          # default: not known
//   source: ...
//
// `messaging:` names one: of a cluster's device, else of the cluster, else of a compute entry of the
// device file, else of that file (those that are shipped name `sockets`). message_overhead,
// serialization_rate and sends that stand beside it count instead of the profile's, each for itself.

#include <array>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "workloads/input/yaml.hpp"

namespace edgeflow {

/// What a device does while it sends. Receiving is the same for the first two.
enum class Sends : std::uint8_t {
  kHold,     // it is occupied by the CPU time of messages; the network then carries them by itself
  kBlock,    // it is occupied until the message is at its receiver, as by a call that waits for it
  kOverlap,  // another thread takes the CPU time, of sending and receiving, one message at a time
};

/// In files, by value.
inline constexpr std::array<std::string_view, 3> kSends{"hold", "block", "overlap"};

constexpr std::string_view to_string(Sends sends) {
  return kSends[static_cast<std::size_t>(sends)];
}

struct Messaging {
  std::string name;  // empty: none was named
  double message_overhead_s = 0;
  double serialization_rate_Bps = std::numeric_limits<double>::infinity();
  Sends sends = Sends::kHold;
  std::optional<double> error;  // a share; nothing: not known
  std::string source;
};

/// Reads a profile's file. Throws InputError.
Messaging read_messaging(const Document& document);

/// Loads a profile by shipped name or by path relative to `folder`. Throws InputError.
Messaging load_messaging(const std::string& name, const std::filesystem::path& folder);

}  // namespace edgeflow
