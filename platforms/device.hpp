#pragma once
// Device profiles: how fast a board computes, how much it holds, what it draws.
//
// The format of platforms/devices/*.yaml; `source` says where the numbers beside it come from:
//
//   schema: 1
//   name: rpi4
//   description: Raspberry Pi 4 Model B                          # optional
//   memory: {size: 4GiB, source: ...}                            # default: without limit
//   power: {idle: 1.6W, busy: 5W, source: ...}                   # default: energy is not reported
//   compute:                                                     # the first one is the default
//     - {framework: ncnn, threads: 4, mac_rate: 10.34GMAC/s, source: ...,
//        byte_rate: 7.747GB/s,                                   # default: bytes cost nothing
//        overhead: 126.6us,                                      # per layer, default 0s
//        task_overhead: 0.4s,                                    # per task (tile), default 0s
//        winograd_factor: 0.44, fully_connected_factor: 0,       # default 1
//        message_overhead: 50us, serialization_rate: 200MB/s}    # default: messages cost no CPU
//
// A board whose idle or busy power nobody published has no `power`; nothing is guessed.

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workloads/operators.hpp"
#include "workloads/yaml.hpp"

namespace edgeflow {

/// Index of a device in its cluster.
enum class DeviceId : std::int32_t {};
constexpr std::size_t index(DeviceId id) { return static_cast<std::size_t>(id); }

/// The cost form of compute_time_s for one framework and thread count.
///
/// `byte_rate_Bps` counts 4 bytes per element whatever the framework stores inside, because that is
/// how it was fitted; the factors are the framework's k of the formula.
struct ComputeProfile {
  std::string framework;
  int threads = 1;
  double mac_rate = 0;                                             // MAC/s
  double byte_rate_Bps = std::numeric_limits<double>::infinity();  // byte/s
  double overhead_s = 0;                                           // s per layer
  double task_overhead_s = 0;         // s per task, such as a fused tile (ExecutionUnit)
  double winograd_factor = 1;         // k of dense 3x3 stride-1 convolutions
  double fully_connected_factor = 1;  // k of linear layers on one vector
  // CPU time of a message, on each side; see message_cpu_time_s.
  double message_overhead_s = 0;                                            // s per message
  double serialization_rate_Bps = std::numeric_limits<double>::infinity();  // byte/s
  std::string source;
};

/// A board of the catalogue, platforms/devices/*.yaml, or one written into a cluster.
struct DeviceProfile {
  std::string name;
  std::string description;
  std::vector<ComputeProfile> compute;  // the first is the default
  double memory_bytes = std::numeric_limits<double>::infinity();
  double idle_W = std::numeric_limits<double>::quiet_NaN();  // NaN: not known
  double busy_W = std::numeric_limits<double>::quiet_NaN();
};

/// Reads a device file. Throws InputError.
DeviceProfile read_device(const Document& document);

/// Loads a device by catalogue name or by path relative to `folder`. Throws InputError.
DeviceProfile load_device(const std::string& name, const std::filesystem::path& folder);

// What device files and clusters write alike. Throw InputError.
/// A name that may stand in file names, link names and tables.
std::string read_name(const Yaml& name);
/// Replaces those rates of `profile` that the map has.
void read_rates(const Yaml& map, ComputeProfile& profile);
/// Reads `power: {idle: ..., busy: ...}`.
void read_power(const Yaml& power, DeviceProfile& profile);

/// Time to compute `work` on one device:
///   t = k*MAC/P + (in + out + weight bytes)/B + o
/// with k by kind of operator, bytes at 4 per element; 0 for views. P, B, o are the profile's
/// mac_rate, byte_rate_Bps, overhead_s.
/// `with_overhead = false` leaves o out.
double compute_time_s(const ComputeProfile& profile, const Work& work, bool with_overhead = true);

/// CPU time that sending a message of `bytes` costs its sender, and receiving it its receiver:
///   t = m + b/sigma
/// with m = message_overhead_s and sigma = serialization_rate_Bps. It is work like that of a unit:
/// it queues for the device and occupies it, on the sender before the message leaves, on the
/// receiver before the message counts as there.
/// `with_overhead = false` leaves m out.
double message_cpu_time_s(const ComputeProfile& profile, double bytes, bool with_overhead = true);

}  // namespace edgeflow
