#pragma once
// Plans of execution units: what every strategy returns and the simulator executes.
//
// After EdgeFlow (Hu and Li, INFOCOM 2022): a unit has input requirements, an operator and a
// forwarding table. The model's input is a unit on the source device; results are gathered by relay
// units on the sink device.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "platforms/cluster.hpp"
#include "workloads/graph/graph.hpp"
#include "workloads/input/ids.hpp"

namespace edgeflow {

/// Index of a unit in its plan.
enum class UnitId : std::int32_t {};
inline constexpr UnitId kNoUnit{-1};
/// Index of a message in messages_of a plan.
enum class MessageId : std::int32_t {};

enum class UnitKind : std::uint8_t {
  kInput,    // the model's input, at hand when the request arrives
  kCompute,  // runs the layer's operator
  kRelay,    // the identity: gathers or stages what other units of the same layer computed
};

/// `provider` supplies `region` of its layer's output. An empty region is a token: the unit waits
/// until the provider is done and gets nothing, as a worker that asks for its next tile.
struct Requirement {
  UnitId provider;
  Region region;
  friend bool operator==(const Requirement&, const Requirement&) = default;
};

/// `consumer` gets `region` of this unit's output.
struct Forward {
  UnitId consumer;
  Region region;
  friend bool operator==(const Forward&, const Forward&) = default;
};

struct ExecutionUnit {
  UnitKind kind = UnitKind::kCompute;
  LayerId layer{};
  DeviceId device{};
  Region output;
  std::vector<Requirement> requirements;
  /// In the order of sending: messages leave by first mention of their destination.
  std::vector<Forward> forwarding;
  /// The first unit of a task, such as a tile: takes its device's task overhead longer.
  bool starts_task = false;
  friend bool operator==(const ExecutionUnit&, const ExecutionUnit&) = default;
};

/// Units stand in a topological order: providers before consumers. Where two units of one device
/// become ready at the same time, the earlier one runs first.
struct Plan {
  std::string strategy;
  std::string model;    // name of the graph
  std::string cluster;  // name of the cluster
  std::vector<ExecutionUnit> units;

  const ExecutionUnit& unit(UnitId id) const { return units[index(id)]; }
};

/// One transfer: everything that units of device `to` need from unit `from`, each element once.
/// Tokens do not wait for data: they travel together as a message of their own, of 0 bytes.
struct Message {
  UnitId from{};
  DeviceId to{};
  std::int64_t elements = 0;
  double bytes = 0;
  std::vector<UnitId> consumers;  // each once, in the order of the forwarding table
};

/// Size of a tensor element in transfers and memory.
struct ElementSize {
  double activation_bytes = 4;  // and weights
  double input_bytes = 4;       // elements of the model's input
};

/// The messages of a plan between different devices, grouped by sender unit and in sending order.
std::vector<Message> messages_of(const Plan& plan, const ElementSize& size);

/// Work of a unit: the operator's on its region; nothing for input and relay units.
Work work_of(const ExecutionUnit& unit, const Graph& graph);

/// True for a relay that brings a result to the sink: a request is done when all of these are.
bool is_result(const ExecutionUnit& unit, const Graph& graph, const Cluster& cluster);

/// Time a unit occupies its device.
double unit_time_s(const ExecutionUnit& unit, const Graph& graph, const Cluster& cluster,
                   bool with_overhead = true);
/// The same, given work_of the unit.
double unit_time_s(const ExecutionUnit& unit, const Work& work, const Cluster& cluster,
                   bool with_overhead = true);

/// Weight elements that each device must hold: per layer with a unit on it, the union over its
/// units.
std::vector<std::int64_t> weight_elements(const Plan& plan, const Graph& graph,
                                          const Cluster& cluster);

}  // namespace edgeflow
