#pragma once
// What changes in steps, as scenarios write it: bandwidths of links, and speeds of devices. The format
// is in disturbances.hpp.

#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/setup/disturbances.hpp"
#include "workloads/input/quantity.hpp"
#include "workloads/input/yaml.hpp"

namespace edgeflow {

/// How traces of one kind are written.
struct TraceForm {
  std::string_view of;      // key of what changes
  const char* one;          // of these
  std::string_view value;   // key in steps
  std::string_view column;  // of the same in files
  Quantity unit;
  double most;  // of a value
  std::string_view expected;
};
inline constexpr TraceForm kBandwidths{"links",
                                       "link",
                                       "bandwidth",
                                       "bandwidth_Bps",
                                       Quantity::kBandwidth,
                                       kLargestQuantity,
                                       "a number of at least 1e-12"};
inline constexpr TraceForm kSpeeds{"devices",
                                   "device",
                                   "share",
                                   "share",
                                   Quantity::kShare,
                                   1,
                                   "a share of at most 1, and more than 0"};

/// Each name at most once among them. Throws InputError.
std::vector<Trace> read_traces(const Yaml& list, const TraceForm& form,
                               std::span<const std::string> names);

/// As they would be written again; `text` is that of a value. Nothing if there are no traces.
YamlTree traces_node(std::span<const Trace> traces, const TraceForm& form,
                     std::span<const std::string> names, std::string (*text)(double));

/// The index of a name among those of devices or links, of which `what` is one. Throws InputError.
std::size_t find_name(const Yaml& yaml, std::span<const std::string> names, const char* what);

}  // namespace edgeflow
