#pragma once
// Messages under way that share links max-min fairly: the fluid model of SimGrid's CM02.
//
// Every flow occupies some links, a link that it lists twice with twice its rate. Rates are such
// that no flow can get more without one that has no more getting less: the link whose even share is
// least fixes the rates of its flows, then the rest is shared likewise (Bertsekas and Gallager,
// Data Networks, 1992, section 6.5.2).
//
// Complexity per start or end of a flow that shares a link with another: O(flows + links * rounds),
// of links in use; a round fixes the flows of one link.

#include <cstdint>
#include <span>
#include <vector>

namespace edgeflow {

class Flows {
 public:
  /// `bandwidth_Bps` by link.
  explicit Flows(std::span<const double> bandwidth_Bps);

  void clear();
  /// A flow of `bytes` over `links`, which must stay where they are until it ends, from `now` on.
  /// Calls go forward in time.
  void start(double now, std::int32_t id, std::span<const int> links, double bytes);
  /// When the next flow ends; infinity if there is none.
  double next_end_s();
  std::size_t size() const { return active_.size(); }
  /// Appends the ids of the flows that end at `now` or at most `precision_s` later, in the order in
  /// which they started, and forgets them. Precondition: now == next_end_s() or later, nothing
  /// started since.
  void end(double now, double precision_s, std::vector<std::int32_t>& ids);

 private:
  using Word = std::uint64_t;  // of a set of slots, a bit each
  struct Flow {
    std::span<const int> links;
    double bytes;  // left at since_s
    double since_s;
    double rate_Bps;
    double end_s;
    std::int32_t id;
  };
  struct LinkState {
    double bandwidth_Bps;
    double flows = 0;    // a flow as often as it lists the link
    double unfixed = 0;  // of these, scratch of share() as the next two
    double left_Bps = 0;
    double even_Bps = 0;
  };

  Word* flows_of(std::size_t link) { return &members_[link * words_]; }
  void join(std::size_t link, std::size_t slot);
  void leave(std::size_t link, std::size_t slot);
  void widen();
  void fix(Flow& flow, double rate_Bps);
  std::size_t tightest_link();
  void share();

  // Snapshots of all this are taken often: few and flat arrays.
  std::vector<LinkState> links_;
  std::vector<Flow> slots_;
  std::vector<std::uint32_t> active_, free_;  // slots, active_ in the order of their starts
  std::vector<std::uint32_t> used_;           // links with flows
  std::size_t words_ = 1;                     // for all slots
  std::vector<Word> members_;                 // flows of each link, words_ apart
  std::vector<Word> unfixed_;                 // scratch of share(), as the next one
  std::vector<std::uint32_t> open_;           // links with flows that are not fixed
  double now_s_ = 0;
  double next_end_s_;
  bool stale_ = false;  // rates, from now_s_ on
  bool next_end_known_ = true;
};

}  // namespace edgeflow
