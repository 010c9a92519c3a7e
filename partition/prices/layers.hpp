#pragma once
// Prices of whole layers and of what must move, without contention.

#include <span>
#include <vector>

#include "partition/plans/problem.hpp"

namespace edgeflow {

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
/// How long that occupies its sender's device; see platforms/messaging.hpp.
double sender_s(const Problem& problem, DeviceId from, DeviceId to, double bytes);

/// By layer: time to bring its output from the device that has it to the sink, if it is a result;
/// else 0.
double deliver_s(const Problem& problem, LayerId layer, DeviceId device);

/// Time to compute the whole model on each device, without any transfer.
std::vector<double> whole_model_times_s(const Graph& graph, const Cluster& cluster);

/// 1 over that, by device; 1 for a model that takes no time.
std::vector<double> speeds(const Graph& graph, const Cluster& cluster);

/// The device with the least whole-model time; the first of equals.
DeviceId fastest_device(const Graph& graph, const Cluster& cluster);

/// What a layer needs on the device that has it whole: its weights, and its inputs and output.
double weight_bytes(const Problem& problem, const Layer& layer);
double working_bytes(const Problem& problem, const Layer& layer);

/// Whether the devices hold the weights of their layers and the largest one's inputs and output, by
/// the rule of memory_shortage.
bool fits_memory(const Problem& problem, std::span<const DeviceId> device_of);

}  // namespace edgeflow
