#pragma once
// What changes, contends or fails while a run goes on. Planners know of none of it: they see the
// cluster as it is at t = 0. Off unless asked for; a seed gives the same run on every machine.

#include <cstdint>
#include <limits>
#include <vector>

#include "partition/plans/executable_plan.hpp"
#include "platforms/effects.hpp"
#include "sim/records/ids.hpp"

namespace edgeflow {

/// What changes at once, also for what is under way.
struct Trace {
  struct Step {
    double at_s = 0;
    double value = 0;
  };
  std::vector<int> of;      // indices of links in Network::links, or of devices
  std::vector<Step> steps;  // ascending; before the first one, what the cluster says
  double period_s = 0;      // starts over then (the first step is at 0); 0: once only
};

/// Traffic of others that shares the links of the route between two devices.
struct BackgroundTraffic {
  std::int32_t from = 0;
  std::int32_t to = 0;
  /// A constant stream, there from t = 0 (with kLv08 after its latency), that gets this at most, or
  /// if it is 0 a fair share of the links.
  double rate_Bps = 0;
  double size_bytes = 0;  // if not 0, messages of this size instead, at random (Poisson)
  double messages_per_s = 0;
};

/// Noise on top of the latency of each message, never negative. With u uniform in (0, 1):
enum class JitterDistribution : std::uint8_t {
  kNone,
  kExponential,  // -mean * ln(u)
  kUniform,      // 2 * mean * u
  kLognormal,    // see LognormalShape
  kEmpirical,    // the quantiles at u, linear in between
};

/// exp(mu + sigma * z), z being the normal quantile of u.
struct LognormalShape {
  double mu = 0;
  double sigma = 0;
};
/// Of a mean and a 99.9 % quantile: mean = exp(mu + sigma^2 / 2), p999 = exp(mu + sigma * z) with
/// z = 3.09, so sigma = z - sqrt(z^2 - 2 ln(p999 / mean)), the smaller of the two that there are.
/// Precondition: 1 < p999 / mean <= kMostP999.
LognormalShape lognormal_shape(double mean_s, double p999_s);
/// exp(z^2 / 2): no log-normal distribution has a 99.9 % quantile of more than this times its mean.
inline constexpr double kMostP999 = 118;

/// The numbers belong to the k-th message (in the order of the plan) that a request sends from one
/// device to another: plans that are compared meet the same noise where they do the same.
struct Jitter {
  /// No more than `latency_s` with this probability.
  struct Quantile {
    double probability = 0;
    double latency_s = 0;
  };
  JitterDistribution distribution = JitterDistribution::kNone;
  double mean_s = 0;                     // but kEmpirical
  double p999_s = 0;                     // kLognormal
  std::vector<Quantile> quantiles = {};  // kEmpirical: ascending in both, of probability 0 to 1
};

/// A device or a link that is not there from `at_s` until `repair_s`.
struct Failure {
  std::int32_t device = -1;  // or
  std::int32_t link = -1;    // an index into Network::links
  double at_s = 0;
  double repair_s = std::numeric_limits<double>::infinity();
};

/// What becomes of requests whose plan uses what fails.
enum class FailurePolicy : std::uint8_t {
  kFail,    // the run ends if one is in flight or begins
  kReplan,  // they start again by the stream's next plan: see PlanChange in sim/setup/stream.hpp
};

struct Disturbances {
  std::vector<Trace> bandwidths;  // of links, in byte/s
  /// Of devices: the part (at most 1) of what the cluster says with which they compute, and do the
  /// CPU work of messages that does not overlap.
  std::vector<Trace> speeds = {};
  std::vector<BackgroundTraffic> background;
  Jitter jitter;
  std::vector<Failure> failures;
  FailurePolicy policy = FailurePolicy::kFail;
  double planning_time_s = 0;  // kReplan: from a failure or repair until the new plan is there
  std::uint64_t seed = 0;
};

/// What is left of them with some effects switched off.
inline Disturbances effective(Disturbances disturbances, const Effects& effects) {
  if (!effects.disturbances) return {};
  if (!effects.contention) {
    disturbances.bandwidths.clear();
    disturbances.background.clear();
  }
  if (!effects.latency) disturbances.jitter = {};
  return disturbances;
}

/// Whether a plan uses a device or link: for units, for messages or, on a graph or as an access
/// point, for what it forwards. Precondition: the plan is valid on the cluster.
bool uses(const Plan& plan, const Cluster& cluster, const Failure& failure);

/// Of one message, see Jitter.
double jitter_s(const Disturbances& disturbances, StreamId stream, std::int32_t request,
                const ExecutableMessage& message);

}  // namespace edgeflow
