#pragma once
// A plan as numbers, and how long it takes: evaluated again and again, a small change at a time.
//
// An encoding gives every layer D+1 ascending boundaries (device d has base range [B[d], B[d+1]))
// and a recompute bit per device. The range a device computes is its base range or, with the bit set,
// the hull of that and what its own units of consuming layers need: computed twice rather than
// fetched.
//
// Execution is that of partition/plans/execution.hpp with simplifications: layers are handled in
// topological order, on devices and on links; a message occupies the two outer links of its path at
// once, first come first served, but for those of one sender and layer, which share its uplink
// evenly; its receiver's CPU time delays what the device does later, and CPU time that overlaps what
// nobody else does. Messages of a layer leave by time, then sender, then first
// consumer, then destination. Where a device could run a later layer first, or a later layer's
// message overtakes, estimate() does and this does not.
//
// try_change() looks only at what a change touches: ranges are derived again backwards from the
// changed layers, the schedule forwards from the first layer whose units or messages changed,
// starting at a checkpoint. `tails` hold the longest path from each device, link and unit to the
// end, so that T' = max(checkpoint + tail) as soon as everything that changed has been passed, and
// so that a hopeless change is noticed on the way. All memory is allocated once.

#include <bit>
#include <cstdint>
#include <vector>

#include "partition/joint/cost_tables.hpp"

namespace edgeflow::joint {

struct Encoding {
  std::vector<std::int32_t> boundaries;  // by layer, devices + 1 each
  std::vector<std::uint32_t> recompute;  // by layer, a bit per device
};

/// A bit per device.
using DeviceSet = std::uint32_t;
static_assert(kMaxDevices <= 32);

/// Calls visit(device) for each device of the set, an unsigned number.
template <typename Set, typename Visit>
void for_each_device(Set set, Visit visit) {
  for (; set != 0; set &= set - 1) visit(index(std::countr_zero(set)));
}

class Schedule {
 public:
  explicit Schedule(const CostTables& tables);

  const CostTables& tables() const { return tables_; }

  /// Everything anew.
  void load(const Encoding& encoding);
  Encoding encoding() const;
  /// Seconds until the last unit is done.
  double latency_s() const { return latency_s_; }

  // A change: edit layers, then try_change, then accept or reject.
  /// The boundaries of a layer, to be changed in place; they must stay ascending from 0 to the
  /// extent. Precondition: 0 < layer < layers.
  std::int32_t* edit(std::size_t layer);
  std::uint32_t& edit_recompute(std::size_t layer);
  /// True if the plan as edited takes at most `threshold_s`; then changed_latency_s() is exact. May
  /// say false of a plan that is better than `threshold_s` by a little, never true of a worse one.
  bool try_change(double threshold_s);
  /// The first half of try_change: true if by all that is known so far the plan takes at most
  /// `threshold_s`. Then complete() must come before accept().
  bool looks_good(double threshold_s);
  void complete();
  double changed_latency_s() const { return changed_latency_s_; }
  /// Layers whose units, or messages, the change affects. As far as looks_good() got.
  std::span<const std::int32_t> changed_units() const { return reunited_; }
  std::span<const std::int32_t> changed_sends() const { return resent_; }
  void accept();
  void reject();

  // The plan as it is, with edits.
  const std::int32_t* boundaries(std::size_t layer) const {
    return &boundaries_[encoding_slot_[layer]][layer * (devices_ + 1)];
  }
  std::uint32_t recompute(std::size_t layer) const {
    return recompute_[encoding_slot_[layer]][layer];
  }
  Span range(std::size_t node, std::size_t device) const { return shape(node)[device]; }
  // Units by node * devices + device; 0 seconds also if there is no such unit.
  double duration_s(std::size_t unit) const {
    return duration_s_[unit_slot_[unit / devices_]][unit];
  }
  /// The devices, a bit each, from which the edge's consumer on `device` gets what it needs of the
  /// edge's producer: itself, if it has a part of it, and those that send.
  DeviceSet suppliers(std::size_t edge, std::size_t device) const {
    const auto copy = send_slot_[index(tables_.edges[edge].producer)];
    return suppliers_[copy][edge * devices_ + device];
  }
  struct Send {
    std::int32_t to = 0;
    double link_bytes = 0;
    double wire_s = 0;    // alone
    double shared_s = 0;  // sharing the uplink with the sender's other messages of the layer
    double send_s = 0;    // CPU time of its two devices
    double receive_s = 0;
  };
  std::span<const Send> sends(std::size_t node, std::size_t device) const {
    const auto copy = send_slot_[node];
    return {&sends_[copy][slot(node, device, 0)],
            index(send_count_[copy][node * devices_ + device])};
  }
  /// If the devices hold their weights and largest unit; see memory_shortage. Call after
  /// try_change.
  bool fits_memory() const;
  Assignment assignment() const;

  /// The plan as accepted: true if a delay of this unit would delay the end.
  bool critical(std::size_t node, std::size_t device) const;
  double finish_s(std::size_t node, std::size_t device) const {
    return arrivals_[slot(node, device, device)];
  }
  /// Nodes so far whose ranges and needs were derived, whose messages were, that were scheduled,
  /// and whose tails were computed.
  struct Effort {
    std::int64_t shapes = 0;
    std::int64_t sends = 0;
    std::int64_t steps = 0;
    std::int64_t tails = 0;
  };
  const Effort& effort() const { return effort_; }

 private:
  struct Trial {
    std::size_t first = 0;  // layers whose units or messages changed
    std::size_t last = 0;
    bool any = false;
  };

  std::size_t slot(std::size_t node, std::size_t from, std::size_t to) const {
    return (node * devices_ + from) * devices_ + to;
  }
  const Span* shape(std::size_t node) const {
    return &shape_[shape_slot_[node]][node * 2 * devices_];
  }
  const Span* needs(std::size_t node) const { return shape(node) + devices_; }
  bool disjoint(std::size_t node) const;
  template <typename Visit>
  void for_each_owner(std::size_t node, const std::int32_t* bounds, std::size_t device, Span need,
                      Visit visit) const;

  Trial derive(std::size_t first);
  void derive_needs(std::size_t node, Span* needs) const;
  void derive_shape(std::size_t node);
  void derive_units(std::size_t node);
  static void share_uplink(Send* list, std::int32_t count);
  void derive_sends(std::size_t node);
  struct SendDraft;
  void draft_sends(std::size_t n, std::int32_t edge, const std::int32_t* bounds, SendDraft& draft);
  void count_once(std::size_t n, const std::int32_t* bounds, SendDraft& draft) const;
  void write_sends(std::size_t n, const SendDraft& draft);
  void refresh(std::size_t node);
  void advance(std::size_t node);
  void send_all(std::size_t node, std::size_t from, double finish);
  bool hopeless(std::size_t node, double threshold_s) const;
  double predicted_s(std::size_t node) const;
  void compute_tails(std::size_t end);
  void send_tails(std::size_t node, std::size_t from, double* before, double* arrival_tails) const;

  const CostTables& tables_;
  const std::size_t devices_;
  const std::size_t nodes_;
  const std::size_t registers_;  // devices, links, end

  // Two copies of each, by node; `..._slot_` says which one holds, the other is for a change.
  std::vector<std::int32_t> boundaries_[2];
  std::vector<std::uint32_t> recompute_[2];
  std::vector<Span> shape_[2];  // ranges, then needs, by device
  std::vector<double> duration_s_[2];
  std::vector<DeviceSet> suppliers_[2];  // by edge, device; go with the producer's sends
  std::vector<std::int32_t> send_count_[2];
  std::vector<Send> sends_[2];
  std::vector<std::uint8_t> encoding_slot_, shape_slot_, unit_slot_, send_slot_;

  // What the change touches.
  std::vector<std::int32_t> edited_, reshaped_, reunited_, resent_;
  std::vector<std::uint8_t> encoding_dirty_, need_dirty_, unit_dirty_, send_dirty_;
  std::size_t first_dirty_ = 0;  // no node before it has to be derived

  // Times, accepted and tried. A checkpoint is the state before a node; arrivals by
  // (node, from, to), from == to: finish.
  std::vector<double> arrivals_, tried_arrivals_;
  std::vector<double> checkpoints_, tried_checkpoints_;
  std::vector<std::uint8_t> order_;  // senders of a node by time, as last scheduled
  std::vector<std::uint8_t> tried_order_;
  std::vector<double> now_;                 // registers
  std::size_t tried_from_ = 0;              // arrivals before this node are the accepted ones
  std::vector<double> tails_, unit_tails_;  // tails by node: after it; of a unit: from its start
  std::vector<std::vector<std::int32_t>> live_;  // by node: edges from it or before to behind it
  double latency_s_ = 0;
  double changed_latency_s_ = 0;
  Effort effort_;
  Trial trial_;
};

}  // namespace edgeflow::joint
