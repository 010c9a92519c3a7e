#pragma once
// When the requests of a scenario arrive.
//
//   requests:
//     count: 100                     # default 1; of a trace: all
//     arrivals: {process: poisson, rate: 2/s}
//     warm_up: 10                    # first requests that no statistics count; default 0
//     deadline: 200ms                # latencies beyond are misses
//     max_in_flight: 50              # more wait before their first unit; default: no limit
// Processes and their keys:
//   closed     concurrency: 4        # the next arrives when fewer are in flight; default 1
//   periodic   rate: 10/s            # request i at i/rate
//   poisson    rate: 10/s            # gaps are exponential with mean 1/rate, the first starts at 0
//   burst      rate: 2/s, size: 8    # burst i at i/rate, `size` requests at once
//   trace      file: arrivals.csv    # a column arrival_s, ascending, such as requests.csv has; or
//              times: [0s, 0.5s]    # since the start of the run: Unix times are refused

#include <cstdint>
#include <string_view>
#include <vector>

#include "workloads/input/yaml.hpp"

namespace edgeflow {

enum class ArrivalProcess : std::uint8_t { kClosed, kPeriodic, kPoisson, kBurst, kTrace };
std::string_view to_string(ArrivalProcess process);

struct Requests {
  int count = 1;
  ArrivalProcess process = ArrivalProcess::kClosed;
  double rate_per_s = 0;          // periodic, poisson: of requests; burst: of bursts
  int concurrency = 1;            // closed
  int burst_size = 1;             // burst
  std::vector<double> trace_s{};  // trace
  int warm_up = 0;
  double deadline_s = 0;  // 0: none
  int max_in_flight = 0;  // 0: no limit

  bool closed() const { return process == ArrivalProcess::kClosed; }
  /// When they arrive, ascending; for closed only their number counts. `stream` names the random
  /// numbers.
  std::vector<double> arrivals_s(std::uint64_t seed, std::string_view stream) const;
};

/// Throws InputError.
Requests read_requests(const Yaml& yaml);

/// As read_requests reads it, with the times of a trace in place.
YamlTree requests_node(const Requests& requests);

}  // namespace edgeflow
