#pragma once
// Device profiles: how fast a board computes, how much it holds, what it draws.

#include <limits>
#include <map>
#include <string>
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
/// how it was fitted; `mac_factor` are the framework's k of the formula.
struct ComputeProfile {
  std::string framework;
  int threads = 1;
  double mac_rate = 0;                                            // MAC/s
  double byte_rate_Bps = std::numeric_limits<double>::infinity();  // byte/s
  double overhead_s = 0;                                          // s per layer
  double winograd_factor = 1;         // k of dense 3x3 stride-1 convolutions
  double fully_connected_factor = 1;  // k of linear layers on one vector
  std::string source;
};

/// A board of the catalogue, platforms/devices/*.yaml, or one written into a cluster.
struct DeviceProfile {
  std::string name;
  std::string description;
  std::vector<ComputeProfile> compute;  // the first is the default
  double memory_bytes = std::numeric_limits<double>::infinity();
  double idle_W = 0;
  double busy_W = 0;
};

/// Reads a device file. Throws InputError.
DeviceProfile read_device(const Document& document);

/// Time to compute `work` on one device, from model.md section 2:
///   t = k*MAC/P + (in + out + weight bytes)/B + o
/// with k by kind of operator, bytes at 4 per element; 0 for views.
/// `with_overhead = false` leaves o out.
double compute_time_s(const ComputeProfile& profile, const Work& work, bool with_overhead = true);

}  // namespace edgeflow
