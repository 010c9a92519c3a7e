#pragma once
// Messages under way that share links max-min fairly: the fluid model of SimGrid's CM02.
//
// Every flow occupies one or two links. Rates are such that no flow can get more without one that
// has no more getting less: the link whose even share is least fixes the rates of its flows, then
// the rest is shared likewise (Bertsekas and Gallager, Data Networks, 1992, section 6.5.2).
// Complexity per start or end of a flow: O(flows * links in use).

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace edgeflow {

class Flows {
 public:
  /// `bandwidth_Bps` by link.
  explicit Flows(std::span<const double> bandwidth_Bps)
      : bandwidth_Bps_(bandwidth_Bps.begin(), bandwidth_Bps.end()),
        left_Bps_(bandwidth_Bps_.size(), 0),
        unfixed_(bandwidth_Bps_.size(), 0) {}

  void clear();
  /// A flow of `bytes` over links `a` and `b`, which may be the same, from `now` on. Calls go
  /// forward in time.
  void start(double now, std::int32_t id, std::int32_t a, std::int32_t b, double bytes);
  /// When the next flow ends; infinity if there is none.
  double next_end_s();
  /// Appends the ids of the flows that end at `now` or at most `precision_s` later, in the order of
  /// their start, and forgets them. Precondition: now >= next_end_s().
  void end(double now, double precision_s, std::vector<std::int32_t>& ids);

 private:
  struct Flow {
    std::int32_t id;
    std::int32_t a, b;
    double bytes;  // left at since_s_
    double rate_Bps;
    double end_s;
  };

  void settle(double now);
  void share();

  std::vector<double> bandwidth_Bps_;
  std::vector<double> left_Bps_;       // scratch, by link
  std::vector<std::int32_t> unfixed_;  // scratch: flows without a rate, by link
  std::vector<std::int32_t> used_;     // scratch: links
  std::vector<Flow> flows_;
  double since_s_ = 0;
  bool stale_ = false;  // rates
};

}  // namespace edgeflow
