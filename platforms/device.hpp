#pragma once
// Device profiles: how fast a board computes, how much it holds, what it draws.
//
// The format of platforms/devices/*.yaml; `source` says where the numbers beside it come from:
//
//   schema: 1
//   name: rpi4
//   description: Raspberry Pi 4 Model B                          # optional
//   memory: {size: 4GiB, source: ...}                            # default: without limit
//   power: {idle: 1.6W, busy: 5W, source: ...,                   # default: energy is not reported
//           transmit: 2W, receive: 1.9W}                         # default: as idle
//   messaging: sockets                                           # a profile, see messaging.hpp;
//                                                                # default: messages cost no CPU
//   compute:                                                     # the first one is the default
//     - {framework: ncnn, threads: 4, mac_rate: 10.34GMAC/s, source: ...,
//        precision: fp16,                                        # measured in; default: not known
//        precision_inferred: true,                                # nobody stated it; default no
//        error: {median: 12.3%, p90: 31.9%, points: 27},         # of a fit, see FitError
//        byte_rate: 7.747GB/s,                                   # default: bytes cost nothing
//        overhead: 126.6us,                                      # per layer, default 0s
//        task_overhead: 0.4s,                                    # per task (tile), default 0s
//        # k and w of the framework's kernels, default 1; see compute_time_s.
//        winograd_factor: 0.25, winograd_byte_factor: 8, spatial_factor: 1.5, matrix_factor: 3,
//        fully_connected_factor: 0,
//        messaging: gloo,                                        # this framework's; or
//        message_overhead: 50us, serialization_rate: 200MB/s,    # its costs one by one
//        sends: hold,                                            # or block, overlap
//        layer_time: times.csv}                                  # measured, see layer_times.hpp
//   network: {wired: 939Mbps, wifi: 108Mbps, source: ...}        # measured; optional, as is each
//   precisions: [int8]                                           # it has no others; default: all
//
// Entries of one framework and number of threads differ in precision.
// A cluster's device takes a rate of `network` by `bandwidth: wired`, else the cluster's bandwidth.
// A board whose idle or busy power nobody published has no `power`; nothing is guessed.

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platforms/layer_times.hpp"
#include "platforms/messaging.hpp"
#include "workloads/input/quantity.hpp"
#include "workloads/input/yaml.hpp"
#include "workloads/operators/operators.hpp"
#include "workloads/tensors/precision.hpp"

namespace edgeflow {

/// Index of a device in its cluster.
enum class DeviceId : std::int32_t {};
constexpr std::size_t index(DeviceId id) { return static_cast<std::size_t>(id); }

/// How far a profile's fit is off: relative errors of the times of whole networks, each predicted
/// from the others (scripts/calibrate.py).
struct FitError {
  double median = 0;  // of their sizes, as p90
  double p90 = 0;
  std::int64_t points = 0;  // networks
};

/// The cost form of compute_time_s for one framework, thread count and precision.
///
/// `byte_rate_Bps` counts 4 bytes per element whatever the framework stores inside, because that is
/// how it was fitted; the factors are the framework's k and w of the formula.
struct ComputeProfile {
  std::string framework;
  int threads = 1;
  std::optional<Precision> precision;  // that it was measured in; nothing: not known
  bool precision_inferred = false;     // from the kind of the cores: nobody stated it
  // What `rates` lists: read, written, shown and compared by that table.
  double mac_rate = 0;
  double byte_rate_Bps = std::numeric_limits<double>::infinity();
  double overhead_s = 0;
  double task_overhead_s = 0;
  double winograd_factor = 1;
  double winograd_byte_factor = 1;
  double spatial_factor = 1;
  double matrix_factor = 1;
  double fully_connected_factor = 1;
  double message_overhead_s = 0;
  double serialization_rate_Bps = std::numeric_limits<double>::infinity();
  Sends sends = Sends::kHold;
  std::string messaging;  // the profile that messages' costs are of; empty: none was named
  std::optional<double>
      message_error;  // as FitError::median, of messages' costs; nothing: not known
  std::shared_ptr<const LayerTimes> layer_times;  // null: none are measured
  std::optional<FitError> error;                  // nothing: not known
  std::string source;
};

/// Whether the profile's rates are only assumed to hold in `precision`: they were measured in
/// another one. Rates of no stated precision are taken to be of floating point, fp32 or fp16.
bool assumes_rates(const ComputeProfile& profile, Precision precision);

/// A rate of a compute profile. Its default is that of the member.
struct Rate {
  std::string_view key;      // in device files and clusters
  std::string_view name;     // in tables and JSON, with the unit
  std::string_view heading;  // in tables for people
  double ComputeProfile::*member;
  std::optional<Quantity> unit;  // nothing: a factor from 0 to 100
  bool resolved;  // stands in resolved scenarios even where it says nothing: by it they are hashed
  std::string_view meaning;
};

/// All of them. Adding one: a member of ComputeProfile, a row here, and where it counts.
std::span<const Rate> rates();

/// Whether two profiles give the same time for everything: by all rates, layer times and `sends`.
bool same_rates(const ComputeProfile& a, const ComputeProfile& b);

/// What a board draws; NaN if that is not known, and its energy is then NaN, too.
struct PowerDraw {
  double idle_W = 0;
  double busy_W = 0;
  double transmit_W = 0;
  double receive_W = 0;
};

/// A state that draws power.
struct Power {
  std::string_view key;   // in device files and clusters
  std::string_view name;  // in tables and JSON, with the unit
  double PowerDraw::*member;
  bool needed;  // else as idle where it is left out; never less
  std::string_view meaning;
};

/// All of them, idle first.
std::span<const Power> powers();

/// A board of the catalogue, platforms/devices/*.yaml, or one written into a cluster.
struct DeviceProfile : PowerDraw {
  DeviceProfile();  // with no power known

  std::string name;
  std::string description;
  std::vector<ComputeProfile> compute;  // the first is the default
  std::vector<Precision> precisions;    // that it can compute in; empty: all
  double memory_bytes = std::numeric_limits<double>::infinity();
  double wired_Bps = std::numeric_limits<double>::quiet_NaN();
  double wifi_Bps = std::numeric_limits<double>::quiet_NaN();
};

/// Reads a device file. Throws InputError.
DeviceProfile read_device(const Document& document);

/// Loads a device by catalogue name or by path relative to `folder`. Throws InputError.
DeviceProfile load_device(const std::string& name, const std::filesystem::path& folder);

// What device files and clusters write alike. Throw InputError.
/// A name that may stand in file names, link names and tables.
std::string read_name(const Yaml& name);
/// Reads `precisions: [int8]`: not empty.
std::vector<Precision> read_precisions(const Yaml& yaml);
/// "ncnn, 4 threads, int8".
std::string describe(const ComputeProfile& profile);
/// Replaces the costs of messages by those of a messaging profile.
void set_messaging(const Messaging& messaging, ComputeProfile& profile);
/// The value of `messaging:`, the name or the path of a profile.
Messaging messaging_at(const Yaml& yaml);
/// Replaces those rates, factors and layer times of `profile`, and `sends`, that the map has.
void read_rates(const Yaml& map, ComputeProfile& profile);
/// Reads `power: {idle: ..., busy: ..., transmit: ..., receive: ...}`, the last two optional, as
/// they stand in `powers`; keys that are not there are not looked for.
PowerDraw read_power(const Yaml& power);

/// Time to compute `work` on one device:
///   t = k*MAC/P + (w*(in + out) + weight bytes)/B + o
/// with k and w by kind of operator, bytes at 4 per element; 0 for views. P, B, o are the profile's
/// mac_rate, byte_rate_Bps, overhead_s. w is 1 but for dense 3x3 stride-1 convolutions: Winograd's
/// F(4x4, 3x3) (Lavin and Gray, CVPR 2016) has a quarter of the multiplications, and in return
/// transforms input and output tiles, work that grows with their elements. The factors of ncnn in
/// platforms/devices/*.yaml, but for that quarter, are fitted to all its published timings
/// together; README.md here compares cost forms. If the profile has a measured time T of the
/// layer, a part with share s of its output takes
///   t = min(o, T) + s*(T - min(o, T))
/// instead: all of it T, and the smallest part still o.
/// `with_overhead = false` leaves o, or min(o, T), out.
double compute_time_s(const ComputeProfile& profile, const Work& work, bool with_overhead = true);
/// w*4/B: seconds per element of the inputs, a part of compute_time_s; 0 if the layer's time is
/// measured.
double input_element_time_s(const ComputeProfile& profile, const Work& work);

/// CPU time that sending a message of `bytes` costs its sender, and receiving it its receiver:
///   t = m + b/sigma
/// with m = message_overhead_s and sigma = serialization_rate_Bps. It is work like that of a unit:
/// it queues for the device and occupies it, on the sender before the message leaves, on the
/// receiver before the message counts as there. Other ways to send: messaging.hpp.
/// `with_overhead = false` leaves m out.
double message_cpu_time_s(const ComputeProfile& profile, double bytes, bool with_overhead = true);

}  // namespace edgeflow
