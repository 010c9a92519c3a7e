#pragma once
// Messages under way that share links max-min fairly: the fluid model of SimGrid's CM02.
//
// Every flow occupies some links, a link that it lists twice with twice its rate. Rates are such
// that no flow can get more without one that has no more getting less: the link whose even share is
// least fixes the rates of its flows, then the rest is shared likewise (Bertsekas and Gallager,
// Data Networks, 1992, section 6.5.2). Complexity per start or end of a flow that shares a link
// with another: O(flows + links^2).

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace edgeflow {

class Flows {
 public:
  /// `bandwidth_Bps` by link.
  explicit Flows(std::span<const double> bandwidth_Bps);

  void clear();
  /// A flow of `bytes` over `links` from `now` on. Calls go forward in time.
  void start(double now, std::int32_t id, std::span<const int> links, double bytes);
  /// When the next flow ends; infinity if there is none.
  double next_end_s();
  /// Appends the ids of the flows that end at `now` or at most `precision_s` later and forgets
  /// them. Precondition: now == next_end_s() or later, nothing started since.
  void end(double now, double precision_s, std::vector<std::int32_t>& ids);

 private:
  struct Flow {
    std::int32_t id;
    std::vector<std::size_t> links;
    double bytes;  // left at since_s
    double since_s;
    double rate_Bps;
    double end_s;
    bool fixed;  // scratch of share()
  };
  struct LinkState {
    double bandwidth_Bps;
    std::vector<std::size_t> flows;  // slots, each as often as it lists the link
    double left_Bps = 0;             // scratch of share(), as the next two
    double even_Bps = 0;
    std::size_t unfixed = 0;
  };

  void share();
  void fix(Flow& flow, double rate_Bps);
  void leave(std::size_t link, std::size_t slot);

  std::vector<LinkState> links_;
  std::vector<std::size_t> used_;  // links with flows
  std::vector<Flow> slots_;
  std::vector<std::size_t> active_, free_;  // slots
  double now_s_ = 0;
  bool stale_ = false;  // rates, from now_s_ on
};

}  // namespace edgeflow
