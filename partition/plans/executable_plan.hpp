#pragma once
// A plan made ready to run on its cluster: all that follows from plan, graph, cluster, sizes of
// elements and effects, derived once. Estimate, memory check, simulation, offered load, energy and
// results are handed this.

#include <cstdint>
#include <optional>
#include <vector>

#include "partition/plans/plan.hpp"
#include "platforms/effects.hpp"
#include "workloads/input/ids.hpp"

namespace edgeflow {

/// A unit on its device.
struct ExecutableUnit {
  DeviceId device{};
  double duration_s = 0;
  double output_bytes = 0;
  bool is_result = false;  // a relay that brings a result to the sink
};

/// A message on its route.
struct ExecutableMessage : Message {
  DeviceId from_device{};
  std::int32_t rank = 0;          // among the messages of its pair of devices
  std::int32_t route = 0;         // see ExecutablePlan::route_of
  double link_bytes = 0;          // payload times crossings: what each link carries per listing
  double latency_s = 0;           // 0 without the effect
  double transfer_s = 0;          // when nothing shares the route
  double send_s = 0;              // CPU time on the sender
  double receive_s = 0;           // CPU time on the receiver
  bool blocks = false;            // its sender is occupied until it is at its receiver
  bool send_overlaps = false;     // the sender's CPU time is another thread's
  bool receive_overlaps = false;  // likewise
  double transmitting_s = 0;      // the sender's interface at work
  double receiving_s = 0;         // the receiver's

  double alone_s() const { return latency_s + transfer_s; }
  /// Whether its sender has to do something, and so takes it in its turn.
  bool has_send_job() const { return send_s > 0 || blocks; }
  /// How long its two devices are occupied when nothing shares the route.
  double sender_s() const { return send_overlaps ? 0 : send_s + (blocks ? alone_s() : 0); }
  double receiver_s() const { return receive_overlaps ? 0 : receive_s; }
  /// How long they compute.
  double sender_busy_s() const { return send_overlaps ? 0 : send_s; }
};

/// What a plan puts into the devices' memory before it runs.
struct MemoryNeeds {
  MemoryNeeds(const Plan& plan, const Graph& graph, const Cluster& cluster,
              const ElementSize& size);

  IdVector<DeviceId, double> weight_bytes;        // of the layers with a unit there
  IdVector<DeviceId, double> largest_unit_bytes;  // inputs and output of the largest unit
};

struct ExecutablePlan {
  /// The first three must outlive it. Precondition: units name layers, devices and units that
  /// exist. Complexity O(units + requirements + messages) and the unions of their regions.
  ExecutablePlan(const Plan& plan, const Graph& graph, const Cluster& cluster,
                 const ElementSize& size, const Effects& effects = {});

  const Plan& plan;
  const Graph& graph;
  const Cluster& cluster;
  ElementSize size;
  Effects effects;

  IdVector<UnitId, ExecutableUnit> units;
  IdVector<MessageId, ExecutableMessage> messages;  // by sender, in the order of sending
  std::vector<Route> routes;                        // of messages, each once

  /// Units that need nothing, ready on arrival: the input, and parts of layers that see padding
  /// only.
  std::vector<UnitId> first_units;
  std::int32_t results = 0;                 // units with is_result
  IdLists<UnitId, UnitId> local_consumers;  // units of its device that it feeds, each once
  IdLists<UnitId, UnitId> local_providers;  // the inverse
  IdLists<UnitId, MessageId> arrivals;      // messages it needs

  // Counts, which a request counts down.
  IdVector<UnitId, std::int32_t> providers;         // distinct ones in its requirements
  IdVector<UnitId, std::int32_t> output_users;      // local consumers and messages
  IdVector<MessageId, std::int32_t> message_users;  // units that it feeds
  IdVector<DeviceId, std::int32_t> jobs;            // units and messages that occupy it

  double macs = 0;  // of all units

  IdRange<MessageId> sends(UnitId unit) const {
    return {first_message_[index(unit)], first_message_[index(unit) + 1]};
  }
  const Route& route_of(const ExecutableMessage& message) const {
    return routes[index(message.route)];
  }

  /// Derived when it is first asked for, which only one thread may do: most plans that strategies
  /// look at are never asked.
  const MemoryNeeds& memory() const;
  /// Payload of all messages.
  double message_bytes() const;
  /// Of the model: what is beyond in `macs` is computed more than once.
  double model_macs() const;
  /// Devices with a unit that runs an operator, ascending.
  std::vector<DeviceId> computing_devices() const;

 private:
  void add_units();
  void add_messages();

  std::vector<MessageId> first_message_;  // of each unit, and behind the last one
  mutable std::optional<MemoryNeeds> memory_;
};

}  // namespace edgeflow
