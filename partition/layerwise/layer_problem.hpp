#pragma once
// EdgeFlow's problem for one layer, as plain numbers: where to cut its output among the devices,
// given where its predecessors were cut and when their parts are done.
//
// The output's indices 0..H-1 along one axis ("rows" from here on, whatever the axis) go to the
// devices 0..D-1, which stand in a fixed order, by boundaries 0 = x_0 <= x_1 <= ... <= x_D = H:
// device d computes [x_d, x_{d+1}). Predecessor m was cut at boundaries b_m in the same device
// order, part j done at F_{m,j}. A device with rows needs the rows need_m of every predecessor, and
// finishes at
//   T_d = S_d + a_d*(x_{d+1} - x_d) + c_d,
//   S_d = max(free_d, all parts j with rows in any need_m are done, F_{m,j}, and brought).
// Of another device's part j, o rows of need_m are brought that no layer before brought to d. If o >
// 0, that takes o*bytes_m*byte_s_{jd}, from max(F_{m,j}, out_j) + latency_{jd} on and not before in_d,
// one part after the other in the order of these times: they share the way into d. in and out are
// when the ways into and out of a device are free of what layers before sent. Messages of this layer
// to different devices do not disturb each other. Find boundaries that minimise max T_d over the
// devices that have rows.
//
// The layer may have an epilogue, a join that every device does with the rows that it has just
// computed: a and c are those of both. What the join needs besides holds up only the join, with its
// own a' and c': if that is there at S'_d, on the same way into d,
//   T_d >= S'_d + a'_d*(x_{d+1} - x_d) + c'_d.
//
// Source: after Hu and Li, "Distributed Inference with Deep Learning Models across Heterogeneous
// Edge Devices", INFOCOM 2022.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "workloads/tensors/region.hpp"

namespace edgeflow {

/// Which input rows a range of output rows needs, for operators where a later output row never
/// needs earlier input rows (of other operators: more than it needs). Exact, and as lines.
class RowNeeds {
 public:
  /// `need` maps a non-empty range of output rows to the input rows it needs, maybe none. It is
  /// asked when an answer is first wanted, at most twice per row.
  RowNeeds(std::int64_t extent, std::int64_t input_extent, std::function<Range(const Range&)> need);

  /// Precondition: `rows` is not empty.
  Range of(const Range& rows) const { return {first(rows.begin), end(rows.end - 1)}; }

  std::int64_t input_extent() const { return input_extent_; }
  /// Rows [u, v) need about [max(0, stride*u - before), min(input_extent, stride*v + after)); the
  /// lines run through the rows where nothing is clipped. For a window of stride s, pad p and reach
  /// e(k-1): before = p, after = e(k-1) + 1 - p - s.
  double stride() const { return stride_; }
  double before() const { return before_; }
  double after() const { return after_; }

 private:
  std::int64_t first(std::int64_t row) const;  // first row that output rows from `row` on need
  std::int64_t end(std::int64_t row) const;  // one past the last that output rows up to `row` need
  void fit_lines();

  std::int64_t extent_;
  std::int64_t input_extent_;
  std::function<Range(const Range&)> need_;
  mutable std::vector<std::int64_t> first_;  // -1: not asked yet
  mutable std::vector<std::int64_t> end_;    // likewise
  double stride_ = 0;
  double before_ = 0;
  double after_ = 0;
};

struct LayerDevice {
  double row_s = 0;             // a
  double fixed_s = 0;           // c
  double free_s = 0;            // when it has finished the layers before
  double in_free_s = 0;         // when all has come that these brought to it
  double out_free_s = 0;        // when all has left that these took from it
  double epilogue_row_s = 0;    // a'
  double epilogue_fixed_s = 0;  // c'
};

struct Predecessor {
  RowNeeds needs;
  std::vector<std::int64_t> boundaries;  // D+1
  std::vector<double> finish_s;          // by device; of parts with rows
  double row_bytes;
  bool of_epilogue = false;
  std::vector<Range> brought = {};  // by device: rows that other layers brought there; empty: none
};

struct LayerProblem {
  std::int64_t extent = 0;  // H, at least 1
  std::vector<LayerDevice> devices;
  std::vector<Predecessor> predecessors;
  std::vector<double> byte_s;     // [from*D + to], s per byte
  std::vector<double> latency_s;  // [from*D + to], s per message
};

struct LayerSplit {
  std::vector<std::int64_t> boundaries;  // D+1
  double finish_s = 0;                   // max T_d, exact
};

/// Calls `visit(j, rows)` for every part j that has rows that `rows` of the layer on device `d` need;
/// `rows` of them are neither there nor brought there before.
template <typename Visit>
void for_each_overlap(const Predecessor& m, std::size_t d, const Range& rows, Visit visit) {
  const Range need = m.needs.of(rows);
  for (std::size_t j = 0; j + 1 < m.boundaries.size() && m.boundaries[j] < need.end; ++j) {
    const Range overlap = intersect(need, {m.boundaries[j], m.boundaries[j + 1]});
    if (overlap.empty()) continue;
    if (j == d) {
      visit(j, std::int64_t{0});
    } else {
      const std::int64_t there = m.brought.empty() ? 0 : intersect(overlap, m.brought[d]).size();
      visit(j, overlap.size() - there);
    }
  }
}

/// S_d of device `d` computing `rows`, which are not empty. O(predecessors * D).
double start_time_s(const LayerProblem& problem, std::size_t d, const Range& rows);

/// T_d of device `d` computing `rows`; 0 if there are none.
double finish_time_s(const LayerProblem& problem, std::size_t d, const Range& rows);

/// T_d by device, 0 for devices without rows.
std::vector<double> finish_times_s(const LayerProblem& problem,
                                   std::span<const std::int64_t> boundaries);

/// max T_d.
double layer_finish_s(const LayerProblem& problem, std::span<const std::int64_t> boundaries);

/// Decides between splits that are done equally early: of those no later than `split`, one that
/// brings fewer bytes to its devices, then one whose parts are done earlier in sum. Each boundary
/// in turn moves to the best place between its neighbours, until none does. Complexity O(rounds * H
/// * predecessors * D).
LayerSplit settle_ties(const LayerProblem& problem, LayerSplit split);

/// The best of the splits that put the whole layer on one device; the first of equals.
LayerSplit best_single_device(const LayerProblem& problem);

}  // namespace edgeflow
