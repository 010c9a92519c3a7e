#pragma once
// Prices of whole layers and of what must move, and the chain view of a DAG: its topological order
// with every tensor that is still needed carried along.

#include "partition/strategies/strategies.hpp"

namespace edgeflow {

constexpr LayerId layer_at(std::size_t l) { return LayerId{static_cast<std::int32_t>(l)}; }
constexpr DeviceId device_at(std::size_t d) { return DeviceId{static_cast<std::int32_t>(d)}; }

/// Time of a part of a layer on a device.
double compute_s(const Problem& problem, const Layer& layer, const Region& part, DeviceId device);
inline double compute_s(const Problem& problem, const Layer& layer, DeviceId device) {
  return compute_s(problem, layer, layer.output.box, device);
}

/// Bytes of an element of the layer's output on the wire.
double element_bytes(const Problem& problem, LayerId layer);
/// Bytes of the layer's whole output.
double output_bytes(const Problem& problem, LayerId layer);

/// CPU time that a message costs its sender and its receiver together.
double message_cpu_s(const Problem& problem, DeviceId from, DeviceId to, double bytes);

/// Time of a message that has the network to itself, its CPU time on both sides included; 0 on one
/// device.
double send_s(const Problem& problem, DeviceId from, DeviceId to, double bytes);

/// By layer: time to bring its output from the device that has it to the sink, if it is a result;
/// else 0.
double deliver_s(const Problem& problem, LayerId layer, DeviceId device);

/// By layer l: the layers before l whose outputs l or a later layer needs, in order.
std::vector<std::vector<LayerId>> carried_into(const Graph& graph);

/// What a layer needs on the device that has it whole: its weights, and its inputs and output.
double weight_bytes(const Problem& problem, const Layer& layer);
double working_bytes(const Problem& problem, const Layer& layer);

/// Whether the devices hold the weights of their layers and the largest one's inputs and output, by
/// the rule of memory_shortage.
bool fits_memory(const Problem& problem, std::span<const DeviceId> device_of);

/// Every layer whole on its device; the input's entry is ignored.
Plan plan_of_placement(const Problem& problem, std::span<const DeviceId> device_of,
                       std::string strategy);

/// The value of a whole-number option. Throws OptionError unless it is one from `least` to `most`.
std::int64_t whole_option(const Options& options, const std::string& key, std::int64_t least,
                          std::int64_t most);

/// Whether an option that is yes or no is yes. Throws OptionError.
bool yes_option(const Options& options, const std::string& key);

/// The device that an option names; `word` stands for `meant`. Throws OptionError.
DeviceId device_option(const Problem& problem, const Options& options, const std::string& key,
                       std::string_view word, DeviceId meant);

/// Keeps the plan with the least estimated latency; the first of equals. One that fits the devices'
/// memory comes before any that does not.
class BestPlan {
 public:
  explicit BestPlan(const Problem& problem) : problem_(problem) {}
  void offer(Plan plan);
  bool empty() const { return plan_.units.empty(); }
  double latency_s() const { return latency_s_; }
  Plan take() { return std::move(plan_); }

 private:
  const Problem& problem_;
  Plan plan_;
  double latency_s_ = 0;
  bool fits_ = false;
};

}  // namespace edgeflow
