#pragma once
// Lets disturbances happen: bandwidths and speeds that change, the traffic of others, failures.

#include <cstdint>
#include <simgrid/s4u.hpp>
#include <vector>

#include "platforms/cluster.hpp"
#include "sim/engine/activities.hpp"
#include "sim/engine/offered_load.hpp"
#include "sim/engine/platform.hpp"
#include "sim/setup/disturbances.hpp"
#include "workloads/input/random.hpp"

namespace edgeflow {

class Environment {
 public:
  /// The references must outlive it. `latency`: messages of others take that of their route.
  Environment(const Disturbances& disturbances, const Cluster& cluster, bool latency,
              NetworkModel model, const Platform& platform, Activities& activities);

  void begin();
  /// Messages of others, at random, that are under way; a constant stream is not counted.
  std::size_t messages_under_way() const { return messages_under_way_; }
  /// What they ask of the busiest link at the bandwidths of this instant.
  OfferedLoad background_load() const;
  /// Precondition: an event of the environment.
  void handle(const RuntimeEvent& event);

  /// Of each link, now.
  const std::vector<double>& bandwidths_now_Bps() const { return bandwidths_Bps_; }
  /// Those that a kBandwidth event changes.
  const std::vector<int>& changed_links(const RuntimeEvent& event) const {
    return disturbances_.bandwidths[static_cast<std::size_t>(event.index)].of;
  }
  /// Whether a failure has happened and was not repaired.
  bool is_down(std::size_t failure) const { return down_[failure]; }
  /// Bytes (times crossings) that the traffic of others has put on each link until now.
  std::vector<double> background_bytes() const;

 private:
  /// A trace on its way through its steps.
  struct Clock {
    std::size_t next = 0;  // step
    double start_s = 0;    // of this period
  };
  struct Flow {
    Route route;
    double latency_s;  // beside what SimGrid adds
    Random random;
    double endless_bytes;  // of each of the messages of a constant stream
    double arrived_bytes = 0;
    simgrid::s4u::ActivityPtr stream = nullptr;  // constant: the message under way
  };

  const std::vector<Trace>& traces_of(RuntimeEvent::Kind kind) const;
  Clock& clock_of(RuntimeEvent::Kind kind, std::size_t trace);
  void expect_step(RuntimeEvent::Kind kind, std::size_t trace);
  Trace::Step take_step(const RuntimeEvent& event);
  void expect_message(std::size_t flow);
  void start_message(std::size_t flow);

  const Disturbances& disturbances_;
  const Cluster& cluster_;
  NetworkModel model_;
  const Platform& platform_;
  Activities& activities_;
  std::vector<Clock> bandwidth_clocks_, speed_clocks_;  // by trace
  std::vector<Flow> flows_;                             // by background traffic
  std::vector<bool> down_;                              // by failure
  std::vector<double> bandwidths_Bps_;                  // by link, now
  std::size_t messages_under_way_ = 0;
};

}  // namespace edgeflow
