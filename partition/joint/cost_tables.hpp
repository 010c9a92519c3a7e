#pragma once
// What edgeflow-joint looks up while it searches: a problem and its costs as flat tables.
//
// Every layer has one split axis (the model's main axis where cutting that pays or costs no more
// than the weights' would, else rows, else the axis of its weights, else none) and an extent H along
// it. A device's part of a layer is a range [a, b) of indices; a layer without an axis has extent 1
// and stands on one device as a whole. Node l < layers is the layer of that index (0 is the input,
// fixed on the source); the nodes behind are the relays that bring the results to the sink, fixed
// there.
//
// The main axis is rows, or columns if the input is wider than tall: of a feature map of h x w, a
// cut between rows has halos of w elements per row and channel, one between columns of h. Not
// columns if less of the model could then be cut.
//
// Of a producer, [a, b) of a consumer needs the indices [lo[a], hi[b-1]) of the producer's axis;
// lo and hi ascend, and of each index it is counted what any index of the consumer needs at most.
// That is required_input() where each needs as much, and an upper estimate, of up to 30 %, where
// not (the patches' tokens behind a class token); layers that fail this test (`separable` in
// cost_tables.cpp) get no axis.

#include <cstdint>
#include <span>
#include <vector>

#include "partition/plans/builder.hpp"
#include "partition/plans/problem.hpp"

namespace edgeflow::joint {

/// Larger clusters: the planner chooses among them first.
inline constexpr std::size_t kMaxDevices = 32;

struct Span {
  std::int32_t begin = 0;
  std::int32_t end = 0;

  bool empty() const { return end <= begin; }
  std::int32_t size() const { return end > begin ? end - begin : 0; }
  friend bool operator==(const Span&, const Span&) = default;
};

inline Span overlap(Span a, Span b) {
  return {a.begin > b.begin ? a.begin : b.begin, a.end < b.end ? a.end : b.end};
}

/// The smallest span that contains both; an empty one does not count.
inline Span hull(Span a, Span b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  return {a.begin < b.begin ? a.begin : b.begin, a.end > b.end ? a.end : b.end};
}

struct Edge {
  std::int32_t producer = 0;
  std::int32_t consumer = 0;
  std::size_t first = 0;  // of the consumer's index 0 in lo and hi
};

/// From one device to another.
struct Path {
  double s_per_byte = 0;  // alone
  double crossings = 1;
  double latency_s = 0;
  std::vector<int> links;   // that it occupies
  std::int32_t link_a = 0;  // the first and the last of them, maybe the same one
  std::int32_t link_b = 0;
};

/// What a message costs a device, on either side: message_cpu_time_s.
struct MessageCost {
  double message_s = 0;
  double s_per_byte = 0;
  Sends sends = Sends::kHold;

  double cpu_s(double bytes) const { return message_s + s_per_byte * bytes; }
  bool blocks() const { return sends == Sends::kBlock; }
  bool overlaps() const { return sends == Sends::kOverlap; }
};

struct CostTables {
  /// `devices` may be in any order and fewer than the cluster's; it must hold source and sink.
  /// Precondition: at most kMaxDevices.
  CostTables(const Problem& problem, std::vector<DeviceId> devices);
  /// The same problem on other devices, quickly.
  CostTables on(std::vector<DeviceId> devices) const;

  Span need(const Edge& edge, Span out) const {
    if (out.empty()) return {};
    return {lo[edge.first + index(out.begin)], hi[edge.first + index(out.end) - 1]};
  }
  std::span<const Edge> inputs(std::size_t node) const {
    return std::span(edges).subspan(in_first[node], in_first[node + 1] - in_first[node]);
  }
  /// Indices of edges, by ascending consumer.
  std::span<const std::int32_t> outputs(std::size_t node) const {
    return std::span(out_edges).subspan(out_first[node], out_first[node + 1] - out_first[node]);
  }
  /// Seconds that `part` of `node` takes on `device`: compute_time_s of its work.
  double unit_time_s(std::size_t node, std::size_t device, Span part) const;
  /// The region that `part` stands for.
  Region region(std::size_t node, Span part) const;
  /// The inverse of region(). Of a region that is whole along the split axis but cut by rows or
  /// columns, the same fraction, so that plans cut along the other axis are not lost.
  Span part(std::size_t node, const Region& region) const;
  /// Bytes of weights that a device with `part` of `node` holds.
  double weight_bytes(std::size_t node, Span part) const;
  /// Bytes of inputs and output of the unit.
  double activation_bytes(std::size_t node, Span part) const;

  Problem problem;
  Axis main_axis = Axis::kRow;
  std::vector<DeviceId> device;  // by position
  std::size_t devices = 0;
  std::size_t layers = 0;
  std::size_t nodes = 0;
  std::size_t links = 0;
  std::size_t source = 0;  // positions
  std::size_t sink = 0;
  bool memory_limited = false;  // some device's memory could be too small

  // By node.
  std::vector<std::int32_t> extent;
  std::vector<Axis> axis;                // of layers with extent > 1
  std::vector<char> instant;             // takes no time, never queues
  std::vector<double> wanted_per_index;  // elements that any consumer needs
  std::vector<double> bytes_per_element;
  std::vector<std::size_t> in_first, out_first, time_first;

  std::vector<Edge> edges;            // by consumer, then input
  std::vector<double> edge_elements;  // of the producer, per index
  std::vector<std::int32_t> out_edges;
  std::vector<std::int32_t> lo, hi;
  std::vector<std::size_t> work_first;  // by layer, in size_work
  std::vector<Work> size_work;          // by layer and size of a part that begins at 0
  std::vector<double> size_time_s;      // by node, device, size: all but the reading of inputs
  std::vector<double> s_per_element;    // of inputs read, by node and device
  std::vector<Path> paths;              // by from * devices + to
  std::vector<MessageCost> messages;    // by device
  bool free_messages = true;            // they cost no device anything

 private:
  void set_devices(std::vector<DeviceId> devices);
  void choose_axis(std::size_t node);
  std::int64_t elements_per_index(const Layer& layer, std::size_t input, Axis split) const;
  bool separable(std::size_t node, Axis split) const;
  void add_edges(std::size_t node);
  void add_relays();
  void add_work();
  void add_times();
  void link_up();
  void add_paths();
};

}  // namespace edgeflow::joint
