#pragma once
// What happened in a simulation.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "partition/plans/plan.hpp"
#include "sim/records/ids.hpp"

namespace edgeflow {

enum class Status : std::uint8_t {
  kOk,
  kInfeasible,   // the strategy cannot serve the problem, or there is nothing to do
  kOutOfMemory,  // a simulated device does not hold what the plan puts on it
  kDeadlock,     // the simulation stopped before all results were there
  kTimeout,      // the simulation process was killed at its time limit
  kFailed,       // an error inside; `message` says which
  kCrashed,      // the simulation process died by a signal
  kOverloaded,   // more arrives than the cluster can do, and too much piled up
};
std::string_view to_string(Status status);

struct RequestRecord {
  double arrival_s = 0;
  double finish_s = 0;
  // Along the critical path; they sum to finish - arrival.
  double compute_s = 0;   // units computing
  double transfer_s = 0;  // messages on their way, from when their units are done
  double queue_s = 0;     // units ready, device busy with another
  /// Held back because enough requests were in flight, or no plan was there; and all that was done
  /// for it in vain before it was aborted.
  double wait_s = 0;
  StreamId stream{};
  std::int32_t request = 0;  // of its stream, from 0
  PlanId plan{};             // that it was done by
  std::int32_t aborted = 0;  // how often failures threw it back to its start
  /// See sim/engine/energy.hpp; as all energies, NaN if a power is not known.
  double energy_J = 0;
};

struct UnitRecord {
  std::int32_t request = 0;
  UnitId unit{};
  double ready_s = 0;
  double start_s = 0;
  double finish_s = 0;  // or when it was aborted
  StreamId stream{};
  PlanId plan{};
  std::int32_t attempt = 0;  // how often the request was aborted before
  bool aborted = false;
};

struct TransferRecord {
  std::int32_t request = 0;
  MessageId message{};
  double start_s = 0;   // when it left its sender
  double finish_s = 0;  // or when it was aborted
  StreamId stream{};
  PlanId plan{};
  std::int32_t attempt = 0;
  double carried = 1;  // the part of it that got through, if it was aborted
  bool aborted = false;
};

struct DeviceRecord {
  double busy_s = 0;
  double sent_bytes = 0;
  double received_bytes = 0;
  double peak_memory_bytes = 0;  // weights + live activations
  double energy_J = 0;           // see sim/engine/energy.hpp
  double transmit_s = 0;  // its interface sending, if nothing else shared the links: energy.hpp
  double receive_s = 0;
  double plugin_energy_J = 0;  // by SimGrid's host_energy plugin, if SimulationOptions ask for it
};

struct LinkRecord {
  double bytes = 0;   // payload times crossings
  double busy_s = 0;  // bytes over bandwidth, as it was: the time it would be busy if always full
  double energy_J = 0;
  double background_bytes = 0;  // of others' traffic, times crossings; in none of the above
};

/// What arrivals that do not wait for the cluster ask of it; see sim/engine/offered_load.hpp.
struct OfferedLoad {
  double load = 0;       // of the busiest device or link; 0: no rate is given
  std::string resource;  // its name
};

/// What the process that simulated took.
struct ProcessUsage {
  double wall_s = 0;  // of the engine
  double cpu_s = 0;
  std::int64_t max_rss_kB = 0;
};

struct SimulationResult {
  Status status = Status::kOk;
  std::string message;          // why, if not ok
  double makespan_s = 0;        // until all work is done, also work that no result needs
  std::int64_t activities = 0;  // SimGrid activities started
  OfferedLoad offered;
  ProcessUsage process;
  /// By stream, then request; unless ok, those that were done when something failed.
  std::vector<RequestRecord> requests;
  std::vector<double> in_flight_s;        // by stream: requests in flight, integrated over time
  double lost_bytes = 0;                  // sent and received for what was aborted
  std::vector<UnitRecord> units;          // empty unless recording
  std::vector<TransferRecord> transfers;  // empty unless recording
  std::vector<DeviceRecord> devices;
  std::vector<LinkRecord> links;
};

}  // namespace edgeflow
