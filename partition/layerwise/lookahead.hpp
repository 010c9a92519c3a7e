#pragma once
// What a split of one layer costs the layers behind it: `edgeflow` with lookahead.
//
// Problem: layers 0..l are cut, and layer l may be cut differently; estimate how long all
// layers behind it take from there, transfers included.
// Algorithm: approximate dynamic programming, one step ahead. A few *layouts*, shares of the rows
// by device, stand for all cuts: everything on one device, and in proportion to speed on the first
// n of a ranking. Backwards over the chain view of the graph, with every tensor that is still
// needed lying as the layer before does,
//   V(l, k) = min over k' of  step(l+1, from k to k') + V(l+1, k'),      V(last, k) = 0,
//   step    = the fullest link's time for all rows that must move + latency, if any do
//             + the slowest part's computing (a result's with its delivery to the sink).
// What must move: rows of l+1's inputs that a part needs and its device lacks; of other tensors
// that are still needed, whatever the change from k to k' moves. A layer that cannot be cut allows
// layouts of one device only.
// Then the cost of a real split is the same step from where its tensors really lie,
//   to_go(l) = min over k' of  step(l+1, real, k') + V(l+1, k').
// Complexity O(L * K^2 * T * D) for K <= min(D, 8) + 2*min(D, 8 + log D) layouts and T live
// tensors.
// Source: rollout and cost-to-go approximation are textbook (Bertsekas, Dynamic Programming and
// Optimal Control); layouts and steps are ours.

#include "partition/layerwise/progress.hpp"

namespace edgeflow {

/// Messages on links, and on the processors that handle them: how long each is busy if they all go
/// at once.
class LinkLoads {
 public:
  LinkLoads(const Cluster& cluster, std::span<const DeviceId> devices);

  void clear();
  void add(std::size_t from, std::size_t to, double bytes);
  /// Of the fullest link, with the largest latency of any message; 0 without messages.
  double busy_s() const;
  /// Until a message from one to the other is through, when all go at once.
  double through_s(std::size_t from, std::size_t to) const;

 private:
  struct Path {
    std::vector<int> links;
    std::vector<double> byte_s;     // by link
    std::vector<double> message_s;  // likewise
    double latency_s = 0;
  };
  const Path& path(std::size_t from, std::size_t to) const { return paths_[from * devices_ + to]; }

  std::size_t devices_;
  std::vector<Path> paths_;
  std::vector<double> load_s_;  // by link
  std::vector<int> used_;       // links with a load
  double latency_s_ = 0;
};

class CostToGo {
 public:
  CostToGo(const Problem& problem, std::span<const DeviceId> devices,
           const std::vector<LayerModel>& models);

  /// Ways to cut layer l, boundaries in its own rows.
  std::vector<std::vector<std::int64_t>> layouts(std::size_t l) const;

  /// From layer `parts.size() - 1` on. `parts`: of all layers up to it.
  double to_go_s(std::span<const Parts> parts) const;

 private:
  using Boundaries = std::vector<std::int64_t>;

  bool allowed(std::size_t l, std::size_t k) const;
  /// `lies(p)`: boundaries of tensor p.
  template <typename Lies>
  double step_s(std::size_t l, const Lies& lies, std::size_t k) const;
  template <typename Lies>
  double best_step_s(std::size_t l, const Lies& lies) const;

  const Problem& problem_;
  const std::vector<LayerModel>& models_;
  std::size_t devices_;
  std::vector<std::vector<double>> weights_;     // by layout, by position
  std::vector<char> single_;                     // by layout
  std::vector<std::vector<Boundaries>> layout_;  // by layer, by layout
  std::vector<std::vector<LayerId>> carried_;    // by layer
  std::vector<std::vector<double>> value_s_;     // V, by layer, by layout
  mutable LinkLoads loads_;
};

}  // namespace edgeflow
