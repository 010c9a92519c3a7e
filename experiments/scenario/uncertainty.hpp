#pragma once
// How far what a scenario says of its cluster may be off, and clusters drawn within that.
//
//   uncertainty:
//     draws: 200                         # the same plans on as many clusters
//     rates: 10%                         # or {rpi4: 8%, mine: 20%} by type, or name if it has none;
//                                        # default: what is known of each profile, else 0%
//     messages: 25%                      # of what messages take beside the network; default likewise
//     bandwidth: 10%                     # of all links together; default 0%
//
// Each is a median size of relative errors, as `error` of a profile is. Draw by draw, all times that
// devices of a type compute are multiplied by one number, as are all times of messages on devices and
// all bandwidths: log-normal, with median 1 and the median size that is said. Errors of a fit are of
// whole networks, so the layers of a network err together.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "platforms/cluster.hpp"
#include "sim/setup/disturbances.hpp"
#include "workloads/input/yaml.hpp"

namespace edgeflow {

struct Uncertainty {
  std::int32_t draws = 0;               // none
  std::map<std::string, double> rates;  // by type_or_name
  double messages = 0;
  double bandwidth = 0;
};

inline constexpr std::int64_t kMostDraws = 100'000;

/// Those devices share their numbers that it is the same of.
const std::string& type_or_name(const Device& device);

/// Throws InputError. The errors of the cluster's profiles stand where the scenario has none.
Uncertainty read_uncertainty(const Yaml& yaml, const Cluster& cluster);

/// As it would be written again. Precondition: there are draws.
YamlTree uncertainty_node(const Uncertainty& uncertainty);

/// Within which errors draws are, in one line. Precondition: there are draws.
std::string describe(const Uncertainty& uncertainty);

/// What one draw multiplies.
struct Draw {
  std::map<std::string, double> computing;  // times, by type_or_name
  double messages = 1;                      // times
  double bandwidth = 1;
};

/// exp(sigma * z) of a standard normal z, where the median size of relative errors is `error`: half
/// of all z are within 0.674, so sigma = ln(1 + error) / 0.674.
double error_factor(double error, double z);

/// The same for a seed, whatever else the scenario says: strategies, and clusters with some types in
/// common, meet the same numbers.
std::vector<Draw> draws_of(const Uncertainty& uncertainty, std::uint64_t seed);

Cluster drawn(const Cluster& cluster, const Draw& draw);
/// Bandwidths of traces, too.
Disturbances drawn(Disturbances disturbances, const Draw& draw);

}  // namespace edgeflow
